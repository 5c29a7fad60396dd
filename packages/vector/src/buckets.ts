/** Cumulative buckets of a classic histogram. Buckets with one bound are joined, order does not matter. */
export interface Bucket {
  readonly upperBound: number
  readonly count: number
}

/** Where counts that fell from one bucket to the next were raised, and by how much at most. */
export interface MonotonicityFix {
  readonly minBucket: number
  readonly maxBucket: number
  readonly maxDiff: number
}

/** A quantile and whether the buckets had to be fixed for it. */
export interface BucketQuantile {
  readonly value: number
  readonly fix?: MonotonicityFix
}

// 1e-12: differences of counts this small against their size come from floating point and are levelled silently.
const SMALL_DELTA = 1e-12

/**
 * The quantile of a classic histogram, linear within a bucket. Source: Prometheus 3.14 promql/quantile.go BucketQuantile.
 *
 * NaN without observations, without a +Inf bucket, or with a single bucket.
 */
export function bucketQuantile(quantile: number, buckets: readonly Bucket[]): BucketQuantile {
  if (Number.isNaN(quantile)) return { value: NaN }
  if (quantile < 0) return { value: -Infinity }
  if (quantile > 1) return { value: Infinity }
  const { bounds, counts } = joined(buckets)
  const last = bounds.length - 1
  if (bounds[last] !== Infinity) return { value: NaN }
  const fix = makeMonotonic(bounds, counts)
  const value = last < 1 || counts[last] === 0 ? NaN : interpolate(quantile * counts[last]!, bounds, counts)
  return fix === undefined ? { value } : { value, fix }
}

/** The share of observations between two values. Source: Prometheus 3.14 promql/quantile.go BucketFraction. */
export function bucketFraction(lower: number, upper: number, buckets: readonly Bucket[]): number {
  const { bounds, counts } = joined(buckets)
  const last = bounds.length - 1
  const total = counts[last] ?? 0
  if (bounds[last] !== Infinity || total === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return NaN
  if (lower >= upper) return 0
  return (rankOf(upper, bounds, counts) - rankOf(lower, bounds, counts)) / total
}

interface Columns {
  readonly bounds: number[]
  readonly counts: number[]
}

function joined(buckets: readonly Bucket[]): Columns {
  const bounds: number[] = []
  const counts: number[] = []
  for (const { upperBound, count } of buckets.toSorted((a, b) => order(a.upperBound, b.upperBound))) {
    const last = bounds.length - 1
    if (bounds[last] === upperBound) counts[last] = counts[last]! + count
    else {
      bounds.push(upperBound)
      counts.push(count)
    }
  }
  return { bounds, counts }
}

function order(a: number, b: number): number {
  if (a < b) return -1
  return a > b ? 1 : 0
}

/** Raises counts that fall, in place. Says so unless the fall is within floating point error. */
function makeMonotonic(bounds: readonly number[], counts: number[]): MonotonicityFix | undefined {
  let previous = counts[0]!
  let fix: MonotonicityFix | undefined
  for (let i = 1; i < counts.length; i++) {
    const count = counts[i]!
    if (count === previous) continue
    if (isAlmostEqual(previous, count)) {
      counts[i] = previous
      continue
    }
    // NaN is not below anything.
    if (!(count < previous)) {
      previous = count
      continue
    }
    counts[i] = previous
    const bound = bounds[i]!
    fix = {
      minBucket: Math.min(fix?.minBucket ?? Infinity, bound),
      maxBucket: Math.max(fix?.maxBucket ?? -Infinity, bound),
      maxDiff: Math.max(fix?.maxDiff ?? 0, previous - count),
    }
  }
  return fix
}

// 2^-1022: the smallest normal double.
const MIN_NORMAL = 2 ** -1022

/** Whether two numbers differ only within floating point error. Source: Prometheus 3.14 util/almost. */
export function isAlmostEqual(a: number, b: number, epsilon: number = SMALL_DELTA): boolean {
  if (Number.isNaN(a) && Number.isNaN(b)) return true
  if (a === b) return true
  const sum = Math.abs(a) + Math.abs(b)
  const diff = Math.abs(a - b)
  if (a === 0 || b === 0 || sum < MIN_NORMAL) return diff < epsilon * MIN_NORMAL
  return diff / Math.min(sum, Number.MAX_VALUE) < epsilon
}

function interpolate(rank: number, bounds: readonly number[], counts: readonly number[]): number {
  const last = bounds.length - 1
  const b = searchRank(rank, counts)
  if (b === last) return bounds[last - 1]!
  if (b === 0 && bounds[0]! <= 0) return bounds[0]!
  const start = b > 0 ? bounds[b - 1]! : 0
  const before = b > 0 ? counts[b - 1]! : 0
  return start + (bounds[b]! - start) * ((rank - before) / (counts[b]! - before))
}

/** The first count that reaches `rank`, the last left out, by bisection: among NaN that decides which one is found. */
function searchRank(rank: number, counts: readonly number[]): number {
  let lo = 0
  let hi = counts.length - 1
  while (lo < hi) {
    const middle = (lo + hi) >>> 1
    if (counts[middle]! >= rank) hi = middle
    else lo = middle + 1
  }
  return lo
}

/** How many observations are below `value`. */
function rankOf(value: number, bounds: readonly number[], counts: readonly number[]): number {
  const total = counts.at(-1) ?? 0
  let rank = 0
  let lower = bounds[0]! <= 0 ? -Infinity : 0
  for (let i = 0; i < bounds.length; i++) {
    const upper = bounds[i]!
    if (lower >= value) return Math.min(rank, total)
    if (upper > value) {
      // A bucket without a lower edge cannot be interpolated: all of it counts as below.
      if (lower === -Infinity) return Math.min(counts[i]!, total)
      return Math.min(rank + ((counts[i]! - rank) * (value - lower)) / (upper - lower), total)
    }
    rank = counts[i]!
    lower = upper
  }
  return total
}
