// Kills Oriel, its engine, and both, again and again under mixed load, with clients that retry until they are acknowledged. Then
// counts: every acknowledged record is there, none twice. `ORIEL_CRASH_ROUNDS` (20) kills of each kind.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RunningOriel } from './oriel.ts'
import { enginePid, pause, processTree, startOriel } from './oriel.ts'
import { lokiValue, promValue, spanCount } from './read-back.ts'
import { lokiPush, otlpTrace, remoteWrite, sendUntilAcknowledged } from './senders.ts'

const ROUNDS = Number(process.env['ORIEL_CRASH_ROUNDS'] ?? 20)
const KINDS = ['oriel', 'engine', 'both'] as const
// Fixed for the run, so that clients find a restarted server; far from the ports that people and other suites use.
const PORTS = { http: 27_170, grpc: 27_171, otlpHttp: 27_172 }
const SERIES = 50
const LINES = 40
const SPANS = 10

interface Sent {
  samples: number
  lines: number
  retried: number
  readonly traces: string[]
}

const dataDir = mkdtempSync(join(tmpdir(), 'oriel-crash-'))
const base = `http://127.0.0.1:${PORTS.http}`
const sent: Sent = { samples: 0, lines: 0, retried: 0, traces: [] }
const startMs = Date.now() - 60_000
let isSending = true
let tick = 0

const failures: string[] = []
let oriel = await startOriel({ dataDir, ports: PORTS })
const clients = [metricsClient(), metricsClient(), logsClient(), logsClient(), tracesClient()]
const recoveries: Record<string, number[]> = { oriel: [], engine: [], both: [] }
for (const kind of KINDS) {
  for (let round = 0; round < ROUNDS; round++) {
    await pause(300 + 700 * Math.random())
    const crashMs = performance.now()
    oriel = await crash(kind, oriel)
    await sendUntilAcknowledged(
      base,
      lokiPush({ app: 'probe' }, { lines: 1, tNs: BigInt(Date.now()) * 1_000_000n, text: `${kind} ${round}` }),
    )
    recoveries[kind]!.push(performance.now() - crashMs)
  }
  console.log(
    `${ROUNDS} x kill -9 ${kind}: back in ${median(recoveries[kind]!)} ms (median), ${Math.max(...recoveries[kind]!).toFixed(0)} ms (worst)`,
  )
}
isSending = false
await Promise.all(clients)
await verify()
await oriel.close()
rmSync(dataDir, { recursive: true, force: true })
for (const failure of failures) console.error(failure)
console.log(`${3 - failures.length} passed, ${failures.length} failed`)
process.exit(failures.length === 0 ? 0 : 1)

async function crash(kind: (typeof KINDS)[number], running: RunningOriel): Promise<RunningOriel> {
  const engine = enginePid(running.pid)
  if (kind === 'engine') {
    process.kill(engine, 'SIGKILL')
    return running
  }
  // The launcher may run the program as a child. The engine is left alone when only Oriel dies: it must end by itself.
  const victims = processTree(running.pid).filter((pid) => kind === 'both' || pid !== engine)
  for (const pid of victims) process.kill(pid, 'SIGKILL')
  await running.kill('SIGKILL')
  return startOriel({ dataDir, ports: PORTS })
}

async function metricsClient(): Promise<void> {
  while (isSending) {
    // Every request has a time of its own, so that a lost or doubled one shows in the count.
    const request = remoteWrite('crash_total', { series: SERIES, tMs: startMs + tick++, value: 1 })
    sent.retried += (await sendUntilAcknowledged(base, request)) - 1
    sent.samples += SERIES
    await pause(5)
  }
}

async function logsClient(): Promise<void> {
  while (isSending) {
    const request = lokiPush(
      { app: 'crash' },
      { lines: LINES, tNs: BigInt(startMs) * 1_000_000n + BigInt(tick++ * 1_000), text: `line ${Math.random()}` },
    )
    sent.retried += (await sendUntilAcknowledged(base, request)) - 1
    sent.lines += LINES
    await pause(5)
  }
}

async function tracesClient(): Promise<void> {
  while (isSending) {
    const { traceId, request } = otlpTrace('crash', { spans: SPANS, tNs: BigInt(Date.now()) * 1_000_000n })
    sent.retried += (await sendUntilAcknowledged(base, request)) - 1
    sent.traces.push(traceId)
    await pause(5)
  }
}

async function verify(): Promise<void> {
  const samples = await promValue(base, 'sum(count_over_time(crash_total[1d]))')
  const lines = await lokiValue(base, 'sum(count_over_time({app="crash"}[1d]))')
  let wrongTraces = 0
  for (const traceId of sent.traces) if ((await spanCount(base, traceId)) !== SPANS) wrongTraces++
  console.log(
    `acknowledged: ${sent.samples} samples, ${sent.lines} lines, ${sent.traces.length} traces; retried requests: ${sent.retried}`,
  )
  console.log(`found:        ${samples} samples, ${lines} lines, ${sent.traces.length - wrongTraces} whole traces`)
  if (samples !== sent.samples) failures.push(`samples: acknowledged ${sent.samples}, found ${samples}`)
  if (lines !== sent.lines) failures.push(`lines: acknowledged ${sent.lines}, found ${lines}`)
  if (wrongTraces > 0) failures.push(`traces: ${wrongTraces} of ${sent.traces.length} do not have ${SPANS} spans`)
}

function median(values: readonly number[]): string {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!.toFixed(0)
}
