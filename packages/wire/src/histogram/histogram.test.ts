import { CUSTOM_BOUNDS_SCHEMA } from '@oriel/model'
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { compactBuckets, reduceResolution } from './buckets.ts'
import { checkHistogram } from './check.ts'
import { HistogramDraft } from './draft.ts'
import { histogramCase } from './testing.ts'

type Fields = Partial<Omit<HistogramDraft, 'clear' | 'finish' | 'sum' | 'isStale'>>

function draftOf(fields: Fields): HistogramDraft {
  return Object.assign(new HistogramDraft(), fields)
}

// Rows of TestHistogramValidation in Prometheus 3.14 model/histogram/histogram_test.go, with what they must say.
describe('a histogram is refused in the words of Prometheus', () => {
  const check = (title: string, fields: Fields, want: string | undefined) =>
    it(title, () => expect(checkHistogram(draftOf(fields))?.detail).toBe(want))

  check('empty', {}, undefined)
  check(
    'a negative offset after the first span',
    { positiveSpans: [0, 1, -1, 1], positiveBuckets: [1, 1], count: 2 },
    'positive side: span number 2 with offset -1: histogram has a span whose offset is negative',
  )
  check(
    'too few buckets',
    { negativeSpans: [-1, 2], negativeBuckets: [1], count: 1 },
    'negative side: spans need 2 buckets, have 1 buckets: histogram spans specify different number of buckets than provided',
  )
  check(
    'a negative bucket',
    { negativeSpans: [-1, 1], negativeBuckets: [-1], count: -1 },
    'negative side: bucket number 1 has observation count of -1: histogram has a bucket whose observation count is negative',
  )
  check(
    'a count that is no sum',
    { zeroCount: 2, positiveSpans: [0, 1], positiveBuckets: [1], count: 4 },
    "3 observations found in buckets, but the Count field is 4: histogram's observation count should equal the number of observations found in the buckets (in absence of NaN)",
  )
  check(
    'a count below the sum, with observations of NaN',
    { zeroCount: 2, count: 1, sumHigh: 0x7ff8_0000 },
    "2 observations found in buckets, but the Count field is 1: histogram's observation count should be at least the number of observations found in the buckets",
  )
  check('a count above the sum, with observations of NaN', { zeroCount: 2, count: 9, sumHigh: 0x7ff8_0000 }, undefined)
  check('floats whose counts do not add up', { isInteger: false, zeroCount: 2, count: 9 }, undefined)
  check(
    'a negative count of floats',
    { isInteger: false, count: -1.5 },
    "observation count is  -1.5: histogram's observation count is negative",
  )
  check(
    'a negative zero count of floats',
    { isInteger: false, zeroCount: -2, count: 1 },
    'zero bucket has observation count of -2: histogram has a bucket whose observation count is negative',
  )
  check('bounds of an exponential one', { customBounds: [1] }, 'histogram with exponential schema must not have custom bounds')
  check(
    'a schema of nothing',
    { schema: -7 },
    'histogram has an invalid schema, which must be between -4 and 8 for exponential buckets, or -53 for custom buckets, got schema -7',
  )

  const custom = { schema: CUSTOM_BOUNDS_SCHEMA, positiveSpans: [0, 2], positiveBuckets: [1, 1], count: 2, customBounds: [1, 2] }
  check('custom bounds', custom, undefined)
  check(
    'custom bounds that fall',
    { ...custom, customBounds: [1, 0.5] },
    'custom buckets: previous bound is 1.000000 and current is 0.500000: histogram custom bounds must be in strictly increasing order',
  )
  check('custom bounds with NaN', { ...custom, customBounds: [NaN] }, 'custom buckets: histogram custom bounds must not be NaN')
  check(
    'custom bounds with +Inf',
    { ...custom, customBounds: [1, Infinity] },
    'custom buckets: last +Inf bound must not be explicitly defined: histogram custom bounds must be finite',
  )
  check(
    'too few custom bounds',
    { ...custom, customBounds: [] },
    'custom buckets: only 0 custom bounds defined which is insufficient to cover total span length of 2: histogram custom bounds are too few',
  )
  check('custom with a zero bucket', { ...custom, zeroCount: 1 }, 'custom buckets: must have zero count of 0')
  check('custom with a zero threshold', { ...custom, zeroThreshold: 1 }, 'custom buckets: must have zero threshold of 0')
  check('custom with negative spans', { ...custom, negativeSpans: [0, 1] }, 'custom buckets: must not have negative spans')
  check('custom with negative buckets', { ...custom, negativeBuckets: [1] }, 'custom buckets: must not have negative buckets')
})

test('a finer schema than can be stored is made coarser, bucket by bucket', () => {
  const draft = draftOf({
    schema: 10,
    positiveSpans: [-5, 6, 7, 1],
    positiveBuckets: [1, 2, 3, 4, 5, 6, 7],
    negativeSpans: [1, 1],
    negativeBuckets: [9],
  })
  expect(reduceResolution(draft)).toBeUndefined()
  // Bucket i of schema 10 is bucket ceil(i / 4) of schema 8: -5..0 are -1 -1 0 0 0 0, and 8 is 2.
  expect(draft).toMatchObject({
    schema: 8,
    positiveSpans: [-1, 2, 1, 1],
    positiveBuckets: [3, 18, 7],
    negativeSpans: [1, 1],
    negativeBuckets: [9],
  })
})

test('a coarser histogram keeps every observation, in the bucket whose bounds hold it', () => {
  fc.assert(
    fc.property(histogramCase, fc.integer({ min: 1, max: 44 }), ({ histogram }, shift) => {
      const positiveSpans = histogram.positiveSpans.flatMap(({ offset, length }) => [offset, length])
      const positiveBuckets = [...histogram.positiveBuckets]
      const draft = draftOf({ schema: 8 + shift, positiveSpans, positiveBuckets })
      const want = new Map<number, number>()
      for (const [index, count] of indexed(positiveSpans, positiveBuckets)) {
        const to = Math.ceil(index / 2 ** shift)
        want.set(to, (want.get(to) ?? 0) + count)
      }
      expect(reduceResolution(draft)).toBeUndefined()
      const got = new Map(indexed(draft.positiveSpans, draft.positiveBuckets))
      expect([...got.keys()]).toEqual([...want.keys()].map((key) => key + 0))
      for (const [index, count] of got) expect(count).toBeCloseTo(want.get(index) ?? NaN, 6)
    }),
  )
})

test('spans that do not fit their buckets are told, whatever their length', () => {
  const draft = draftOf({ schema: 20, positiveSpans: [0, 2 ** 32 - 1], positiveBuckets: [1] })
  expect(reduceResolution(draft)?.detail).toMatch(/^spans need 4294967295 buckets, have 1 buckets: /)
})

test('compact histograms have no empty buckets, no empty spans and no two spans that touch', () => {
  const draft = draftOf({ positiveSpans: [-2, 2, 0, 3, 0, 0, 4, 1, 2, 2], positiveBuckets: [0, 1, 2, 0, 3, 0, 0, 4] })
  compactBuckets(draft)
  expect(draft).toMatchObject({ positiveSpans: [-1, 2, 1, 1, 8, 1], positiveBuckets: [1, 2, 3, 4] })
})

function indexed(spans: readonly number[], buckets: readonly number[]): [index: number, count: number][] {
  const found: [number, number][] = []
  let index = 0
  for (let i = 0; i < spans.length; i += 2) {
    index += spans[i]!
    for (let left = spans[i + 1]!; left > 0; left--) found.push([index++, buckets[found.length]!])
  }
  return found
}
