// Runs after `npm install`, on any Node that npm runs on: builds the page, so that the repository is ready to start.
// ORIEL_SKIP_WEB=1 leaves the page out; the server and its APIs work without it.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, extname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const NEEDED_MAJOR = 24
// Below 1 KiB a compressed copy saves no packet.
const MIN_COMPRESSED_BYTES = 1_024
const COMPRESSED_TYPES = new Set(['.js', '.css', '.html', '.svg', '.json'])

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const web = join(root, 'apps', 'web')
const dist = join(web, 'dist')
const stampFile = join(dist, '.inputs')
// What the page is built from: its own files and the rooms that are safe in a browser.
const inputs = [
  ...['src', 'public', 'index.html', 'vite.config.ts', 'package.json'].map((name) => join(web, name)),
  ...['model', 'contract', 'syntax', 'vector', 'promql', 'logql', 'traceql'].map((name) => join(root, 'packages', name, 'src')),
]

process.exitCode = prepare()

function prepare() {
  if (process.env.ORIEL_SKIP_WEB) return say('page: left out, ORIEL_SKIP_WEB is set')
  if (!existsSync(join(web, 'index.html'))) return say('page: left out, its sources are not here')
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js')
  if (!existsSync(vite)) return say('page: left out, this is an install without development dependencies')
  const stamp = hashOf(inputs)
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return say('page: up to date')
  const node = findNode()
  if (node === undefined) {
    const wanted = `node-${process.platform}-${process.arch}`
    return fail(
      `needs Node ${NEEDED_MAJOR}, this is ${process.version} and npm did not install ${wanted} (was --omit=optional given?)`,
    )
  }
  say('page: building ...')
  const startMs = Date.now()
  const built = spawnSync(node, [vite, 'build', '--logLevel', 'warn'], { cwd: web, encoding: 'utf8' })
  if (built.status !== 0)
    return fail(`vite ended with ${built.status ?? built.signal ?? built.error?.message}\n${built.stdout}${built.stderr}`)
  const savedBytes = compressAll(dist)
  writeFileSync(stampFile, stamp)
  return say(
    `page: built in ${((Date.now() - startMs) / 1_000).toFixed(1)} s (${Math.round(savedBytes / 1_024)} KiB over the wire)`,
  )
}

/** Writes a brotli and a gzip copy beside each file, for the server to send as they are. Returns the bytes of the smaller copies. */
function compressAll(dir) {
  let bytes = 0
  for (const file of filesOf(dir)) {
    const content = readFileSync(file)
    if (!COMPRESSED_TYPES.has(extname(file)) || content.length < MIN_COMPRESSED_BYTES) continue
    const small = brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } })
    writeFileSync(`${file}.br`, small)
    writeFileSync(`${file}.gz`, gzipSync(content, { level: 9 }))
    bytes += small.length
  }
  return bytes
}

function hashOf(paths) {
  const hash = createHash('sha256')
  for (const path of paths) {
    for (const file of filesOf(path)) hash.update(relative(root, file)).update('\0').update(readFileSync(file)).update('\0')
  }
  return hash.digest('hex')
}

function filesOf(path) {
  if (!existsSync(path)) return []
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesOf(join(path, name)))
}

/** The Node that npm installed beside us, or this one when it is new enough. */
function findNode() {
  if (Number(process.versions.node.split('.', 1)[0]) >= NEEDED_MAJOR) return process.execPath
  const binary = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node')
  return existsSync(binary) ? binary : undefined
}

function say(message) {
  console.log(`oriel: ${message}`)
  return 0
}

function fail(why) {
  console.error(`oriel: cannot build the page: ${why}`)
  return 1
}
