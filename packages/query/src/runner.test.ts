import { makeLabels, makeLogBlock, makeMetricBlock, makeSpanBlock } from '@oriel/model'
import type { Source } from '@oriel/store'
import { hash64, openMemoryStore, seriesId } from '@oriel/store'
import { describe, expect, test } from 'vitest'
import type { RunError } from './errors.ts'
import type { QueryCaller, RunnerLimits, TraceSearch } from './requests.ts'
import { DEFAULT_RUNNER_LIMITS, QueryRunner } from './runner.ts'

const T0 = 1_767_225_600_000
const caller: QueryCaller = { tenants: ['t'], origin: 'test' }

function makeSource(): Source {
  const store = openMemoryStore()
  const logs = makeLogBlock('t')
  const stream = makeLabels([['app', 'api']])
  logs.streams.push({ id: seriesId(stream), labels: stream, service: 'api', day: Math.floor(T0 / 86_400_000) })
  const { records } = logs
  for (const [i, line] of ['one error', 'two', 'three error'].entries()) {
    records.service.push('api')
    records.streamId.pushFrom(seriesId(stream), 0)
    records.tNs.pushBigInt(BigInt(T0 + i * 1_000) * 1_000_000n)
    records.severity.push(0)
    records.level.push('')
    for (const column of [records.severityText, records.scopeName, records.scopeVersion]) column.push('')
    records.body.pushString(line)
    records.traceId.pushString('')
    records.spanId.pushString('')
    records.attributes.pushRecord({})
    records.resourceId.pushNumber(0)
    records.requestId.pushNumber(0)
  }
  store.logs.write([logs])
  const metrics = makeMetricBlock('t')
  const labels = makeLabels([
    ['__name__', 'up'],
    ['job', 'api'],
  ])
  metrics.series.push({ id: seriesId(labels), labels, day: Math.floor(T0 / 86_400_000) })
  const metric = hash64('up')
  for (let i = 0; i < 10; i++) {
    metrics.samples.metricId.pushBigInt(metric)
    metrics.samples.seriesId.pushFrom(seriesId(labels), 0)
    metrics.samples.tMs.pushNumber(T0 + i * 10_000)
    metrics.samples.values.pushDouble(i)
  }
  store.metrics.write([metrics])
  store.traces.write([makeSpans()])
  return store
}

/** A trace of two spans: the shop waits for a failed payment. */
function makeSpans(): ReturnType<typeof makeSpanBlock> {
  const block = makeSpanBlock('t')
  const { spans } = block
  for (const [spanId, parent, service, status] of [
    ['a', '', 'shop', 0],
    ['b', 'a', 'pay', 2],
  ] as const) {
    spans.service.push(service)
    spans.name.push('call')
    spans.traceId.pushString('1')
    spans.spanId.pushString(spanId)
    spans.parentSpanId.pushString(parent)
    spans.traceState.push('')
    spans.kind.push(1)
    spans.status.push(status)
    spans.statusMessage.push('')
    spans.startNs.pushBigInt(BigInt(T0) * 1_000_000n)
    spans.durationNs.pushBigInt(1_000_000n)
    spans.attributes.pushRecord({ card: 'Visa' })
    spans.resourceId.pushNumber(0)
    spans.scopeName.push('')
    spans.scopeVersion.push('')
    spans.flags.push(0)
    spans.events.pushString('')
    spans.links.pushString('')
    spans.requestId.pushNumber(0)
  }
  return block
}

function makeRunner(limits: Partial<RunnerLimits> = {}, source: Source = makeSource()): QueryRunner {
  return new QueryRunner({ source, limitsOf: () => ({ ...DEFAULT_RUNNER_LIMITS, ...limits }) })
}

/** A source whose label names never come, so that queries stay open until stopped. */
function makeHangingSource(): Source {
  const source = makeSource()
  return { ...source, metrics: { ...source.metrics, labelNames: () => new Promise<never>(() => {}) } }
}

function hang(runner: QueryRunner, asked: QueryCaller = caller): Promise<unknown> {
  const request = { matcherSets: [], range: { startMs: 0, endMs: 1 }, limit: 0 }
  return runner.lookup('labels', asked, (source, context) => source.metrics.labelNames(request, context))
}

function codeOf(query: Promise<unknown>): Promise<string> {
  return query.then(
    () => 'ok',
    (error: RunError) => error.code,
  )
}

describe('languages', () => {
  test('an instant PromQL query answers a vector', async () => {
    const { data } = await makeRunner().runPromQL({ expr: 'up + 1', kind: 'instant', tMs: T0 + 30_000 }, caller)
    expect(data).toEqual({ kind: 'vector', tMs: T0 + 30_000, samples: [{ labels: [{ name: 'job', value: 'api' }], value: 4 }] })
  })

  test('a range PromQL query answers a matrix, also over one step', async () => {
    const runner = makeRunner()
    const range = await runner.runPromQL({ expr: 'up', kind: 'range', startMs: T0, endMs: T0 + 20_000, stepMs: 10_000 }, caller)
    const step = await runner.runPromQL({ expr: 'vector(2)', kind: 'range', startMs: T0, endMs: T0, stepMs: 10_000 }, caller)
    expect(range.data.kind === 'matrix' && range.data.series.map(({ values }) => [...values])).toEqual([[0, 1, 2]])
    expect(step.data.kind === 'matrix' && step.data.series.map(({ tMs, values }) => [...tMs, ...values])).toEqual([[T0, 2]])
  })

  test('a bare range selector answers its raw samples', async () => {
    const { data } = await makeRunner().runPromQL({ expr: 'up[15s]', kind: 'instant', tMs: T0 + 30_000 }, caller)
    expect(data.kind === 'matrix' && data.series.map(({ tMs }) => [...tMs])).toEqual([[T0 + 20_000, T0 + 30_000]])
  })

  test('a LogQL query answers streams and counts the records read', async () => {
    const query = { kind: 'range', startNs: BigInt(T0) * 1_000_000n, endNs: BigInt(T0 + 60_000) * 1_000_000n } as const
    const request = {
      expr: '{app="api"} |= "error"',
      query: { ...query, stepMs: 1_000, limit: 10, direction: 'forward' },
    } as const
    const { data, stats } = await makeRunner().runLogQL(request, caller)
    expect(data.kind === 'streams' && data.streams.flatMap(({ entries }) => entries.map(({ line }) => line))).toEqual([
      'one error',
      'three error',
    ])
    expect(stats.samples).toBe(2)
  })

  test('every form of trace search finds the same trace', async () => {
    const range = { startNs: BigInt(T0 - 1) * 1_000_000n, endNs: BigInt(T0 + 1_000) * 1_000_000n }
    const searches: readonly TraceSearch[] = [
      { kind: 'traceql', expr: '{ status = error }' },
      { kind: 'traceql', expr: '{ resource.service.name = "shop" } > { status = error }' },
      { kind: 'tags', tags: 'service.name=PAY card=vis' },
      { kind: 'jaeger', service: 'pay', operation: 'call', tags: { error: 'true' }, maxDuration: '2ms' },
    ]
    for (const search of searches) {
      const { data } = await makeRunner().runTraceSearch({ search, range, limit: 5, spansPerTrace: 3 }, caller)
      expect(data.map(({ traceId, matched }) => [traceId, ...matched.map(({ spanId }) => spanId)])).toEqual([['1', 'b']])
    }
    expect((await makeRunner().traceById('1', caller)).data.map(({ spanId }) => spanId)).toEqual(['a', 'b'])
  })

  test('an error in the text carries its place', async () => {
    const failed = makeRunner().runPromQL({ expr: 'sum(', kind: 'instant', tMs: T0 }, caller)
    await expect(failed).rejects.toMatchObject({ code: 'QUERY_SYNTAX', span: { start: 4 } })
  })
})

describe('limits', () => {
  test('11,002 steps are refused and 11,001 are not', async () => {
    const runner = makeRunner()
    const ask = (steps: number) =>
      codeOf(runner.runPromQL({ expr: '1', kind: 'range', startMs: 0, endMs: (steps - 1) * 1_000, stepMs: 1_000 }, caller))
    expect([await ask(11_001), await ask(11_002)]).toEqual(['ok', 'QUERY_LIMIT'])
  })

  test('steps limit metric queries over logs, not log queries', async () => {
    const query = { kind: 'range', startNs: 0n, endNs: 100_000_000_000_000n, stepMs: 1, limit: 1, direction: 'forward' } as const
    const ask = (expr: string) => codeOf(makeRunner().runLogQL({ expr, query }, caller))
    expect([await ask('{app="api"}'), await ask('rate({app="api"}[1m])')]).toEqual(['ok', 'QUERY_LIMIT'])
  })

  test('a text longer than the limit is refused before it is parsed', async () => {
    expect(await codeOf(makeRunner({ maxTextLength: 3 }).runPromQL({ expr: '((((', kind: 'instant', tMs: 0 }, caller))).toBe(
      'QUERY_LIMIT',
    )
  })

  test('a slot more than allowed waits, and one more than may wait is refused', async () => {
    const runner = makeRunner({ maxConcurrent: 1, maxQueued: 1 }, makeHangingSource())
    const first = codeOf(hang(runner))
    const second = codeOf(hang(runner))
    await Promise.resolve()
    expect(await codeOf(hang(runner))).toBe('QUERY_TOO_MANY')
    expect(runner.running().map(({ state }) => state)).toEqual(['running', 'queued'])
    for (const { id } of runner.running()) runner.cancel(id)
    expect([await first, await second]).toEqual(['QUERY_CANCELLED', 'QUERY_CANCELLED'])
    expect(runner.running()).toEqual([])
  })

  test("one tenant's queue does not hold up another's", async () => {
    const runner = makeRunner({ maxConcurrent: 1, maxQueued: 0 }, makeHangingSource())
    const stuck = codeOf(hang(runner))
    expect(await codeOf(runner.runPromQL({ expr: '1', kind: 'instant', tMs: 0 }, { tenants: ['u'], origin: 'test' }))).toBe('ok')
    for (const { id } of runner.running()) runner.cancel(id)
    expect(await stuck).toBe('QUERY_CANCELLED')
  })

  test('a query that runs too long is stopped', async () => {
    expect(await codeOf(hang(makeRunner({ timeoutMs: 5 }, makeHangingSource())))).toBe('QUERY_TIMEOUT')
  })

  test('a caller may ask for less time than the limit, not for more', async () => {
    const runner = makeRunner({ timeoutMs: 5 }, makeHangingSource())
    expect(await codeOf(hang(runner, { ...caller, timeoutMs: 60_000 }))).toBe('QUERY_TIMEOUT')
  })
})

describe('cancel and log', () => {
  test('a client that goes away cancels its query', async () => {
    const abort = new AbortController()
    const query = codeOf(hang(makeRunner({}, makeHangingSource()), { ...caller, signal: abort.signal }))
    abort.abort()
    expect(await query).toBe('QUERY_CANCELLED')
  })

  test("a tenant cannot cancel another's query", async () => {
    const runner = makeRunner({}, makeHangingSource())
    const query = codeOf(hang(runner))
    const [running] = runner.running()
    expect(runner.cancel(running?.id ?? '', 'other')).toBe(false)
    expect(runner.cancel(running?.id ?? '', 't')).toBe(true)
    expect(await query).toBe('QUERY_CANCELLED')
  })

  test('the log holds what ended, newest first, with outcome', async () => {
    const runner = makeRunner()
    await codeOf(runner.runPromQL({ expr: 'up', kind: 'instant', tMs: T0 }, caller))
    await codeOf(runner.runPromQL({ expr: 'up(', kind: 'instant', tMs: T0 }, caller))
    expect(runner.ended().recent.map(({ text, outcome }) => [text, outcome])).toEqual([
      ['up(', 'QUERY_SYNTAX'],
      ['up', 'ok'],
    ])
    expect(runner.ended('other')).toEqual({ recent: [], slow: [] })
  })

  test('the log tells the times that were asked for, and keeps slow queries behind a flood of quick ones', async () => {
    let nowMs = T0
    let tickMs = 1_000
    const runner = new QueryRunner({ source: makeSource(), now: () => (nowMs += tickMs) })
    await runner.runPromQL({ expr: 'up', kind: 'range', startMs: T0, endMs: T0 + 60_000, stepMs: 15_000 }, caller)
    tickMs = 1
    for (let i = 0; i < 500; i++) await runner.lookup('quick', caller, () => Promise.resolve(i))
    const { recent, slow } = runner.ended('t')
    expect([recent.length, recent.some(({ text }) => text === 'up')]).toEqual([500, false])
    expect(slow.map(({ text, times }) => [text, times])).toEqual([['up', { startMs: T0, endMs: T0 + 60_000, stepMs: 15_000 }]])
  })
})
