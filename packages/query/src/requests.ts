import type { LogQLData, LogQLQuery } from '@oriel/logql'
import type { Span, TimeRangeNs, TraceSummary, UnixMs } from '@oriel/model'
import type { Explanation } from '@oriel/promql'
import type { QueryLimits, QueryStats } from '@oriel/store'

/** Who asks a query and how it may be stopped. */
export interface QueryCaller {
  /** Tenants whose data is read, at least one. The first pays: its slots and limits hold. */
  readonly tenants: readonly string[]
  /** Aborted when the client goes away. */
  readonly signal?: AbortSignal
  /** Where the query came from, for the list of running queries and the log: `prometheus`, `loki`, `rules`, `page` ... */
  readonly origin: string
  /** Asks for less time than the limit; more is not given. */
  readonly timeoutMs?: number
}

/** Something the asker should know that did not stop the query. `start`/`end` are character offsets in the text. */
export interface QueryWarning {
  readonly level: 'warning' | 'info'
  readonly message: string
  readonly position?: { readonly start: number; readonly end: number }
}

/** An answer with what it cost. */
export interface QueryAnswer<Data> {
  readonly id: string
  readonly data: Data
  readonly warnings: readonly QueryWarning[]
  readonly stats: Readonly<QueryStats>
  /** From accepted to answered, waiting for a slot included. */
  readonly elapsedMs: number
  readonly queuedMs: number
}

/** A PromQL query at one time, or on the grid start, start + step, ... up to `endMs` inclusive. */
export type PromQLRequest =
  | {
      readonly expr: string
      readonly kind: 'instant'
      readonly tMs: UnixMs
      readonly lookbackMs?: number
      /** Whether to count the samples that each step looks at. */
      readonly isCounted?: boolean
    }
  | {
      readonly expr: string
      readonly kind: 'range'
      readonly startMs: UnixMs
      readonly endMs: UnixMs
      readonly stepMs: number
      readonly lookbackMs?: number
      readonly isCounted?: boolean
      /** Everything is evaluated anew, whatever was computed before. */
      readonly isFresh?: boolean
    }

/** A LogQL query: see `LogQLQuery` for times, limit and direction. */
export interface LogQLRequest {
  readonly expr: string
  readonly query: LogQLQuery
}

/** A trace search in TraceQL, in Tempo's `tags` parameters, or in Jaeger's. Durations are Go durations (`1.5s`, `300ms`). */
export type TraceSearch =
  | { readonly kind: 'traceql'; readonly expr: string }
  | { readonly kind: 'tags'; readonly tags: string; readonly minDuration?: string; readonly maxDuration?: string }
  | {
      readonly kind: 'jaeger'
      readonly service: string
      readonly operation?: string
      /** Tag name to value; Jaeger sends it as a JSON object. */
      readonly tags?: Readonly<Record<string, string>>
      readonly minDuration?: string
      readonly maxDuration?: string
    }

/** A trace search over a range: newest first, at most `limit` traces with `spansPerTrace` matching spans each. */
export interface TraceSearchQuery {
  readonly search: TraceSearch
  readonly range: TimeRangeNs
  readonly limit: number
  readonly spansPerTrace: number
}

/** How a PromQL query was answered: its tree with what each operator cost. Its data is not kept. */
export type ExplainAnswer = QueryAnswer<Explanation>

export type LogQLAnswer = QueryAnswer<LogQLData>
export type TraceSearchAnswer = QueryAnswer<readonly TraceSummary[]>
export type TraceAnswer = QueryAnswer<readonly Span[]>

/** What the runner allows beside the store's limits. */
export interface RunnerLimits extends QueryLimits {
  /** Steps of one range query. 11,001 as Prometheus: a week at 1 minute, a year at 1 hour. */
  readonly maxSteps: number
  /** `end - start` of one query; 0 for no limit. */
  readonly maxRangeMs: number
  /** Queries of one tenant that run at the same time; more wait. */
  readonly maxConcurrent: number
  /** Queries of one tenant that wait for a slot; more are refused with QUERY_TOO_MANY. */
  readonly maxQueued: number
  /** Characters of a query's text. */
  readonly maxTextLength: number
  /** Lines that one log query may ask for. */
  readonly maxLogLines: number
}

/** The times that a query asks about: an instant has one, a range query both and a step. */
export interface QueryTimes {
  readonly startMs: UnixMs
  readonly endMs: UnixMs
  readonly stepMs?: number
}

/** A query that runs or waits now. */
export interface RunningQuery {
  readonly id: string
  readonly language: QueryLanguage
  readonly text: string
  readonly tenant: string
  readonly origin: string
  readonly startedMs: UnixMs
  /** Absent for look-ups that have none. */
  readonly times?: QueryTimes
  readonly state: 'queued' | 'running'
  /** What it has read so far. */
  readonly stats: Readonly<QueryStats>
}

/** A query that ended, with its cost: what the query log holds. */
export interface QueryLogEntry extends Omit<RunningQuery, 'state'> {
  readonly elapsedMs: number
  readonly queuedMs: number
  /** `ok`, or the code of the error that ended it. */
  readonly outcome: string
}

/** What of the ended queries somebody looks at. */
export interface QueryLogView {
  /** Newest first. */
  readonly recent: readonly QueryLogEntry[]
  /** Those above `SLOW_QUERY_MS`, kept when newer ones have pushed them out of `recent`; newest first. */
  readonly slow: readonly QueryLogEntry[]
}

export type QueryLanguage = 'promql' | 'logql' | 'traceql' | 'lookup'
