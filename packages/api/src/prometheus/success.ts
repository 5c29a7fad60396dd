import type { Answer } from '../http/exchange.ts'
import { jsonAnswer } from '../http/exchange.ts'

/** An answer in Prometheus's envelope. */
export function success(data: unknown): Answer {
  return jsonAnswer({ status: 'success', data })
}

/** What Prometheus answers where there is nothing to say: 204. */
export function nothing(): Answer {
  return { status: 204, headers: {}, body: '' }
}
