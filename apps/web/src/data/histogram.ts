/** A bucket of a native histogram as Prometheus's API tells it. */
export interface HistogramBucket {
  readonly lower: number
  readonly upper: number
  readonly count: number
}

/** A native histogram: what was observed, in buckets of rising bounds. */
export interface PromHistogram {
  readonly count: number
  readonly sum: number
  readonly buckets: readonly HistogramBucket[]
}

/** A histogram in the API's JSON: numbers are text, a bucket says first which of its bounds belong to it. */
export interface RawHistogram {
  readonly count: string
  readonly sum: string
  readonly buckets?: readonly (readonly [boundaries: number, lower: string, upper: string, count: string])[]
}

/** Reads a histogram of the API. */
export function readHistogram({ count, sum, buckets = [] }: RawHistogram): PromHistogram {
  return {
    count: readNumber(count),
    sum: readNumber(sum),
    buckets: buckets.map(([, lower, upper, inside]) => ({
      lower: readNumber(lower),
      upper: readNumber(upper),
      count: readNumber(inside),
    })),
  }
}

/** A number of the API's JSON. */
export function readNumber(text: string): number {
  if (text === '+Inf') return Infinity
  return text === '-Inf' ? -Infinity : Number(text)
}

/** The mean of what was observed, `null` when nothing was. */
export function meanOf({ count, sum }: PromHistogram): number | null {
  return count > 0 && Number.isFinite(sum) ? sum / count : null
}

/**
 * The quantile of a histogram by interpolation within its bucket: exponential, as its bounds are, linear where zero is inside. `null` when it is empty.
 *
 * Source: Prometheus 3.14 promql/quantile.go HistogramQuantile.
 */
export function quantileOf({ count, buckets }: PromHistogram, ratio: number): number | null {
  if (!(count > 0)) return null
  const rank = ratio * count
  let below = 0
  for (const bucket of buckets) {
    if (bucket.count > 0 && below + bucket.count >= rank) return within(bucket, (rank - below) / bucket.count)
    below += bucket.count
  }
  return buckets.at(-1)?.upper ?? null
}

function within({ lower, upper }: HistogramBucket, part: number): number {
  if (upper === Infinity) return lower
  if (lower === -Infinity) return upper
  if (lower > 0) return lower * (upper / lower) ** part
  if (upper < 0) return upper * (lower / upper) ** (1 - part)
  // The zero bucket, or one that holds zero: observations near it are all alike.
  return lower + (upper - lower) * part
}

/** What of a histogram is drawn as a line. */
export const HISTOGRAM_LINES: Readonly<Record<string, (histogram: PromHistogram) => number | null>> = {
  p50: (histogram) => quantileOf(histogram, 0.5),
  p90: (histogram) => quantileOf(histogram, 0.9),
  p99: (histogram) => quantileOf(histogram, 0.99),
  avg: meanOf,
  count: ({ count }) => count,
  sum: ({ sum }) => (Number.isFinite(sum) ? sum : null),
}
