import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { get } from 'node:http'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { StoreError } from '@oriel/store'
import { ClickhouseError } from '../errors.ts'
import type { ColdDisk, StorageConfig } from '../tiering/cold-disk.ts'
import type { EngineResources } from './config.ts'
import { ENGINE_USER, writeEngineConfig } from './config.ts'
import type { Endpoint } from './http.ts'
import { libraryPath } from './library.ts'
import { processStart } from './process-start.ts'

/** One run of the engine's process. */
export interface EngineProcess {
  readonly endpoint: Endpoint
  readonly pid: number
  /** Resolves when the process has ended, with what it said last. */
  readonly ended: Promise<string>
  /** Whether it answers within the time. */
  ping(timeoutMs: number): Promise<boolean>
  /** Ends it: closes its standard input, and kills it when it has not gone after `graceMs`. */
  stop(graceMs: number): Promise<void>
}

/** What a start of the engine needs. */
export interface StartOptions {
  readonly dataDir: string
  readonly resources: EngineResources
  readonly timeoutMs: number
  /** The bucket of old samples. */
  readonly cold: ColdDisk
}

// The listener first; the second statement waits for the end of standard input, which closes when we die.
const STATEMENTS = "SYSTEM START LISTEN HTTP; SELECT * FROM file('-', 'LineAsString') FORMAT Null"
/** The directory of snapshots, within that of the data. */
export const SNAPSHOTS = 'snapshots'
const POLL_MS = 5
// 4,000 characters: the engine's last words with a stack trace or two.
const LAST_WORDS = 4_000

/** Starts the engine's process and waits until it answers. Rejects with CLICKHOUSE_START_FAILED. */
export async function startEngineProcess(options: StartOptions): Promise<EngineProcess> {
  const { cold } = options
  const storage = await cold.choose()
  try {
    return await startOnce(options, storage)
  } catch (error) {
    // Samples come in whatever the bucket says: a wrong key, or silence half-way.
    if (cold.away !== undefined || !(error instanceof ClickhouseError) || !BUCKET_TEXT.test(error.message)) throw error
    return startOnce(options, cold.standIn(`the bucket refuses: ${error.message.slice(0, REASON_LENGTH)}`))
  }
}

// What the engine says of a disk in a bucket, and how much of it tells why.
const BUCKET_TEXT = /S3_ERROR|for S3 disk/
const REASON_LENGTH = 300

async function startOnce({ dataDir, resources, timeoutMs }: StartOptions, storage: StorageConfig): Promise<EngineProcess> {
  const configDir = join(dataDir, 'engine-config')
  endPredecessor(join(configDir, 'pid'))
  const password = randomBytes(24).toString('hex')
  const places = { snapshotsDir: join(dataDir, SNAPSHOTS), storageXml: storage.xml }
  const configPath = writeEngineConfig(configDir, password, resources, places)
  const port = await freePort()
  const child = spawnHost(join(dataDir, 'engine'), { configPath, port, env: storage.env })
  const ended = endOf(child)
  if (child.pid !== undefined) writeFileSync(join(configDir, 'pid'), `${child.pid} ${processStart(child.pid)}`)
  const url = `http://127.0.0.1:${port}`
  const engine: EngineProcess = {
    endpoint: { url, user: ENGINE_USER, password },
    pid: child.pid ?? 0,
    ended,
    ping: (limitMs) => ping(url, limitMs),
    stop: (graceMs) => stop(child, ended, graceMs),
  }
  await waitUntilUp(engine, timeoutMs)
  return engine
}

/**
 * Ends an engine whose parent was killed: it is on its way out, but waits some seconds for its connections, and holds the directory.
 * Nothing is lost, as with any kill: what was acknowledged is on disk.
 */
function endPredecessor(pidPath: string): void {
  try {
    const [pid = '', started = ''] = readFileSync(pidPath, 'utf8').split(' ')
    if (started !== '' && processStart(Number(pid)) === started) process.kill(Number(pid), 'SIGKILL')
  } catch {
    // No file: a first start. No process: it has gone.
  }
}

interface HostOptions {
  readonly configPath: string
  readonly port: number
  readonly env: Readonly<Record<string, string>>
}

function spawnHost(path: string, { configPath, port, env }: HostOptions): ChildProcess {
  const host = fileURLToPath(new URL('./host.mjs', import.meta.url))
  const args = ['--path', path, '--config-file', configPath, '--query', STATEMENTS]
  const listen = ['--', '--listen_host', '127.0.0.1', '--http_port', String(port)]
  return spawn(process.execPath, [host, libraryPath(), 'clickhouse', ...args, ...listen], {
    stdio: ['pipe', 'ignore', 'pipe'],
    // A group of its own: Ctrl-C in a terminal reaches us alone, and we stop the engine after the last write.
    detached: true,
    env: { ...env, PATH: process.env['PATH'], TZ: 'UTC' },
  })
}

function endOf(child: ChildProcess): Promise<string> {
  let words = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-LAST_WORDS)
  })
  // A write to the pipe of a dead process is no news: its end is.
  child.stdin?.on('error', () => {})
  return new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message))
    child.on('close', (code, signal) => resolve(words.trim() || `it ended with ${signal ?? `code ${code}`}`))
  })
}

async function waitUntilUp(engine: EngineProcess, timeoutMs: number): Promise<void> {
  let lastWords: string | undefined
  void engine.ended.then((words) => (lastWords = words))
  const deadline = performance.now() + timeoutMs
  while (performance.now() < deadline) {
    if (await engine.ping(1_000)) return
    if (lastWords !== undefined) throw new ClickhouseError('CLICKHOUSE_START_FAILED', `cannot start engine: ${lastWords}`)
    await delay(POLL_MS)
  }
  await engine.stop(0)
  throw new ClickhouseError('CLICKHOUSE_START_FAILED', `cannot start engine: no answer within ${timeoutMs} ms`)
}

function ping(url: string, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(`${url}/ping`, { agent: false, timeout: timeoutMs }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    request.on('timeout', () => request.destroy())
    request.on('error', () => resolve(false))
  })
}

async function stop(child: ChildProcess, ended: Promise<string>, graceMs: number): Promise<void> {
  child.stdin?.end()
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
  await ended
  clearTimeout(timer)
}

/** A port that is free now. The engine binds it a moment later: a start that loses that race is tried again. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** What calls get while there is no engine. */
export function unavailable(why: string): StoreError {
  return new StoreError('STORE_UNAVAILABLE', `cannot reach the engine: ${why}`)
}
