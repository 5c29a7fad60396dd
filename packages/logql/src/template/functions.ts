import { compileRegex } from '@oriel/model'
import { expand } from '../expand.ts'
import { parseBytes, parseDurationSeconds } from '../lex.ts'
import { parseGoFloat } from '../stages/numbers.ts'
import { formatDate } from './date.ts'
import { TemplateProblem } from './parse.ts'
import { sprintf } from './printf.ts'
import type { GoTime, Value } from './values.ts'
import { isList, isTime, isTruthy, printValue, runes } from './values.ts'

// The functions of line_format and label_format. A list, so longer than a file otherwise should be.
// Source: Grafana Loki documentation, "LogQL template functions"; Go documentation, package text/template; sprig documentation.

/** A function of a template: at least and at most so many arguments, the value of a chain last. */
export interface TemplateFunction {
  readonly least: number
  readonly most: number
  readonly call: (values: readonly Value[]) => Value
}

/** Documented functions that are refused by name, because their result would not be exact here. */
export const REFUSED_FUNCTIONS: ReadonlySet<string> = new Set(['toDate', 'toDateInZone', 'call', 'js', 'html'])

// 1 MiB: no line grows beyond it by repeating or indenting.
const MAX_TEXT = 1_048_576

function text(call: (...texts: string[]) => Value, arity: number): TemplateFunction {
  return { least: arity, most: arity, call: (values) => call(...values.map(printValue)) }
}

function any(least: number, most: number, call: (values: readonly Value[]) => Value): TemplateFunction {
  return { least, most, call }
}

function wholeNumbers(call: (a: bigint, b: bigint) => bigint, least = 1): TemplateFunction {
  return any(least, Infinity, (values) => values.map(toInt).reduce(call))
}

function floats(call: (a: number, b: number) => number, least = 1): TemplateFunction {
  return any(least, Infinity, (values) => values.map(toFloat).reduce(call))
}

function compare(test: (order: number) => boolean): TemplateFunction {
  return any(2, 2, ([a, b]) => test(orderOf(a, b)))
}

/** All functions but `__line__` and `__timestamp__`, which depend on the line. */
export const FUNCTIONS: ReadonlyMap<string, TemplateFunction> = new Map<string, TemplateFunction>([
  ['ToLower', text((s) => s.toLowerCase(), 1)],
  ['ToUpper', text((s) => s.toUpperCase(), 1)],
  ['lower', text((s) => s.toLowerCase(), 1)],
  ['upper', text((s) => s.toUpperCase(), 1)],
  ['title', text((s) => s.replaceAll(/(^|\s)(\S)/g, (_all, space: string, char: string) => space + char.toUpperCase()), 1)],
  ['Replace', any(4, 4, ([s, from, to, n]) => replaceTimes(printValue(s), printValue(from), printValue(to), Number(toInt(n))))],
  ['replace', text((from, to, s) => s.replaceAll(from, () => to), 3)],
  ['Trim', text((s, cut) => trimChars(s, cut, true, true), 2)],
  ['TrimLeft', text((s, cut) => trimChars(s, cut, true, false), 2)],
  ['TrimRight', text((s, cut) => trimChars(s, cut, false, true), 2)],
  ['TrimPrefix', text((s, prefix) => (s.startsWith(prefix) ? s.slice(prefix.length) : s), 2)],
  ['TrimSuffix', text((s, suffix) => (suffix !== '' && s.endsWith(suffix) ? s.slice(0, -suffix.length) : s), 2)],
  ['TrimSpace', text((s) => s.trim(), 1)],
  ['trim', text((s) => s.trim(), 1)],
  ['trimAll', text((cut, s) => trimChars(s, cut, true, true), 2)],
  ['trimPrefix', text((prefix, s) => (s.startsWith(prefix) ? s.slice(prefix.length) : s), 2)],
  ['trimSuffix', text((suffix, s) => (suffix !== '' && s.endsWith(suffix) ? s.slice(0, -suffix.length) : s), 2)],
  ['contains', text((part, s) => s.includes(part), 2)],
  ['hasPrefix', text((prefix, s) => s.startsWith(prefix), 2)],
  ['hasSuffix', text((suffix, s) => s.endsWith(suffix), 2)],
  ['trunc', any(2, 2, ([n, s]) => truncate(Number(toInt(n)), printValue(s)))],
  ['substr', any(3, 3, ([from, to, s]) => substring(Number(toInt(from)), Number(toInt(to)), printValue(s)))],
  ['repeat', any(2, 2, ([n, s]) => repeated(printValue(s), Number(toInt(n))))],
  ['indent', any(2, 2, ([n, s]) => indented(Number(toInt(n)), printValue(s)))],
  ['nindent', any(2, 2, ([n, s]) => `\n${indented(Number(toInt(n)), printValue(s))}`)],
  ['alignLeft', any(2, 2, ([n, s]) => align(Number(toInt(n)), printValue(s), true))],
  ['alignRight', any(2, 2, ([n, s]) => align(Number(toInt(n)), printValue(s), false))],
  ['regexReplaceAll', text((re, s, to) => replaceRegex(re, s, (match) => expand(to, match)), 3)],
  ['regexReplaceAllLiteral', text((re, s, to) => replaceRegex(re, s, () => to), 3)],
  ['count', text((re, s) => BigInt(matchesOf(re, s)), 2)],
  [
    'urlencode',
    text(
      (s) =>
        encodeURIComponent(s)
          .replaceAll('%20', '+')
          .replaceAll(/[!'()*]/g, percent),
      1,
    ),
  ],
  [
    'urlquery',
    text(
      (s) =>
        encodeURIComponent(s)
          .replaceAll('%20', '+')
          .replaceAll(/[!'()*]/g, percent),
      1,
    ),
  ],
  ['urldecode', text(urlDecode, 1)],
  ['b64enc', text((s) => Buffer.from(s).toString('base64'), 1)],
  ['b64dec', text((s) => Buffer.from(s, 'base64').toString(), 1)],
  ['bytes', text((s) => required(parseBytes(s), `cannot read size ${JSON.stringify(s)}`), 1)],
  ['duration', text((s) => required(parseDurationSeconds(s), `cannot read duration ${JSON.stringify(s)}`), 1)],
  ['duration_seconds', text((s) => required(parseDurationSeconds(s), `cannot read duration ${JSON.stringify(s)}`), 1)],
  ['int', any(1, 1, ([value]) => toInt(value))],
  ['float64', any(1, 1, ([value]) => toFloat(value))],
  ['add', wholeNumbers((a, b) => BigInt.asIntN(64, a + b))],
  ['sub', wholeNumbers((a, b) => BigInt.asIntN(64, a - b), 2)],
  ['mul', wholeNumbers((a, b) => BigInt.asIntN(64, a * b))],
  ['div', wholeNumbers((a, b) => a / nonZero(b), 2)],
  ['mod', wholeNumbers((a, b) => a % nonZero(b), 2)],
  ['max', wholeNumbers((a, b) => (a > b ? a : b))],
  ['min', wholeNumbers((a, b) => (a < b ? a : b))],
  ['addf', floats((a, b) => a + b)],
  ['subf', floats((a, b) => a - b, 2)],
  ['mulf', floats((a, b) => a * b)],
  ['divf', floats((a, b) => a / b, 2)],
  ['maxf', floats(Math.max)],
  ['minf', floats(Math.min)],
  ['ceil', any(1, 1, ([value]) => Math.ceil(toFloat(value)))],
  ['floor', any(1, 1, ([value]) => Math.floor(toFloat(value)))],
  [
    'round',
    any(2, 3, ([value, places, half]) => round(toFloat(value), Number(toInt(places)), half === undefined ? 0.5 : toFloat(half))),
  ],
  ['default', any(1, 2, ([fallback, value]) => (isTruthy(value) ? value : fallback))],
  ['date', any(2, 2, ([layout, time]) => formatDate(printValue(layout), timeOf(time)))],
  ['unixEpoch', any(1, 1, ([time]) => String(timeOf(time).tNs / 1_000_000_000n))],
  ['unixEpochMillis', any(1, 1, ([time]) => String(timeOf(time).tNs / 1_000_000n))],
  ['unixEpochNanos', any(1, 1, ([time]) => String(timeOf(time).tNs))],
  ['unixToTime', text(unixToTime, 1)],
  ['fromJson', text(fromJson, 1)],
  ['eq', any(2, Infinity, ([first, ...rest]) => rest.some((other) => orderOf(first, other) === 0))],
  ['ne', compare((order) => order !== 0)],
  ['lt', compare((order) => order < 0)],
  ['le', compare((order) => order <= 0)],
  ['gt', compare((order) => order > 0)],
  ['ge', compare((order) => order >= 0)],
  ['not', any(1, 1, ([value]) => !isTruthy(value))],
  ['and', any(1, Infinity, (values) => values.find((value) => !isTruthy(value)) ?? values.at(-1))],
  ['or', any(1, Infinity, (values) => values.find(isTruthy) ?? values.at(-1))],
  ['len', any(1, 1, ([value]) => lengthOf(value))],
  ['index', any(1, Infinity, ([of, ...keys]) => keys.reduce(indexInto, of))],
  ['print', any(0, Infinity, (values) => values.map(printValue).join(''))],
  ['println', any(0, Infinity, (values) => `${values.map(printValue).join(' ')}\n`)],
  ['printf', any(1, Infinity, ([format, ...values]) => sprintf(printValue(format), values))],
])

function required<T>(value: T | undefined, problem: string): T {
  if (value === undefined) throw new TemplateProblem(problem)
  return value
}

/** As sprig converts: what is no number is 0, fractions are cut off. */
function toInt(value: Value): bigint {
  if (typeof value === 'bigint') return value
  if (typeof value === 'boolean') return value ? 1n : 0n
  const number = typeof value === 'number' ? value : typeof value === 'string' ? parseGoFloat(value) : undefined
  return number === undefined || !Number.isFinite(number) ? 0n : BigInt(Math.trunc(number))
}

function toFloat(value: Value): number {
  if (typeof value === 'number') return value
  if (typeof value === 'string') return parseGoFloat(value) ?? 0
  return typeof value === 'bigint' ? Number(value) : value === true ? 1 : 0
}

function nonZero(value: bigint): bigint {
  if (value === 0n) throw new TemplateProblem('division by zero')
  return value
}

function replaceTimes(s: string, from: string, to: string, times: number): string {
  if (times < 0) return s.replaceAll(from, () => to)
  let left = times
  return s.replaceAll(from, (found) => (left-- > 0 ? to : found))
}

function trimChars(s: string, cut: string, isLeft: boolean, isRight: boolean): string {
  const chars = runes(s)
  let start = 0
  let end = chars.length
  while (isLeft && start < end && cut.includes(chars[start] ?? '')) start++
  while (isRight && end > start && cut.includes(chars[end - 1] ?? '')) end--
  return chars.slice(start, end).join('')
}

function truncate(count: number, s: string): string {
  const chars = runes(s)
  return (count < 0 ? chars.slice(count) : chars.slice(0, count)).join('')
}

function substring(from: number, to: number, s: string): string {
  const chars = runes(s)
  if (from < 0) return chars.slice(0, Math.max(0, to)).join('')
  return chars.slice(from, to < 0 || to > chars.length ? chars.length : to).join('')
}

function repeated(s: string, times: number): string {
  if (times * s.length > MAX_TEXT) throw new TemplateProblem(`repeat makes ${times * s.length} characters, limit ${MAX_TEXT}`)
  return s.repeat(Math.max(0, times))
}

function indented(count: number, s: string): string {
  const space = repeated(' ', count)
  return space + s.replaceAll('\n', `\n${repeated(space, 1)}`)
}

/** Exactly `count` characters: cut off on the far side, or filled with spaces. */
function align(count: number, s: string, isLeft: boolean): string {
  const chars = runes(s)
  if (count < 0) return s
  if (chars.length > count) return (isLeft ? chars.slice(0, count) : chars.slice(chars.length - count)).join('')
  const space = repeated(' ', count - chars.length)
  return isLeft ? s + space : space + s
}

type RegexMatch = Parameters<typeof expand>[1]

function replaceRegex(pattern: string, s: string, replacement: (match: RegexMatch) => string): string {
  const matcher = compileRegex(pattern).matcher(s)
  let result = ''
  let at = 0
  while (matcher.find()) {
    result += s.slice(at, matcher.start()) + replacement(matcher)
    at = matcher.end()
  }
  return result + s.slice(at)
}

function matchesOf(pattern: string, s: string): number {
  const matcher = compileRegex(pattern).matcher(s)
  let count = 0
  while (matcher.find()) count++
  return count
}

function percent(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase()}`
}

function urlDecode(s: string): string {
  try {
    return decodeURIComponent(s.replaceAll('+', '%20'))
  } catch {
    throw new TemplateProblem(`cannot decode ${JSON.stringify(s)}`)
  }
}

function round(value: number, places: number, half: number): number {
  const scale = 10 ** places
  const scaled = value * scale
  const fraction = scaled - Math.trunc(scaled)
  return (fraction >= half ? Math.ceil(scaled) : Math.floor(scaled)) / scale
}

function timeOf(value: Value): GoTime {
  if (isTime(value)) return value
  if (typeof value === 'bigint') return { tNs: value * 1_000_000_000n }
  throw new TemplateProblem('expected a time')
}

const UNIX_SCALE: ReadonlyMap<number, bigint> = new Map([
  [5, 86_400_000_000_000n],
  [10, 1_000_000_000n],
  [13, 1_000_000n],
  [16, 1_000n],
  [19, 1n],
])

function unixToTime(s: string): GoTime {
  const scale = UNIX_SCALE.get(s.length)
  if (scale === undefined || !/^\d+$/.test(s)) throw new TemplateProblem(`cannot read time ${JSON.stringify(s)}`)
  return { tNs: BigInt(s) * scale }
}

function fromJson(s: string): Value {
  try {
    return valueOfJson(JSON.parse(s))
  } catch {
    // As sprig: malformed text gives nothing, and no error.
    return undefined
  }
}

function valueOfJson(json: unknown): Value {
  if (typeof json === 'string' || typeof json === 'number' || typeof json === 'boolean') return json
  if (Array.isArray(json)) return json.map(valueOfJson)
  if (typeof json !== 'object' || json === null) return undefined
  return new Map(Object.entries(json).map(([key, value]) => [key, valueOfJson(value)]))
}

/** How two values of one basic kind are ordered. Numbers of either kind compare; anything else is an error, as in Go. */
function orderOf(a: Value, b: Value): number {
  if (typeof a === 'string' && typeof b === 'string') return a === b ? 0 : a < b ? -1 : 1
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b)
  const isInt = typeof a === 'bigint' && typeof b === 'bigint'
  if (isInt || (typeof a === 'number' && typeof b === 'number')) return a === b ? 0 : a < b ? -1 : 1
  throw new TemplateProblem('incompatible types for comparison')
}

function lengthOf(value: Value): bigint {
  if (typeof value === 'string') return BigInt(Buffer.byteLength(value))
  if (isList(value)) return BigInt(value.length)
  if (value instanceof Map) return BigInt(value.size)
  throw new TemplateProblem('len of a value without length')
}

function indexInto(of: Value, key: Value): Value {
  if (isList(of)) {
    const at = Number(toInt(key))
    if (at < 0 || at >= of.length) throw new TemplateProblem(`index out of range: ${at}`)
    return of[at]
  }
  if (of instanceof Map) return readMap(of, printValue(key))
  if (typeof of === 'string') return BigInt(Buffer.from(of)[Number(toInt(key))] ?? 0)
  throw new TemplateProblem('index of a value that is no list or map')
}

function readMap(map: ReadonlyMap<string, Value>, key: string): Value {
  return map.get(key)
}
