import type { QueryContext } from '@oriel/store'
import { abortError, StoreError } from '@oriel/store'

/** Codes of the engine that mean a limit of the query, with the name of our limit. Source: ClickHouse ErrorCodes.cpp. */
const LIMITS: Readonly<Record<string, 'maxBytes' | 'maxSamples' | 'memory'>> = {
  158: 'maxSamples', // TOO_MANY_ROWS
  241: 'memory', // MEMORY_LIMIT_EXCEEDED
  307: 'maxBytes', // TOO_MANY_BYTES
  396: 'maxSamples', // TOO_MANY_ROWS_OR_BYTES
}
const TIMEOUTS = new Set(['159', '160']) // TIMEOUT_EXCEEDED, TOO_SLOW
const CANCELLED = new Set(['394', '734']) // QUERY_WAS_CANCELLED, QUERY_WAS_CANCELLED_BY_CLIENT
const FULL = new Set(['243']) // NOT_ENOUGH_SPACE
// TOO_MANY_SIMULTANEOUS_QUERIES, TOO_MANY_PARTS, ABORTED, NETWORK_ERROR, S3_ERROR; MEMORY_LIMIT_EXCEEDED of a write, which has no limit of its own.
const BUSY = new Set(['202', '252', '236', '210', '499', '241'])
const NO_SPACE_TEXT = /No space left on device|ENOSPC|errno: 28/

// 500 characters: the engine repeats the statement in its message.
const MAX_MESSAGE_LENGTH = 500

/** The engine's error number in the text of an exception, or undefined when it is none. */
export function exceptionCode(text: string): string | undefined {
  return /Code: (\d+)\. DB::/.exec(text)?.[1] ?? /Code: (\d+)\./.exec(text)?.[1]
}

/** The error for an exception that the engine reported. */
export function exceptionError(text: string, context: QueryContext | undefined): StoreError {
  const code = exceptionCode(text) ?? ''
  const reason = text
    .replace(/^[^]*?Code: \d+\. DB::Exception: /, '')
    // In a stream, its length and the mark stand behind it.
    .replace(/\s+\d+ \w+\s+__exception__\s*$/, '')
    .trim()
    .slice(0, MAX_MESSAGE_LENGTH)
  const cause = new Error(reason)
  const limit = LIMITS[code]
  if (limit !== undefined && context !== undefined) return limitError(limit, reason, context, cause)
  if (context?.signal.aborted === true) return abortError(context.signal, cause)
  if (TIMEOUTS.has(code)) {
    const most = context === undefined ? '' : `, limit timeoutMs is ${context.limits.timeoutMs}`
    return new StoreError('STORE_TIMEOUT', `cannot finish query: it ran longer than its time limit${most}`, { cause })
  }
  if (CANCELLED.has(code))
    return new StoreError('STORE_CANCELLED', 'cannot finish query: it was cancelled in the engine', { cause })
  if (FULL.has(code) || NO_SPACE_TEXT.test(text))
    return new StoreError('STORE_FULL', 'cannot write: the disk has no room', { cause })
  if (BUSY.has(code)) return new StoreError('STORE_UNAVAILABLE', `cannot run statement now: ${reason}`, { cause })
  return new StoreError('STORE_FAILED', `cannot run statement: engine error ${code || 'unknown'}: ${reason}`, { cause })
}

/** The error for a connection that failed or broke. */
export function connectionError(cause: unknown, context: QueryContext | undefined): StoreError {
  if (cause instanceof StoreError) return cause
  if (context?.signal.aborted === true) return abortError(context.signal, cause)
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new StoreError('STORE_UNAVAILABLE', `cannot reach the engine: ${reason}`, { cause })
}

function limitError(
  limit: 'maxBytes' | 'maxSamples' | 'memory',
  reason: string,
  { limits }: QueryContext,
  cause: Error,
): StoreError {
  if (limit === 'memory') {
    return new StoreError('STORE_LIMIT', `cannot finish query: the engine ran out of the memory it may use: ${reason}`, { cause })
  }
  const what = limit === 'maxBytes' ? 'bytes' : 'rows'
  return new StoreError('STORE_LIMIT', `cannot finish query: it reads too many ${what}, limit ${limit} is ${limits[limit]}`, {
    cause,
  })
}
