import type { Matcher, MatchOp } from '@oriel/model'
import { compileMatcher } from '@oriel/model'
import type { Diagnostic } from './diagnostics.ts'
import { isNamePart, isNameStart, skipSpace, stringEnd } from './scan.ts'
import { isPlainLabelName, isPlainMetricName, quote, unquote } from './strings.ts'

/** A matcher list as parsed: what was understood, what was wrong, and where it ended. */
export interface MatcherList {
  readonly matchers: readonly Matcher[]
  readonly errors: readonly Diagnostic[]
  /** After the closing brace, or where parsing stopped. */
  readonly end: number
}

/** Prints matchers between braces: `{a="b", c=~"d.*"}`; names that are not plain are quoted. */
export function printMatchers(matchers: readonly Matcher[]): string {
  return `{${matchers.map(printMatcher).join(',')}}`
}

/** Prints one matcher: `name="value"`. */
export function printMatcher({ name, op, value }: Matcher): string {
  return `${isPlainLabelName(name) ? name : quote(name)}${op}${quote(value)}`
}

/** Prints a label set as Prometheus shows a series: `name{a="b", c="d"}`. */
export function printSeries(labels: readonly { readonly name: string; readonly value: string }[]): string {
  const metric = labels.find((label) => label.name === '__name__')?.value ?? ''
  const rest = labels
    .filter((label) => label.name !== '__name__')
    .map(({ name, value }) => printMatcher({ name, op: '=', value }))
  if (isPlainMetricName(metric)) return rest.length === 0 ? metric : `${metric}{${rest.join(', ')}}`
  return `{${(metric === '' ? rest : [quote(metric), ...rest]).join(', ')}}`
}

/**
 * Parses `{a="b", c!~'d'}` that opens at `at` (the brace). A trailing comma is allowed; regexes are checked to compile.
 *
 * After an error it goes on at the next comma or the closing brace, so that an editor sees every error at once.
 */
export function parseMatchers(text: string, at: number): MatcherList {
  const matchers: Matcher[] = []
  const errors: Diagnostic[] = []
  let i = skipSpace(text, at + 1)
  while (i < text.length && text.charAt(i) !== '}') {
    const item = parseOne(text, i)
    if (item.matcher !== undefined) matchers.push(item.matcher)
    if (item.error !== undefined) errors.push(item.error)
    i = skipSpace(text, item.error === undefined ? item.end : nextDelimiter(text, item.end))
    if (text.charAt(i) === ',') i = skipSpace(text, i + 1)
    else if (i < text.length && text.charAt(i) !== '}') {
      errors.push(failure(i, i + 1, 'unexpected character inside braces, expected "," or "}"'))
      i = skipSpace(text, nextDelimiter(text, i))
      if (text.charAt(i) === ',') i = skipSpace(text, i + 1)
    }
  }
  if (i >= text.length) errors.push(failure(at, text.length, 'unexpected end of input inside braces'))
  return { matchers, errors, end: Math.min(i + 1, text.length) }
}

interface One {
  readonly matcher?: Matcher
  readonly error?: Diagnostic
  readonly end: number
}

function parseOne(text: string, at: number): One {
  const name = parseName(text, at)
  if (name === undefined) return { error: failure(at, at + 1, 'expected label name'), end: at }
  let i = skipSpace(text, name.end)
  const op = matchOpAt(text, i)
  if (op === undefined) return { error: failure(i, i + 1, 'expected label matching operator'), end: i }
  i = skipSpace(text, i + op.length)
  const end = '"\'`'.includes(text.charAt(i) || ' ') ? stringEnd(text, i) : undefined
  if (end === undefined) return { error: failure(i, i + 1, 'expected string'), end: i }
  const value = unquote(text.slice(i, end))
  if (!value.ok) return { error: failure(i, end, `cannot read string: ${value.reason}`), end }
  const matcher: Matcher = { name: name.value, op, value: value.value }
  const refusal = regexRefusal(matcher)
  return refusal === undefined ? { matcher, end } : { error: failure(i, end, refusal), end }
}

/** Why a matcher's regex does not compile, or `undefined`. */
export function regexRefusal(matcher: Matcher): string | undefined {
  try {
    compileMatcher(matcher)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function parseName(text: string, at: number): { value: string; end: number } | undefined {
  if (isNameStart(text.charAt(at))) {
    let end = at + 1
    while (end < text.length && isNamePart(text.charAt(end))) end++
    return { value: text.slice(at, end), end }
  }
  if (!'"\'`'.includes(text.charAt(at) || ' ')) return undefined
  const end = stringEnd(text, at)
  if (end === undefined) return undefined
  const value = unquote(text.slice(at, end))
  return value.ok ? { value: value.value, end } : undefined
}

function matchOpAt(text: string, at: number): MatchOp | undefined {
  const two = text.slice(at, at + 2)
  if (two === '=~' || two === '!~' || two === '!=') return two
  return text.charAt(at) === '=' ? '=' : undefined
}

function nextDelimiter(text: string, at: number): number {
  let i = at
  while (i < text.length && text.charAt(i) !== ',' && text.charAt(i) !== '}') i++
  return i
}

function failure(start: number, end: number, message: string): Diagnostic {
  return { severity: 'error', code: 'QUERY_SYNTAX', message, span: { start, end } }
}
