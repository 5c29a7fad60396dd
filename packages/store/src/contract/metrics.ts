import { FIRST_SAMPLE_MS, labelsKey, labelsToRecord, MS_PER_DAY } from '@oriel/model'
import type { Matcher, SeriesSamples } from '@oriel/model'
import { expect } from 'vitest'
import type { IndexRequest } from '../source.ts'
import { cancelledContext, contextFor, matcher, metricBlock, NOON_MS, STALE } from './fixtures.ts'
import type { Fact, FactInput, TestSeries } from './fixtures.ts'
import { HISTOGRAM_FACTS } from './histograms.ts'

const RANGE = { startMs: NOON_MS, endMs: NOON_MS + 3_600_000 }
const ALL_SERIES: IndexRequest = { matcherSets: [], range: RANGE, limit: 0 }

const JOBS: readonly TestSeries[] = [
  { labels: { __name__: 'up', job: 'api', zone: 'a' }, samples: [[NOON_MS, 1]] },
  { labels: { __name__: 'up', job: 'api2', zone: 'b' }, samples: [[NOON_MS, 2]] },
  { labels: { __name__: 'up', job: 'web' }, samples: [[NOON_MS, 3]] },
  { labels: { __name__: 'down', job: 'web' }, samples: [[NOON_MS, 4]] },
]

async function write({ store, tenant }: FactInput, series: readonly TestSeries[]): Promise<void> {
  await store.sink.writeMetrics([metricBlock(tenant, series)])
}

async function read({ store, tenant }: FactInput, matchers: readonly Matcher[], range = RANGE): Promise<SeriesSamples> {
  return await store.metrics.samples({ matchers, range }, contextFor(tenant))
}

async function expectValues(input: FactInput, matchers: readonly Matcher[], want: readonly number[]): Promise<void> {
  const { values } = await read(input, matchers)
  expect([...values].sort((a, b) => a - b)).toEqual(want)
}

const UP = matcher('__name__', '=', 'up')

const reads: readonly Fact[] = [
  {
    title: 'a sample is read back by the next read',
    async run(input) {
      await write(input, [{ labels: { __name__: 'm', a: 'b' }, samples: [[NOON_MS, 1.5]] }])
      const got = await read(input, [matcher('__name__', '=', 'm')])
      expect(got.labels.map(labelsToRecord)).toEqual([{ __name__: 'm', a: 'b' }])
      expect([...got.offsets]).toEqual([0, 1])
      expect([...got.tMs]).toEqual([NOON_MS])
      expect([...got.values]).toEqual([1.5])
    },
  },
  {
    title: 'samples of a series come in time order, whatever order they were written in',
    async run(input) {
      const labels = { __name__: 'm' }
      await write(input, [
        {
          labels,
          samples: [
            [NOON_MS + 30, 3],
            [NOON_MS + 10, 1],
          ],
        },
      ])
      await write(input, [{ labels, samples: [[NOON_MS + 20, 2]] }])
      expect([...(await read(input, [])).values]).toEqual([1, 2, 3])
    },
  },
  {
    title: 'samples of one series and time collapse to the one written last',
    async run(input) {
      const labels = { __name__: 'm' }
      await write(input, [
        {
          labels,
          samples: [
            [NOON_MS, 1],
            [NOON_MS + 1, 5],
          ],
        },
      ])
      await write(input, [{ labels, samples: [[NOON_MS, 2]] }])
      const got = await read(input, [])
      expect([...got.tMs]).toEqual([NOON_MS, NOON_MS + 1])
      expect([...got.values]).toEqual([2, 5])
    },
  },
  {
    title: 'staleness markers are told from other NaN values',
    async run(input) {
      await write(input, [
        {
          labels: { __name__: 'm' },
          samples: [
            [NOON_MS, NaN],
            [NOON_MS + 1, STALE],
            [NOON_MS + 2, Infinity],
          ],
        },
      ])
      const got = await read(input, [])
      expect([...got.stale]).toEqual([0, 1, 0])
      expect([...got.values]).toEqual([NaN, NaN, Infinity])
    },
  },
  {
    title: 'both ends of the range are in',
    async run(input) {
      const { startMs, endMs } = RANGE
      await write(input, [
        {
          labels: { __name__: 'm' },
          samples: [
            [startMs - 1, 1],
            [startMs, 2],
            [endMs, 3],
            [endMs + 1, 4],
          ],
        },
      ])
      expect([...(await read(input, [])).values]).toEqual([2, 3])
    },
  },
  {
    title: 'a range over midnight reads both days',
    async run(input) {
      const midnightMs = NOON_MS + 12 * 3_600_000
      await write(input, [
        {
          labels: { __name__: 'm' },
          samples: [
            [midnightMs - 1, 1],
            [midnightMs, 2],
          ],
        },
      ])
      const got = await read(input, [], { startMs: midnightMs - 5, endMs: midnightMs + 5 })
      expect([...got.offsets]).toEqual([0, 2])
    },
  },
]

const selects: readonly Fact[] = [
  {
    title: 'times before 1970 are times like others, in reads and look-ups',
    async run(input) {
      const times = [FIRST_SAMPLE_MS, -MS_PER_DAY - 1, -1_500, -1, 0, 1, MS_PER_DAY]
      await write(input, [{ labels: { __name__: 'old' }, samples: times.map((tMs, i) => [tMs, i] as const) }])
      await write(input, [{ labels: { __name__: 'new' }, samples: [[NOON_MS, 9]] }])
      const readTimes = async (startMs: number, endMs: number) => [...(await read(input, [], { startMs, endMs })).tMs]
      expect(await readTimes(-(2 ** 60), 2 ** 52)).toEqual([NOON_MS, ...times])
      expect(await readTimes(-MS_PER_DAY - 1, -1)).toEqual([-MS_PER_DAY - 1, -1_500, -1])
      expect(await readTimes(-1_499, 0)).toEqual([-1, 0])
      expect(await readTimes(0, MS_PER_DAY - 1)).toEqual([0, 1])
      expect(await readTimes(-(2 ** 60), FIRST_SAMPLE_MS - 1)).toEqual([])
      const request = { matcherSets: [], range: { startMs: -5_000, endMs: -1_000 }, limit: 0 }
      const context = contextFor(input.tenant)
      expect((await input.store.metrics.series(request, context)).map(labelsToRecord)).toEqual([{ __name__: 'old' }])
      expect(await input.store.metrics.labelValues('__name__', request, context)).toEqual(['old'])
    },
  },
  {
    title: 'of two samples of one time before 1970 the one written last counts',
    async run(input) {
      for (const value of [1, 2, 3]) await write(input, [{ labels: { __name__: 'm' }, samples: [[-1_500, value]] }])
      const { tMs, values } = await read(input, [], { startMs: -2_000, endMs: -1_000 })
      expect([[...tMs], [...values]]).toEqual([[-1_500], [3]])
    },
  },
  {
    title: 'matchers select series: equal, not equal, regex anchored at both ends, and its opposite',
    async run(input) {
      await write(input, JOBS)
      await expectValues(input, [UP, matcher('job', '=', 'api')], [1])
      await expectValues(input, [UP, matcher('job', '!=', 'api')], [2, 3])
      await expectValues(input, [UP, matcher('job', '=~', 'api')], [1])
      await expectValues(input, [UP, matcher('job', '=~', 'api.*|web')], [1, 2, 3])
      await expectValues(input, [UP, matcher('job', '!~', 'a.+')], [3])
    },
  },
  {
    title: 'an absent label equals the empty one',
    async run(input) {
      await write(input, JOBS)
      await expectValues(input, [UP, matcher('zone', '=', '')], [3])
      await expectValues(input, [UP, matcher('zone', '!=', '')], [1, 2])
      await expectValues(input, [UP, matcher('zone', '=~', 'a|')], [1, 3])
      await expectValues(input, [UP, matcher('nothing', '!~', '.+')], [1, 2, 3])
    },
  },
  {
    title: 'label look-ups answer sorted names and values of the series that match',
    async run(input) {
      await write(input, JOBS)
      const { metrics } = input.store
      const context = contextFor(input.tenant)
      const down = { ...ALL_SERIES, matcherSets: [[matcher('__name__', '=', 'down')]] }
      expect(await metrics.labelNames(ALL_SERIES, context)).toEqual(['__name__', 'job', 'zone'])
      expect(await metrics.labelNames(down, context)).toEqual(['__name__', 'job'])
      expect(await metrics.labelValues('job', ALL_SERIES, context)).toEqual(['api', 'api2', 'web'])
      expect(await metrics.labelValues('job', down, context)).toEqual(['web'])
      expect(await metrics.labelValues('job', { ...ALL_SERIES, limit: 2 }, context)).toHaveLength(2)
    },
  },
  {
    title: 'series are those that any of the matcher sets selects',
    async run(input) {
      await write(input, JOBS)
      const matcherSets = [[matcher('zone', '=', 'a')], [matcher('__name__', '=', 'down')]]
      const series = await input.store.metrics.series({ ...ALL_SERIES, matcherSets }, contextFor(input.tenant))
      expect(series.map(labelsToRecord)).toEqual([
        { __name__: 'down', job: 'web' },
        { __name__: 'up', job: 'api', zone: 'a' },
      ])
    },
  },
  {
    title: 'look-ups leave out series of other days',
    async run(input) {
      await write(input, JOBS)
      const range = { startMs: RANGE.startMs - 10 * 86_400_000, endMs: RANGE.startMs - 9 * 86_400_000 }
      expect(await input.store.metrics.series({ ...ALL_SERIES, range }, contextFor(input.tenant))).toEqual([])
    },
  },
]

const others: readonly Fact[] = [
  {
    title: 'a tenant reads its own series only, and several tenants read together when named',
    async run(input) {
      const other = `${input.tenant}-other`
      await write(input, [{ labels: { __name__: 'm', of: 'one' }, samples: [[NOON_MS, 1]] }])
      await input.store.sink.writeMetrics([
        metricBlock(other, [{ labels: { __name__: 'm', of: 'two' }, samples: [[NOON_MS, 2]] }]),
      ])
      await expectValues(input, [], [1])
      const both = await input.store.metrics.samples({ matchers: [], range: RANGE }, contextFor(input.tenant, other))
      expect([...both.values].sort((a, b) => a - b)).toEqual([1, 2])
    },
  },
  {
    title: 'metadata answers what was written last, all of it or one metric',
    async run(input) {
      const block = metricBlock(input.tenant, [])
      block.metadata.push({ metric: 'a', type: 'counter', help: 'Old.', unit: '' })
      block.metadata.push({ metric: 'b', type: 'gauge', help: 'B.', unit: 'bytes' })
      await input.store.sink.writeMetrics([block])
      const again = metricBlock(input.tenant, [])
      again.metadata.push({ metric: 'a', type: 'counter', help: 'New.', unit: '' })
      await input.store.sink.writeMetrics([again])
      const { metrics } = input.store
      const all = await metrics.metadata({ limit: 0 }, contextFor(input.tenant))
      expect(all.map(({ metric, help }) => `${metric} ${help}`).sort()).toEqual(['a New.', 'b B.'])
      expect(await metrics.metadata({ metric: 'b', limit: 0 }, contextFor(input.tenant))).toEqual([
        { metric: 'b', type: 'gauge', help: 'B.', unit: 'bytes' },
      ])
    },
  },
  {
    title: 'exemplars of one series and time are kept side by side, the same one sent again once',
    async run({ store, tenant }) {
      const block = metricBlock(tenant, [{ labels: { __name__: 'm' }, samples: [[NOON_MS, 1]] }])
      const push = (value: number, labels: Readonly<Record<string, string>>): void => {
        block.exemplars.metricId.push(block.samples.metricId.words[0]!, block.samples.metricId.words[1]!)
        block.exemplars.seriesId.pushFrom(block.samples.seriesId.words, 0)
        block.exemplars.tMs.pushNumber(NOON_MS)
        block.exemplars.values.pushDouble(value)
        block.exemplars.traceId.push('')
        block.exemplars.labels.pushRecord(labels)
      }
      push(0.25, {})
      push(0.5, {})
      push(0.25, { id: 'a' })
      push(0.25, { id: 'a' })
      for (let times = 0; times < 2; times++) await store.sink.writeMetrics([block])
      const [found] = await store.metrics.exemplars({ matchers: [], range: RANGE }, contextFor(tenant))
      const told = found?.exemplars.map(({ value, labels }) => `${value} ${labelsKey(labels)}`) ?? []
      expect(told.toSorted()).toEqual([`0.25 `, `0.25 ${labelsKey([{ name: 'id', value: 'a' }])}`, `0.5 `].toSorted())
    },
  },
  {
    title: 'exemplars come by series with their trace id as a label',
    async run(input) {
      const block = metricBlock(input.tenant, [{ labels: { __name__: 'm' }, samples: [[NOON_MS, 1]] }])
      block.exemplars.metricId.push(block.samples.metricId.words[0]!, block.samples.metricId.words[1]!)
      block.exemplars.seriesId.pushFrom(block.samples.seriesId.words, 0)
      block.exemplars.tMs.pushNumber(NOON_MS)
      block.exemplars.values.pushDouble(0.25)
      block.exemplars.traceId.push('0af7651916cd43dd8448eb211c80319c')
      block.exemplars.labels.pushRecord({ span_id: 'b7ad6b7169203331' })
      await input.store.sink.writeMetrics([block])
      const found = await input.store.metrics.exemplars({ matchers: [], range: RANGE }, contextFor(input.tenant))
      expect(found.map(({ seriesLabels }) => labelsToRecord(seriesLabels))).toEqual([{ __name__: 'm' }])
      const [exemplar] = found[0]?.exemplars ?? []
      expect(exemplar).toMatchObject({ value: 0.25, tMs: NOON_MS })
      expect(labelsToRecord(exemplar?.labels ?? [])).toEqual({
        span_id: 'b7ad6b7169203331',
        trace_id: '0af7651916cd43dd8448eb211c80319c',
      })
    },
  },
  {
    title: 'too many series or samples for the limits reject with STORE_LIMIT',
    async run(input) {
      await write(input, JOBS)
      const context = contextFor(input.tenant)
      const read = (limits: { maxSeries?: number; maxSamples?: number }) =>
        input.store.metrics.samples(
          { matchers: [], range: RANGE },
          { ...contextFor(input.tenant), limits: { ...context.limits, ...limits } },
        )
      await expect(read({ maxSeries: 3 })).rejects.toMatchObject({ code: 'STORE_LIMIT' })
      await expect(read({ maxSamples: 3 })).rejects.toMatchObject({ code: 'STORE_LIMIT' })
      expect((await read({ maxSeries: 4, maxSamples: 4 })).labels).toHaveLength(4)
    },
  },
  {
    title: 'a cancelled read rejects with STORE_CANCELLED',
    async run({ store, tenant }) {
      const read = store.metrics.samples({ matchers: [UP], range: RANGE }, cancelledContext(tenant))
      await expect(read).rejects.toMatchObject({ code: 'STORE_CANCELLED' })
    },
  },
  {
    title: 'a tenant without metrics gets empty answers',
    async run(input) {
      const context = contextFor(input.tenant)
      const { metrics } = input.store
      const empty = await read(input, [UP])
      expect([empty.labels.length, empty.offsets.length, empty.tMs.length]).toEqual([0, 1, 0])
      expect(await metrics.series(ALL_SERIES, context)).toEqual([])
      expect(await metrics.labelNames(ALL_SERIES, context)).toEqual([])
      expect(await metrics.labelValues('job', ALL_SERIES, context)).toEqual([])
      expect(await metrics.metadata({ limit: 0 }, context)).toEqual([])
      expect(await metrics.exemplars({ matchers: [], range: RANGE }, context)).toEqual([])
    },
  },
]

/** What every store promises of metrics. */
export const METRIC_FACTS: readonly Fact[] = [...reads, ...selects, ...others, ...HISTOGRAM_FACTS]
