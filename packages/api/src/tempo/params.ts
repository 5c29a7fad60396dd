import type { Clock, TimeRangeNs } from '@oriel/model'
import { MS_PER_HOUR, NS_PER_MS } from '@oriel/model'
import { ApiError } from '../errors.ts'
import type { Exchange } from '../http/exchange.ts'

const NS_PER_SECOND = 1_000_000_000n

/** `start` and `end` in seconds; the last hour when absent. The end's second counts. */
export function searchRange(exchange: Exchange, now: Clock): TimeRangeNs {
  return optionalRange(exchange) ?? lastHour(now)
}

/** `start` and `end` in seconds, when both are given. */
export function optionalRange({ query }: Exchange): TimeRangeNs | undefined {
  const start = secondsOf('start', query.get('start'))
  const end = secondsOf('end', query.get('end'))
  if (start === undefined || end === undefined || end === 0n) return undefined
  if (end < start) throw bad(`invalid start/end: the end ${end} is before the start ${start}`)
  return { startNs: start * NS_PER_SECOND, endNs: (end + 1n) * NS_PER_SECOND }
}

/** A whole number at or above 1. */
export function limitOf({ query }: Exchange, name: string, fallback: number): number {
  const text = query.get(name) ?? ''
  if (text === '' || text === '0') return fallback
  if (!/^\d+$/.test(text)) throw bad(`invalid ${name}: ${JSON.stringify(text)} is not a number above 0`)
  return Number(text)
}

/** A trace id as stored: lower-case hexadecimal of 32 characters; shorter ids are padded in front. */
export function traceIdOf(text: string): string {
  if (!/^[\da-f]{1,32}$/i.test(text))
    throw bad(`cannot read trace id ${JSON.stringify(text)}: it must be 1 to 32 hexadecimal digits`)
  return text.toLowerCase().padStart(32, '0')
}

/** A parameter that cannot be read. */
export function bad(message: string): ApiError {
  return new ApiError('API_BAD_PARAMETER', message)
}

function lastHour(now: Clock): TimeRangeNs {
  const endNs = BigInt(now()) * NS_PER_MS
  return { startNs: endNs - BigInt(MS_PER_HOUR) * NS_PER_MS, endNs: endNs + 1n }
}

function secondsOf(name: string, text: string | null): bigint | undefined {
  if (text === null || text === '') return undefined
  if (!/^\d{1,11}$/.test(text)) throw bad(`invalid ${name}: ${JSON.stringify(text)} is not a time in seconds`)
  return BigInt(text)
}
