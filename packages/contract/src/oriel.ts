import type { SpanKind, SpanStatus } from '@oriel/model'

/** Where our own API lives; everything else the page asks for goes through the standard APIs below. */
export const ORIEL_API = '/api/oriel'

/** Bases of the standard APIs on the main port. */
export const API_BASES = { prometheus: '/prometheus', loki: '/loki', tempo: '/tempo', jaeger: '/jaeger' } as const

/** The shape of every failure of our own API. `position` is a character offset in the query text, for a caret. */
export interface ErrorAnswer {
  readonly error: {
    readonly code: string
    readonly message: string
    readonly position?: { readonly start: number; readonly end: number }
  }
}

/** GET /api/oriel/status: what runs, where to send things, and whether anything came in yet. */
export interface StatusAnswer {
  readonly version: string
  readonly startedMs: number
  readonly engine: {
    readonly state: 'starting' | 'ready' | 'restarting' | 'stopped'
    readonly version: string
    readonly restarts: number
  }
  readonly dataDir: string
  /** Addresses as logged at start, for copy-paste snippets. */
  readonly listeners: readonly { readonly name: 'http' | 'otlp-grpc' | 'otlp-http' | (string & {}); readonly address: string }[]
  /** Time of the newest record of each signal, absent when there is none. */
  readonly newest: { readonly metricsMs?: number; readonly logsMs?: number; readonly tracesMs?: number }
  /** Whether Oriel's own telemetry is on (`--no-self`); its service is called `oriel`. */
  readonly isSelfOn: boolean
}

/**
 * GET /api/oriel/targets/sample?pool=&url=: what a scrape target answers right now; nothing of it is stored. 404 for a target that is
 * not scraped.
 */
export interface TargetSampleAnswer {
  /** The HTTP status; 0 where there was no answer. */
  readonly status: number
  readonly contentType: string
  /** The beginning of the body, decompressed. */
  readonly text: string
  /** Of the whole body. */
  readonly bodyBytes: number
  readonly isCut: boolean
  readonly durationMs: number
  /** Why there is no answer, '' where there is one. */
  readonly error: string
}

/** RED of a service or an operation. Arrays have one entry a step; durations in milliseconds, null where there were no spans. */
export interface RedAnswer {
  readonly service: string
  readonly operation: string
  readonly requests: readonly number[]
  readonly errors: readonly number[]
  readonly p50Ms: readonly (number | null)[]
  readonly p95Ms: readonly (number | null)[]
  readonly p99Ms: readonly (number | null)[]
  readonly total: {
    readonly requests: number
    readonly errors: number
    readonly p50Ms: number | null
    readonly p95Ms: number | null
    readonly p99Ms: number | null
  }
}

/** The grid that answers share: step i covers [startMs + i * stepMs, startMs + (i + 1) * stepMs). */
export interface GridAnswer {
  readonly startMs: number
  readonly endMs: number
  readonly stepMs: number
}

/** GET /api/oriel/services?from=&to=&step= (epoch milliseconds). */
export interface ServicesAnswer extends GridAnswer {
  readonly services: readonly RedAnswer[]
}

/** A dot on a RED chart: opens the trace at the span. */
export interface ExemplarAnswer {
  readonly traceId: string
  readonly spanId: string
  readonly name: string
  readonly tMs: number
  readonly durationMs: number
  readonly isError: boolean
}

/** GET /api/oriel/services/{service}?from=&to=&step=. `red` is absent when the service has no entry spans in the range. */
export interface ServiceAnswer extends GridAnswer {
  readonly red?: RedAnswer
  readonly operations: readonly RedAnswer[]
  readonly exemplars: readonly ExemplarAnswer[]
}

/** A span as the page shows it. Nanoseconds are decimal text; `startNs` is absolute. */
export interface SpanAnswer {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly service: string
  readonly name: string
  readonly kind: SpanKind
  readonly status: SpanStatus
  readonly statusMessage: string
  readonly startNs: string
  readonly durationNs: string
  readonly attributes: Readonly<Record<string, string>>
  readonly resource: Readonly<Record<string, string>>
  readonly scope: { readonly name: string; readonly version: string }
  readonly events: readonly {
    readonly tNs: string
    readonly name: string
    readonly attributes: Readonly<Record<string, string>>
  }[]
  readonly links: readonly {
    readonly traceId: string
    readonly spanId: string
    readonly attributes: Readonly<Record<string, string>>
  }[]
}

/** GET /api/oriel/traces/{traceId}: spans by start time. 404 with TRACE_NOT_FOUND when none is stored. */
export interface TraceAnswer {
  readonly traceId: string
  readonly spans: readonly SpanAnswer[]
}

/** One row of a trace list. */
export interface TraceSummaryAnswer {
  readonly traceId: string
  readonly rootService: string
  readonly rootName: string
  readonly startNs: string
  readonly durationNs: string
  readonly spanCount: number
  readonly errorCount: number
  readonly services: readonly { readonly service: string; readonly spans: number; readonly errors: number }[]
  readonly matchedCount: number
  readonly matched: readonly SpanAnswer[]
}

/**
 * GET /api/oriel/traces?from=&to=&limit= with either `q` (TraceQL) or any of `service`, `operation`, `status` (error ok unset),
 * `minDuration`, `maxDuration` (Go durations), `f` (repeated `key|op|value`, op in = != =~ !~ > < exists).
 */
export interface TracesAnswer {
  readonly traces: readonly TraceSummaryAnswer[]
}

/** A query of the list: who asked what. `language` is promql, logql, traceql or lookup (what no language covers). */
export interface QueryAnswer {
  readonly id: string
  readonly language: string
  readonly text: string
  readonly tenant: string
  /** Where it came from: `prometheus`, `loki`, `rules`, `page` ... */
  readonly origin: string
  readonly startedMs: number
  /** What it asks about: an instant has equal ends, a range query a step. Absent for look-ups. */
  readonly times?: { readonly startMs: number; readonly endMs: number; readonly stepMs?: number }
  /** What it has read, so far when it still runs: rows and bytes of the engine with its time, series and samples evaluated. */
  readonly stats: {
    readonly rows: number
    readonly bytes: number
    readonly engineMs: number
    readonly series: number
    readonly samples: number
  }
}

/** A query that ended. `outcome` is `ok` or the code of the error that ended it. */
export interface EndedQueryAnswer extends QueryAnswer {
  /** From accepted to answered, waiting for a slot included. */
  readonly elapsedMs: number
  readonly queuedMs: number
  readonly outcome: string
}

/**
 * GET /api/oriel/queries: what runs or waits now, oldest first, and what ended, newest first; of the caller's tenant, with `all=true`
 * of every tenant. DELETE /api/oriel/queries/{id} stops one, in the engine too (`all=true`: of any tenant).
 */
export interface QueriesAnswer {
  readonly running: readonly (QueryAnswer & { readonly state: 'queued' | 'running' })[]
  readonly recent: readonly EndedQueryAnswer[]
  /** Those that took `slowMs` or longer, kept when newer ones have pushed them out of `recent`. */
  readonly slow: readonly EndedQueryAnswer[]
  readonly slowMs: number
}

/**
 * One operator of a query with what it did. `name` is what a person calls it (`sum by (job)`, `rate`, `/`, a selector), `span` its
 * place in the text.
 *
 * `how`: `evaluated` by its own operator, `read` as raw samples, answered by the `engine` as a grid, `within` its parent's work, a
 * `constant`. `ownMs` is its own work without that of its operands, absent where it was not measured apart; `series` and `values` are
 * what it answered over all steps, `samples` what was read for it.
 */
export interface ExplainNodeAnswer {
  readonly kind: string
  readonly name: string
  readonly span: { readonly start: number; readonly end: number }
  readonly how: 'evaluated' | 'read' | 'engine' | 'within' | 'constant'
  readonly ownMs?: number
  readonly series?: number
  readonly values?: number
  readonly samples?: number
  readonly children: readonly ExplainNodeAnswer[]
}

/**
 * GET /api/oriel/explain?query= with `from`, `to` and `step` (epoch milliseconds), or `time` for an instant query: runs the query and
 * tells how it was answered. The reads of all selectors run together: `readMs` is theirs. `stats.rows` is 0 when memory had everything.
 */
export interface ExplainAnswer {
  readonly tree: ExplainNodeAnswer
  readonly readMs: number
  readonly steps: number
  readonly elapsedMs: number
  readonly queuedMs: number
  readonly stats: QueryAnswer['stats']
}
