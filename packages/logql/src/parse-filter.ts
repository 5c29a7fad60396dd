import { regexRefusal } from '@oriel/syntax'
import type { CompareOp, LabelFilter, MatcherNode } from './ast.ts'
import type { Cursor } from './cursor.ts'
import type { Token } from './lex.ts'
import { parseBytes, parseDurationSeconds } from './lex.ts'

/**
 * Parses a label filter: comparisons joined by `and`, `or`, a comma or a space (both meaning `and`).
 *
 * All joints bind equally, from left to right, as Loki documents.
 */
export function parseLabelFilter(cursor: Cursor): LabelFilter {
  const { start } = cursor.peek()
  let filter = parseUnit(cursor)
  for (;;) {
    const joint = takeJoint(cursor)
    if (joint === undefined) return filter
    filter = { kind: joint, left: filter, right: parseUnit(cursor), span: { start, end: cursor.lastEnd } }
  }
}

function takeJoint(cursor: Cursor): 'and' | 'or' | undefined {
  if (cursor.takeName('or')) return 'or'
  if (cursor.takeName('and') || cursor.takeOp(',')) return 'and'
  if (cursor.isOp('(')) return 'and'
  return cursor.peek().kind === 'name' && isComparison(cursor.peek(1)) ? 'and' : undefined
}

function isComparison({ kind, value }: Token): boolean {
  return kind === 'op' && ['=', '==', '!=', '=~', '!~', '>', '>=', '<', '<='].includes(value)
}

function parseUnit(cursor: Cursor): LabelFilter {
  if (!cursor.takeOp('(')) return parseComparison(cursor)
  const filter = cursor.deeper(() => parseLabelFilter(cursor))
  cursor.expectOp(')', 'to close the label filter')
  return filter
}

function parseComparison(cursor: Cursor): LabelFilter {
  const name = cursor.expectName('a label name')
  if (!isComparison(cursor.peek())) cursor.stop(`expected a comparison behind label "${name.value}"`)
  const op = cursor.next()
  const value = cursor.peek()
  if (value.kind === 'string') return parseTextTest(cursor, name, op)
  if (cursor.isName('ip')) return parseIpTest(cursor, name, op)
  return parseNumberTest(cursor, name, op)
}

function parseTextTest(cursor: Cursor, name: Token, opToken: Token): LabelFilter {
  const value = cursor.next()
  const op = opToken.value
  const span = { start: name.start, end: value.end }
  if (op !== '=' && op !== '!=' && op !== '=~' && op !== '!~') {
    cursor.report(`"${op}" compares numbers, durations and sizes, not strings: write the value without quotes`, opToken)
    return { kind: 'match', matcher: { name: name.value, op: '=', value: value.value, span }, span }
  }
  const matcher: MatcherNode = { name: name.value, op, value: value.value, span }
  const refusal = regexRefusal(matcher)
  if (refusal !== undefined) cursor.report(refusal, value)
  return { kind: 'match', matcher, span }
}

function parseIpTest(cursor: Cursor, name: Token, op: Token): LabelFilter {
  cursor.next()
  cursor.expectOp('(', 'behind ip')
  const { value } = cursor.expectString('an address, a range or a CIDR')
  cursor.expectOp(')', 'to close ip()')
  if (op.value !== '=' && op.value !== '!=') cursor.report('ip() is compared with = or !=', op)
  const span = { start: name.start, end: cursor.lastEnd }
  return { kind: 'ip', label: name.value, op: op.value === '!=' ? '!=' : '=', value, span }
}

function parseNumberTest(cursor: Cursor, name: Token, opToken: Token): LabelFilter {
  const isNegative = cursor.takeOp('-')
  if (!isNegative) cursor.takeOp('+')
  const token = cursor.peek()
  const amount = amountOf(token)
  if (amount === undefined) return cursor.stop('expected a string, number, duration or size')
  cursor.next()
  const span = { start: name.start, end: token.end }
  const op = compareOp(opToken.value)
  if (op === undefined) cursor.report(`"${opToken.value}" compares strings: put the value in quotes`, opToken)
  const value = isNegative ? -amount.value : amount.value
  const text = isNegative ? `-${token.value}` : token.value
  return { kind: amount.kind, label: name.value, op: op ?? '==', value, text, span }
}

function amountOf({ kind, value }: Token): { kind: 'number' | 'duration' | 'bytes'; value: number } | undefined {
  if (kind === 'number') return { kind, value: Number(value) }
  const amount = kind === 'duration' ? parseDurationSeconds(value) : kind === 'bytes' ? parseBytes(value) : undefined
  return amount === undefined || (kind !== 'duration' && kind !== 'bytes') ? undefined : { kind, value: amount }
}

function compareOp(text: string): CompareOp | undefined {
  if (text === '=' || text === '==') return '=='
  if (text === '!=' || text === '>' || text === '>=' || text === '<' || text === '<=') return text
  return undefined
}
