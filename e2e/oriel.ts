import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const START_TIMEOUT_MS = 30_000

/** How to start a server under test. */
export interface OrielOptions {
  /** Kept across restarts; a temporary one by default. */
  readonly dataDir?: string
  /** Fixed ports, so that a restarted server is found again; free ones by default. */
  readonly ports?: { readonly http: number; readonly grpc: number; readonly otlpHttp: number }
  readonly args?: readonly string[]
  /** Own telemetry on; off by default, so that the store holds only what the test sent. */
  readonly isSelfOn?: boolean
}

/** A running `oriel serve`. */
export interface RunningOriel {
  readonly pid: number
  readonly dataDir: string
  readonly http: string
  readonly grpc: string
  readonly otlpHttp: string
  /** From spawn to a 200 of /-/ready. */
  readonly readyMs: number
  /** What it wrote to stderr so far. */
  readonly stderr: () => string
  readonly kill: (signal: NodeJS.Signals) => Promise<void>
  /** SIGTERM, wait, remove a temporary data directory. */
  readonly close: () => Promise<void>
}

/** Starts the real program as a user would and waits until it is ready. Throws with its stderr when it is not in 30 s. */
export async function startOriel({
  dataDir,
  ports = { http: 0, grpc: 0, otlpHttp: 0 },
  args = [],
  isSelfOn = false,
}: OrielOptions = {}): Promise<RunningOriel> {
  const dir = dataDir ?? mkdtempSync(join(tmpdir(), 'oriel-e2e-'))
  const startMs = performance.now()
  const child = spawn(
    process.execPath,
    [
      join(ROOT, 'apps/cli/bin/oriel.mjs'),
      'serve',
      '--data-dir',
      dir,
      '--listen',
      `127.0.0.1:${ports.http}`,
      '--otlp-grpc',
      `127.0.0.1:${ports.grpc}`,
      '--otlp-http',
      `127.0.0.1:${ports.otlpHttp}`,
      ...(isSelfOn ? [] : ['--no-self']),
      ...args,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  const addresses = await listeners(child, () => stderr)
  await untilReady(addresses.http, () => stderr)
  return {
    pid: child.pid ?? 0,
    dataDir: dir,
    http: `http://${addresses.http}`,
    grpc: addresses.grpc,
    otlpHttp: `http://${addresses.otlpHttp}`,
    readyMs: performance.now() - startMs,
    stderr: () => stderr,
    kill: (signal) => ended(child, signal),
    close: async () => {
      await ended(child, 'SIGTERM')
      if (dataDir === undefined) rmSync(dir, { recursive: true, force: true })
    },
  }
}

/** Process ids of `pid` and everything below it, parents first. */
export function processTree(pid: number): number[] {
  const children = new Map<number, number[]>()
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    const stat = readProc(`/proc/${entry}/stat`)
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
    children.set(parent, [...(children.get(parent) ?? []), Number(entry)])
  }
  const tree = [pid]
  for (let i = 0; i < tree.length; i++) tree.push(...(children.get(tree[i]!) ?? []))
  return tree
}

/** CPU seconds (user and system) and resident bytes of a process and everything below it. */
export function usage(pid: number): { cpuSeconds: number; residentBytes: number } {
  let ticks = 0
  let pages = 0
  for (const id of processTree(pid)) {
    const stat = readProc(`/proc/${id}/stat`)
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields.length < 22) continue
    ticks += Number(fields[11]) + Number(fields[12])
    pages += Number(fields[21])
  }
  return { cpuSeconds: ticks / TICKS_PER_SECOND, residentBytes: pages * PAGE_BYTES }
}

/** The engine's process under a running server: the child that has the engine's library mapped. */
export function enginePid(pid: number): number {
  const found = processTree(pid).find((id) => readProc(`/proc/${id}/maps`).includes('libchdb'))
  if (found === undefined) throw new Error(`no engine below process ${pid}`)
  return found
}

/** A loopback port that nothing listens on now, for programs that cannot pick one themselves. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  await new Promise((resolve) => {
    server.close(resolve)
  })
  return address !== null && typeof address === 'object' ? address.port : 0
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}

// Fixed by the Linux ABI on every machine we run on.
const TICKS_PER_SECOND = 100
const PAGE_BYTES = 4_096

function readProc(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return '' // The process ended meanwhile.
  }
}

async function listeners(child: ChildProcess, stderr: () => string): Promise<{ http: string; grpc: string; otlpHttp: string }> {
  const deadline = Date.now() + START_TIMEOUT_MS
  const names = { http: 'http', grpc: 'otlp-grpc', otlpHttp: 'otlp-http' }
  for (;;) {
    const found = new Map<string, string>()
    for (const match of stderr().matchAll(/msg="Listening on" name="?([a-z-]+)"? address="?([0-9.:]+)"?/g))
      found.set(match[1]!, match[2]!)
    const [http, grpc, otlpHttp] = [found.get(names.http), found.get(names.grpc), found.get(names.otlpHttp)]
    if (http !== undefined && grpc !== undefined && otlpHttp !== undefined) return { http, grpc, otlpHttp }
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`oriel did not start:\n${stderr()}`)
    await pause(5)
  }
}

async function untilReady(address: string, stderr: () => string): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS
  for (;;) {
    const status = await fetch(`http://${address}/-/ready`).then(
      (response) => response.status,
      () => 0,
    )
    if (status === 200) return
    if (Date.now() > deadline) throw new Error(`oriel is not ready:\n${stderr()}`)
    await pause(5)
  }
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = new Promise((resolve) => {
    child.once('exit', resolve)
  })
  child.kill(signal)
  await exit
}
