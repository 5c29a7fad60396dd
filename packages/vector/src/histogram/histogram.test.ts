import type { NativeHistogram } from '@oriel/model'
import { CUSTOM_BOUNDS_SCHEMA } from '@oriel/model'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { combineHistograms, compactHistogram, EMPTY_HISTOGRAM, reduceHistogram, scaleHistogram } from './arithmetic.ts'
import { exponentialBound } from './bounds.ts'
import { allBuckets, isSameHistogram } from './buckets.ts'
import { nativeFraction, nativeQuantile, nativeVariance } from './quantile.ts'
import { detectReset } from './reset.ts'
import { spansOf } from './side.ts'
import { HistogramSum } from './sum.ts'
import { trimHistogram } from './trim.ts'

describe('bounds', () => {
  it('exponential bounds are powers of two between which the schema divides', () => {
    expect([0, 1, 2, -1].map((index) => exponentialBound(0, index))).toEqual([1, 2, 4, 0.5])
    expect([0, 1, 2].map((index) => exponentialBound(-2, index))).toEqual([1, 16, 256])
    expect([1, 2, 3, 4].map((index) => exponentialBound(2, index))).toEqual([
      1.189207115002721, 1.414213562373095, 1.6817928305074288, 2,
    ])
  })

  it('the last bucket ends at the greatest double', () => {
    expect([exponentialBound(0, 1024), exponentialBound(3, 8192), exponentialBound(-4, 64)]).toEqual(
      Array.from({ length: 3 }, () => Number.MAX_VALUE),
    )
    expect([exponentialBound(0, 1025), exponentialBound(3, 8193)]).toEqual([Infinity, Infinity])
  })
})

describe('arithmetic of random histograms', () => {
  it('what is added can be taken away again', () => {
    check(histogram(), histogram(), (a, b) => {
      const sum = combine(a, b, 1)
      const back = combine(sum, b, -1)
      const [schema, zeroThreshold] = [sum.schema, sum.zeroThreshold]
      const same = combine({ ...EMPTY_HISTOGRAM, schema, zeroThreshold }, a, 1)
      expect(numbersOf(compactHistogram(back))).toEqual(numbersOf(compactHistogram(same)))
    })
  })

  it('a sum has all observations of both', () => {
    check(histogram(), histogram(), (a, b) => {
      const sum = combine(a, b, 1)
      expect(observations(sum)).toBe(observations(a) + observations(b))
      expect(sum.count).toBe(a.count + b.count)
    })
  })

  it('adding does not depend on the order', () => {
    check(histogram(), histogram(), (a, b) => {
      expect(numbersOf(compactHistogram(combine(a, b, 1)))).toEqual(numbersOf(compactHistogram(combine(b, a, 1))))
    })
  })

  it('a compensated sum of whole numbers is the plain sum, a mean its share', () => {
    fc.assert(
      fc.property(fc.array(histogram(), { minLength: 2, maxLength: 5 }), ([first = EMPTY_HISTOGRAM, ...rest]) => {
        const [sum, mean] = [new HistogramSum(first, false), new HistogramSum(first, true)]
        for (const next of rest) for (const of of [sum, mean]) of.add(next)
        const plain = compactHistogram(rest.reduce((total, next) => combine(total, next, 1), first))
        const [total, average] = [sum.finish({ isCompact: true }), mean.finish({ isCompact: true })]
        expect(total === undefined ? undefined : numbersOf(total)).toEqual(numbersOf(plain))
        expect(average?.count).toBeCloseTo(plain.count / (rest.length + 1), 9)
      }),
    )
  })

  it('a lower schema holds the same observations', () => {
    check(histogram(), histogram(), (a) => {
      const reduced = reduceHistogram(a, -1)
      expect(observations(reduced)).toBe(observations(a))
      expect(isSameHistogram(reduced, reduceHistogram(reduced, -1))).toBe(true)
    })
  })

  it('a counter that only grows is never reset, one that shrinks always', () => {
    check(histogram(), histogram(), (a, b) => {
      if (a.schema !== b.schema || a.zeroThreshold !== b.zeroThreshold || b.count === 0) return
      const grown = combine(a, b, 1)
      expect(detectReset(grown, a)).toBe(false)
      expect(detectReset(a, grown)).toBe(true)
    })
  })

  it('what trimming keeps below and above an edge is the whole', () => {
    fc.assert(
      fc.property(histogram(), fc.double({ min: -20, max: 20, noNaN: true }), (a, edge) => {
        const [below, above] = [trimHistogram(a, edge, true), trimHistogram(a, edge, false)]
        expect(observations(below) + observations(above)).toBeCloseTo(observations(a), 6)
      }),
    )
  })

  it('quantiles rise, and the fraction below a quantile is that quantile', () => {
    check(histogram(), histogram(), (a) => {
      if (observations(a) === 0 || a.count !== observations(a)) return
      const quantiles = [0, 0.1, 0.3, 0.5, 0.7, 0.9, 1].map((quantile) => nativeQuantile(quantile, a).value)
      expect(quantiles).toEqual(quantiles.toSorted((x, y) => x - y))
      const q = nativeQuantile(0.3, a).value
      if (Math.abs(q) <= a.zeroThreshold) return
      expect(nativeFraction(-Infinity, q, a).value).toBeGreaterThan(0.3 - 1e-9)
    })
  })
})

describe('examples from Prometheus', () => {
  const example = make({
    schema: 0,
    positive: new Map([
      [0, 1],
      [1, 2],
      [2, 1],
    ]),
    count: 4,
    sum: 5,
  })

  it('interpolates in the logarithm', () => {
    expect(nativeQuantile(0.5, example).value).toBeCloseTo(Math.SQRT2, 12)
    expect(nativeFraction(0, 1, example).value).toBe(0.25)
    expect(nativeVariance(example)).toBeGreaterThan(0)
  })

  it('given bounds are linear, and what lies beyond the last stands for it', () => {
    const custom = {
      ...EMPTY_HISTOGRAM,
      schema: CUSTOM_BOUNDS_SCHEMA,
      count: 4,
      sum: 30,
      positiveSpans: [{ offset: 0, length: 3 }],
      positiveBuckets: Float64Array.of(1, 2, 1),
      customBounds: Float64Array.of(5, 10),
    }
    expect([0.125, 0.5, 0.99].map((quantile) => nativeQuantile(quantile, custom).value)).toEqual([2.5, 7.5, 10])
    const other = { ...custom, customBounds: Float64Array.of(10, 20) }
    const sum = combineHistograms(custom, other, 1)
    expect(sum?.isReconciled).toBe(true)
    expect([...(sum?.histogram.customBounds ?? [])]).toEqual([10])
    expect([...(sum?.histogram.positiveBuckets ?? [])]).toEqual([4, 4])
    expect(combineHistograms(custom, example, 1)).toBeUndefined()
  })

  it('a wider zero bucket takes in what lies below it', () => {
    const narrow = make({
      schema: 0,
      positive: new Map([
        [-3, 2],
        [0, 1],
      ]),
      count: 3,
      sum: 1,
    })
    const wide = make({ schema: 0, positive: new Map([[0, 1]]), count: 1, sum: 1, zeroThreshold: 0.25 })
    const { zeroThreshold, zeroCount, positiveSpans } = combine(narrow, wide, 1)
    expect({ zeroThreshold, zeroCount, positiveSpans }).toEqual({
      zeroThreshold: 0.25,
      zeroCount: 2,
      positiveSpans: [{ offset: 0, length: 1 }],
    })
  })

  it('a negative factor makes a gauge', () => {
    expect([scaleHistogram(example, 2).resetHint, scaleHistogram(example, -1).resetHint]).toEqual(['unknown', 'gauge'])
  })
})

function check(
  a: fc.Arbitrary<NativeHistogram>,
  b: fc.Arbitrary<NativeHistogram>,
  fact: (a: NativeHistogram, b: NativeHistogram) => void,
): void {
  fc.assert(fc.property(a, b, fact), { numRuns: 300 })
}

function combine(a: NativeHistogram, b: NativeHistogram, sign: 1 | -1): NativeHistogram {
  const result = combineHistograms(a, b, sign)
  if (result === undefined) throw new Error('not of one kind')
  return result.histogram
}

function observations(histogram: NativeHistogram): number {
  return allBuckets(histogram).reduce((sum, { count }) => sum + count, 0)
}

/** All numbers of a histogram, to compare two with a readable difference. */
function numbersOf({ positiveBuckets, negativeBuckets, customBounds, resetHint: _resetHint, ...rest }: NativeHistogram): object {
  return { ...rest, lists: [positiveBuckets, negativeBuckets, customBounds].map((list) => [...list]) }
}

interface Parts {
  readonly schema: number
  readonly positive?: ReadonlyMap<number, number>
  readonly negative?: ReadonlyMap<number, number>
  readonly zeroThreshold?: number
  readonly zeroCount?: number
  readonly count: number
  readonly sum: number
}

function make({
  schema,
  positive = new Map(),
  negative = new Map(),
  zeroThreshold = 0,
  zeroCount = 0,
  count,
  sum,
}: Parts): NativeHistogram {
  const sides = [positive, negative].map((side) => [...side].sort(([a], [b]) => a - b))
  const [up = [], down = []] = sides
  return {
    ...EMPTY_HISTOGRAM,
    schema,
    zeroThreshold,
    zeroCount,
    count,
    sum,
    positiveSpans: spansOf(up.map(([index]) => index)),
    positiveBuckets: Float64Array.from(up, ([, bucket]) => bucket),
    negativeSpans: spansOf(down.map(([index]) => index)),
    negativeBuckets: Float64Array.from(down, ([, bucket]) => bucket),
  }
}

// The lowest bucket of each schema that does not reach into the widest zero bucket.
const LOWEST: ReadonlyMap<number, number> = new Map([
  [-1, 0],
  [0, -1],
  [1, -3],
  [2, -6],
])

function histogram(): fc.Arbitrary<NativeHistogram> {
  return fc.constantFrom(...LOWEST).chain(([schema, min]) => {
    const side = fc.array(fc.tuple(fc.integer({ min, max: 6 }), fc.integer({ min: 1, max: 9 })), { maxLength: 5 })
    const parts = {
      positive: side,
      negative: side,
      zeroThreshold: fc.constantFrom(0, 0.001, 0.25),
      zeroCount: fc.integer({ min: 0, max: 5 }),
      sum: fc.integer({ min: -50, max: 50 }),
    }
    return fc.record(parts).map(({ positive, negative, ...rest }) => {
      const [up, down] = [new Map(positive), new Map(negative)]
      const count = rest.zeroCount + [...up.values(), ...down.values()].reduce((total, bucket) => total + bucket, 0)
      return make({ ...rest, schema, positive: up, negative: down, count })
    })
  })
}
