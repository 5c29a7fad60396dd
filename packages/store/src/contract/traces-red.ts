import { expect } from 'vitest'
import type { RedRequest } from '../source.ts'
import { contextFor, NOON_MS, NOON_NS, spanBlock } from './fixtures.ts'
import type { Fact, FactInput, TestSpan } from './fixtures.ts'

const MS = 1_000_000n

/** 100 requests in the first minute (1 to 100 ms, every tenth failed), 10 in the third (all 5 ms), and spans that do not count. */
function shopSpans(): TestSpan[] {
  const span = (i: number, startMs: number, durationMs: number): TestSpan => ({
    traceId: i.toString(16).padStart(32, 'a'),
    spanId: i.toString(16).padStart(16, 'b'),
    parentSpanId: 'cccccccccccccccc',
    service: 'shop',
    name: i % 2 === 0 ? 'GET /even' : 'GET /odd',
    kind: 'server',
    status: i % 10 === 0 ? 'error' : 'unset',
    startNs: NOON_NS + BigInt(startMs) * MS,
    durationNs: BigInt(durationMs) * MS,
  })
  const first = Array.from({ length: 100 }, (_, i) => span(i + 1, i * 500, i + 1))
  const third = Array.from({ length: 10 }, (_, i) => span(i + 201, 120_000 + i, 5))
  const inner: TestSpan = { ...span(500, 10, 9_000), kind: 'client' }
  const root: TestSpan = { ...span(501, 10, 77), kind: 'internal', parentSpanId: '', service: 'cron', name: 'tick' }
  const consumer: TestSpan = { ...span(503, 10, 33), kind: 'consumer', service: 'worker', name: 'job' }
  const outside = [span(601, -1, 1), span(603, 180_000, 1)]
  return [...first, ...third, inner, root, consumer, ...outside]
}

const RED: RedRequest = { groupBy: 'service', startMs: NOON_MS, endMs: NOON_MS + 180_000, stepMs: 60_000 }

async function write({ store, tenant }: FactInput): Promise<void> {
  await store.sink.writeSpans([spanBlock(tenant, shopSpans())])
}

// 2 %: the bound that every store keeps for quantiles (the nearest rank here is the duration itself, in whole milliseconds).
function expectNear(got: number, want: number): void {
  expect(Math.abs(got - want), `${got} should be within 2 % (or one rank) of ${want}`).toBeLessThanOrEqual(1 + want * 0.02)
}

/** What every store promises of rate, errors and duration. */
export const RED_FACTS: readonly Fact[] = [
  {
    title: 'RED counts entry spans and errors by service and step',
    async run(input) {
      await write(input)
      const series = await input.store.traces.red(RED, contextFor(input.tenant))
      expect(series.map(({ service, operation }) => [service, operation])).toEqual([
        ['cron', ''],
        ['shop', ''],
        ['worker', ''],
      ])
      expect([...(series[1]?.requests ?? [])]).toEqual([100, 0, 10])
      expect([...(series[1]?.errors ?? [])]).toEqual([10, 0, 1])
      expect(series[1]?.total).toMatchObject({ requests: 110, errors: 11 })
      expect([...(series[0]?.requests ?? [])]).toEqual([1, 0, 0])
    },
  },
  {
    title: 'RED durations are quantiles of the step, NaN without spans, and of the whole range in total',
    async run(input) {
      await write(input)
      const [, shop] = await input.store.traces.red(RED, contextFor(input.tenant))
      expectNear(shop?.p50Ms[0] ?? NaN, 50)
      expectNear(shop?.p95Ms[0] ?? NaN, 95)
      expectNear(shop?.p99Ms[0] ?? NaN, 99)
      expectNear(shop?.p50Ms[2] ?? NaN, 5)
      expect([shop?.p50Ms[1], shop?.p99Ms[1]]).toEqual([NaN, NaN])
      expectNear(shop?.total.p50Ms ?? NaN, 45)
      expectNear(shop?.total.p99Ms ?? NaN, 99)
    },
  },
  {
    title: 'RED by operation groups the entry spans of one service by name',
    async run(input) {
      await write(input)
      const request: RedRequest = { ...RED, groupBy: 'operation', service: 'shop' }
      const series = await input.store.traces.red(request, contextFor(input.tenant))
      expect(series.map(({ service, operation, total }) => [service, operation, total.requests, total.errors])).toEqual([
        ['shop', 'GET /even', 55, 11],
        ['shop', 'GET /odd', 55, 0],
      ])
    },
  },
  {
    title: 'RED with a step that does not divide the range has a whole last step',
    async run(input) {
      await write(input)
      const request: RedRequest = { ...RED, service: 'shop', stepMs: 50_000, endMs: NOON_MS + 120_000 }
      const [shop] = await input.store.traces.red(request, contextFor(input.tenant))
      expect([...(shop?.requests ?? [])]).toEqual([100, 0, 10])
    },
  },
  {
    title: 'RED counts a span written twice once',
    async run(input) {
      await write(input)
      await write(input)
      const [, shop] = await input.store.traces.red(RED, contextFor(input.tenant))
      expect([...(shop?.requests ?? [])]).toEqual([100, 0, 10])
    },
  },
  {
    title: 'exemplars are spread over the steps, errors first, then the slowest, and come by time',
    async run(input) {
      await write(input)
      const request: RedRequest = { ...RED, service: 'shop' }
      const found = await input.store.traces.redExemplars(request, 6, contextFor(input.tenant))
      expect(found.filter(({ tMs }) => tMs < NOON_MS + 60_000).map(({ durationMs, isError }) => [durationMs, isError])).toEqual([
        [90, true],
        [100, true],
      ])
      const third = found.filter(({ tMs }) => tMs >= NOON_MS + 120_000)
      expect(third.map(({ isError }) => String(isError)).sort()).toEqual(['false', 'true'])
      expect(found.map(({ tMs }) => tMs)).toEqual(found.map(({ tMs }) => tMs).toSorted((a, b) => a - b))
      expect(found).toHaveLength(4)
      expect(await input.store.traces.redExemplars(request, 1, contextFor(input.tenant))).toHaveLength(1)
    },
  },
]
