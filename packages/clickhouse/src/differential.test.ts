// Random data and random requests: the engine must answer what the plain in-memory store answers.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Matcher } from '@oriel/model'
import { labelsKey, SPAN_KINDS, SPAN_STATUSES } from '@oriel/model'
import type {
  LineFilter,
  LogGridRequest,
  LogRequest,
  QueryContext,
  SpanCondition,
  SpanFilter,
  Store,
  TraceSearchRequest,
} from '@oriel/store'
import { DEFAULT_QUERY_LIMITS, makeQueryStats, openMemoryStore } from '@oriel/store'
import { logBlock, spanBlock } from '@oriel/store/contract-suite'
import type { TestRecord, TestSpan } from '@oriel/store/contract-suite'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OpenClickhouse } from './open.ts'
import { openClickhouse } from './open.ts'

const START_MS = 1_773_489_600_000
const START_NS = BigInt(START_MS) * 1_000_000n
// 2 minutes: forty requests to two stores take five seconds on an idle machine.
const SLOW_MS = 120_000
const HOURS = 3
const MAX_OFFSET_NS = HOURS * 3_600 * 1_000_000_000
const TENANT = 'random'

const offsetNs = fc.oneof(
  fc.integer({ min: 0, max: MAX_OFFSET_NS }),
  fc.integer({ min: 0, max: 20 }).map((minute) => minute * 60_000_000_000),
)
const word = fc.constantFrom('error', 'ok', 'a-b', 'GET /x 500', 'time\nout', "it's", 'é', '')
const labels = fc
  .record({ service_name: fc.constantFrom('api', 'web', 'db') })
  .chain((base) => fc.constantFrom(base, { ...base, env: 'prod' }, { ...base, env: 'dev' }))

const record: fc.Arbitrary<TestRecord> = fc.record({
  labels,
  tNs: offsetNs.map((offset) => START_NS + BigInt(offset)),
  line: fc.array(word, { maxLength: 4 }).map((words) => words.join(' ')),
  level: fc.constantFrom('', 'info', 'error'),
  traceId: fc.constantFrom('', 'abc'),
  attributes: fc.constantFrom<Record<string, string>>({}, { user: 'ann' }, { user: 'bob', size: '7' }),
})

const op = fc.constantFrom('=', '!=', '=~', '!~')
const matcher = (name: fc.Arbitrary<string>, value: fc.Arbitrary<string>): fc.Arbitrary<Matcher> => fc.record({ name, op, value })
const lineFilter: fc.Arbitrary<LineFilter> = fc.oneof(
  fc.record({
    op: fc.constantFrom('|=', '!='),
    patterns: fc.array(fc.constantFrom('error', ' ', 'x 5', '/x 500 ', '', 'T /x 5'), { minLength: 1, maxLength: 2 }),
  }),
  fc.record({
    op: fc.constantFrom('|~', '!~'),
    patterns: fc.array(fc.constantFrom('^err', 'time.out', 'o+k?$', '(?i)get', 'a|é'), { minLength: 1, maxLength: 2 }),
  }),
)
const selection = {
  matchers: fc.array(matcher(fc.constantFrom('service_name', 'env'), fc.constantFrom('api', 'prod', '', 'a.*|web', '.+')), {
    maxLength: 2,
  }),
  lineFilters: fc.array(lineFilter, { maxLength: 2 }),
  metadataMatchers: fc.array(
    matcher(fc.constantFrom('user', 'trace_id', 'detected_level'), fc.constantFrom('ann', 'abc', '', 'error', '.*o.*')),
    { maxLength: 1 },
  ),
}

const logRead: fc.Arbitrary<LogRequest> = fc.record({
  ...selection,
  range: fc
    .tuple(offsetNs, offsetNs)
    .map(([a, b]) => ({ startNs: START_NS + BigInt(Math.min(a, b)), endNs: START_NS + BigInt(Math.max(a, b)) })),
  direction: fc.constantFrom('forward', 'backward'),
  limit: fc.constantFrom(0, 1, 7, 100),
})

const logGrid: fc.Arbitrary<LogGridRequest> = fc
  .record(
    {
      ...selection,
      startMs: fc.integer({ min: START_MS - 60_000, max: START_MS + 3_600_000 }),
      lengthMs: fc.integer({ min: 0, max: 7_200_000 }),
      stepMs: fc.constantFrom(7_001, 60_000, 600_000),
      rangeMs: fc.constantFrom(1, 60_000, 95_000, 3_600_000),
      offsetMs: fc.constantFrom(0, 60_000, -30_000),
      count: fc.constantFrom('records', 'bytes'),
      by: fc.constantFrom<string[]>([], ['env'], ['service_name', 'detected_level'], ['detected_level']),
    },
    {
      requiredKeys: [
        'matchers',
        'lineFilters',
        'metadataMatchers',
        'startMs',
        'lengthMs',
        'stepMs',
        'rangeMs',
        'offsetMs',
        'count',
      ],
    },
  )
  .map(({ lengthMs, ...request }) => ({ ...request, endMs: request.startMs + lengthMs }))

const span: fc.Arbitrary<TestSpan> = fc.record({
  traceId: fc.integer({ min: 1, max: 60 }).map((id) => id.toString(16).padStart(32, '0')),
  spanId: fc.integer({ min: 1, max: 9 }).map((id) => id.toString(16).padStart(16, '0')),
  parentSpanId: fc.constantFrom('', '', 'ffffffffffffffff'),
  service: fc.constantFrom('api', 'web', 'db'),
  name: fc.constantFrom('GET /', 'query'),
  startNs: offsetNs.map((offset) => START_NS + BigInt(offset)),
  durationNs: fc.integer({ min: 0, max: 9 }).map((ms) => BigInt(ms) * 1_000_000n),
  kind: fc.constantFrom(...SPAN_KINDS),
  status: fc.constantFrom(...SPAN_STATUSES),
  attributes: fc.constantFrom<Record<string, string>>({}, { code: '200' }, { code: '500', zone: 'a' }, { code: 'none' }),
  resource: fc.constantFrom<Record<string, string>>({ zone: 'b' }, { zone: 'a' }, {}),
})

const numberOp = fc.constantFrom('>', '>=', '<', '<=', '=', '!=')
const condition: fc.Arbitrary<SpanCondition> = fc.oneof(
  fc.record({
    kind: fc.constant('attribute'),
    scope: fc.constantFrom('span', 'resource', 'any'),
    key: fc.constantFrom('code', 'zone'),
    op: fc.constantFrom('=', '!=', '=~', '!~', '>', '<=', 'exists'),
    value: fc.constantFrom('500', 'a', '300', 'a|b'),
  }),
  fc.record({
    kind: fc.constantFrom('service', 'name', 'rootService', 'rootName'),
    op,
    value: fc.constantFrom('api', 'query', '', 'a.*|d.'),
  }),
  fc.record({
    kind: fc.constantFrom('duration', 'traceDuration'),
    op: numberOp,
    valueNs: fc.constantFrom(3_000_000n, 600_000_000_000n),
  }),
  fc.record({ kind: fc.constant('status'), op: fc.constantFrom('=', '!='), value: fc.constantFrom(...SPAN_STATUSES) }),
  fc.record({ kind: fc.constant('spanKind'), op: fc.constantFrom('=', '!='), value: fc.constantFrom(...SPAN_KINDS) }),
)
const leaf: fc.Arbitrary<SpanFilter> = condition.map((one) => ({ kind: 'condition', condition: one }))
const filter: fc.Arbitrary<SpanFilter> = fc.oneof(
  leaf,
  fc.record({ kind: fc.constantFrom('all', 'any'), filters: fc.array(leaf, { maxLength: 3 }) }),
)
const search: fc.Arbitrary<TraceSearchRequest> = fc.record({
  filter,
  range: fc
    .tuple(offsetNs, offsetNs)
    .map(([a, b]) => ({ startNs: START_NS + BigInt(Math.min(a, b)), endNs: START_NS + BigInt(Math.max(a, b)) })),
  limit: fc.constantFrom(1, 5, 100),
  spansPerTrace: fc.constantFrom(1, 3),
})

function context(): QueryContext {
  const { signal } = new AbortController()
  return { tenants: [TENANT], signal, limits: DEFAULT_QUERY_LIMITS, stats: makeQueryStats() }
}

async function logAnswer({ logs }: Store, request: LogRequest): Promise<string[]> {
  const answer: string[] = []
  for await (const { streams, records } of logs.records(request, context())) {
    for (const { stream, tNs, line, metadata } of records) {
      answer.push(`${tNs} ${labelsKey(streams[stream] ?? [])} ${labelsKey(metadata)} ${line}`)
    }
  }
  return answer
}

async function gridAnswer({ logs }: Store, request: LogGridRequest): Promise<unknown> {
  const grid = await logs.grid(request, context())
  return { labels: grid?.labels, values: [...(grid?.values ?? [])], present: [...(grid?.present ?? [])] }
}

async function searchAnswer({ traces }: Store, request: TraceSearchRequest): Promise<unknown> {
  const found = await traces.search(request, context())
  return found.map(({ matched, services, ...summary }) => ({
    ...summary,
    services: [...services].sort(([a], [b]) => (a < b ? -1 : 1)),
    matched: matched.map(({ spanId }) => spanId),
  }))
}

describe('the engine answers as the in-memory store', () => {
  const memory = openMemoryStore()
  let opened: OpenClickhouse | undefined
  let dataDir = ''
  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'oriel-differential-'))
    opened = await openClickhouse({ dataDir })
    await opened.engine.started
    for (let i = 0; i < 4; i++) {
      const logs = logBlock(TENANT, fc.sample(record, 300))
      const spans = spanBlock(TENANT, uniqueSpans(fc.sample(span, 150), i))
      for (const { sink } of [memory, opened.store]) {
        await sink.writeLogs([logs])
        await sink.writeSpans([spans])
      }
    }
  })
  afterAll(async () => {
    await opened?.close()
    rmSync(dataDir, { recursive: true })
  })

  // A span id that comes again with other values is another span: which of the two is read is not promised.
  function uniqueSpans(spans: readonly TestSpan[], round: number): TestSpan[] {
    return spans.map((one, i) => ({ ...one, spanId: (round * 1_000 + i).toString(16).padStart(16, '0') }))
  }

  async function check<Request>(
    requests: fc.Arbitrary<Request>,
    answer: (store: Store, request: Request) => Promise<unknown>,
  ): Promise<void> {
    const engine = opened?.store
    if (engine === undefined) throw new Error('the store did not open')
    await fc.assert(
      fc.asyncProperty(requests, async (request) => {
        expect(await answer(engine, request)).toEqual(await answer(memory, request))
      }),
      { numRuns: 40 },
    )
  }

  it('reads of records', () => check(logRead, logAnswer), SLOW_MS)
  it('log grids', () => check(logGrid, gridAnswer), SLOW_MS)
  it('trace searches', () => check(search, searchAnswer), SLOW_MS)
})
