import { labelsToRecord, MS_PER_DAY } from '@oriel/model'
import type { TimeRange } from '@oriel/model'
import { expect } from 'vitest'
import { contextFor, matcher, metricBlock, NOON_MS } from './fixtures.ts'
import type { Fact, FactInput, TestSeries } from './fixtures.ts'

const RANGE: TimeRange = { startMs: NOON_MS, endMs: NOON_MS + 3_600_000 }

const JOBS: readonly TestSeries[] = [
  { labels: { __name__: 'up', job: 'api', zone: 'eu' }, samples: [[NOON_MS, 1]] },
  { labels: { __name__: 'up', job: 'web', zone: 'eu' }, samples: [[NOON_MS, 2]] },
  { labels: { __name__: 'down', job: 'web' }, samples: [[NOON_MS, 3]] },
]

/** Two series with a sample in each of three seconds, worth 1 to 3. */
const SECONDS: readonly TestSeries[] = ['a', 'b'].map((of) => ({
  labels: { __name__: 'm', of },
  samples: [1, 2, 3].map((second) => [NOON_MS + second * 1_000, second] as const),
}))

async function write({ store, tenant }: FactInput, series: readonly TestSeries[]): Promise<void> {
  await store.sink.writeMetrics([metricBlock(tenant, series)])
}

/** Every value by the label `of`. */
async function valuesOf({ store }: FactInput, tenant: string): Promise<Record<string, number[]>> {
  const { labels, offsets, values } = await store.metrics.samples({ matchers: [], range: RANGE }, contextFor(tenant))
  return Object.fromEntries(
    labels.map((series, i) => [labelsToRecord(series)['of'], [...values.subarray(offsets[i], offsets[i + 1])]]),
  )
}

/** The first second and the second one. */
const TWO_SECONDS: TimeRange = { startMs: NOON_MS + 1_000, endMs: NOON_MS + 2_000 }

/** What every store promises of counting and deleting metrics. */
export const METRIC_KEEPING_FACTS: readonly Fact[] = [
  {
    title: 'cardinality counts series by metric, label and pair, the largest first',
    async run(input) {
      await write(input, JOBS)
      const request = { matcherSets: [], range: RANGE, limit: 3 }
      expect(await input.store.metrics.cardinality(request, contextFor(input.tenant))).toEqual({
        series: 3,
        pairs: 5,
        seriesByMetric: [
          { name: 'up', count: 2 },
          { name: 'down', count: 1 },
        ],
        valuesByLabel: [
          { name: '__name__', count: 2 },
          { name: 'job', count: 2 },
          { name: 'zone', count: 1 },
        ],
        bytesByLabel: [
          { name: 'job', count: 9 },
          { name: '__name__', count: 8 },
          { name: 'zone', count: 4 },
        ],
        seriesByPair: [
          { name: '__name__', value: 'up', count: 2 },
          { name: 'job', value: 'web', count: 2 },
          { name: 'zone', value: 'eu', count: 2 },
        ],
      })
    },
  },
  {
    title: 'cardinality counts a series of two days once, and only what the matchers select',
    async run(input) {
      const labels = { __name__: 'm', a: 'b' }
      const nextDay = NOON_MS + 86_400_000
      await write(input, [
        {
          labels,
          samples: [
            [NOON_MS, 1],
            [nextDay, 2],
          ],
        },
        { labels: { __name__: 'other', user: 'x' }, samples: [[NOON_MS, 1]] },
      ])
      const request = { matcherSets: [[matcher('a', '=', 'b')]], range: { startMs: NOON_MS, endMs: nextDay }, limit: 10 }
      expect(await input.store.metrics.cardinality(request, contextFor(input.tenant))).toMatchObject({
        series: 1,
        pairs: 2,
        seriesByPair: [
          { name: '__name__', value: 'm', count: 1 },
          { name: 'a', value: 'b', count: 1 },
        ],
      })
    },
  },
  {
    title: 'a tenant without series has a cardinality of 0',
    async run({ store, tenant }) {
      const request = { matcherSets: [], range: RANGE, limit: 10 }
      expect(await store.metrics.cardinality(request, contextFor(tenant))).toEqual({
        series: 0,
        pairs: 0,
        seriesByMetric: [],
        valuesByLabel: [],
        bytesByLabel: [],
        seriesByPair: [],
      })
    },
  },
  {
    title: 'deleted samples are gone from the next read; other series and times stay',
    async run(input) {
      await write(input, SECONDS)
      const { tenant } = input
      expect(await valuesOf(input, tenant)).toEqual({ a: [1, 2, 3], b: [1, 2, 3] })
      await input.store.sink.deleteMetrics({ tenant, matchers: [matcher('of', '=', 'a')], range: TWO_SECONDS })
      expect(await valuesOf(input, tenant)).toEqual({ a: [3], b: [1, 2, 3] })
    },
  },
  {
    title: 'a tenant deletes its own samples only',
    async run(input) {
      const other = `${input.tenant}-other`
      await write(input, SECONDS)
      await input.store.sink.writeMetrics([metricBlock(other, SECONDS)])
      await input.store.sink.deleteMetrics({ tenant: input.tenant, matchers: [matcher('__name__', '=~', '.+')], range: RANGE })
      expect(await valuesOf(input, input.tenant)).toEqual({})
      expect(await valuesOf(input, other)).toEqual({ a: [1, 2, 3], b: [1, 2, 3] })
    },
  },
  {
    title: 'a deleted sample may be written again, and purging changes no answer',
    async run(input) {
      await write(input, SECONDS)
      const { tenant } = input
      await input.store.sink.deleteMetrics({ tenant, matchers: [matcher('__name__', '=', 'm')], range: TWO_SECONDS })
      await write(input, [{ labels: { __name__: 'm', of: 'a' }, samples: [[NOON_MS + 1_000, 7]] }])
      expect(await valuesOf(input, tenant)).toEqual({ a: [7, 3], b: [3] })
      await input.store.sink.purgeDeleted()
      expect(await valuesOf(input, tenant)).toEqual({ a: [7, 3], b: [3] })
    },
  },
  {
    title: 'look-ups leave out series without samples left on a day, until they are written again',
    async run(input) {
      const { store, tenant } = input
      const yesterday = SECONDS.map(({ labels }) => ({ labels, samples: [[NOON_MS - MS_PER_DAY, 9] as const] }))
      await write(input, [...SECONDS, ...yesterday])
      const request = { matcherSets: [], range: RANGE, limit: 0 }
      const values = () => store.metrics.labelValues('of', request, contextFor(tenant))
      await store.sink.deleteMetrics({ tenant, matchers: [matcher('of', '=', 'a')], range: TWO_SECONDS })
      expect(await values()).toEqual(['a', 'b'])
      await store.sink.deleteMetrics({ tenant, matchers: [matcher('of', '=', 'a')], range: RANGE })
      expect(await values()).toEqual(['b'])
      expect(
        await store.metrics.labelValues('of', { ...request, matcherSets: [[matcher('__name__', '=', 'm')]] }, contextFor(tenant)),
      ).toEqual(['b'])
      expect((await store.metrics.series(request, contextFor(tenant))).map((labels) => labelsToRecord(labels)['of'])).toEqual([
        'b',
      ])
      const before = { startMs: NOON_MS - MS_PER_DAY, endMs: NOON_MS - MS_PER_DAY }
      expect(await store.metrics.labelValues('of', { ...request, range: before }, contextFor(tenant))).toEqual(['a', 'b'])
      await store.sink.deleteMetrics({ tenant, matchers: [matcher('__name__', '=', 'm')], range: RANGE })
      expect(await store.metrics.labelNames(request, contextFor(tenant))).toEqual([])
      await write(input, SECONDS)
      expect(await values()).toEqual(['a', 'b'])
      expect(await valuesOf(input, tenant)).toEqual({ a: [1, 2, 3], b: [1, 2, 3] })
    },
  },
  {
    title: 'what lies before 1970 is deleted like all else',
    async run(input) {
      const { store, tenant } = input
      const samples = [-2_000, -1_500, 1_000].map((tMs) => [tMs, 1] as const)
      await write(
        input,
        ['a', 'b'].map((of) => ({ labels: { __name__: 'm', of }, samples })),
      )
      const remove = (startMs: number, endMs: number) =>
        store.sink.deleteMetrics({ tenant, matchers: [matcher('of', '=', 'a')], range: { startMs, endMs } })
      const all = { startMs: -10_000, endMs: 10_000 }
      const left = async () => [...(await store.metrics.samples({ matchers: [], range: all }, contextFor(tenant))).tMs]
      await remove(-1_500, -1)
      expect(await left()).toEqual([-2_000, 1_000, -2_000, -1_500, 1_000])
      await remove(-(2 ** 60), 2 ** 52)
      expect(await left()).toEqual([-2_000, -1_500, 1_000])
      const look = { matcherSets: [], range: { startMs: -10_000, endMs: -1 }, limit: 0 }
      expect(await store.metrics.labelValues('of', look, contextFor(tenant))).toEqual(['b'])
    },
  },
  {
    title: 'deleted exemplars are gone too',
    async run(input) {
      const { store, tenant } = input
      const block = metricBlock(tenant, [{ labels: { __name__: 'm' }, samples: [[NOON_MS, 1]] }])
      block.exemplars.metricId.push(block.samples.metricId.words[0]!, block.samples.metricId.words[1]!)
      block.exemplars.seriesId.pushFrom(block.samples.seriesId.words, 0)
      block.exemplars.tMs.pushNumber(NOON_MS)
      block.exemplars.values.pushDouble(0.25)
      block.exemplars.traceId.push('0af7651916cd43dd8448eb211c80319c')
      block.exemplars.labels.pushRecord({})
      await store.sink.writeMetrics([block])
      expect(await store.metrics.exemplars({ matchers: [], range: RANGE }, contextFor(tenant))).toHaveLength(1)
      await store.sink.deleteMetrics({ tenant, matchers: [matcher('__name__', '=', 'm')], range: RANGE })
      expect(await store.metrics.exemplars({ matchers: [], range: RANGE }, contextFor(tenant))).toEqual([])
    },
  },
]
