import { OrielError } from '@oriel/model'

/** What one query may use. Every limit is named in the error that it causes. */
export interface QueryLimits {
  readonly maxSeries: number
  readonly maxSamples: number
  /** Bytes the engine may read from disk. */
  readonly maxBytes: number
  readonly timeoutMs: number
}

/** Room for a large dashboard on the smallest machine we support; settable per tenant. */
export const DEFAULT_QUERY_LIMITS: QueryLimits = {
  maxSeries: 500_000,
  maxSamples: 50_000_000,
  maxBytes: 20 * 2 ** 30,
  timeoutMs: 120_000,
}

/** What a query cost so far. Counters are added to by every read of the query. */
export interface QueryStats {
  rows: number
  bytes: number
  engineMs: number
  series: number
  samples: number
}

/** Makes zeroed stats. */
export function makeQueryStats(): QueryStats {
  return { rows: 0, bytes: 0, engineMs: 0, series: 0, samples: 0 }
}

/** Who asks, how to stop it, what it may use and what it used. One per query, passed to every read. */
export interface QueryContext {
  /** Tenants whose data is read; more than one only for `a|b` in X-Scope-OrgID. */
  readonly tenants: readonly string[]
  /** Aborted on cancel or timeout: the read stops in the engine too. */
  readonly signal: AbortSignal
  readonly limits: QueryLimits
  readonly stats: QueryStats
}

/** Codes of `StoreError`. */
export const STORE_ERRORS = {
  STORE_UNAVAILABLE: 'The engine is down or restarting. Retry: nothing of the request was stored, or a retry is recognised.',
  STORE_FULL: 'The disk has no room. Nothing of the request was stored.',
  STORE_LIMIT: 'A query reached one of its limits: narrow the range or the selector, or raise the limit named in the message.',
  STORE_CANCELLED: 'The query was cancelled by its caller.',
  STORE_TIMEOUT: 'The query ran longer than its time limit.',
  STORE_CONFLICT: 'The entry has another version than the change is based on. Read it again, then change it.',
  STORE_NOT_FOUND: 'There is no entry of this name.',
  STORE_FAILED: 'The engine refused a statement of ours. This is a defect: report it with the message.',
} as const

/** An expected failure of the store. */
export class StoreError extends OrielError {
  constructor(code: keyof typeof STORE_ERRORS, message: string, options?: ErrorOptions) {
    super(code, message, options)
  }
}

/** What an aborted read rejects with: STORE_TIMEOUT when the signal's reason is a `TimeoutError`, else STORE_CANCELLED. */
export function abortError(signal: AbortSignal, cause?: unknown): StoreError {
  const reason: unknown = signal.reason
  const isTimeout = reason instanceof Error && reason.name === 'TimeoutError'
  return isTimeout
    ? new StoreError('STORE_TIMEOUT', 'cannot finish query: it ran longer than its time limit', { cause: cause ?? reason })
    : new StoreError('STORE_CANCELLED', 'cannot finish query: its caller cancelled it', { cause: cause ?? reason })
}

/** Throws `abortError` when the query was aborted. Called between chunks of work that no engine stops for us. */
export function throwIfAborted(context: QueryContext): void {
  if (context.signal.aborted) throw abortError(context.signal)
}
