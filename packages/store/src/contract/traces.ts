import type { SpanKind } from '@oriel/model'
import { expect } from 'vitest'
import type { SpanCondition, SpanFilter, TraceSearchRequest } from '../source.ts'
import { cancelledContext, contextFor, HOUR_NS, NOON_NS, spanBlock } from './fixtures.ts'
import type { Fact, FactInput, TestSpan } from './fixtures.ts'
import { RED_FACTS } from './traces-red.ts'

const MS = 1_000_000n
const TRACE_1 = '11111111111111111111111111111111'
const TRACE_2 = '22222222222222222222222222222222'
const TRACE_3 = '33333333333333333333333333333333'

/** Three traces: a failed payment over two services, a quick look-up, and a part whose root is missing. */
const SPANS: readonly TestSpan[] = [
  {
    traceId: TRACE_1,
    spanId: 'aaaaaaaaaaaaaaa1',
    service: 'gateway',
    name: 'POST /pay',
    kind: 'server',
    status: 'error',
    startNs: NOON_NS + 100n * MS,
    durationNs: 250n * MS,
    attributes: { 'http.status_code': '500', 'http.method': 'POST', "it's": 'odd' },
    resource: { zone: 'eu', 'host.name': 'h1' },
  },
  {
    traceId: TRACE_1,
    spanId: 'aaaaaaaaaaaaaaa2',
    parentSpanId: 'aaaaaaaaaaaaaaa1',
    service: 'payment',
    name: 'charge',
    kind: 'client',
    status: 'error',
    statusMessage: 'card declined',
    startNs: NOON_NS + 150n * MS,
    durationNs: 100n * MS,
    attributes: { amount: '99.5', zone: 'of the span' },
    resource: { zone: 'us' },
    events: JSON.stringify([
      { timeUnixNano: String(NOON_NS + 200n * MS), name: 'exception', attributes: { 'exception.type': 'Declined' } },
    ]),
    links: JSON.stringify([{ traceId: TRACE_2, spanId: 'bbbbbbbbbbbbbbb1', traceState: '', attributes: { why: 'retry' } }]),
  },
  {
    traceId: TRACE_2,
    spanId: 'bbbbbbbbbbbbbbb1',
    service: 'gateway',
    name: 'GET /items',
    kind: 'server',
    status: 'ok',
    startNs: NOON_NS + 60_000n * MS,
    durationNs: 20n * MS,
    attributes: { 'http.status_code': '200', 'http.method': 'GET' },
    resource: { zone: 'eu', 'host.name': 'h1' },
  },
  {
    traceId: TRACE_3,
    spanId: 'ccccccccccccccc1',
    parentSpanId: 'ccccccccccccccc0',
    service: 'worker',
    name: 'job',
    kind: 'consumer',
    startNs: NOON_NS + 30_000n * MS,
    durationNs: 1_000n * MS,
  },
]

async function write({ store, tenant }: FactInput, spans: readonly TestSpan[] = SPANS): Promise<void> {
  await store.sink.writeSpans([spanBlock(tenant, spans)])
}

const SEARCH: TraceSearchRequest = {
  filter: { kind: 'all', filters: [] },
  range: HOUR_NS,
  limit: 10,
  spansPerTrace: 3,
}

async function search({ store, tenant }: FactInput, change: Partial<TraceSearchRequest> = {}) {
  return await store.traces.search({ ...SEARCH, ...change }, contextFor(tenant))
}

/** Which spans pass, by the last two characters of their ids, sorted. */
async function expectMatched(input: FactInput, filter: SpanFilter, want: string): Promise<void> {
  const found = await search(input, { filter })
  const ids = found.flatMap(({ matched }) => matched.map(({ spanId }) => spanId.charAt(0) + spanId.charAt(15)))
  expect(
    ids.sort().join(' '),
    JSON.stringify(filter, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
  ).toBe(want)
}

function when(condition: SpanCondition): SpanFilter {
  return { kind: 'condition', condition }
}

function attribute(
  scope: 'span' | 'resource' | 'any',
  key: string,
  op: Extract<SpanCondition, { kind: 'attribute' }>['op'],
  value = '',
): SpanFilter {
  return when({ kind: 'attribute', scope, key, op, value })
}

const byId: readonly Fact[] = [
  {
    title: 'a trace is read back whole by the next read, spans by start time',
    async run(input) {
      await write(input, SPANS.toReversed())
      const spans = await input.store.traces.byId(TRACE_1, contextFor(input.tenant))
      expect(spans.map(({ spanId }) => spanId)).toEqual(['aaaaaaaaaaaaaaa1', 'aaaaaaaaaaaaaaa2'])
      expect(spans[1]).toEqual({
        traceId: TRACE_1,
        spanId: 'aaaaaaaaaaaaaaa2',
        parentSpanId: 'aaaaaaaaaaaaaaa1',
        traceState: '',
        service: 'payment',
        name: 'charge',
        kind: 'client',
        status: 'error',
        statusMessage: 'card declined',
        startNs: NOON_NS + 150n * MS,
        durationNs: 100n * MS,
        attributes: { amount: '99.5', zone: 'of the span' },
        resource: { 'service.name': 'payment', zone: 'us' },
        scope: { name: 'contract', version: '1.0' },
        flags: 1,
        events: [{ tNs: NOON_NS + 200n * MS, name: 'exception', attributes: { 'exception.type': 'Declined' } }],
        links: [{ traceId: TRACE_2, spanId: 'bbbbbbbbbbbbbbb1', traceState: '', attributes: { why: 'retry' } }],
      })
    },
  },
  {
    title: 'a span written twice is one span',
    async run(input) {
      await write(input)
      await write(input)
      expect(await input.store.traces.byId(TRACE_1, contextFor(input.tenant))).toHaveLength(2)
      const [, , found] = await search(input)
      expect(found).toMatchObject({ traceId: TRACE_1, spanCount: 2, errorCount: 2, matchedCount: 2 })
    },
  },
  {
    title: 'spans of a trace that come late or days apart are all found by its id',
    async run(input) {
      const dayNs = 86_400_000n * MS
      const late = { ...SPANS[1]!, spanId: 'aaaaaaaaaaaaaaa9', startNs: NOON_NS + 3n * dayNs }
      await write(input)
      await write(input, [late])
      expect(await input.store.traces.byId(TRACE_1, contextFor(input.tenant))).toHaveLength(3)
    },
  },
  {
    title: 'an unknown trace has no spans',
    async run(input) {
      await write(input)
      expect(await input.store.traces.byId('0af7651916cd43dd8448eb211c80319c', contextFor(input.tenant))).toEqual([])
      expect(await input.store.traces.byId("it's", contextFor(input.tenant))).toEqual([])
    },
  },
]

const searches: readonly Fact[] = [
  {
    title: 'search answers summaries of whole traces, newest matching span first',
    async run(input) {
      await write(input)
      const found = await search(input)
      expect(found.map(({ traceId }) => traceId)).toEqual([TRACE_2, TRACE_3, TRACE_1])
      expect(found[2]).toMatchObject({
        rootService: 'gateway',
        rootName: 'POST /pay',
        startNs: NOON_NS + 100n * MS,
        durationNs: 250n * MS,
        spanCount: 2,
        errorCount: 2,
        matchedCount: 2,
      })
      expect(found[2]?.services).toEqual(
        new Map([
          ['gateway', { spans: 1, errors: 1 }],
          ['payment', { spans: 1, errors: 1 }],
        ]),
      )
      expect(found[1]).toMatchObject({ rootService: '', rootName: '', durationNs: 1_000n * MS })
    },
  },
  {
    title: 'search keeps to its limits of traces and of spans a trace, and counts the rest',
    async run(input) {
      await write(input)
      const [first, ...rest] = await search(input, { limit: 1 })
      expect([first?.traceId, rest.length]).toEqual([TRACE_2, 0])
      const found = await search(input, { spansPerTrace: 1 })
      expect(found[2]?.matched.map(({ spanId }) => spanId)).toEqual(['aaaaaaaaaaaaaaa1'])
      expect(found[2]?.matchedCount).toBe(2)
    },
  },
  {
    title: 'search takes spans that start in the range, its end excluded',
    async run(input) {
      await write(input)
      const startNs = NOON_NS + 150n * MS
      const found = await search(input, { range: { startNs, endNs: NOON_NS + 30_000n * MS } })
      expect(found.map(({ traceId, matchedCount, spanCount }) => [traceId, matchedCount, spanCount])).toEqual([[TRACE_1, 1, 2]])
    },
  },
  {
    title: 'search looks up attributes in the span, in the resource, or in the span first',
    async run(input) {
      await write(input)
      await expectMatched(input, attribute('span', 'zone', '=', 'of the span'), 'a2')
      await expectMatched(input, attribute('span', 'zone', '=', 'us'), '')
      await expectMatched(input, attribute('resource', 'zone', '=', 'us'), 'a2')
      await expectMatched(input, attribute('any', 'zone', '=', 'us'), '')
      await expectMatched(input, attribute('any', 'zone', '=', 'eu'), 'a1 b1')
      await expectMatched(input, attribute('any', "it's", '=', 'odd'), 'a1')
    },
  },
  {
    title: 'search compares attributes as text, by anchored regex and as numbers; a span without the attribute fails',
    async run(input) {
      await write(input)
      const code = 'http.status_code'
      await expectMatched(input, attribute('span', code, '!=', '500'), 'b1')
      await expectMatched(input, attribute('span', code, '=~', '5'), '')
      await expectMatched(input, attribute('span', code, '=~', '5..'), 'a1')
      await expectMatched(input, attribute('span', code, '!~', '5..'), 'b1')
      await expectMatched(input, attribute('span', code, '>', '200'), 'a1')
      await expectMatched(input, attribute('any', code, '>=', '200'), 'a1 b1')
      await expectMatched(input, attribute('span', code, '<', '500'), 'b1')
      await expectMatched(input, attribute('span', code, '<=', '1e3'), 'a1 b1')
      await expectMatched(input, attribute('span', 'amount', '>', '99.25'), 'a2')
      await expectMatched(input, attribute('span', 'http.method', '>', '1'), '')
      await expectMatched(input, attribute('span', 'amount', 'exists'), 'a2')
      await expectMatched(input, attribute('resource', 'host.name', 'exists'), 'a1 b1')
    },
  },
  {
    title: 'search knows service, name, status, status message, kind and duration',
    async run(input) {
      await write(input)
      await expectMatched(input, when({ kind: 'service', op: '=', value: 'gateway' }), 'a1 b1')
      await expectMatched(input, when({ kind: 'service', op: '!=', value: 'gateway' }), 'a2 c1')
      await expectMatched(input, when({ kind: 'name', op: '=~', value: '(GET|POST) .*' }), 'a1 b1')
      await expectMatched(input, when({ kind: 'name', op: '!~', value: '.* .*' }), 'a2 c1')
      await expectMatched(input, when({ kind: 'statusMessage', op: '=~', value: '.*declined' }), 'a2')
      await expectMatched(input, when({ kind: 'status', op: '=', value: 'error' }), 'a1 a2')
      await expectMatched(input, when({ kind: 'status', op: '!=', value: 'error' }), 'b1 c1')
      await expectMatched(input, when({ kind: 'spanKind', op: '=', value: 'consumer' }), 'c1')
      await expectMatched(input, when({ kind: 'spanKind', op: '!=', value: 'server' }), 'a2 c1')
      await expectMatched(input, when({ kind: 'duration', op: '>', valueNs: 100n * MS }), 'a1 c1')
      await expectMatched(input, when({ kind: 'duration', op: '=', valueNs: 100n * MS }), 'a2')
      await expectMatched(input, when({ kind: 'duration', op: '<', valueNs: 100n * MS }), 'b1')
    },
  },
  {
    title: 'search knows the duration and the root of the whole trace',
    async run(input) {
      await write(input)
      await expectMatched(input, when({ kind: 'traceDuration', op: '>=', valueNs: 250n * MS }), 'a1 a2 c1')
      await expectMatched(input, when({ kind: 'traceDuration', op: '<', valueNs: 250n * MS }), 'b1')
      await expectMatched(input, when({ kind: 'rootService', op: '=', value: 'gateway' }), 'a1 a2 b1')
      await expectMatched(input, when({ kind: 'rootService', op: '=', value: '' }), 'c1')
      await expectMatched(input, when({ kind: 'rootName', op: '=~', value: 'POST.*' }), 'a1 a2')
      const between = await search(input, { minTraceDurationNs: 250n * MS, maxTraceDurationNs: 999n * MS })
      expect(between.map(({ traceId }) => traceId)).toEqual([TRACE_1])
    },
  },
  {
    title: 'search combines conditions on the same span with all and any',
    async run(input) {
      await write(input)
      const isError = when({ kind: 'status', op: '=', value: 'error' })
      const isWorker = when({ kind: 'service', op: '=', value: 'worker' })
      const isCharge = when({ kind: 'name', op: '=', value: 'charge' })
      await expectMatched(input, { kind: 'all', filters: [isError, isCharge] }, 'a2')
      await expectMatched(input, { kind: 'all', filters: [isError, isWorker] }, '')
      await expectMatched(input, { kind: 'any', filters: [isCharge, isWorker] }, 'a2 c1')
      await expectMatched(input, { kind: 'all', filters: [isError, { kind: 'any', filters: [isCharge, isWorker] }] }, 'a2')
      await expectMatched(input, { kind: 'any', filters: [] }, '')
    },
  },
]

const lists: readonly Fact[] = [
  {
    title: 'services and operations are those with spans in the range',
    async run(input) {
      await write(input)
      const { traces } = input.store
      const context = contextFor(input.tenant)
      expect(await traces.services(HOUR_NS, context)).toEqual(['gateway', 'payment', 'worker'])
      const gateway: { name: string; kind: SpanKind }[] = [
        { name: 'GET /items', kind: 'server' },
        { name: 'POST /pay', kind: 'server' },
      ]
      expect(await traces.operations('gateway', HOUR_NS, context)).toEqual(gateway)
      expect(await traces.operations('nobody', HOUR_NS, context)).toEqual([])
    },
  },
  {
    title: 'tag names and values come by scope, sorted',
    async run(input) {
      await write(input)
      const { traces } = input.store
      const context = contextFor(input.tenant)
      expect(await traces.tagNames('span', HOUR_NS, context)).toEqual([
        'amount',
        'http.method',
        'http.status_code',
        "it's",
        'zone',
      ])
      expect(await traces.tagNames('resource', HOUR_NS, context)).toEqual(['host.name', 'service.name', 'zone'])
      expect(await traces.tagValues('span', 'http.method', HOUR_NS, 10, context)).toEqual(['GET', 'POST'])
      expect(await traces.tagValues('span', "it's", HOUR_NS, 10, context)).toEqual(['odd'])
      expect(await traces.tagValues('resource', 'zone', HOUR_NS, 10, context)).toEqual(['eu', 'us'])
      expect(await traces.tagValues('any', 'zone', HOUR_NS, 10, context)).toEqual(['eu', 'of the span', 'us'])
      expect(await traces.tagValues('resource', 'zone', HOUR_NS, 1, context)).toHaveLength(1)
    },
  },
]

const others: readonly Fact[] = [
  {
    title: 'requests stored of late are known by their ids',
    async run(input) {
      const requestId = 0xfedc_ba98_7654_3210n
      expect((await input.store.sink.recentRequests('traces')).has(requestId)).toBe(false)
      await write(input, [{ ...SPANS[0]!, requestId }])
      expect((await input.store.sink.recentRequests('traces')).has(requestId)).toBe(true)
    },
  },
  {
    title: 'a tenant reads its own traces only, and several tenants read together when named',
    async run(input) {
      const other = `${input.tenant}-other`
      await write(input, SPANS.slice(0, 1))
      await input.store.sink.writeSpans([spanBlock(other, SPANS.slice(1, 3))])
      const read = (...tenants: string[]) => input.store.traces.byId(TRACE_1, contextFor(...tenants))
      expect(await read(input.tenant)).toHaveLength(1)
      expect(await read(input.tenant, other)).toHaveLength(2)
      expect(await input.store.traces.services(HOUR_NS, contextFor(input.tenant))).toEqual(['gateway'])
      expect(await input.store.traces.search(SEARCH, contextFor(input.tenant, other))).toHaveLength(2)
    },
  },
  {
    title: 'a cancelled read rejects with STORE_CANCELLED',
    async run({ store, tenant }) {
      const context = cancelledContext(tenant)
      await expect(store.traces.byId(TRACE_1, context)).rejects.toMatchObject({ code: 'STORE_CANCELLED' })
      await expect(store.traces.search(SEARCH, context)).rejects.toMatchObject({ code: 'STORE_CANCELLED' })
    },
  },
  {
    title: 'a tenant without traces gets empty answers',
    async run(input) {
      const { traces } = input.store
      const context = contextFor(input.tenant)
      expect(await search(input)).toEqual([])
      expect(await traces.services(HOUR_NS, context)).toEqual([])
      expect(await traces.tagNames('span', HOUR_NS, context)).toEqual([])
      expect(await traces.tagValues('any', 'zone', HOUR_NS, 10, context)).toEqual([])
    },
  },
]

/** What every store promises of traces. */
export const TRACE_FACTS: readonly Fact[] = [...byId, ...searches, ...lists, ...others, ...RED_FACTS]
