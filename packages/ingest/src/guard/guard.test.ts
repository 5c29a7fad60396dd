import { METRIC_NAME, silentTelemetry } from '@oriel/model'
import { DEFAULT_QUERY_LIMITS, makeQueryStats, openMemoryStore } from '@oriel/store'
import type { Store } from '@oriel/store'
import { expect, test } from 'vitest'
// The one place that knows how senders write these bodies.
import { encodeV1 } from '../../../wire/src/remote-write/testing.ts'
import type { TestSeries } from '../../../wire/src/remote-write/testing.ts'
import { openMetricsWriter } from '../metrics.ts'
import type { MetricsResult } from '../metrics.ts'
import { CardinalityGuard } from './cardinality.ts'
import type { SeriesBudget, SeriesRule } from './policy.ts'
import { DistinctSketch } from './sketch.ts'

const START = Date.UTC(2026, 10, 21, 12)
const MINUTE = 60_000

interface Opened {
  readonly guard: CardinalityGuard
  readonly store: Store
  /** Sends one body of samples at one time. */
  readonly send: (tMs: number, series: readonly (readonly [Readonly<Record<string, string>>, number])[]) => Promise<MetricsResult>
  readonly points: (metric: string) => Promise<Record<string, [minutes: number, value: number][]>>
}

function open(budget: Partial<SeriesBudget>): Opened {
  const store = openMemoryStore()
  const fallback = { maxSeries: 0, maxSeriesPerMetric: 0, metrics: [], ...budget }
  const guard = new CardinalityGuard(silentTelemetry, { fallback, tenants: new Map() })
  let nowMs = START
  const writer = openMetricsWriter(store.sink, { now: () => nowMs, guard })
  return {
    guard,
    store,
    send(tMs, series) {
      nowMs = tMs
      const body: TestSeries[] = series.map(([labels, value]) => ({ labels, samples: [[tMs, value]] }))
      return writer.writeRemoteWrite('t', encodeV1(body), 1)
    },
    async points(metric) {
      const { labels, offsets, tMs, values } = await store.metrics.samples(
        { matchers: [{ name: METRIC_NAME, op: '=', value: metric }], range: { startMs: 0, endMs: 2 * START } },
        {
          tenants: ['t'],
          signal: new AbortController().signal,
          limits: { ...DEFAULT_QUERY_LIMITS, maxSeries: 1e6 },
          stats: makeQueryStats(),
        },
      )
      return Object.fromEntries(
        labels.map((series, i) => [
          series
            .filter(({ name }) => name !== METRIC_NAME)
            .map(({ name, value }) => `${name}=${value}`)
            .join(),
          Array.from({ length: offsets[i + 1]! - offsets[i]! }, (_, j): [number, number] => {
            const at = offsets[i]! + j
            return [(tMs[at]! - START) / MINUTE, values[at]!]
          }),
        ]),
      )
    },
  }
}

function users(from: number, to: number, value: (user: number) => number): (readonly [Record<string, string>, number])[] {
  return Array.from({ length: to - from }, (_, i) => [
    { [METRIC_NAME]: 'requests_total', path: '/pay', user_id: `u${from + i}` },
    value(from + i),
  ])
}

test('a metric past its budget is summed over the label that exploded, its old series go on, others are untouched', async () => {
  const { guard, send, points } = open({ maxSeriesPerMetric: 10 })
  await send(START, [...users(0, 10, () => 5), [{ [METRIC_NAME]: 'up' }, 1]])
  const later = START + 10 * MINUTE
  const result = await send(later, [...users(0, 110, () => 7), [{ [METRIC_NAME]: 'up' }, 1]])
  expect(result).toMatchObject({ accepted: 111, rejected: [] })
  const found = await points('requests_total')
  expect(Object.keys(found)).toHaveLength(11)
  expect(found['path=/pay,user_id=u3']).toEqual([
    [0, 5],
    [10, 7],
  ])
  expect(found['path=/pay,user_id=__overflow__']).toEqual([[10, 700]])
  expect(await points('up')).toEqual({
    '': [
      [0, 1],
      [10, 1],
    ],
  })
  expect([...guard.limited('t')]).toEqual([['requests_total', ['user_id']]])
  expect(guard.active('t', 1).metrics).toMatchObject([
    { metric: 'requests_total', series: 11, summed: 100, limited: ['user_id'], sender: 'remote write' },
  ])
})

test('a summed counter rises by what its members rise, across requests, resets, repeats and members that come and go', async () => {
  const { send, points } = open({ maxSeriesPerMetric: 10 })
  await send(
    START,
    users(0, 10, () => 1),
  )
  const at = (minutes: number): number => START + minutes * MINUTE
  await send(
    at(10),
    users(100, 102, () => 10),
  )
  // Two requests of one time, and one of them again.
  await send(
    at(11),
    users(100, 101, () => 15),
  )
  await send(
    at(11),
    users(101, 102, () => 12),
  )
  await send(
    at(11),
    users(101, 102, () => 12),
  )
  // One resets, one is gone, one is new.
  await send(at(12), [...users(100, 101, () => 3), ...users(102, 103, () => 4)])
  // Late: counted at the newest time.
  await send(
    at(11.5),
    users(103, 104, () => 1),
  )
  expect((await points('requests_total'))['path=/pay,user_id=__overflow__']).toEqual([
    [10, 20],
    [11, 27],
    [12, 35],
  ])
})

test('first values are no increase within five minutes of a start: every series is new then', async () => {
  const { send, points } = open({ maxSeriesPerMetric: 10 })
  await send(
    START,
    users(0, 20, () => 1_000),
  )
  await send(
    START + MINUTE,
    users(0, 20, () => 1_001),
  )
  expect((await points('requests_total'))['path=/pay,user_id=__overflow__']).toEqual([
    [0, 0],
    [1, 10],
  ])
})

test('a summed gauge is the sum of the last values of its members', async () => {
  const { send, points } = open({ maxSeriesPerMetric: 10 })
  const carts = (from: number, to: number, value: number) =>
    users(from, to, () => value).map(([labels, items]) => [{ ...labels, [METRIC_NAME]: 'cart_items' }, items] as const)
  await send(START, carts(0, 10, 1))
  await send(START + MINUTE, carts(10, 12, 4))
  await send(START + 2 * MINUTE, carts(10, 11, 1))
  expect((await points('cart_items'))['path=/pay,user_id=__overflow__']).toEqual([
    [1, 8],
    [2, 5],
  ])
})

test('a second label goes when the sums explode too, and buckets keep their bounds', async () => {
  const { guard, send, points } = open({ maxSeriesPerMetric: 100 })
  const buckets = (i: number): (readonly [Record<string, string>, number])[] =>
    ['0.1', '+Inf'].map((le) => [{ [METRIC_NAME]: 'd_bucket', le, session: `s${i}`, user: `u${i % 1_000}` }, 1])
  for (let i = 0; i < 2_000; i += 100)
    await send(START + 10 * MINUTE, Array.from({ length: 100 }, (_, j) => buckets(i + j)).flat())
  expect([...(guard.limited('t').get('d_bucket') ?? [])].sort()).toEqual(['session', 'user'])
  const found = Object.keys(await points('d_bucket'))
  expect(found.length).toBeLessThan(500)
  expect(found).toContain('le=+Inf,session=__overflow__,user=__overflow__')
  expect(found.every((series) => /^le=(?:0.1|\+Inf),/.test(series))).toBe(true)
})

test('the budget of the tenant is the last wall: new series are refused, old ones go on', async () => {
  const { send, points } = open({ maxSeries: 12, maxSeriesPerMetric: 0 })
  await send(
    START,
    users(0, 10, () => 1),
  )
  const { accepted, rejected } = await send(
    START + MINUTE,
    users(0, 20, () => 2),
  )
  expect(accepted).toBe(12)
  expect(rejected).toEqual([
    {
      reason: 'the tenant has 12 active series, its limit max_series',
      count: 8,
      example: 'requests_total{path="/pay", user_id="u12"}',
    },
  ])
  expect(Object.keys(await points('requests_total'))).toHaveLength(12)
})

const BY_NAME = [{ name: METRIC_NAME, op: '=~', value: 'requests_.*' }] as const

test.each<[string, SeriesRule, string[]]>([
  ['drop', { id: 'r', action: 'drop', matchers: BY_NAME, labels: [] }, []],
  ['drop labels', { id: 'r', action: 'drop_labels', matchers: BY_NAME, labels: ['user_id'] }, ['path=/pay']],
  ['keep labels', { id: 'r', action: 'keep_labels', matchers: BY_NAME, labels: ['user_id'] }, ['user_id=u1', 'user_id=u2']],
])(
  'a rule to %s works for what is new and from the next body for what is known, until it is taken back',
  async (_what, rule, want) => {
    for (const isKnown of [false, true]) {
      const { guard, send, points } = open({})
      if (isKnown)
        await send(
          START,
          users(1, 3, () => 1),
        )
      guard.setRules('t', [rule])
      for (const minute of [1, 2])
        expect(
          (
            await send(
              START + minute * MINUTE,
              users(1, 3, () => 3 * minute),
            )
          ).accepted,
        ).toBe(2)
      const found = await points('requests_total')
      const ruled = Object.keys(found).filter((series) => found[series]!.at(-1)![0] > 0)
      expect([isKnown, ruled]).toEqual([isKnown, want])
      guard.setRules('t', [])
      await send(
        START + 3 * MINUTE,
        users(1, 3, () => 9),
      )
      expect((await points('requests_total'))['path=/pay,user_id=u2']!.at(-1)).toEqual([3, 9])
    }
  },
)

test('a limit is lifted when the budget is raised, and once the metric has calmed down', async () => {
  const { guard, send } = open({ maxSeriesPerMetric: 10 })
  await send(
    START,
    users(0, 30, () => 1),
  )
  expect(guard.limited('t').size).toBe(1)
  await send(
    START + 61 * MINUTE,
    users(0, 5, () => 1),
  )
  expect(guard.limited('t').size).toBe(1)
  await send(
    START + 122 * MINUTE,
    users(0, 5, () => 1),
  )
  expect(guard.limited('t').size).toBe(0)
  await send(
    START + 123 * MINUTE,
    users(0, 30, () => 1),
  )
  expect(guard.limited('t').size).toBe(1)
  guard.setPolicy({ fallback: { maxSeries: 0, maxSeriesPerMetric: 1_000, metrics: [] }, tenants: new Map() })
  expect(guard.limited('t').size).toBe(0)
  await send(
    START + 124 * MINUTE,
    users(0, 40, () => 1),
  )
  expect(guard.active('t', 1).metrics).toMatchObject([{ series: 41, summed: 0 }])
})

test('distinct values are estimated within a fifth', () => {
  for (const count of [1, 10, 100, 1_000, 100_000]) {
    const sketch = new DistinctSketch()
    for (let i = 0; i < 2 * count; i++) sketch.add(`value-${i % count}`)
    expect(Math.abs(sketch.estimate - count) / count).toBeLessThan(0.2)
  }
})
