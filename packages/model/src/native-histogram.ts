/**
 * Whether a histogram continues the counter of the one before it in its series.
 *
 * `gauge`: it is no counter at all. Source: Prometheus 3.14 model/histogram CounterResetHint.
 */
export type CounterResetHint = (typeof COUNTER_RESET_HINTS)[number]

/** The hints in the order of their numbers on the wire and on disk. */
export const COUNTER_RESET_HINTS = ['unknown', 'reset', 'notReset', 'gauge'] as const

/** A run of consecutive buckets: `offset` buckets lie empty between the run before (or index 0) and this one. */
export interface BucketSpan {
  readonly offset: number
  readonly length: number
}

/**
 * One native histogram sample, in Prometheus's words.
 *
 * Buckets hold absolute counts (not deltas, not cumulative), in the order of their spans. With `schema` from -4 to 8 bucket i
 * has the upper bound 2^(i * 2^-schema), included; with `CUSTOM_BOUNDS_SCHEMA` the bounds are `customBounds` (strictly rising, +Inf left out),
 * only positive buckets exist and there is no zero bucket. `zeroThreshold` is the zero bucket's half width, 0 or more.
 * Counts are doubles: integer histograms lose nothing below 2^53. Nobody changes a histogram once it is made.
 * Source: Prometheus 3.14 model/histogram FloatHistogram.
 */
export interface NativeHistogram {
  readonly schema: number
  readonly zeroThreshold: number
  readonly zeroCount: number
  readonly count: number
  readonly sum: number
  readonly positiveSpans: readonly BucketSpan[]
  readonly positiveBuckets: Float64Array
  readonly negativeSpans: readonly BucketSpan[]
  readonly negativeBuckets: Float64Array
  /** Empty unless `schema` is `CUSTOM_BOUNDS_SCHEMA`. */
  readonly customBounds: Float64Array
  readonly resetHint: CounterResetHint
}

/** The schema of histograms whose bucket bounds are given. Source: Prometheus 3.14 CustomBucketsSchema. */
export const CUSTOM_BOUNDS_SCHEMA = -53
