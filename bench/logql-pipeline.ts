// LogQL's stages and whole queries, alone: `node --conditions=source bench/logql-pipeline.ts`. Lines per CPU-second (garbage
// collection included), medians. Lines and most of their label sets are distinct: the worst case for grouping.
import type { LogBatch, LogRecord } from '@oriel/model'
import { labelsOf } from '@oriel/model'
import { evaluateLogQL } from '@oriel/logql'
import type { LogSource, QueryContext } from '@oriel/store'
import { DEFAULT_QUERY_LIMITS, makeQueryStats } from '@oriel/store'
import { median } from './measure.ts'

const LINES = 50_000
const ROUNDS = 5
const START_MS = 1_767_225_600_000

const records: Readonly<Record<'json' | 'logfmt', readonly LogRecord[]>> = {
  json: makeRecords((i) =>
    JSON.stringify({
      timestamp: new Date(START_MS + i).toISOString(),
      level: i % 20 === 0 ? 'error' : 'info',
      service: `service-${i % 7}`,
      message: 'request handled',
      http: { method: 'GET', path: `/api/orders/${i}`, status_code: i % 20 === 0 ? 500 : 200 },
      duration_ms: i % 997,
      user: { id: i % 5_000, tags: ['a', 'b'] },
    }),
  ),
  logfmt: makeRecords(
    (i) =>
      `ts=${START_MS + i} level=${i % 20 === 0 ? 'error' : 'info'} service=service-${i % 7} msg="request handled" status=${i % 20 === 0 ? 500 : 200} duration=${i % 997}ms`,
  ),
}

console.log(`${LINES} lines, median of ${ROUNDS} rounds, per CPU-second\n`)
for (const [format, text] of [
  ['json', '{app="api"}'],
  ['json', '{app="api"} | json'],
  ['json', '{app="api"} | json | level="error"'],
  ['json', '{app="api"} | json level="level" | level="error"'],
  ['json', 'sum by (level) (count_over_time({app="api"} | json [1m]))'],
  ['json', 'quantile_over_time(0.99, {app="api"} | json | unwrap duration_ms [1m]) by (service)'],
  ['json', '{app="api"} | json | line_format "{{.level}} {{.http_path}}"'],
  ['logfmt', '{app="api"} | logfmt'],
  ['logfmt', '{app="api"} | logfmt | duration > 500ms'],
  ['logfmt', 'sum by (level) (rate({app="api"} | logfmt [1m]))'],
  ['logfmt', '{app="api"} | pattern `<_> level=<level> <_> msg="<msg>" <_>`'],
  ['logfmt', '{app="api"} | regexp `level=(?P<level>\\w+)`'],
  ['logfmt', 'sum(count_over_time({app="api"} | detected_level="error" [1m]))'],
] as const) {
  const times: number[] = []
  for (let round = 0; round < ROUNDS; round++) times.push(await run(text, records[format]))
  console.log(
    `${Math.round(LINES / median(times))
      .toLocaleString('en')
      .padStart(9)} k lines/s  ${format.padEnd(6)} ${text}`,
  )
}

/** CPU milliseconds of one query. */
async function run(text: string, of: readonly LogRecord[]): Promise<number> {
  const context: QueryContext = {
    tenants: ['t'],
    signal: new AbortController().signal,
    limits: DEFAULT_QUERY_LIMITS,
    stats: makeQueryStats(),
  }
  const startNs = BigInt(START_MS) * 1_000_000n
  const endNs = startNs + BigInt(LINES) * 1_000_000n
  const before = process.cpuUsage()
  await evaluateLogQL(
    makeSource(of),
    text,
    { kind: 'range', startNs, endNs, stepMs: 1_000, limit: LINES, direction: 'forward' },
    context,
  )
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}

function makeRecords(line: (i: number) => string): readonly LogRecord[] {
  return Array.from({ length: LINES }, (_, i) => ({
    stream: i % 8,
    tNs: BigInt(START_MS + i) * 1_000_000n,
    line: line(i),
    metadata: labelsOf({ detected_level: i % 20 === 0 ? 'error' : 'info' }),
  }))
}

/** Hands out the records in batches, and does nothing else well. */
function makeSource(of: readonly LogRecord[]): LogSource {
  const streams = Array.from({ length: 8 }, (_, i) => labelsOf({ app: 'api', pod: `pod-${i}` }))
  return {
    async *records(): AsyncGenerator<LogBatch> {
      for (let at = 0; at < of.length; at += 8_192) yield { streams, records: of.slice(at, at + 8_192) }
    },
    grid: async () => undefined,
    streams: async () => streams,
    labelNames: async () => ['app', 'pod', 'detected_level'],
    labelValues: async () => [],
    volume: async () => [],
  }
}
