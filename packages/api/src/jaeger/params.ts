import type { Clock, TimeRangeNs } from '@oriel/model'
import { MS_PER_DAY, MS_PER_HOUR, NS_PER_MS } from '@oriel/model'
import type { TraceSearch } from '@oriel/query'
import { parseGoDuration } from '@oriel/syntax'
import { ApiError } from '../errors.ts'
import type { Exchange } from '../http/exchange.ts'

/** `start` and `end` in microseconds, or `lookback` back from the end; the last hour when absent. */
export function searchRange({ query }: Exchange, now: Clock): TimeRangeNs {
  const endNs = microseconds('end', query.get('end')) ?? BigInt(now()) * NS_PER_MS
  const startNs = microseconds('start', query.get('start')) ?? endNs - lookbackNs(query.get('lookback'))
  if (endNs < startNs) throw bad(`cannot search: the end is before the start`)
  return { startNs, endNs: endNs + 1n }
}

/** Where service and operation lists look: the last day. Jaeger has no range there. */
export function lastDay(now: Clock): TimeRangeNs {
  const endNs = BigInt(now() + 1) * NS_PER_MS
  return { startNs: endNs - BigInt(MS_PER_DAY) * NS_PER_MS, endNs }
}

/** Search parameters: `service` must be there; tags come as `tag=key:value` and as a JSON object in `tags`. */
export function searchOf({ query }: Exchange): TraceSearch {
  const service = query.get('service') ?? ''
  if (service === '') throw bad('parameter "service" is required')
  const tags: Record<string, string> = {}
  for (const pair of query.getAll('tag')) {
    const colon = pair.indexOf(':')
    if (colon < 1) throw bad(`malformed "tag" parameter, expecting key:value, received: ${pair}`)
    tags[pair.slice(0, colon)] = pair.slice(colon + 1)
  }
  for (const text of query.getAll('tags')) Object.assign(tags, parseTags(text))
  const operation = query.get('operation') ?? ''
  const minDuration = query.get('minDuration') ?? ''
  const maxDuration = query.get('maxDuration') ?? ''
  return {
    kind: 'jaeger',
    service,
    tags,
    ...(operation !== '' && { operation }),
    ...(minDuration !== '' && { minDuration }),
    ...(maxDuration !== '' && { maxDuration }),
  }
}

/** `limit`: 100 when absent. */
export function limitOf({ query }: Exchange): number {
  const text = query.get('limit') ?? ''
  if (text === '') return 100
  if (!/^\d+$/.test(text)) throw bad(`unable to parse param "limit": ${text}`)
  return Math.max(1, Number(text))
}

/** A JSON object of text values. */
export function parseTags(text: string): Record<string, string> {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (cause) {
    throw new ApiError('API_BAD_PARAMETER', `malformed 'tags' parameter, cannot unmarshal JSON: ${text}`, { cause })
  }
  if (typeof parsed !== 'object' || parsed === null) throw bad(`malformed 'tags' parameter: ${text} is not an object`)
  return Object.fromEntries(Object.entries(parsed).map(([key, value]) => [key, String(value)]))
}

/** A parameter that cannot be read. */
export function bad(message: string): ApiError {
  return new ApiError('API_BAD_PARAMETER', message)
}

function microseconds(name: string, text: string | null): bigint | undefined {
  if (text === null || text === '') return undefined
  if (!/^\d{1,16}$/.test(text)) throw bad(`unable to parse param "${name}": ${text} is not a time in microseconds`)
  return BigInt(text) * 1_000n
}

function lookbackNs(text: string | null): bigint {
  if (text === null || text === '' || text === 'custom') return BigInt(MS_PER_HOUR) * NS_PER_MS
  const parsed = parseGoDuration(text)
  if (!parsed.ok) throw bad(`unable to parse param "lookback": ${parsed.reason}`)
  return parsed.value
}
