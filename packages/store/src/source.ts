import type {
  Labels,
  LogBatch,
  Matcher,
  MetricMetadata,
  SeriesExemplars,
  SeriesSamples,
  SeriesScan,
  Span,
  SpanKind,
  SpanStatus,
  TimeRange,
  TimeRangeNs,
  TraceSummary,
} from '@oriel/model'
import type { CardinalityStore } from './cardinality.ts'
import type { QueryContext } from './context.ts'
import type { Sink } from './sink.ts'
import type { StateStore } from './state.ts'

/** Series to read: all matchers must hold; `range` is inclusive at both ends and already widened by lookback, range and offset. */
export interface SeriesRequest {
  readonly matchers: readonly Matcher[]
  readonly range: TimeRange
}

/**
 * Label and series look-ups: a series counts when any of the matcher sets holds (no sets: every series).
 *
 * Look-ups are by day: a series counts when it was written on a day (UTC) that the range touches. Answers are sorted.
 */
export interface IndexRequest {
  readonly matcherSets: readonly (readonly Matcher[])[]
  readonly range: TimeRange
  /** At most so many answers; 0 means no limit but the query's own. */
  readonly limit: number
}

/**
 * A function over a window, evaluated at every step of a grid and aggregated, in the engine.
 *
 * Step i is at `startMs + i * stepMs`, up to `endMs` inclusive. The window of step t is (t - rangeMs, t] as in Prometheus 3.
 * `last` is the instant selector (lookback = rangeMs, staleness respected). Of functions over time, sums and averages may differ from
 * those of the samples by 2^-50 of the sum (the mean) of the absolute values; whole numbers have the same bits.
 */
export interface GridRequest {
  readonly matchers: readonly Matcher[]
  readonly startMs: number
  readonly endMs: number
  readonly stepMs: number
  readonly rangeMs: number
  readonly offsetMs: number
  readonly func: 'last' | 'rate' | 'increase' | 'delta' | OverTime
  /** Aggregation over series, absent for none. `labels` are kept by `by`, dropped by `without`. */
  readonly aggregate?: {
    readonly op: 'sum' | 'count' | 'avg' | 'min' | 'max'
    readonly grouping: 'by' | 'without'
    readonly labels: readonly string[]
  }
}

/** Functions over time, by their names in PromQL, of which buckets of samples tell enough. */
export type OverTime = 'min_over_time' | 'max_over_time' | 'sum_over_time' | 'avg_over_time' | 'count_over_time'

/** Values on a grid: series i, step j at `values[i * steps + j]`; NaN with `present` 0 where there is no value. */
export interface GridSeries {
  readonly labels: readonly Labels[]
  readonly steps: number
  readonly values: Float64Array
  readonly present: Uint8Array
}

/** How many series share something: a metric name, a label or a pair. */
export interface CardinalityCount {
  readonly name: string
  readonly count: number
}

/** How many series carry one label pair. */
export interface PairCount extends CardinalityCount {
  readonly value: string
}

/**
 * How many series there are and what they are made of; lists hold the largest counts first, equal ones by name.
 *
 * `__name__` counts as a label. `bytesByLabel` is the length of the label's values in bytes, summed over the series.
 */
export interface Cardinality {
  readonly series: number
  /** Different label pairs. */
  readonly pairs: number
  /** Series of each metric. */
  readonly seriesByMetric: readonly CardinalityCount[]
  /** Different values of each label. */
  readonly valuesByLabel: readonly CardinalityCount[]
  readonly bytesByLabel: readonly CardinalityCount[]
  /** Series of each label pair. */
  readonly seriesByPair: readonly PairCount[]
}

/** Reads metrics. */
export interface MetricSource {
  samples(request: SeriesRequest, context: QueryContext): Promise<SeriesSamples>
  /** The same samples, made out as they are walked through; `undefined` where that is not offered, or there is more than floats. */
  scan(request: SeriesRequest, context: QueryContext): Promise<SeriesScan | undefined>
  /**
   * A number that rises whenever samples of these tenants at or before `untilMs` may have changed, `undefined` where the store cannot
   * tell. The same before a read and later: the read would give the same again.
   */
  lastChange(tenants: readonly string[], untilMs: number): number | undefined
  /** The request done in the engine, or `undefined` when it is not offered exactly or costs more than raw columns. */
  grid(request: GridRequest, context: QueryContext): Promise<GridSeries | undefined>
  series(request: IndexRequest, context: QueryContext): Promise<Labels[]>
  labelNames(request: IndexRequest, context: QueryContext): Promise<string[]>
  labelValues(label: string, request: IndexRequest, context: QueryContext): Promise<string[]>
  metadata(request: { readonly metric?: string; readonly limit: number }, context: QueryContext): Promise<MetricMetadata[]>
  exemplars(request: SeriesRequest, context: QueryContext): Promise<SeriesExemplars[]>
  /** What the series of a look-up are made of. `limit` bounds each list, 1 at least. Reads labels of all these series: not for every page view. */
  cardinality(request: IndexRequest, context: QueryContext): Promise<Cardinality>
}

/** A line filter of LogQL: contains, does not contain, matches, does not match (RE2, unanchored, `.` without newline). */
export interface LineFilter {
  readonly op: '|=' | '!=' | '|~' | '!~'
  /** Any of these counts as one match (`|= "a" or "b"`). */
  readonly patterns: readonly string[]
}

/** Log records to read. Structured-metadata matchers compare a missing key as ''. */
export interface LogRequest {
  readonly matchers: readonly Matcher[]
  readonly lineFilters: readonly LineFilter[]
  readonly metadataMatchers: readonly Matcher[]
  readonly range: TimeRangeNs
  readonly direction: 'forward' | 'backward'
  /** At most so many records over all streams; 0 for all (streamed). */
  readonly limit: number
}

/**
 * Counting in the engine over windows (t - rangeMs, t] of a grid: records or bytes of lines, per stream or grouped by stream
 * labels. The request's own `range`, `direction` and `limit` do not apply.
 */
export interface LogGridRequest {
  readonly matchers: readonly Matcher[]
  readonly lineFilters: readonly LineFilter[]
  readonly metadataMatchers: readonly Matcher[]
  readonly startMs: number
  readonly endMs: number
  readonly stepMs: number
  readonly rangeMs: number
  readonly offsetMs: number
  readonly count: 'records' | 'bytes'
  /** Stream labels (and `detected_level`) to group by; absent: one series a stream. */
  readonly by?: readonly string[]
}

/** Reads logs. */
export interface LogSource {
  /**
   * Records in time order (by `direction`), in batches of bounded size; stop reading to stop the engine. Records of one time come
   * in order of arrival going forward, and in the opposite order going backward.
   */
  records(request: LogRequest, context: QueryContext): AsyncIterable<LogBatch>
  /** Counts on a grid (a step without records has `present` 0), or `undefined` when not offered. */
  grid(request: LogGridRequest, context: QueryContext): Promise<GridSeries | undefined>
  streams(request: IndexRequest, context: QueryContext): Promise<Labels[]>
  labelNames(request: IndexRequest, context: QueryContext): Promise<string[]>
  labelValues(label: string, request: IndexRequest, context: QueryContext): Promise<string[]>
  /** Bytes of lines and records in the range (ends inclusive, in ms), by matching stream, most bytes first. */
  volume(request: IndexRequest, context: QueryContext): Promise<{ labels: Labels; bytes: number; records: number }[]>
}

/**
 * A condition on one span. `scope` says where an attribute is looked up; `any` is span first, then resource.
 *
 * A span without the attribute fails every operator, `!=` and `!~` too, as in TraceQL. Order operators compare numbers; text that is no
 * number fails them. Regexes are RE2, anchored. `traceDuration`, `rootService` and `rootName` look at the whole stored trace.
 */
export type SpanCondition =
  | {
      readonly kind: 'attribute'
      readonly scope: 'span' | 'resource' | 'any'
      readonly key: string
      readonly op: '=' | '!=' | '=~' | '!~' | '>' | '>=' | '<' | '<=' | 'exists'
      readonly value: string
    }
  | {
      readonly kind: 'service' | 'name' | 'statusMessage' | 'rootService' | 'rootName'
      readonly op: '=' | '!=' | '=~' | '!~'
      readonly value: string
    }
  | { readonly kind: 'duration' | 'traceDuration'; readonly op: '>' | '>=' | '<' | '<=' | '=' | '!='; readonly valueNs: bigint }
  | { readonly kind: 'status'; readonly op: '=' | '!='; readonly value: SpanStatus }
  | { readonly kind: 'spanKind'; readonly op: '=' | '!='; readonly value: SpanKind }

/** Conditions that hold together, or one of several, on the same span. */
export type SpanFilter =
  | { readonly kind: 'all' | 'any'; readonly filters: readonly SpanFilter[] }
  | { readonly kind: 'condition'; readonly condition: SpanCondition }

/**
 * Traces with at least one span in the range (by start time) that passes the filter, newest matching span first.
 *
 * Only spans in the range count as matched; duration, root and counts of a summary are of the whole stored trace.
 */
export interface TraceSearchRequest {
  readonly filter: SpanFilter
  readonly range: TimeRangeNs
  readonly minTraceDurationNs?: bigint
  readonly maxTraceDurationNs?: bigint
  readonly limit: number
  readonly spansPerTrace: number
}

/**
 * Rate, errors and duration of spans on a grid, one entry a group. Step i covers [start + i*step, start + (i+1)*step).
 *
 * There are ceil((end - start) / step) steps, at least one; the last is whole even where it passes `endMs`.
 */
export interface RedRequest {
  /** `service`: entry spans (server, consumer and roots) by service. `operation`: entry spans of one service by span name. */
  readonly groupBy: 'service' | 'operation'
  readonly service?: string
  readonly startMs: number
  readonly endMs: number
  readonly stepMs: number
}

/** RED of one group. Arrays have one entry a step; durations are in milliseconds, NaN for a step without spans. */
export interface RedSeries {
  readonly service: string
  /** Span name, '' when grouped by service. */
  readonly operation: string
  readonly requests: Float64Array
  readonly errors: Float64Array
  readonly p50Ms: Float64Array
  readonly p95Ms: Float64Array
  readonly p99Ms: Float64Array
  /** Over the whole range, not from the steps' values. */
  readonly total: {
    readonly requests: number
    readonly errors: number
    readonly p50Ms: number
    readonly p95Ms: number
    readonly p99Ms: number
  }
}

/** A span that stands for a point of a RED chart: what a dot on the chart opens. */
export interface SpanExemplar {
  readonly traceId: string
  readonly spanId: string
  readonly name: string
  readonly tMs: number
  readonly durationMs: number
  readonly isError: boolean
}

/** Reads traces. */
export interface TraceSource {
  /** All spans of the trace, by start time, duplicates collapsed; empty when unknown. `range` is a hint that saves work. */
  byId(traceId: string, context: QueryContext, range?: TimeRangeNs): Promise<Span[]>
  search(request: TraceSearchRequest, context: QueryContext): Promise<TraceSummary[]>
  services(range: TimeRangeNs, context: QueryContext): Promise<string[]>
  operations(
    service: string,
    range: TimeRangeNs,
    context: QueryContext,
  ): Promise<{ readonly name: string; readonly kind: SpanKind }[]>
  tagNames(scope: 'span' | 'resource', range: TimeRangeNs, context: QueryContext): Promise<string[]>
  tagValues(
    scope: 'span' | 'resource' | 'any',
    key: string,
    range: TimeRangeNs,
    limit: number,
    context: QueryContext,
  ): Promise<string[]>
  red(request: RedRequest, context: QueryContext): Promise<RedSeries[]>
  /** Slow and failed entry spans spread over the range, at most `limit`, errors first within a step. */
  redExemplars(request: RedRequest, limit: number, context: QueryContext): Promise<SpanExemplar[]>
}

/** The read side of the store. Reads reject with `StoreError`; a cancelled read with STORE_CANCELLED. */
export interface Source {
  readonly metrics: MetricSource
  readonly logs: LogSource
  readonly traces: TraceSource
}

/** Both sides. */
export interface Store extends Source {
  readonly sink: Sink
  readonly state: StateStore
  readonly cardinality: CardinalityStore
}
