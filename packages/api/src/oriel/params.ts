import type { GridAnswer } from '@oriel/contract'
import type { Clock, TimeRangeNs } from '@oriel/model'
import { MS_PER_HOUR, NS_PER_MS } from '@oriel/model'
import { ApiError } from '../errors.ts'
import type { Exchange } from '../http/exchange.ts'

// 60 steps when none is asked for; no more than a range query of Prometheus may have.
const DEFAULT_STEPS = 60
const MAX_STEPS = 11_000

/** `from`, `to` and `step` in epoch milliseconds: the last hour in 60 steps when absent. */
export function gridParameters(exchange: Exchange, now: Clock): GridAnswer {
  const { startMs, endMs } = rangeParameters(exchange, now)
  const stepMs = wholeNumber(exchange, 'step') ?? Math.max(1_000, Math.ceil((endMs - startMs) / DEFAULT_STEPS))
  if (stepMs < 1) throw bad('step', 'it must be above 0')
  const steps = (endMs - startMs) / stepMs
  if (steps > MAX_STEPS) throw bad('step', `${Math.ceil(steps)} steps, limit ${MAX_STEPS}`)
  return { startMs, endMs, stepMs }
}

/** `from` and `to` in epoch milliseconds: the last hour when absent. */
export function rangeParameters(exchange: Exchange, now: Clock): { startMs: number; endMs: number } {
  const endMs = wholeNumber(exchange, 'to') ?? now()
  const startMs = wholeNumber(exchange, 'from') ?? endMs - MS_PER_HOUR
  if (endMs <= startMs) throw bad('to', `it must be after "from", got ${startMs} to ${endMs}`)
  return { startMs, endMs }
}

/** The same range in nanoseconds, the end not included. */
export function rangeNsOf({ startMs, endMs }: { startMs: number; endMs: number }): TimeRangeNs {
  return { startNs: BigInt(startMs) * NS_PER_MS, endNs: BigInt(endMs) * NS_PER_MS }
}

/** A whole number at or above 0, or nothing. */
export function wholeNumber({ query }: Exchange, name: string): number | undefined {
  const text = query.get(name) ?? ''
  if (text === '') return undefined
  if (!/^\d{1,15}$/.test(text)) throw bad(name, `${JSON.stringify(text)} is not a whole number`)
  return Number(text)
}

/** A parameter that cannot be read. */
export function bad(name: string, why: string): ApiError {
  return new ApiError('API_BAD_PARAMETER', `cannot read parameter ${JSON.stringify(name)}: ${why}`)
}
