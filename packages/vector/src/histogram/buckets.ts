import type { NativeHistogram } from '@oriel/model'
import { log2 } from '../logarithm.ts'
import { hasCustomBounds, upperBound } from './bounds.ts'
import { isSameBounds } from './custom-bounds.ts'
import { isSameLayout, sideOf } from './side.ts'

/** One bucket of a native histogram. */
export interface NativeBucket {
  readonly lower: number
  readonly upper: number
  readonly isLowerIncluded: boolean
  readonly isUpperIncluded: boolean
  readonly count: number
}

/** Buckets above zero, or of given bounds, from low to high; empty ones that are written out too. */
export function positiveBuckets(histogram: NativeHistogram): NativeBucket[] {
  const { at, counts } = sideOf(histogram.positiveSpans, histogram.positiveBuckets)
  const isCustom = hasCustomBounds(histogram)
  return at.map((index, i) => {
    const [lower, upper] = [upperBound(histogram, index - 1), upperBound(histogram, index)]
    const isLowerIncluded = isCustom ? index === 0 : lower < 0
    return { lower, upper, isLowerIncluded, isUpperIncluded: isCustom || upper > 0, count: counts[i]! }
  })
}

/** Buckets below zero, from the one next to zero downwards. */
export function negativeBuckets(histogram: NativeHistogram): NativeBucket[] {
  const { at, counts } = sideOf(histogram.negativeSpans, histogram.negativeBuckets)
  return at.map((index, i) => {
    const [lower, upper] = [-upperBound(histogram, index), -upperBound(histogram, index - 1)]
    return { lower, upper, isLowerIncluded: lower < 0, isUpperIncluded: upper > 0, count: counts[i]! }
  })
}

/**
 * All buckets from the lowest to the highest, the zero bucket among them when it is filled.
 *
 * A bucket that reaches into the zero bucket ends where that begins. Source: Prometheus 3.14 AllBucketIterator.
 */
export function allBuckets(histogram: NativeHistogram): NativeBucket[] {
  const { zeroThreshold } = histogram
  const below = negativeBuckets(histogram).reverse()
  const above = positiveBuckets(histogram)
  const zero = histogram.zeroCount > 0 ? [zeroBucket(histogram)] : []
  return [...below.map((bucket) => besideZero(bucket, zeroThreshold)), ...zero, ...above.map((b) => besideZero(b, zeroThreshold))]
}

/** The bucket around zero, both ends included. */
export function zeroBucket({ zeroThreshold, zeroCount }: NativeHistogram): NativeBucket {
  return { lower: -zeroThreshold, upper: zeroThreshold, isLowerIncluded: true, isUpperIncluded: true, count: zeroCount }
}

/** The share of a bucket's width that lies below `value`, which is within its finite bounds: linear, or linear in the logarithm. */
export function fractionBelow({ lower, upper }: Pick<NativeBucket, 'lower' | 'upper'>, value: number, isLinear: boolean): number {
  if (isLinear) return (value - lower) / (upper - lower)
  const [logLower, logUpper, logValue] = [lower, upper, value].map((bound) => log2(Math.abs(bound)))
  if (logLower === undefined || logUpper === undefined || logValue === undefined) return NaN
  return value > 0 ? (logValue - logLower) / (logUpper - logLower) : 1 - (logValue - logUpper) / (logLower - logUpper)
}

/**
 * Whether two histograms hold the same data: the same buckets, written out empty ones included, and the same bits. Hints are
 * not compared. Source: Prometheus 3.14 FloatHistogram.Equals.
 */
export function isSameHistogram(a: NativeHistogram, b: NativeHistogram): boolean {
  return (
    a.schema === b.schema &&
    Object.is(a.count, b.count) &&
    Object.is(a.sum, b.sum) &&
    a.zeroThreshold === b.zeroThreshold &&
    Object.is(a.zeroCount, b.zeroCount) &&
    (!hasCustomBounds(a) || isSameBounds(a.customBounds, b.customBounds)) &&
    isSameSide(a, b, 'positiveSpans', 'positiveBuckets') &&
    isSameSide(a, b, 'negativeSpans', 'negativeBuckets')
  )
}

function isSameSide(
  a: NativeHistogram,
  b: NativeHistogram,
  spans: 'positiveSpans' | 'negativeSpans',
  buckets: 'positiveBuckets' | 'negativeBuckets',
): boolean {
  const [left, right] = [sideOf(a[spans], a[buckets]), sideOf(b[spans], b[buckets])]
  return isSameLayout(left.at, right.at) && left.counts.every((count, i) => Object.is(count, right.counts[i]))
}

function besideZero(bucket: NativeBucket, zeroThreshold: number): NativeBucket {
  if (bucket.upper < 0 && bucket.upper > -zeroThreshold) return { ...bucket, upper: -zeroThreshold }
  return bucket.lower > 0 && bucket.lower < zeroThreshold ? { ...bucket, lower: zeroThreshold } : bucket
}
