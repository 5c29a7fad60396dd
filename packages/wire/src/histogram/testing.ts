// Random native histograms that every receiver must take.

import type { BucketSpan, NativeHistogram } from '@oriel/model'
import { COUNTER_RESET_HINTS, CUSTOM_BOUNDS_SCHEMA } from '@oriel/model'
import fc from 'fast-check'

/** A histogram and how it is sent. */
export interface HistogramCase {
  readonly tMs: number
  readonly isInteger: boolean
  readonly histogram: NativeHistogram
}

interface Side {
  readonly spans: readonly BucketSpan[]
  readonly buckets: Float64Array
}

function side(minOffset: number, isInteger: boolean): fc.Arbitrary<Side> {
  const count = isInteger ? fc.nat(1_000) : fc.double({ min: 0, max: 1e6, noNaN: true })
  const run = fc.record({ offset: fc.nat(20), counts: fc.array(count, { maxLength: 6 }) })
  return fc.tuple(fc.integer({ min: minOffset, max: 40 }), fc.array(run, { maxLength: 4 })).map(([first, runs]) => ({
    spans: runs.map(({ offset, counts }, i) => ({ offset: i === 0 ? first : offset, length: counts.length })),
    buckets: Float64Array.from(runs.flatMap(({ counts }) => counts)),
  }))
}

function exponential(isInteger: boolean): fc.Arbitrary<NativeHistogram> {
  const count = isInteger ? fc.nat(1_000) : fc.double({ min: 0, max: 1e6, noNaN: true })
  return fc
    .record({
      schema: fc.integer({ min: -4, max: 8 }),
      zeroThreshold: fc.double({ min: 0, max: 1, noNaN: true }),
      zeroCount: count,
      sum: fc.oneof({ weight: 9, arbitrary: fc.double({ noNaN: true }) }, { weight: 1, arbitrary: fc.constant(NaN) }),
      positive: side(-50, isInteger),
      negative: side(-50, isInteger),
      resetHint: fc.constantFrom(...COUNTER_RESET_HINTS),
    })
    .map(({ positive, negative, ...rest }) => ({
      ...rest,
      count: rest.zeroCount + total(positive.buckets) + total(negative.buckets),
      positiveSpans: positive.spans,
      positiveBuckets: positive.buckets,
      negativeSpans: negative.spans,
      negativeBuckets: negative.buckets,
      customBounds: new Float64Array(0),
    }))
}

function custom(isInteger: boolean): fc.Arbitrary<NativeHistogram> {
  return fc.record({ positive: side(0, isInteger), sum: fc.double({ noNaN: true }) }).map(({ positive, sum }) => {
    const reach = positive.spans.reduce((all, { offset, length }) => all + offset + length, 0)
    return {
      schema: CUSTOM_BOUNDS_SCHEMA,
      zeroThreshold: 0,
      zeroCount: 0,
      count: total(positive.buckets),
      sum,
      positiveSpans: positive.spans,
      positiveBuckets: positive.buckets,
      negativeSpans: [],
      negativeBuckets: new Float64Array(0),
      customBounds: Float64Array.from({ length: Math.max(0, reach - 1) }, (_, i) => i / 4 - 3),
      resetHint: 'unknown' as const,
    }
  })
}

function total(counts: Float64Array): number {
  return counts.reduce((sum, count) => sum + count, 0)
}

/** Integers and floats, exponential and with custom bounds. */
export const histogramCase: fc.Arbitrary<HistogramCase> = fc.boolean().chain((isInteger) =>
  fc.record({
    tMs: fc.integer({ min: 0, max: 4e12 }),
    isInteger: fc.constant(isInteger),
    histogram: fc.oneof(exponential(isInteger), custom(isInteger)),
  }),
)
