import { OrielError } from '@oriel/model'

/** What kind of failure it is: each API gives every kind its own status and words. */
export type FailureKind =
  | 'bad_data'
  | 'execution'
  | 'timeout'
  | 'cancelled'
  | 'busy'
  | 'unavailable'
  | 'full'
  | 'not_found'
  | 'method'
  | 'too_large'
  | 'bad_content'
  | 'unsupported'
  | 'disabled'
  | 'conflict'
  | 'internal'

/** A failure on its way out. `position` is a range of character offsets in the query text. */
export interface Failure {
  readonly kind: FailureKind
  readonly code: string
  readonly message: string
  readonly position?: { readonly start: number; readonly end: number }
}

/** The status of each kind where an API has no opinion of its own. 499 is what proxies log for a client that went away. */
export const STATUS_OF_KIND: Readonly<Record<FailureKind, number>> = {
  bad_data: 400,
  execution: 422,
  timeout: 503,
  cancelled: 499,
  busy: 429,
  unavailable: 503,
  full: 507,
  not_found: 404,
  method: 405,
  too_large: 413,
  bad_content: 415,
  unsupported: 501,
  disabled: 403,
  conflict: 409,
  internal: 500,
}

/**
 * The table: what kind of failure each code is. A code that is not here is bad input: languages, formats and the model have
 * many codes, and all say what is wrong with what was sent.
 */
export const KIND_OF_CODE: Readonly<Record<string, FailureKind>> = {
  API_BAD_PARAMETER: 'bad_data',
  API_NOT_FOUND: 'not_found',
  API_METHOD: 'method',
  API_TOO_LARGE: 'too_large',
  API_BAD_CONTENT: 'bad_content',
  API_NOT_READY: 'unavailable',
  API_DISABLED: 'disabled',
  API_UNSUPPORTED: 'unsupported',
  API_NO_TARGET: 'not_found',
  TRACE_NOT_FOUND: 'not_found',
  MODEL_BAD_REGEX: 'bad_data',
  QUERY_SYNTAX: 'bad_data',
  QUERY_TYPE: 'bad_data',
  QUERY_EXECUTION: 'execution',
  QUERY_UNSUPPORTED: 'unsupported',
  QUERY_FEATURE_OFF: 'unsupported',
  QUERY_LIMIT: 'execution',
  QUERY_TIMEOUT: 'timeout',
  QUERY_CANCELLED: 'cancelled',
  QUERY_TOO_MANY: 'busy',
  STORE_UNAVAILABLE: 'unavailable',
  STORE_FULL: 'full',
  STORE_LIMIT: 'execution',
  STORE_CANCELLED: 'cancelled',
  STORE_TIMEOUT: 'timeout',
  STORE_CONFLICT: 'conflict',
  STORE_NOT_FOUND: 'not_found',
  STORE_FAILED: 'internal',
}

/** Sorts any thrown value. What is not an expected failure is ours: its message stays in the log, the client gets a plain word. */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof OrielError))
    return { kind: 'internal', code: 'BUG', message: 'internal error, see the log of the server' }
  const position = positionOf(error)
  const failure = { kind: KIND_OF_CODE[error.code] ?? 'bad_data', code: error.code, message: error.message }
  return position === undefined ? failure : { ...failure, position }
}

/** The place in the query text: `QueryError` of the languages carries it as `span`. */
function positionOf(error: OrielError): { start: number; end: number } | undefined {
  const span: unknown = 'span' in error ? error.span : undefined
  if (typeof span !== 'object' || span === null || !('start' in span) || !('end' in span)) return undefined
  const { start, end } = span
  return typeof start === 'number' && typeof end === 'number' ? { start, end } : undefined
}
