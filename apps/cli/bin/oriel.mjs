#!/usr/bin/env node
// The `oriel` command. Plain JavaScript for any Node that npm runs on: it finds a Node 24 (the one that npm installed beside us,
// or this one) and runs the program on it. Signals and the exit code pass through.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const NEEDED_MAJOR = 24
const here = dirname(fileURLToPath(import.meta.url))
const main = join(here, '..', 'src', 'main.ts')

const node = findNode()
if (node === undefined) {
  console.error(
    `oriel: cannot start: it needs Node ${NEEDED_MAJOR}, this is ${process.version} and npm installed none for ` +
      `${process.platform}-${process.arch}. Run "npm install" without --omit=optional, or use Node ${NEEDED_MAJOR}.`,
  )
  process.exit(1)
}

// Collections on demand: the server gives memory back when it is quiet.
const args = ['--conditions=source', '--disable-warning=ExperimentalWarning', '--expose-gc', main, ...process.argv.slice(2)]
// Compiled code is kept between starts: loading then takes 0.3 s of a core where it takes 0.7 s. Never where others may write.
const modules = findUp('node_modules')
if (modules !== undefined) process.env.NODE_COMPILE_CACHE ??= join(modules, '.cache', 'oriel')

// 4 MiB: columns that large are mapped on their own and go back when they are freed. Left alone, the allocator of glibc puts up to
// 32 MiB into its one heap, which keeps the gaps: 75 MB at a million series.
process.env.MALLOC_MMAP_THRESHOLD_ ??= '4194304'

// Where this process can turn into the program, there is one process less to hold memory and to pass signals through.
const isReplaceable = typeof process.execve === 'function' && process.platform !== 'win32'
if (isReplaceable) process.execve(node, [node, ...args], process.env)

// The pipe tells the program when this process is gone, killed or not: it must not go on alone and hold its ports.
const child = spawn(node, args, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']) process.on(signal, () => child.kill(signal))
child.on('error', (error) => {
  console.error(`oriel: cannot start ${node}: ${error.message}`)
  process.exit(1)
})
child.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 1 : 128)))

function findNode() {
  if (Number(process.versions.node.split('.', 1)[0]) >= NEEDED_MAJOR) return process.execPath
  const platform = process.platform === 'win32' ? 'win' : process.platform
  const file = process.platform === 'win32' ? 'node.exe' : join('bin', 'node')
  return findUp(join('node_modules', `node-${platform}-${process.arch}`, file))
}

/** The path `name` in this directory or the nearest one above it that has one. */
function findUp(name) {
  for (let dir = here; ; dir = dirname(dir)) {
    if (existsSync(join(dir, name))) return join(dir, name)
    if (dirname(dir) === dir) return undefined
  }
}
