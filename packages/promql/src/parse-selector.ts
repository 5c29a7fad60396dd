import type { Matcher } from '@oriel/model'
import { METRIC_NAME } from '@oriel/model'
import type { TextSpan } from '@oriel/syntax'
import { joinSpans, printNumber, regexRefusal, unquote } from '@oriel/syntax'
import type { AtModifier, DurationExpr, Expr, TimeModifiers, VectorSelector } from './ast.ts'
import type { Cursor } from './cursor.ts'
import type { Duration } from './parse-duration.ts'
import { parseOffsetDuration, parsePositiveDuration, parseSignedNumber } from './parse-duration.ts'
import type { Token } from './tokens.ts'

/** Parses `name{...}`, `name` or `{...}`; `name` has been taken by the caller when there is one. */
export function parseVectorSelector(cursor: Cursor, name?: Token): VectorSelector {
  const start = name?.span ?? cursor.token.span
  const matchers: Matcher[] = []
  let end = start
  if (cursor.token.kind === '{') end = parseMatcherList(cursor, matchers)
  if (name !== undefined) matchers.push({ name: METRIC_NAME, op: '=', value: name.text })
  return { kind: 'vectorSelector', span: joinSpans(start, end), name: name?.text ?? '', matchers, offsetMs: 0 }
}

/** Parses `[5m]` or `[1h:5m]` after `expr`. */
export function parseBrackets(cursor: Cursor, expr: Expr): Expr {
  const open = cursor.take()
  const range = parsePositiveDuration(cursor, () =>
    cursor.unexpected('subquery or range selector', 'number, duration, step(), or range()'),
  )
  if (cursor.accept(':') !== undefined) return parseSubqueryStep(cursor, expr, range)
  const close = cursor.expect(']', 'subquery or range', '":" or "]"')
  const span = { start: expr.span.start, end: close.span.end }
  const refusal = rangeRefusal(expr)
  if (refusal !== undefined) cursor.report(joinSpans(open.span, close.span), refusal)
  if (expr.kind !== 'vectorSelector') return expr
  return { kind: 'matrixSelector', span, selector: expr, ...durationFields('range', range) }
}

/** Parses `offset <duration>` after `expr` and applies it. */
export function parseOffset(cursor: Cursor, expr: Expr): Expr {
  cursor.take()
  const offset = parseOffsetDuration(cursor, () => cursor.unexpected('offset', 'number, duration, step(), or range()'))
  const target = modifiersOf(expr)
  if (target === undefined) {
    cursor.report(
      expr.span,
      'offset modifier must be preceded by an instant vector selector or range vector selector or a subquery',
    )
    return expr
  }
  if (target.offsetMs !== 0 || target.offsetExpr !== undefined) cursor.report(expr.span, 'offset may not be set multiple times')
  return withModifiers(expr, durationFields('offset', offset), cursor.lastClosing)
}

/** Parses `@ <time>`, `@ start()` or `@ end()` after `expr` and applies it. */
export function parseAt(cursor: Cursor, expr: Expr): Expr {
  cursor.take()
  const at = parseAtTime(cursor, expr.span)
  const target = modifiersOf(expr)
  if (target === undefined) {
    cursor.report(expr.span, '@ modifier must be preceded by an instant vector selector or range vector selector or a subquery')
    return expr
  }
  if (target.at !== undefined) cursor.report(expr.span, '@ <timestamp> may not be set multiple times')
  return withModifiers(expr, { at }, cursor.lastClosing)
}

/** Parses `anchored` or `smoothed` after `expr` and applies it. */
export function parseExtension(cursor: Cursor, expr: Expr): Expr {
  const extension = cursor.take().kind === 'anchored' ? 'anchored' : 'smoothed'
  if (!cursor.features.extendedRangeSelectors) {
    cursor.report(expr.span, `${extension} modifier is experimental and not enabled`, 'QUERY_FEATURE_OFF')
    return expr
  }
  const selector = expr.kind === 'matrixSelector' ? expr.selector : expr
  if (selector.kind !== 'vectorSelector') {
    const reason = expr.kind === 'subquery' ? 'is not supported for subqueries' : 'not implemented'
    cursor.report(expr.span, `${extension} modifier ${reason}`)
    return expr
  }
  if (selector.extension !== undefined && selector.extension !== extension) {
    cursor.report(expr.span, 'anchored and smoothed modifiers cannot be used together')
  }
  const extended: VectorSelector = { ...selector, extension }
  return expr.kind === 'matrixSelector' ? { ...expr, selector: extended } : extended
}

function parseMatcherList(cursor: Cursor, matchers: Matcher[]): TextSpan {
  cursor.take()
  while (cursor.token.kind !== '}') {
    const matcher = parseMatcher(cursor)
    if (matcher !== undefined) matchers.push(matcher)
    if (cursor.accept(',') !== undefined) continue
    if (cursor.token.kind !== '}') cursor.unexpected('label matching', '"," or "}"')
  }
  return cursor.take().span
}

function parseMatcher(cursor: Cursor): Matcher | undefined {
  const first = cursor.accept('identifier') ?? cursor.accept('string')
  if (first === undefined) return cursor.unexpected('label matching', 'identifier or "}"')
  const name = first.kind === 'string' ? unquoted(first) : first.text
  const op = matchOp(cursor.token.kind)
  if (op === undefined) {
    if (first.kind === 'string') return { name: METRIC_NAME, op: '=', value: name }
    return cursor.unexpected('label matching', 'label matching operator')
  }
  cursor.take()
  const literal = cursor.expect('string', 'label matching', 'string')
  const matcher: Matcher = { name, op, value: unquoted(literal) }
  const refusal = op === '=~' || op === '!~' ? regexRefusal(matcher) : undefined
  if (refusal !== undefined) cursor.report(joinSpans(first.span, literal.span), withoutOurWords(refusal))
  return refusal === undefined ? matcher : undefined
}

/** The value of a string token; the lexer has checked it. */
export function unquoted(token: Token): string {
  const value = unquote(token.text)
  return value.ok ? value.value : ''
}

/** Prometheus tells what Go's regexp package says, without the pattern before it. */
function withoutOurWords(refusal: string): string {
  return refusal.replace(/^cannot compile regex .*?(?=error parsing regexp: )/s, '')
}

function matchOp(kind: string): Matcher['op'] | undefined {
  return kind === '=' || kind === '!=' || kind === '=~' || kind === '!~' ? kind : undefined
}

function parseSubqueryStep(cursor: Cursor, expr: Expr, range: Duration): Expr {
  const fail = () => cursor.unexpected('subquery selector', 'number, duration, step(), range(), or "]"')
  const step = cursor.token.kind === ']' ? undefined : parsePositiveDuration(cursor, fail)
  const close = cursor.expect(']', 'subquery selector', '"]"')
  return {
    kind: 'subquery',
    span: { start: expr.span.start, end: close.span.end },
    expr,
    ...durationFields('range', range),
    ...(step === undefined ? { stepMs: 0 } : durationFields('step', step)),
    offsetMs: 0,
  }
}

function rangeRefusal(expr: Expr): string | undefined {
  if (expr.kind !== 'vectorSelector') return 'ranges only allowed for vector selectors'
  if (expr.offsetMs !== 0 || expr.offsetExpr !== undefined) return 'no offset modifiers allowed before range'
  return expr.at === undefined ? undefined : 'no @ modifiers allowed before range'
}

interface DurationFields {
  range: { rangeMs: number; rangeExpr?: DurationExpr }
  step: { stepMs: number; stepExpr?: DurationExpr }
  offset: { offsetMs: number; offsetExpr?: DurationExpr }
}

function durationFields<K extends keyof DurationFields>(name: K, duration: Duration): DurationFields[K]
function durationFields(name: keyof DurationFields, duration: Duration): DurationFields[keyof DurationFields] {
  const ms = duration.kind === 'number' ? millisecondsOf(duration.value) : 0
  const expr = duration.kind === 'number' ? undefined : duration
  switch (name) {
    case 'range':
      return expr === undefined ? { rangeMs: ms } : { rangeMs: 0, rangeExpr: expr }
    case 'step':
      return expr === undefined ? { stepMs: ms } : { stepMs: 0, stepExpr: expr }
    case 'offset':
      return expr === undefined ? { offsetMs: ms } : { offsetMs: 0, offsetExpr: expr }
  }
}

/** Seconds as whole milliseconds, cut off as Prometheus cuts off: nanoseconds are rounded first. */
function millisecondsOf(seconds: number): number {
  return Math.trunc(Math.round(seconds * 1e9) / 1e6)
}

function parseAtTime(cursor: Cursor, span: TextSpan): AtModifier {
  const { kind } = cursor.token
  if (kind === 'start' || kind === 'end') {
    cursor.take()
    if (cursor.accept('(') === undefined || cursor.accept(')') === undefined) cursor.unexpected('@', 'timestamp')
    return { kind }
  }
  const { value } = parseSignedNumber(cursor, () => cursor.unexpected('@', 'timestamp'))
  if (!Number.isFinite(value) || Math.abs(value) >= 2 ** 63) {
    cursor.report(span, `timestamp out of bounds for @ modifier: ${printNumber(value)}`)
  }
  return { kind: 'time', tMs: Math.round(value * 1_000) }
}

function modifiersOf(expr: Expr): TimeModifiers | undefined {
  if (expr.kind === 'vectorSelector' || expr.kind === 'subquery') return expr
  return expr.kind === 'matrixSelector' ? expr.selector : undefined
}

function withModifiers(expr: Expr, change: Partial<TimeModifiers>, end: number): Expr {
  const span = { start: expr.span.start, end }
  if (expr.kind === 'matrixSelector') return { ...expr, span, selector: { ...expr.selector, ...change } }
  if (expr.kind === 'vectorSelector' || expr.kind === 'subquery') return { ...expr, ...change, span }
  return expr
}
