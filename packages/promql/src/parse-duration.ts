import type { TextSpan } from '@oriel/syntax'
import { joinSpans, parseNumberLiteral, parsePromDuration } from '@oriel/syntax'
import type { DurationExpr, NumberLiteral } from './ast.ts'
import type { Cursor } from './cursor.ts'

/** A duration in a selector: a number of seconds, or an expression to be evaluated with the query's step and range. */
export type Duration = NumberLiteral | DurationExpr

const PRECEDENCE: Readonly<Record<string, number>> = { '+': 1, '-': 1, '*': 2, '/': 2, '%': 2, '^': 3 }
const UNARY_PRECEDENCE = 3
// 2^63 ns in seconds: what Go's time.Duration holds.
const MAX_SECONDS = 2 ** 63 / 1e9

/** Parses a number or duration literal. The caller has seen that one is there. */
export function parseNumber(cursor: Cursor): NumberLiteral {
  const token = cursor.take()
  if (token.kind === 'number') {
    const value = parseNumberLiteral(token.text)
    if (value === undefined || (value === Infinity && /\d/.test(token.text))) {
      cursor.report(token.span, `error parsing number: ${token.text} is out of range`)
    }
    return { kind: 'number', span: token.span, value: value ?? 0, isDuration: false }
  }
  const parsed = parsePromDuration(token.text)
  if (!parsed.ok) cursor.report(token.span, parsed.reason)
  return { kind: 'number', span: token.span, value: parsed.ok ? parsed.value / 1_000 : 0, isDuration: true }
}

/** Whether a number or duration literal comes next. */
export function isNumberNext({ token }: Cursor): boolean {
  return token.kind === 'number' || token.kind === 'duration'
}

/** Parses a number with at most one sign. */
export function parseSignedNumber(cursor: Cursor, fail: () => never): NumberLiteral {
  const sign = cursor.accept('-') ?? cursor.accept('+')
  if (!isNumberNext(cursor)) fail()
  const literal = parseNumber(cursor)
  if (sign === undefined) return literal
  return { ...literal, value: sign.kind === '-' ? -literal.value : literal.value, span: joinSpans(sign.span, literal.span) }
}

/** Parses the duration inside brackets: greater than 0 when it is a literal. */
export function parsePositiveDuration(cursor: Cursor, fail: () => never): Duration {
  const duration = parseSum(cursor, 0, fail)
  if (duration.kind !== 'number' || duration.value > 0) return duration
  cursor.report(duration.span, 'duration must be greater than 0')
  return { ...duration, value: 0 }
}

/**
 * Parses what follows `offset`. Without parentheses only one literal belongs to it, so that `foo offset -2^2` is
 * `(foo offset -2)^2`. Source: Prometheus 3.14 generated_parser.y offset_duration_expr.
 */
export function parseOffsetDuration(cursor: Cursor, fail: () => never): Duration {
  if (cursor.token.kind === '(') return continueSum(cursor, parsePrimary(cursor, fail), 0, fail)
  const sign = cursor.accept('-') ?? cursor.accept('+')
  const operand = parsePrimary(cursor, fail)
  return sign === undefined ? operand : signed(cursor, sign.kind === '-', sign.span, operand)
}

function parseSum(cursor: Cursor, minPrecedence: number, fail: () => never): Duration {
  const sign = cursor.accept('-') ?? cursor.accept('+')
  if (sign === undefined) return continueSum(cursor, parsePrimary(cursor, fail), minPrecedence, fail)
  const operand = parseSum(cursor, UNARY_PRECEDENCE, fail)
  return continueSum(cursor, signed(cursor, sign.kind === '-', sign.span, operand), minPrecedence, fail)
}

function continueSum(cursor: Cursor, first: Duration, minPrecedence: number, fail: () => never): Duration {
  let lhs = first
  for (;;) {
    const op = durationOp(cursor.token.kind)
    const precedence = op === undefined ? 0 : (PRECEDENCE[op] ?? 0)
    if (op === undefined || precedence < Math.max(minPrecedence, 1)) return lhs
    const opSpan = cursor.take().span
    const rhs = parseSum(cursor, op === '^' ? precedence : precedence + 1, fail)
    requireFeature(cursor, lhs.span)
    if (rhs.kind === 'number' && rhs.value === 0 && (op === '/' || op === '%')) {
      cursor.report(opSpan, op === '/' ? 'division by zero' : 'modulo by zero')
    }
    lhs = { kind: 'durationExpr', span: joinSpans(lhs.span, rhs.span), op, lhs, rhs, isWrapped: false }
  }
}

function parsePrimary(cursor: Cursor, fail: () => never): Duration {
  const { token } = cursor
  if (isNumberNext(cursor)) return inRange(cursor, parseNumber(cursor), token.span)
  switch (token.kind) {
    case '(': {
      cursor.take()
      const inner = parseSum(cursor, 0, fail)
      const close = cursor.accept(')') ?? fail()
      requireFeature(cursor, inner.span)
      return wrapped(inner, joinSpans(token.span, close.span))
    }
    case 'step':
    case 'range': {
      cursor.take()
      if (cursor.accept('(') === undefined) fail()
      const close = cursor.accept(')') ?? fail()
      const span = joinSpans(token.span, close.span)
      requireFeature(cursor, span)
      return { kind: 'durationExpr', span, op: token.kind, isWrapped: false }
    }
    case 'min_of':
    case 'max_of': {
      cursor.take()
      if (cursor.accept('(') === undefined) fail()
      const lhs = parseSum(cursor, 0, fail)
      if (cursor.accept(',') === undefined) fail()
      const rhs = parseSum(cursor, 0, fail)
      const close = cursor.accept(')') ?? fail()
      const span = joinSpans(token.span, close.span)
      requireFeature(cursor, span)
      return { kind: 'durationExpr', span, op: token.kind, lhs, rhs, isWrapped: false }
    }
    default:
      return fail()
  }
}

function signed(cursor: Cursor, isNegative: boolean, signSpan: TextSpan, operand: Duration): Duration {
  const span = joinSpans(signSpan, operand.span)
  if (operand.kind === 'number') {
    return inRange(cursor, { ...operand, value: isNegative ? -operand.value : operand.value, span }, signSpan)
  }
  return isNegative ? { kind: 'durationExpr', span, op: '-', rhs: operand, isWrapped: false } : operand
}

/** A literal in parentheses becomes a unary plus, so that the parentheses are printed again. */
function wrapped(inner: Duration, span: TextSpan): Duration {
  if (inner.kind === 'durationExpr') return { ...inner, isWrapped: true }
  return { kind: 'durationExpr', span, op: '+', rhs: inner, isWrapped: true }
}

function inRange(cursor: Cursor, literal: NumberLiteral, span: TextSpan): NumberLiteral {
  if (Math.abs(literal.value) <= MAX_SECONDS) return literal
  cursor.report(span, 'duration out of range')
  return { ...literal, value: 0 }
}

function requireFeature(cursor: Cursor, span: TextSpan): void {
  if (cursor.features.durationExpressions) return
  cursor.report(span, 'experimental duration expression is not enabled', 'QUERY_FEATURE_OFF')
}

function durationOp(kind: string): '+' | '-' | '*' | '/' | '%' | '^' | undefined {
  switch (kind) {
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
    case '^':
      return kind
    default:
      return undefined
  }
}
