import type { Clock, TimeRange, TimeRangeNs, UnixNs } from '@oriel/model'
import { MS_PER_HOUR, NS_PER_MS } from '@oriel/model'
import { parseGoDuration, parsePromDuration } from '@oriel/syntax'
import { ApiError } from '../errors.ts'
import type { Exchange } from '../http/exchange.ts'

// As Loki when `step` is absent: what a chart shows well. Source: Loki HTTP API, query_range.
const DEFAULT_STEPS = 250
const NS_PER_SECOND = 1_000_000_000n

/** `start`, `end` and `since` in nanoseconds; the end defaults to now, the start to `defaultMs` (1 h) before the end. */
export function rangeNsParameters({ query }: Exchange, now: Clock, defaultMs: number = MS_PER_HOUR): TimeRangeNs {
  const nowNs = BigInt(now()) * NS_PER_MS
  const end = query.get('end') ?? ''
  const endNs = end === '' ? nowNs : timeNs('end', end)
  const start = query.get('start') ?? query.get('from') ?? ''
  const since = query.get('since') ?? ''
  const sinceNs = since === '' ? BigInt(defaultMs) * NS_PER_MS : BigInt(Math.round(durationMs('since', since))) * NS_PER_MS
  const startNs = start === '' ? (endNs < nowNs ? endNs : nowNs) - sinceNs : timeNs('start', start)
  if (endNs < startNs) throw bad('end timestamp must not be before or equal to start time')
  return { startNs, endNs }
}

/** The range in whole milliseconds, both ends inclusive, for look-ups. */
export function rangeMsOf({ startNs, endNs }: TimeRangeNs): TimeRange {
  return { startMs: Number(startNs / NS_PER_MS), endMs: Number(endNs / NS_PER_MS) }
}

/** `time` of an instant query, in milliseconds. */
export function instantMs({ query }: Exchange, now: Clock): number {
  const text = query.get('time') ?? ''
  return text === '' ? now() : Number(timeNs('time', text) / NS_PER_MS)
}

/** `step` in milliseconds; a 250th of the range, at least a second, when absent. */
export function stepMsParameter({ query }: Exchange, { startNs, endNs }: TimeRangeNs): number {
  const text = query.get('step') ?? ''
  if (text === '') return Math.max(1, Math.floor(Number((endNs - startNs) / NS_PER_SECOND) / DEFAULT_STEPS)) * 1_000
  const stepMs = Math.round(durationMs('step', text))
  if (stepMs <= 0) throw bad('zero or negative query resolution step widths are not accepted. Try a positive integer')
  return stepMs
}

/** `limit`: at least 1; 100 when absent. */
export function limitParameter({ query }: Exchange, fallback = 100): number {
  const text = query.get('limit') ?? ''
  if (text === '') return fallback
  if (!/^-?\d+$/.test(text)) throw bad(`invalid limit ${JSON.stringify(text)}: not a whole number`)
  const limit = Number(text)
  if (limit <= 0) throw bad('limit must be a positive value')
  return limit
}

/** `direction`: backward when absent. */
export function directionParameter({ query }: Exchange): 'forward' | 'backward' {
  const text = (query.get('direction') ?? '').toLowerCase()
  if (text === '' || text === 'backward') return 'backward'
  if (text === 'forward') return 'forward'
  throw bad(`invalid direction ${JSON.stringify(text)}: it must be forward or backward`)
}

/** A Loki time: nanoseconds (more than ten digits), seconds (ten digits or fewer, or with a fraction), or RFC 3339. */
function timeNs(name: string, text: string): UnixNs {
  if (/^-?\d+$/.test(text)) return text.replace('-', '').length <= 10 ? BigInt(text) * NS_PER_SECOND : BigInt(text)
  const decimal = /^(-?\d+)\.(\d{1,9})\d*$/.exec(text)
  if (decimal !== null) return BigInt(decimal[1] ?? '0') * NS_PER_SECOND + BigInt((decimal[2] ?? '').padEnd(9, '0'))
  if (/^-?\d+(\.\d+)?e\d+$/i.test(text)) return BigInt(Math.round(Number(text) * 1_000)) * NS_PER_MS
  const stamp = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?(Z|[ +-]\d\d:\d\d)$/.exec(text)
  const tMs = stamp === null ? NaN : Date.parse(`${stamp[1] ?? ''}${(stamp[3] ?? 'Z').replace(' ', '+')}`)
  if (Number.isNaN(tMs)) throw bad(`could not parse ${JSON.stringify(name)}: cannot read ${JSON.stringify(text)} as a time`)
  return BigInt(tMs) * NS_PER_MS + BigInt((stamp?.[2] ?? '').padEnd(9, '0'))
}

/** A parameter that cannot be read. */
export function bad(message: string): ApiError {
  return new ApiError('API_BAD_PARAMETER', message)
}

/** Seconds with fraction, or a Prometheus or Go duration; in milliseconds. */
function durationMs(name: string, text: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1_000
  const prometheus = parsePromDuration(text)
  if (prometheus.ok) return prometheus.value
  const go = parseGoDuration(text)
  if (go.ok) return Number(go.value) / 1e6
  throw bad(`could not parse ${JSON.stringify(name)}: cannot read ${JSON.stringify(text)} as a duration`)
}
