import type { NativeHistogram } from '@oriel/model'
import { KahanSum } from '../kahan.ts'
import { log2 } from '../logarithm.ts'
import { hasCustomBounds } from './bounds.ts'
import type { NativeBucket } from './buckets.ts'
import { allBuckets, fractionBelow } from './buckets.ts'

/** A quantile, and what NaN observations did to it. */
export interface NativeQuantile {
  readonly value: number
  /** `result`: they make it NaN. `skew`: they make it higher than it would be. */
  readonly nanEffect?: 'result' | 'skew'
}

/**
 * The quantile of a native histogram: linear within given bounds and the zero bucket, else linear in the logarithm.
 *
 * NaN without observations or for a NaN quantile; -Inf below 0, +Inf above 1.
 * Source: Prometheus 3.14 promql/quantile.go HistogramQuantile.
 */
export function nativeQuantile(quantile: number, histogram: NativeHistogram): NativeQuantile {
  if (quantile < 0 || quantile > 1) return { value: quantile < 0 ? -Infinity : Infinity }
  if (histogram.count === 0 || Number.isNaN(quantile)) return { value: NaN }
  const isForward = Number.isNaN(histogram.sum) || quantile < 0.5
  const buckets = isForward ? allBuckets(histogram) : allBuckets(histogram).reverse()
  const rank = (isForward ? quantile : 1 - quantile) * histogram.count
  const { bucket: found, next, count: seen } = findRank(buckets, rank)
  const bucket = withNaturalBounds(found, histogram)
  const edge = hasCustomBounds(histogram) ? edgeOf(found, bucket) : undefined
  if (edge !== undefined) return { value: edge }
  const count = Math.min(seen, histogram.count)
  const within = isForward ? rank - (count - bucket.count) : count - rank
  if (Number.isNaN(histogram.sum)) return beforeNaN(histogram, bucket, within, count < rank, count, buckets.slice(next))
  return { value: count < rank ? bucket.upper : interpolate(bucket, within / bucket.count, hasCustomBounds(histogram)) }
}

/** Buckets of given bounds that reach to infinity stand for their finite end. */
function edgeOf(found: NativeBucket, bucket: NativeBucket): number | undefined {
  if (bucket.lower === -Infinity) return bucket.upper
  return found.lower !== -Infinity && found.upper === Infinity ? found.lower : undefined
}

/** The quantile of a histogram that may have observed NaN, which counts as greater than all else. `rest` is what follows `bucket`. */
function beforeNaN(
  histogram: NativeHistogram,
  bucket: NativeBucket,
  within: number,
  isBeyond: boolean,
  count: number,
  rest: readonly NativeBucket[],
): NativeQuantile {
  if (isBeyond) return { value: NaN, nanEffect: 'result' }
  // Prometheus goes on to the last bucket here to count them all, and then interpolates in that one.
  const used = rest.at(-1) ?? bucket
  const value = interpolate(used, within / used.count, hasCustomBounds(histogram))
  return rest.reduce((sum, after) => sum + after.count, count) < histogram.count ? { value, nanEffect: 'skew' } : { value }
}

/** The share of observations between two values, and whether NaN observations were left out of it. */
export interface NativeFraction {
  readonly value: number
  readonly hasNaN?: true
}

/** The share of observations between `lower` and `upper`. Source: Prometheus 3.14 promql/quantile.go HistogramFraction. */
export function nativeFraction(lower: number, upper: number, histogram: NativeHistogram): NativeFraction {
  if (histogram.count === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return { value: NaN }
  if (lower >= upper) return { value: 0 }
  const buckets = allBuckets(histogram)
  const total = buckets.reduce((sum, { count }) => sum + count, 0)
  const hasNaN = Number.isNaN(histogram.sum) && total < histogram.count
  const most = Number.isNaN(histogram.sum) ? total : histogram.count
  const [below, above] = [lower, upper].map((value) => Math.min(rankOf(value, buckets, histogram) ?? most, most))
  const value = ((above ?? 0) - (below ?? 0)) / histogram.count
  return hasNaN ? { value, hasNaN } : { value }
}

/** The variance of the observations, each bucket's taken at its middle. Source: Prometheus 3.14 histogramVariance. */
export function nativeVariance(histogram: NativeHistogram): number {
  const mean = histogram.sum / histogram.count
  const isCustom = hasCustomBounds(histogram)
  const total = new KahanSum()
  for (const bucket of allBuckets(histogram)) {
    if (bucket.count === 0) continue
    const delta = middleOf(bucket, isCustom) - mean
    total.add(bucket.count * delta * delta)
  }
  return (total.sum + total.c) / histogram.count
}

function middleOf({ lower, upper }: NativeBucket, isCustom: boolean): number {
  if (isCustom) return (upper + lower) / 2
  if (lower <= 0 && upper >= 0) return 0
  const middle = Math.sqrt(upper * lower)
  return upper < 0 ? -middle : middle
}

const NO_BUCKET: NativeBucket = { lower: 0, upper: 0, isLowerIncluded: false, isUpperIncluded: false, count: 0 }

/** The filled bucket at which the count reaches `rank`, or the last one. */
function findRank(buckets: readonly NativeBucket[], rank: number): { bucket: NativeBucket; next: number; count: number } {
  let count = 0
  let found = NO_BUCKET
  for (const [i, bucket] of buckets.entries()) {
    found = bucket
    if (bucket.count === 0) continue
    count += bucket.count
    if (count >= rank) return { bucket, next: i + 1, count }
  }
  return { bucket: found, next: buckets.length, count }
}

/** Histograms with observations on one side of zero only end at zero; the lowest of given bounds begins there. */
function withNaturalBounds(bucket: NativeBucket, histogram: NativeHistogram): NativeBucket {
  if (hasCustomBounds(histogram)) return bucket.lower === -Infinity && bucket.upper > 0 ? { ...bucket, lower: 0 } : bucket
  return bucket.lower < 0 && bucket.upper > 0 ? cutAtZero(bucket, histogram) : bucket
}

function cutAtZero(bucket: NativeBucket, { positiveBuckets, negativeBuckets }: NativeHistogram): NativeBucket {
  if (negativeBuckets.length === 0 && positiveBuckets.length > 0) return { ...bucket, lower: 0 }
  return positiveBuckets.length === 0 && negativeBuckets.length > 0 ? { ...bucket, upper: 0 } : bucket
}

function interpolate({ lower, upper }: NativeBucket, fraction: number, isCustom: boolean): number {
  if (isCustom || (lower <= 0 && upper >= 0)) return lower + (upper - lower) * fraction
  const [logLower, logUpper] = [log2(Math.abs(lower)), log2(Math.abs(upper))]
  if (lower > 0) return 2 ** (logLower + (logUpper - logLower) * fraction)
  return -(2 ** (logUpper + (logLower - logUpper) * (1 - fraction)))
}

/** How many observations are below `value`; `undefined` when it is beyond the last bucket. */
function rankOf(value: number, buckets: readonly NativeBucket[], histogram: NativeHistogram): number | undefined {
  const isCustom = hasCustomBounds(histogram)
  let rank = 0
  for (const found of buckets) {
    const isZero = found.lower <= 0 && found.upper >= 0
    const bucket = isZero ? cutAtZero(found, histogram) : found
    if (bucket.lower >= value) return rank
    if (bucket.upper > value) {
      if (!isCustom && !isZero) return rank + bucket.count * fractionBelow(bucket, value, false)
      return bucket.lower === -Infinity ? bucket.count : rank + bucket.count * fractionBelow(bucket, value, true)
    }
    rank += bucket.count
  }
  return undefined
}
