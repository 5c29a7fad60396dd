import { labelsOf, makeLogBlock } from '@oriel/model'
import type { LogSource, MemoryStore, QueryContext } from '@oriel/store'
import { DEFAULT_QUERY_LIMITS, makeQueryStats, openMemoryStore, seriesId } from '@oriel/store'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { evaluateLogQL } from './evaluate.ts'
import type { LogQLData, LogQLQuery } from './result.ts'

// What the store does for a query must be what we would do: the same query is asked of a source that offers everything and of
// one that offers nothing, where every line comes here.

const T0 = 1_767_225_600_000

interface Given {
  readonly stream: number
  readonly atMs: number
  readonly line: string
  readonly level: string
  readonly pod: string
}

const STREAMS = [{ app: 'a', env: 'x' }, { app: 'a', env: 'y', pod: 's' }, { app: 'b' }].map(labelsOf)

function makeStore(records: readonly Given[]): MemoryStore {
  const store = openMemoryStore()
  const block = makeLogBlock('t')
  for (const labels of STREAMS) {
    block.streams.push({ id: seriesId(labels), labels, service: '', day: Math.floor(T0 / 86_400_000) })
  }
  for (const given of records) {
    block.records.service.push('')
    block.records.streamId.pushFrom(seriesId(STREAMS[given.stream] ?? []), 0)
    block.records.tNs.pushBigInt(BigInt(T0 + given.atMs) * 1_000_000n)
    block.records.severity.push(0)
    block.records.level.push(given.level)
    for (const column of [block.records.severityText, block.records.scopeName, block.records.scopeVersion]) column.push('')
    block.records.body.pushString(given.line)
    block.records.traceId.pushString('')
    block.records.spanId.pushString('')
    block.records.attributes.pushRecord(given.pod === '' ? {} : { pod: given.pod })
    block.records.resourceId.pushNumber(0)
    block.records.requestId.pushNumber(0)
  }
  store.logs.write([block])
  return store
}

/** A source that filters by stream alone: all names look like stream labels, so that no test on metadata is pushed. */
function plainSource(source: LogSource): LogSource {
  const names = ['pod', 'detected_level', 'env', 'app']
  return { ...source, grid: async () => undefined, labelNames: async () => names }
}

async function ask(source: LogSource, text: string, query: LogQLQuery): Promise<LogQLData> {
  const context: QueryContext = {
    tenants: ['t'],
    signal: new AbortController().signal,
    limits: DEFAULT_QUERY_LIMITS,
    stats: makeQueryStats(),
  }
  return (await evaluateLogQL(source, text, query, context)).data
}

const given = fc.record({
  stream: fc.integer({ min: 0, max: 2 }),
  atMs: fc.integer({ min: 0, max: 60_000 }).map((ms) => (ms % 3 === 0 ? ms - (ms % 10_000) : ms)),
  line: fc.constantFrom('error one', 'two', 'error three é', ''),
  level: fc.constantFrom('', 'error', 'info'),
  pod: fc.constantFrom('', 'p', 'q'),
})

const METRICS = [
  'sum(count_over_time({app=~"a|b"}[15s]))',
  'sum by (app) (rate({app=~".+"} |= "error" [7s]))',
  'sum by (env) (bytes_over_time({app="a"} !~ "t.*o" [30s] offset 5s))',
  'sum by (pod) (count_over_time({app=~".+"}[20s]))',
  'sum by (detected_level) (count_over_time({app=~".+"} | detected_level!="info" [20s]))',
  'sum by (detected_level, app) (bytes_rate({app=~".+"} | pod="p" [20s]))',
  'absent_over_time({app="b"} |= "two" [10s])',
]

test('counts that the store makes equal counts made line by line', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(given, { maxLength: 40 }), fc.constantFrom(...METRICS), async (records, text) => {
      const { logs } = makeStore(records)
      const times = { startNs: BigInt(T0) * 1_000_000n, endNs: BigInt(T0 + 60_000) * 1_000_000n, stepMs: 10_000 }
      const query = { kind: 'range', ...times, limit: 1, direction: 'forward' } as const
      expect(await ask(logs, text, query)).toEqual(await ask(plainSource(logs), text, query))
    }),
    { numRuns: 300 },
  )
})

test('tests on metadata that the store makes equal tests made line by line', async () => {
  const texts = [
    '{app=~".+"} | pod="p"',
    '{app="a"} |= "error" | detected_level!="info" | pod!~"q|s"',
    '{app="b"} | pod="" | env=""',
  ]
  await fc.assert(
    fc.asyncProperty(fc.array(given, { maxLength: 40 }), fc.constantFrom(...texts), async (records, text) => {
      const { logs } = makeStore(records)
      const times = { startNs: BigInt(T0) * 1_000_000n, endNs: BigInt(T0 + 60_001) * 1_000_000n, stepMs: 1 }
      const query = { kind: 'range', ...times, limit: 5, direction: 'backward' } as const
      expect(await ask(logs, text, query)).toEqual(await ask(plainSource(logs), text, query))
    }),
    { numRuns: 300 },
  )
})
