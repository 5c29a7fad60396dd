import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HISTOGRAM_HIGH, HISTOGRAM_LOW } from './columns.ts'
import { makeMetricBlock } from './metrics.ts'
import type { NativeHistogram } from './native-histogram.ts'
import { COUNTER_RESET_HINTS } from './native-histogram.ts'

const doubles = (maxLength: number): fc.Arbitrary<Float64Array> =>
  fc.array(fc.double(), { maxLength }).map((values) => Float64Array.from(values))
const spans = fc.array(fc.record({ offset: fc.integer(), length: fc.nat() }), { maxLength: 5 })
const histogram: fc.Arbitrary<NativeHistogram> = fc.record({
  schema: fc.integer({ min: -53, max: 8 }),
  zeroThreshold: fc.double(),
  zeroCount: fc.double(),
  count: fc.double(),
  sum: fc.double(),
  positiveSpans: spans,
  positiveBuckets: doubles(40),
  negativeSpans: spans,
  negativeBuckets: doubles(40),
  customBounds: doubles(10),
  resetHint: fc.constantFrom(...COUNTER_RESET_HINTS),
})

test('histograms come back as they went in, also after others were cut off behind them', () => {
  fc.assert(
    fc.property(fc.array(histogram, { maxLength: 30 }), fc.nat(30), (all, keep) => {
      const { samples, histograms } = makeMetricBlock('t')
      const push = (each: NativeHistogram, tMs: number): void => {
        samples.metricId.pushBigInt(7n)
        samples.seriesId.pushFrom(Uint32Array.of(1, 2, 3, 4), 0)
        samples.tMs.pushNumber(tMs)
        samples.values.push(HISTOGRAM_LOW, HISTOGRAM_HIGH)
        histograms.push(samples, samples.rows - 1, each)
      }
      for (const [tMs, each] of all.entries()) push(each, tMs)
      const kept = Math.min(keep, all.length)
      histograms.truncate(kept)
      samples.truncate(kept)
      for (const [tMs, each] of all.slice(kept).entries()) push(each, kept + tMs)
      expect(Array.from({ length: histograms.rows }, (_, row) => histograms.at(row))).toEqual(all)
      expect([...histograms.tMs.words]).toEqual([...samples.tMs.words])
      expect(all.every((_, row) => samples.values.isHistogramAt(row))).toBe(true)
    }),
    { numRuns: 100 },
  )
})
