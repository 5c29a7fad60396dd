// Logs and spans from bytes to disk in one process with its engine: records per CPU-second of both, merges that follow included.
// `node --conditions=source bench/store-events.ts [logs|spans]`. Doors are left out; they add about 0.2 us a record at 500 a body.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { openClickhouse } from '@oriel/clickhouse'
import { silentTelemetry } from '@oriel/model'
import { DEFAULT_BATCH_LIMITS } from '../packages/ingest/src/batch.ts'
import { DEFAULT_INGEST_LIMITS } from '../packages/ingest/src/limits.ts'
import { DEFAULT_LOG_OPTIONS } from '../packages/ingest/src/log-streams.ts'
import { openLogReceiver, openTraceReceiver } from '../packages/ingest/src/receivers.ts'
import { logsRequest, tracesRequest } from './otlp.ts'

const BODIES = 600
const ROWS_PER_BODY = 500
// Senders at one time: an agent a host.
const SENDERS = 64
const SETTLE_MS = 5_000

const signal = process.argv[2] === 'spans' ? 'spans' : 'logs'
const dataDir = mkdtempSync(join(tmpdir(), 'oriel-bench-'))
const opened = await openClickhouse({ dataDir })
const { store, engine } = opened
await engine.started
const options = {
  sink: store.sink,
  telemetry: silentTelemetry,
  limits: DEFAULT_INGEST_LIMITS,
  batch: DEFAULT_BATCH_LIMITS,
  logs: DEFAULT_LOG_OPTIONS,
  now: Date.now,
}
const receiver = signal === 'logs' ? openLogReceiver(options) : openTraceReceiver(options)
const startNs = BigInt(Date.now()) * 1_000_000n
const bodies = Array.from({ length: BODIES }, (_, i) => {
  const tNs = startNs + BigInt(i) * 1_000_000n
  return signal === 'logs'
    ? logsRequest(`service-${i % 20}`, ROWS_PER_BODY, tNs).body
    : tracesRequest(`service-${i % 20}`, ROWS_PER_BODY / 10, tNs).request.body
})

const before = cpuSeconds()
const startMs = performance.now()
let next = 0
await Promise.all(
  Array.from({ length: SENDERS }, async () => {
    while (next < bodies.length) await receiver.otlp('default', bodies[next++]!)
  }),
)
const wallSeconds = (performance.now() - startMs) / 1_000
const loaded = cpuSeconds()
await pause(SETTLE_MS)
const settled = cpuSeconds()
const rows = BODIES * ROWS_PER_BODY
const per = (cpu: number) => `${(rows / cpu / 1_000).toFixed(0)}k`
const own = loaded.own - before.own
const engineLoad = loaded.engine - before.engine
const engineAll = settled.engine - before.engine
console.log(
  `${signal}: ${rows} rows in ${wallSeconds.toFixed(1)} s; ${per(own + engineLoad)} per CPU-second, ${per(own + engineAll)} with merges; us a row: own ${((1e6 * own) / rows).toFixed(2)}, engine ${((1e6 * engineLoad) / rows).toFixed(2)}, merges ${((1e6 * (engineAll - engineLoad)) / rows).toFixed(2)}`,
)
await receiver.close()
await opened.close()
rmSync(dataDir, { recursive: true })

function cpuSeconds(): { own: number; engine: number } {
  const { user, system } = process.cpuUsage()
  const fields = readFileSync(`/proc/${engine.pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  // utime and stime in ticks of 10 ms.
  return { own: (user + system) / 1e6, engine: (Number(fields[11]) + Number(fields[12])) / 100 }
}
