import type { TimeRange, UnixMs } from '@oriel/model'
import { parsePromDuration } from '@oriel/syntax'
import { ApiError } from '../errors.ts'
import type { Exchange } from '../http/exchange.ts'

/** Look-ups without a range read everything: from 1970 to the last second of an unsigned 32-bit clock (2106). */
const ALL_TIME: TimeRange = { startMs: 0, endMs: 4_294_967_295_000 }

// What Go clients print for the smallest and the largest time. Source: Prometheus 3.14 web/api/v1 MinTime and MaxTime.
const GO_MIN_TIME = '-292273086-05-16T16:47:06Z'
const GO_MAX_TIME = '292277025-08-18T07:12:54.999999999Z'

/** The text of a parameter that must be there. */
export function requiredText({ query }: Exchange, name: string): string {
  const text = query.get(name) ?? ''
  if (text === '') throw badParameter(name, 'it is missing')
  return text
}

/** A time parameter in milliseconds: seconds with fraction, or RFC 3339. */
export function timeParameter({ query }: Exchange, name: string, fallback: UnixMs | undefined): UnixMs {
  const text = query.get(name) ?? ''
  if (text === '' && fallback !== undefined) return fallback
  const tMs = parseTime(text)
  if (tMs === undefined) throw badParameter(name, `cannot parse ${JSON.stringify(text)} to a valid timestamp`)
  return tMs
}

/** A duration parameter in milliseconds: seconds with fraction, or a Prometheus duration. */
export function durationParameter({ query }: Exchange, name: string): number | undefined {
  const text = query.get(name) ?? ''
  if (text === '') return undefined
  const parsed = parsePromDuration(text)
  const durationMs = isDecimal(text) ? Number(text) * 1_000 : parsed.ok ? parsed.value : undefined
  if (durationMs === undefined || !Number.isFinite(durationMs)) {
    throw badParameter(name, `cannot parse ${JSON.stringify(text)} to a valid duration`)
  }
  return durationMs
}

/** A whole number at or above 0; `fallback` when it is absent. */
export function countParameter({ query }: Exchange, name: string, fallback: number): number {
  const text = query.get(name) ?? ''
  if (text === '') return fallback
  if (!/^\d+$/.test(text)) throw badParameter(name, `cannot parse ${JSON.stringify(text)} to a number at or above 0`)
  return Number(text)
}

/** `start` and `end` of a look-up; all time where absent. */
export function rangeParameters(exchange: Exchange): TimeRange {
  const startMs = timeParameter(exchange, 'start', ALL_TIME.startMs)
  const endMs = timeParameter(exchange, 'end', ALL_TIME.endMs)
  if (endMs < startMs) throw badParameter('end', 'end timestamp must not be before start time')
  return { startMs: Math.max(startMs, ALL_TIME.startMs), endMs: Math.min(endMs, ALL_TIME.endMs) }
}

/** Prometheus's words for a parameter it cannot read. */
export function badParameter(name: string, why: string): ApiError {
  return new ApiError('API_BAD_PARAMETER', `invalid parameter ${JSON.stringify(name)}: ${why}`)
}

function parseTime(text: string): UnixMs | undefined {
  if (text === GO_MIN_TIME) return ALL_TIME.startMs
  if (text === GO_MAX_TIME) return ALL_TIME.endMs
  if (isDecimal(text)) return Math.round(Number(text) * 1_000)
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text.replace(' ', '+'))) return undefined
  const tMs = Date.parse(text.replace(' ', '+'))
  return Number.isNaN(tMs) ? undefined : tMs
}

function isDecimal(text: string): boolean {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)
}
