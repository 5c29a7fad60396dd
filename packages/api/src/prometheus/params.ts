import type { Matcher, TimeRange, UnixMs } from '@oriel/model'
import { FIRST_SAMPLE_MS, matchesEmpty } from '@oriel/model'
import type { Expr, PromqlFeatures } from '@oriel/promql/syntax'
import { parseExpr, parseMetricSelector } from '@oriel/promql/syntax'
import { parsePromDuration, QueryError } from '@oriel/syntax'
import { ApiError } from '../errors.ts'
import type { Exchange } from '../http/exchange.ts'

/** Look-ups without a range read everything: from the first time that a sample may have to the last second of an unsigned 32-bit clock (2106). */
const ALL_TIME: TimeRange = { startMs: FIRST_SAMPLE_MS, endMs: 4_294_967_295_000 }

// What Go clients print for the smallest and the largest time. Source: Prometheus 3.14 web/api/v1 MinTime and MaxTime.
const GO_MIN_TIME = '-292273086-05-16T16:47:06Z'
const GO_MAX_TIME = '292277025-08-18T07:12:54.999999999Z'

/** A parameter that must be there and be a time: seconds with fraction, or RFC 3339. In milliseconds. */
export function requiredTime({ query }: Exchange, name: string): UnixMs {
  const text = query.get(name) ?? ''
  return parseTime(text) ?? refuse(name, `cannot parse ${goQuote(text)} to a valid timestamp`)
}

/** The same, `fallback` where it is absent. */
export function optionalTime(
  exchange: Exchange,
  name: string,
  fallback: UnixMs,
  fail: (why: string) => never = (why) => refuse(name, why),
): UnixMs {
  const text = exchange.query.get(name) ?? ''
  if (text === '') return fallback
  return parseTime(text) ?? fail(`invalid time value for '${name}': cannot parse ${goQuote(text)} to a valid timestamp`)
}

/** A duration in milliseconds: seconds with fraction, or a Prometheus duration. Throws what `fail` makes of the reason. */
export function parseDurationText(text: string, fail: (why: string) => never): number {
  // A number too large for a double is no number in Go.
  if (isDecimal(text) && Number.isFinite(Number(text))) {
    const durationMs = Number(text) * 1_000
    return Math.abs(durationMs) <= MAX_GO_MS
      ? durationMs
      : fail(`cannot parse ${goQuote(text)} to a valid duration. It overflows int64`)
  }
  const parsed = parsePromDuration(text)
  return parsed.ok ? parsed.value : fail(`cannot parse ${goQuote(text)} to a valid duration`)
}

/** A duration parameter, `undefined` where it is absent. */
export function optionalDuration({ query }: Exchange, name: string): number | undefined {
  const text = query.get(name) ?? ''
  return text === '' ? undefined : parseDurationText(text, (why) => refuse(name, why))
}

/** `limit`: a whole number, 0 for none. */
export function limitParameter({ query }: Exchange): number {
  const text = query.get('limit') ?? ''
  if (text === '') return 0
  const parsed = parseGoInteger(text)
  if (!parsed.ok) return refuse('limit', parsed.why)
  return parsed.value >= 0 ? parsed.value : refuse('limit', 'limit must be non-negative')
}

/** A whole number as Go's strconv.Atoi reads it, or its words why not. */
export function parseGoInteger(text: string): { ok: true; value: number } | { ok: false; why: string } {
  if (!/^[+-]?\d+$/.test(text)) return { ok: false, why: `strconv.Atoi: parsing ${goQuote(text)}: invalid syntax` }
  const value = BigInt(text.replace('+', ''))
  if (BigInt.asIntN(64, value) !== value) return { ok: false, why: `strconv.Atoi: parsing ${goQuote(text)}: value out of range` }
  return { ok: true, value: Number(value) }
}

/** A truth as Go's strconv.ParseBool reads it, or its words why not. */
export function parseGoBoolean(text: string): { ok: true; value: boolean } | { ok: false; why: string } {
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(text)) return { ok: true, value: true }
  if (['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(text)) return { ok: true, value: false }
  return { ok: false, why: `strconv.ParseBool: parsing ${goQuote(text)}: invalid syntax` }
}

/** `start` and `end` of a look-up; all time where absent. An end before the start selects nothing. */
export function rangeParameters(exchange: Exchange): TimeRange {
  const startMs = optionalTime(exchange, 'start', ALL_TIME.startMs)
  const endMs = optionalTime(exchange, 'end', ALL_TIME.endMs)
  return { startMs: Math.max(startMs, ALL_TIME.startMs), endMs: Math.min(endMs, ALL_TIME.endMs) }
}

/** The matchers of every `match[]`. Throws what `fail` makes of the reason: endpoints say it differently. */
export function matchParameters(exchange: Exchange, fail: Fail = plainFail): Matcher[][] {
  const sets = exchange.query.getAll('match[]').map((text) => parseSelector(text, fail))
  for (const matchers of sets) {
    if (!matchers.some((matcher) => !matchesEmpty(matcher))) fail('match[] must contain at least one non-empty matcher')
  }
  return sets
}

/** The matchers of one selector; it may select everything. */
export function parseSelector(text: string, fail: Fail = plainFail): Matcher[] {
  return [...reading(text, () => parseMetricSelector(text), fail)]
}

/** The `query` parameter as a tree. */
export function queryParameter({ query }: Exchange, features: PromqlFeatures): Expr {
  return parseQueryText(query.get('query') ?? '', features, (why, cause) => refuse('query', why, cause))
}

/** A query text as a tree. */
export function parseQueryText(text: string, features: PromqlFeatures, fail: Fail = plainFail): Expr {
  return reading(text, () => parseExpr(text, features), fail)
}

/** Makes an error of a reason; `cause` is the language's error, with a place in the text. */
export type Fail = (why: string, cause?: QueryError) => never

/** Fails with the reason alone. */
export function plainFail(why: string, cause?: QueryError): never {
  throw new TextError(why, cause)
}

/** Fails with the reason behind the parameter's name. */
export function refuse(name: string, why: string, cause?: QueryError): never {
  throw new TextError(`invalid parameter ${JSON.stringify(name)}: ${why}`, cause)
}

/** Runs `work`, and says of a query text that it cannot be read in the words of Prometheus. */
export async function withQueryErrors<T>(text: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof QueryError && isTextError(error)) return refuse('query', messageOf(text, error), error)
    throw error
  }
}

/** Text as Go prints it with %q, as far as queries go. */
export function goQuote(text: string): string {
  return JSON.stringify(text)
}

/** A failure to read a text, with the place in it. */
class TextError extends ApiError {
  readonly span: { readonly start: number; readonly end: number } | undefined

  constructor(message: string, cause: QueryError | undefined) {
    super('API_BAD_PARAMETER', message, cause === undefined ? undefined : { cause })
    this.span = cause?.span
  }
}

// 2^63 nanoseconds.
const MAX_GO_MS = 2 ** 63 / 1e6

function reading<T>(text: string, parse: () => T, fail: Fail): T {
  try {
    return parse()
  } catch (error) {
    if (error instanceof QueryError) return fail(messageOf(text, error), error)
    throw error
  }
}

function isTextError({ code }: QueryError): boolean {
  return code === 'QUERY_SYNTAX' || code === 'QUERY_TYPE' || code === 'QUERY_FEATURE_OFF'
}

/** An empty text has no place to point at. */
function messageOf(text: string, { message }: QueryError): string {
  return text === '' ? message.replace(/^1:1:/, 'unknown position:') : message
}

function parseTime(text: string): UnixMs | undefined {
  if (text === GO_MIN_TIME) return ALL_TIME.startMs
  if (text === GO_MAX_TIME) return ALL_TIME.endMs
  if (isDecimal(text)) return Math.round(Number(text) * 1_000)
  // A plus that nobody escaped arrives as a space.
  const escaped = text.replace(' ', '+')
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(escaped)) return undefined
  const tMs = Date.parse(escaped)
  return Number.isNaN(tMs) ? undefined : tMs
}

function isDecimal(text: string): boolean {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)
}
