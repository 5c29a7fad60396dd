import type { Labels, UnixMs, UnixNs } from '@oriel/model'

/** One line of a log query's answer. */
export interface LogEntry {
  readonly tNs: UnixNs
  readonly line: string
  /** Structured metadata that the pipeline left in place. */
  readonly metadata: Labels
  /** Labels that the pipeline added or changed (`json`, `logfmt`, `label_format` ...). */
  readonly parsed: Labels
}

/**
 * Lines that share their labels, in the query's direction.
 *
 * `labels` holds stream, metadata and parsed labels joined, so that one stored stream may appear as several; when the request
 * asked for `categorize`, only the stream's own labels, and the entries say the rest.
 */
export interface LogStream {
  readonly labels: Labels
  readonly entries: readonly LogEntry[]
}

/** One series of a range query: only the steps that have a value, times rising. */
export interface LogSeries {
  readonly labels: Labels
  readonly tMs: Float64Array
  readonly values: Float64Array
}

/** One element of an instant query. */
export interface LogSample {
  readonly labels: Labels
  readonly value: number
}

/** What a LogQL query answers. Order: streams by first entry, series and samples by labels unless `sort` or `topk` says otherwise. */
export type LogQLData =
  | { readonly kind: 'streams'; readonly streams: readonly LogStream[] }
  | { readonly kind: 'matrix'; readonly series: readonly LogSeries[] }
  | { readonly kind: 'vector'; readonly tMs: UnixMs; readonly samples: readonly LogSample[] }
  | { readonly kind: 'scalar'; readonly tMs: UnixMs; readonly value: number }

/** What a LogQL query is asked for beside its text. */
export type LogQLQuery =
  | { readonly kind: 'instant'; readonly tMs: UnixMs; readonly limit?: number; readonly direction?: 'forward' | 'backward' }
  | {
      readonly kind: 'range'
      /** Start, inclusive, for log queries; first step for metric queries (as whole milliseconds). */
      readonly startNs: UnixNs
      /** End: exclusive for log queries, the last possible step for metric queries. */
      readonly endNs: UnixNs
      /** Between steps of metric queries; log queries ignore it. */
      readonly stepMs: number
      /** At most so many lines; metric queries ignore it. */
      readonly limit: number
      readonly direction: 'forward' | 'backward'
      /** Keep stream labels apart from metadata and parsed labels. */
      readonly categorize?: boolean
    }
