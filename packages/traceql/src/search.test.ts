import type { SpanKind, SpanStatus } from '@oriel/model'
import { makeSpanBlock, SPAN_KINDS, SPAN_STATUSES } from '@oriel/model'
import type { MemoryStore, QueryContext } from '@oriel/store'
import { DEFAULT_QUERY_LIMITS, makeQueryStats, openMemoryStore, resourceId } from '@oriel/store'
import { describe, expect, test } from 'vitest'
import { jaegerFilter, tagsFilter } from './parameters.ts'
import type { SearchFilter } from './parameters.ts'
import { searchTraceQL } from './search.ts'

const T0_NS = 1_767_225_600_000_000_000n

interface Given {
  readonly trace: string
  readonly id: string
  readonly parent?: string
  readonly service: string
  readonly name: string
  readonly ms: number
  readonly atMs?: number
  readonly status?: SpanStatus
  readonly kind?: SpanKind
  readonly attributes?: Record<string, string>
}

// Trace 1: shop calls pay, which fails and calls the database twice. Trace 2: shop alone, fast. Trace 3: a slow batch job.
const SPANS: readonly Given[] = [
  { trace: '1', id: 'a', service: 'shop', name: 'GET /cart', ms: 900, kind: 'server', attributes: { 'http.status_code': '500' } },
  { trace: '1', id: 'b', parent: 'a', service: 'pay', name: 'charge', ms: 700, atMs: 50, status: 'error', kind: 'client' },
  { trace: '1', id: 'c', parent: 'b', service: 'pay', name: 'SELECT', ms: 100, atMs: 100, attributes: { 'db.system': 'mysql' } },
  { trace: '1', id: 'd', parent: 'b', service: 'pay', name: 'UPDATE', ms: 300, atMs: 300, attributes: { 'db.system': 'mysql' } },
  {
    trace: '2',
    id: 'e',
    service: 'shop',
    name: 'GET /',
    ms: 20,
    atMs: 1_000,
    kind: 'server',
    attributes: { 'http.status_code': '200' },
  },
  { trace: '3', id: 'f', service: 'batch', name: 'run', ms: 5_000, atMs: 2_000, attributes: { retries: '2.5', dry: 'true' } },
]

function makeStore(): MemoryStore {
  const store = openMemoryStore()
  const block = makeSpanBlock('t')
  for (const given of SPANS) {
    const resource = { 'service.name': given.service, env: 'prod' }
    const id = resourceId(resource)
    block.resources.push({ id, service: given.service, attributes: resource })
    const { spans } = block
    spans.service.push(given.service)
    spans.name.push(given.name)
    spans.traceId.pushString(given.trace)
    spans.spanId.pushString(given.id)
    spans.parentSpanId.pushString(given.parent ?? '')
    spans.traceState.push('')
    spans.kind.push(SPAN_KINDS.indexOf(given.kind ?? 'internal'))
    spans.status.push(SPAN_STATUSES.indexOf(given.status ?? 'unset'))
    spans.statusMessage.push('')
    spans.startNs.pushBigInt(T0_NS + BigInt(given.atMs ?? 0) * 1_000_000n)
    spans.durationNs.pushBigInt(BigInt(given.ms) * 1_000_000n)
    spans.attributes.pushRecord(given.attributes ?? {})
    spans.resourceId.pushBigInt(id)
    spans.scopeName.push('lib')
    spans.scopeVersion.push('')
    spans.flags.push(0)
    spans.events.pushString('')
    spans.links.pushString('')
    spans.requestId.pushNumber(0)
  }
  store.traces.write([block])
  return store
}

const store = makeStore()
const bounds = { range: { startNs: T0_NS - 1n, endNs: T0_NS + 60_000_000_000n }, limit: 10, spansPerTrace: 10 }

function makeContext(): QueryContext {
  return { tenants: ['t'], signal: new AbortController().signal, limits: DEFAULT_QUERY_LIMITS, stats: makeQueryStats() }
}

/** Found traces as `trace:span,span`, newest first. */
async function find(text: string): Promise<string[]> {
  const { traces } = await searchTraceQL(store.traces, text, bounds, makeContext())
  return traces.map(({ traceId, matched }) => `${traceId}:${matched.map(({ spanId }) => spanId).join(',')}`)
}

function check(text: string, want: readonly string[]): void {
  test(`${text} finds ${want.join(' ') || 'nothing'}`, async () => expect(await find(text)).toEqual(want))
}

describe('conditions on one span', () => {
  check('{}', ['3:f', '2:e', '1:a,b,c,d'])
  check('{ resource.service.name = "pay" }', ['1:b,c,d'])
  check('{ .service.name = "pay" && name =~ "SEL.*|UPD.*" }', ['1:c,d'])
  check('{ span.http.status_code >= 500 }', ['1:a'])
  check('{ span.http.status_code = 200 }', ['2:e'])
  check('{ span.http.status_code != 200 }', ['1:a'])
  check('{ status = error || duration > 2s }', ['3:f', '1:b'])
  check('{ kind = server && duration < 100ms }', ['2:e'])
  check('{ rootServiceName = "shop" && traceDuration > 500ms }', ['1:a,b,c,d'])
  check('{ trace:rootName = "run" }', ['3:f'])
  check('{ .retries > 2 && .dry = true }', ['3:f'])
  check('{ .retries = 2.50 }', ['3:f'])
  check('{ .dry }', ['3:f'])
  check('{ .env = "prod" && span."db.system" = "mysql" }', ['1:c,d'])
  check('{ 500 <= .http.status_code }', ['1:a'])
  check('{ .db.system != nil }', ['1:c,d'])
  check('{ .db.system = nil && kind != server }', ['3:f', '1:b'])
  check('{ !(.db.system = "mysql") && resource.service.name = "pay" }', ['1:b'])
  check('{ duration * 2 > traceDuration }', ['3:f', '2:e', '1:a,b'])
  check('{ childCount = 2 }', ['1:b'])
  check('{ span:parentID = "b" }', ['1:c,d'])
  check('{ parent.http.status_code = 500 }', ['1:b'])
  check('{ instrumentation:name = "lib" && span:id = "e" }', ['2:e'])
  check('{ missing > 1 }'.replace('missing', '.missing'), [])
})

describe('spansets', () => {
  check('{ name = "charge" } && { .db.system = "mysql" }', ['1:b,c,d'])
  check('{ name = "run" } || { name = "GET /" }', ['3:f', '2:e'])
  check('{ name = "run" } && { name = "GET /" }', [])
  check('{ kind = server } > { kind = client }', ['1:b'])
  check('{ kind = server } >> { .db.system = "mysql" }', ['1:c,d'])
  check('{ .db.system = "mysql" } << { kind = server }', ['1:a'])
  check('{ .db.system = "mysql" } < {}', ['1:b'])
  check('{ name = "SELECT" } ~ { name = "UPDATE" }', ['1:d'])
  check('{ kind = server } !> { .db.system = "mysql" }', ['1:c,d'])
  check('{ kind = server } !>> { }', ['3:f', '2:e', '1:a'])
  check('{ kind = server } &> { kind = client }', ['1:a,b'])
  check('{ kind = server } &>> { .db.system = "mysql" }', ['1:a,c,d'])
})

describe('pipelines', () => {
  check('{ .db.system = "mysql" } | count() > 1', ['1:c,d'])
  check('{ .db.system = "mysql" } | count() > 2', [])
  check('{} | avg(duration) > 1s', ['3:f'])
  check('{} | max(duration) - min(duration) >= 800ms', ['1:a,b,c,d'])
  check('{} | by(resource.service.name) | count() = 3', ['1:b,c,d'])
  check('{} | by(name) | coalesce() | count() = 4', ['1:a,b,c,d'])
  check('{ kind = client } | select(name, .db.system)', ['1:b'])
  check('({ kind = server } | count() = 1) && { status = error }', ['1:a,b'])
  check('{ resource.service.name = "pay" } | { duration >= 300ms } | count() = 2', ['1:b,d'])
  check('{ name = "run" } with (most_recent=true)', ['3:f'])
})

describe('search', () => {
  test('at most limit traces and spansPerTrace spans come back, all spans are counted', async () => {
    const exact = await searchTraceQL(store.traces, '{}', { ...bounds, limit: 3, spansPerTrace: 2 }, makeContext())
    const evaluated = await searchTraceQL(
      store.traces,
      '{} | count() > 0',
      { ...bounds, limit: 3, spansPerTrace: 2 },
      makeContext(),
    )
    const shape = ({ traces }: typeof exact) => traces.map(({ matched, matchedCount }) => [matched.length, matchedCount])
    expect(shape(exact)).toEqual([
      [1, 1],
      [1, 1],
      [2, 4],
    ])
    expect(shape(evaluated)).toEqual(shape(exact))
  })

  test('metrics functions are refused by name', async () => {
    await expect(find('{} | rate() by (resource.service.name)')).rejects.toThrow('rate() makes series')
  })

  test('an intrinsic that is not stored is refused by name', async () => {
    await expect(find('{ nestedSetLeft > 1 }')).rejects.toThrow('the intrinsic nestedSetLeft is not supported')
  })
})

describe('parameters', () => {
  async function findBy(filter: SearchFilter): Promise<string[]> {
    const traces = await store.traces.search({ ...bounds, ...filter }, makeContext())
    return traces.map(({ traceId, matched }) => `${traceId}:${matched.map(({ spanId }) => spanId).join(',')}`)
  }

  test("Tempo's tags match parts of values in any case", async () => {
    expect(await findBy(tagsFilter({ tags: 'service.name=PA db.system="MySQL"' }))).toEqual(['1:c,d'])
  })

  test("Tempo's durations bound the trace", async () => {
    expect(await findBy(tagsFilter({ tags: '', minDuration: '500ms', maxDuration: '2s' }))).toEqual(['1:a,b,c,d'])
  })

  test("Jaeger's tags are exact and its durations bound the span", async () => {
    expect(await findBy(jaegerFilter({ service: 'shop', tags: { 'http.status_code': '500' } }))).toEqual(['1:a'])
    expect(await findBy(jaegerFilter({ service: 'pay', minDuration: '200ms', maxDuration: '500ms' }))).toEqual(['1:d'])
    expect(await findBy(jaegerFilter({ service: 'pay', tags: { error: 'true' } }))).toEqual(['1:b'])
    expect(await findBy(jaegerFilter({ service: 'shop', operation: 'GET /', tags: { 'span.kind': 'server' } }))).toEqual(['2:e'])
  })

  test('a duration that is none is refused with its name', () => {
    expect(() => jaegerFilter({ service: '', minDuration: 'soon' })).toThrow('cannot read minDuration')
  })
})
