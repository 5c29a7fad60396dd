import type { TimeRange } from '@oriel/model'
import type { QueryContext } from './context.ts'
import type { CardinalityCount, PairCount } from './source.ts'

/** Series that were written on a day (UTC) that the range touches; at most `limit` entries in each list, 1 at least. */
export interface SizesRequest {
  readonly range: TimeRange
  readonly limit: number
}

/** How many series there are, by metric. Series of several tenants with equal labels count once. */
export interface MetricSizes {
  readonly series: number
  /** The largest first. */
  readonly metrics: readonly CardinalityCount[]
}

/** What a metric's labels hold. */
export interface LabelSizes {
  readonly name: string
  /** Different values. */
  readonly values: number
  /** Values that most of the metric's series have, most first. */
  readonly top: readonly { readonly value: string; readonly series: number }[]
}

/** One metric taken apart. */
export interface MetricAnatomy {
  readonly series: number
  /** Labels with the most values first. */
  readonly labels: readonly LabelSizes[]
}

/** Series on one day (days since 1970). */
export interface DaySize {
  readonly day: number
  readonly series: number
}

/** Label pairs that most series have. */
export interface PairSizes {
  readonly pairs: readonly PairCount[]
  /** Counted on one series in so many and multiplied; 1 where every series was looked at. */
  readonly sampledBy: number
}

/** Queries of a metric, or of all metrics that a pattern matches. */
export interface MetricUse {
  readonly tenant: string
  readonly metric: string
  /** Whether `metric` is an anchored RE2 pattern. */
  readonly isPattern: boolean
  /** The last day (days since 1970) it was queried on. */
  readonly day: number
}

/**
 * What series are made of, fast enough for a page over a million of them (`MetricSource.cardinality` counts everything, and takes longer).
 *
 * Reads reject with `StoreError`.
 */
export interface CardinalityStore {
  sizes(request: SizesRequest, context: QueryContext): Promise<MetricSizes>
  /** Different values of each label, the most first. */
  labels(request: SizesRequest, context: QueryContext): Promise<CardinalityCount[]>
  pairs(request: SizesRequest, context: QueryContext): Promise<PairSizes>
  /** `limit` bounds the values of each label. */
  metric(metric: string, request: SizesRequest, context: QueryContext): Promise<MetricAnatomy>
  /** A metric's series on each day that the range touches and that has any. */
  days(metric: string, range: TimeRange, context: QueryContext): Promise<DaySize[]>
  /** How many series a metric would have without the labels, or with nothing but them. */
  reduced(
    metric: string,
    labels: { readonly mode: 'drop' | 'keep'; readonly labels: readonly string[] },
    request: SizesRequest,
    context: QueryContext,
  ): Promise<number>
  /** Remembers that metrics were queried. Not for every query: gather first. */
  noteUse(uses: readonly MetricUse[]): Promise<void>
  /** Which metrics and patterns were queried since a day. */
  uses(tenant: string, sinceDay: number): Promise<MetricUse[]>
}
