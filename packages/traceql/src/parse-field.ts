import { compileAnchored, SPAN_KINDS, SPAN_STATUSES } from '@oriel/model'
import { joinSpans, parseGoDuration } from '@oriel/syntax'
import type { ArithmeticOp, AttributeScope, CompareOp, FieldExpr, Literal } from './ast.ts'
import { ATTRIBUTE_SCOPES } from './ast.ts'
import type { Cursor } from './cursor.ts'
import type { Token } from './lex.ts'
import { INTRINSIC_NAMES } from './names.ts'

/** How tightly field operators bind. `^` binds to the right. */
export const FIELD_PRECEDENCE: Readonly<Record<'&&' | '||' | CompareOp | ArithmeticOp, number>> = {
  '||': 1,
  '&&': 2,
  '=': 3,
  '!=': 3,
  '=~': 3,
  '!~': 3,
  '>': 3,
  '>=': 3,
  '<': 3,
  '<=': 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
  '%': 5,
  '^': 6,
}

/** Parses an expression over the fields of a span. */
export function parseField(cursor: Cursor, least = 1): FieldExpr {
  return cursor.deeper(() => {
    let left = parseUnary(cursor)
    for (;;) {
      const op = fieldOp(cursor.peek())
      if (op === undefined || FIELD_PRECEDENCE[op] < least) return left
      cursor.next()
      const right = parseField(cursor, op === '^' ? FIELD_PRECEDENCE[op] : FIELD_PRECEDENCE[op] + 1)
      checkRegex(cursor, op, right)
      left = { kind: 'fieldBinary', op, left, right, span: joinSpans(left.span, right.span) }
    }
  })
}

/** Whether the token can stand between two fields. */
export function fieldOp({ kind, value }: Token): keyof typeof FIELD_PRECEDENCE | undefined {
  return kind === 'op' && isFieldOp(value) ? value : undefined
}

function isFieldOp(value: string): value is keyof typeof FIELD_PRECEDENCE {
  return Object.hasOwn(FIELD_PRECEDENCE, value)
}

function checkRegex(cursor: Cursor, op: string, right: FieldExpr): void {
  if (op !== '=~' && op !== '!~') return
  if (right.kind !== 'string') {
    cursor.report('a regular expression must be a string', right.span, 'QUERY_TYPE')
    return
  }
  try {
    compileAnchored(right.value)
  } catch (error) {
    cursor.report(error instanceof Error ? error.message : String(error), right.span)
  }
}

function parseUnary(cursor: Cursor): FieldExpr {
  const { start } = cursor.peek()
  if (cursor.takeOp('!')) {
    const operand = cursor.deeper(() => parseUnary(cursor))
    return { kind: 'not', operand, span: { start, end: operand.span.end } }
  }
  if (cursor.takeOp('-')) {
    const operand = cursor.deeper(() => parseUnary(cursor))
    return { kind: 'negate', operand, span: { start, end: operand.span.end } }
  }
  if (cursor.takeOp('(')) {
    const inner = parseField(cursor)
    cursor.expectOp(')', 'to close the parenthesis')
    return inner
  }
  return parseOperand(cursor)
}

function parseOperand(cursor: Cursor): FieldExpr {
  const token = cursor.peek()
  const span = { start: token.start, end: token.end }
  const literal = literalOf(token)
  if (literal !== undefined) {
    cursor.next()
    return literal
  }
  if (token.kind === 'attribute') {
    cursor.next()
    return { kind: 'attribute', scope: scopeOf(token.scope ?? ''), key: token.value, span }
  }
  const intrinsic = token.kind === 'name' || token.kind === 'intrinsic' ? INTRINSIC_NAMES[token.value] : undefined
  if (intrinsic === undefined) return cursor.stop('expected a field (.name, span.name, duration ...) or a value')
  cursor.next()
  return { kind: 'intrinsic', name: intrinsic, span }
}

function scopeOf(text: string): AttributeScope {
  return ATTRIBUTE_SCOPES.find((scope) => scope === text) ?? 'any'
}

/** The constant that a token is, or `undefined`. */
export function literalOf({ kind, value, start, end }: Token): Literal | undefined {
  const span = { start, end }
  if (kind === 'string') return { kind, value, span }
  if (kind === 'number') return { kind, value: Number(value), text: value, span }
  if (kind === 'duration') {
    const parsed = parseGoDuration(value)
    return parsed.ok ? { kind, value: Number(parsed.value), text: value, span } : undefined
  }
  if (kind !== 'name') return undefined
  if (value === 'true' || value === 'false') return { kind: 'boolean', value: value === 'true', span }
  if (value === 'nil') return { kind: 'nil', span }
  const status = SPAN_STATUSES.find((known) => known === value)
  if (status !== undefined) return { kind: 'status', value: status, span }
  const spanKind = SPAN_KINDS.find((known) => known === value)
  return spanKind === undefined ? undefined : { kind: 'spanKind', value: spanKind, span }
}
