import type { NativeHistogram, SeriesSamples } from '@oriel/model'
import { CUSTOM_BOUNDS_SCHEMA, labelsToRecord } from '@oriel/model'
import { expect } from 'vitest'
import type { Fact, FactInput, TestSeries } from './fixtures.ts'
import { contextFor, metricBlock, NOON_MS, STALE } from './fixtures.ts'

const RANGE = { startMs: NOON_MS, endMs: NOON_MS + 3_600_000 }

const EXPONENTIAL: NativeHistogram = {
  schema: 3,
  zeroThreshold: 2 ** -128,
  zeroCount: 1.5,
  count: 14.5,
  sum: -3.25,
  positiveSpans: [
    { offset: -5, length: 2 },
    { offset: 3, length: 1 },
  ],
  positiveBuckets: Float64Array.of(1, 4, 2),
  negativeSpans: [{ offset: 7, length: 3 }],
  negativeBuckets: Float64Array.of(3, 0, 3),
  customBounds: new Float64Array(0),
  resetHint: 'gauge',
}

const CUSTOM: NativeHistogram = {
  schema: CUSTOM_BOUNDS_SCHEMA,
  zeroThreshold: 0,
  zeroCount: 0,
  count: 9,
  sum: NaN,
  positiveSpans: [{ offset: 0, length: 3 }],
  positiveBuckets: Float64Array.of(2, 3, 4),
  negativeSpans: [],
  negativeBuckets: new Float64Array(0),
  customBounds: Float64Array.of(0.1, 5),
  resetHint: 'notReset',
}

const EMPTY: NativeHistogram = {
  ...CUSTOM,
  schema: -4,
  count: 0,
  sum: 0,
  positiveSpans: [],
  positiveBuckets: new Float64Array(0),
}

async function write({ store, tenant }: FactInput, ...series: readonly TestSeries[]): Promise<void> {
  await store.sink.writeMetrics([metricBlock(tenant, series)])
}

async function read({ store, tenant }: FactInput): Promise<SeriesSamples> {
  return await store.metrics.samples({ matchers: [], range: RANGE }, contextFor(tenant))
}

/** What stands at each position: a float, a staleness marker, or the sum of a histogram in brackets. */
async function printed(input: FactInput): Promise<string[]> {
  const { values, stale, histograms } = await read(input)
  return Array.from(values, (value, at) => {
    if (stale[at] === 1) return 'stale'
    const histogram = histograms?.[at]
    return histogram === undefined ? String(value) : `[${histogram.sum}]`
  })
}

const labels = { __name__: 'm' }

async function writeStarted(
  { store, tenant }: FactInput,
  points: readonly (readonly [tMs: number, startMs: number])[],
): Promise<void> {
  const block = metricBlock(tenant, [{ labels, samples: points.map(([tMs]) => [tMs, tMs - NOON_MS]) }])
  for (const [row, [, startMs]] of points.entries()) if (startMs !== 0) block.starts.push(block.samples, row, startMs)
  await store.sink.writeMetrics([block])
}

/** What every store promises of native histograms and of starts. */
export const HISTOGRAM_FACTS: readonly Fact[] = [
  {
    title: 'native histograms of both kinds are read back as they were written, among floats',
    async run(input) {
      await write(
        input,
        {
          labels,
          samples: [
            [NOON_MS, EXPONENTIAL],
            [NOON_MS + 1, 7],
            [NOON_MS + 2, CUSTOM],
            [NOON_MS + 3, { ...EMPTY, resetHint: 'reset' }],
          ],
        },
        { labels: { __name__: 'n' }, samples: [[NOON_MS + 1, { ...EXPONENTIAL, resetHint: 'unknown' }]] },
      )
      const got = await read(input)
      expect(got.labels.map(labelsToRecord)).toEqual([{ __name__: 'm' }, { __name__: 'n' }])
      expect(got.histograms).toEqual([
        EXPONENTIAL,
        undefined,
        CUSTOM,
        { ...EMPTY, resetHint: 'reset' },
        { ...EXPONENTIAL, resetHint: 'unknown' },
      ])
      expect([...got.values]).toEqual([NaN, 7, NaN, NaN, NaN])
      expect([...got.stale]).toEqual([0, 0, 0, 0, 0])
    },
  },
  {
    title: 'native histograms and starts before 1970 are read back',
    async run(input) {
      await write(input, { labels, samples: [[-1_500, EXPONENTIAL]] })
      await writeStarted(input, [[-1_000, -2_000]])
      const { tenant, store } = input
      const got = await store.metrics.samples({ matchers: [], range: { startMs: -2_000, endMs: -1 } }, contextFor(tenant))
      expect([...got.tMs]).toEqual([-1_500, -1_000])
      expect(got.histograms?.[0]).toEqual(EXPONENTIAL)
      expect(got.startsMs).toEqual(Float64Array.of(0, -2_000))
    },
  },
  {
    title: 'an answer without native histograms has no list of them',
    async run(input) {
      await write(input, { labels, samples: [[NOON_MS, 1]] })
      await write(input, { labels: { __name__: 'other' }, samples: [[NOON_MS - 1, EXPONENTIAL]] })
      expect((await read(input)).histograms).toBeUndefined()
    },
  },
  {
    title: 'of a float, a marker and a histogram at one time the one written last stays',
    async run(input) {
      const at = (...samples: readonly TestSeries['samples'][number][]) => write(input, { labels, samples })
      await at([NOON_MS, 1], [NOON_MS + 1, EXPONENTIAL], [NOON_MS + 2, EXPONENTIAL], [NOON_MS + 3, STALE], [NOON_MS + 4, CUSTOM])
      await at([NOON_MS, EXPONENTIAL], [NOON_MS + 1, 2], [NOON_MS + 2, { ...EXPONENTIAL, sum: 8 }], [NOON_MS + 3, EXPONENTIAL])
      await at([NOON_MS + 4, STALE])
      expect(await printed(input)).toEqual(['[-3.25]', '2', '[8]', '[-3.25]', 'stale'])
    },
  },
  {
    title: 'series without native histograms are told apart from those with them in one answer',
    async run(input) {
      const many = Array.from({ length: 150 }, (_, i): TestSeries => {
        const value = i % 3 === 0 ? { ...EXPONENTIAL, sum: i } : i
        return { labels: { __name__: `m${i % 2}`, i: String(i).padStart(3, '0') }, samples: [[NOON_MS + i, value]] }
      })
      await write(input, ...many)
      const got = await printed(input)
      const want = many
        .map(({ labels, samples: [[, value] = [0, 0]] }) => ({ name: labels['__name__'] ?? '', value }))
        .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
        .map(({ value }) => (typeof value === 'object' ? `[${value.sum}]` : String(value)))
      expect(got).toEqual(want)
    },
  },
  {
    title: 'starts are read back with their samples, the one written last of two, and 0 where none is known',
    async run(input) {
      await writeStarted(input, [
        [NOON_MS, NOON_MS - 50],
        [NOON_MS + 1, 0],
        [NOON_MS + 2, NOON_MS - 40],
      ])
      await writeStarted(input, [[NOON_MS + 2, NOON_MS + 1]])
      const got = await read(input)
      expect(got.startsMs).toEqual(Float64Array.of(NOON_MS - 50, 0, NOON_MS + 1))
      await write({ ...input, tenant: `${input.tenant}-none` }, { labels, samples: [[NOON_MS, 1]] })
      expect((await read({ ...input, tenant: `${input.tenant}-none` })).startsMs).toBeUndefined()
    },
  },
]
