import { OrielError } from '@oriel/model'
import { StoreError } from '@oriel/store'
import { RunError } from './errors.ts'

/**
 * Says why a query failed in the words of this room: what the abort signal says comes first, since a stopped read may fail in
 * any way; then the store's limits, timeouts and cancels. Everything else passes through.
 */
export function translate(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted && signal.reason instanceof RunError) return signal.reason
  if (!(error instanceof StoreError)) return error
  if (error.code === 'STORE_LIMIT') return new RunError('QUERY_LIMIT', error.message, { cause: error })
  if (error.code === 'STORE_TIMEOUT') return new RunError('QUERY_TIMEOUT', error.message, { cause: error })
  if (error.code === 'STORE_CANCELLED') return new RunError('QUERY_CANCELLED', error.message, { cause: error })
  return error
}

/** The code of an expected error, `BUG` for anything else: the outcome that the query log shows. */
export function codeOf(error: unknown): string {
  return error instanceof OrielError ? error.code : 'BUG'
}

/** Settles with `work`, or rejects with the signal's reason as soon as it aborts: nobody waits for a read that hangs. */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  let leave = (): void => {}
  const aborted = new Promise<never>((_resolve, reject) => {
    leave = () => reject(signal.reason)
    signal.addEventListener('abort', leave, { once: true })
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', leave)
  }
}

/** Aborts `abort` when the caller goes away or `timeoutMs` passes. Returns the function that takes both back. */
export function arm(abort: AbortController, caller: AbortSignal | undefined, timeoutMs: number): () => void {
  const leave = (): void =>
    abort.abort(new RunError('QUERY_CANCELLED', 'cannot finish query: the request was cancelled by the client'))
  const expire = (): void => abort.abort(new RunError('QUERY_TIMEOUT', `cannot finish query: ran longer than ${timeoutMs} ms`))
  if (caller?.aborted === true) leave()
  caller?.addEventListener('abort', leave, { once: true })
  const timer = setTimeout(expire, timeoutMs)
  return () => {
    clearTimeout(timer)
    caller?.removeEventListener('abort', leave)
  }
}
