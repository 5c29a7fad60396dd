import { joinSpans } from '@oriel/syntax'
import type {
  AggregateOp,
  BinaryExpr,
  BinaryOp,
  Grouping,
  LogExpr,
  LogQLExpr,
  Matching,
  MetricExpr,
  RangeFunction,
  Stage,
} from './ast.ts'
import { AGGREGATE_OPS, COMPARISON_OPS, RANGE_FUNCTIONS } from './ast.ts'
import type { Cursor } from './cursor.ts'
import { ParseStop } from './cursor.ts'
import type { Token } from './lex.ts'
import { parseDurationSeconds } from './lex.ts'
import { opensStage, parseLog, parseStage } from './parse-pipeline.ts'

/** How tightly binary operators bind, as in PromQL. `^` binds to the right, all others to the left. */
export const PRECEDENCE: Readonly<Record<BinaryOp, number>> = {
  or: 1,
  and: 2,
  unless: 2,
  '==': 3,
  '!=': 3,
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

/** Functions beside aggregations over ranges and vectors. */
export const OTHER_FUNCTIONS = ['label_replace', 'histogram_quantile', 'vector'] as const

/** Parses a whole expression: binary operators that bind at least as tightly as `least`. */
export function parseExpr(cursor: Cursor, least = 1): LogQLExpr {
  return cursor.deeper(() => {
    let left = parsePrimary(cursor)
    for (;;) {
      const op = binaryOp(cursor.peek())
      if (op === undefined || PRECEDENCE[op] < least) return left
      cursor.next()
      left = parseRight(cursor, op, metric(cursor, left))
    }
  })
}

function parseRight(cursor: Cursor, op: BinaryOp, left: MetricExpr): BinaryExpr {
  const returnsBool = cursor.isName('bool')
  if (returnsBool) {
    const bool = cursor.next()
    if (!COMPARISON_OPS.some((name) => name === op)) cursor.report('bool stands only behind a comparison', bool)
  }
  const matching = parseMatching(cursor)
  const right = metric(cursor, parseExpr(cursor, op === '^' ? PRECEDENCE[op] : PRECEDENCE[op] + 1))
  const span = joinSpans(left.span, right.span)
  const node = { kind: 'binary', op, left, right, returnsBool, span } as const
  return matching === undefined ? node : { ...node, matching }
}

function binaryOp({ kind, value }: Token): BinaryOp | undefined {
  if (kind === 'op') {
    switch (value) {
      case '+':
      case '-':
      case '*':
      case '/':
      case '%':
      case '^':
      case '==':
      case '!=':
      case '>':
      case '>=':
      case '<':
      case '<=':
        return value
      default:
        return undefined
    }
  }
  return kind === 'name' && (value === 'and' || value === 'or' || value === 'unless') ? value : undefined
}

/** The expression as an operand: a log query is reported, because only numbers combine. */
function metric(cursor: Cursor, expr: LogQLExpr): MetricExpr {
  if (expr.kind !== 'log') return expr
  cursor.report(
    'expected a metric query, found a log query: wrap it in a range aggregation such as rate(... [5m])',
    expr.span,
    'QUERY_TYPE',
  )
  throw new ParseStop()
}

function parseMatching(cursor: Cursor): Matching | undefined {
  const { start, kind, value } = cursor.peek()
  if (kind !== 'name' || (value !== 'on' && value !== 'ignoring')) return undefined
  cursor.next()
  const labels = parseLabelList(cursor)
  const side = cursor.peek().value
  const isGrouped = cursor.peek().kind === 'name' && (side === 'group_left' || side === 'group_right')
  if (!isGrouped) return { kind: value, labels, span: { start, end: cursor.lastEnd } }
  cursor.next()
  const include = cursor.isOp('(') ? parseLabelList(cursor) : []
  const group = { side: side === 'group_left' ? 'left' : 'right', include } as const
  return { kind: value, labels, group, span: { start, end: cursor.lastEnd } }
}

function parseLabelList(cursor: Cursor): string[] {
  cursor.expectOp('(', 'to open a list of labels')
  const labels: string[] = []
  while (!cursor.isOp(')')) {
    labels.push(cursor.expectName('a label name').value)
    if (!cursor.takeOp(',') && !cursor.isOp(')')) cursor.stop('expected "," or ")" in a list of labels')
  }
  cursor.next()
  return labels
}

function parsePrimary(cursor: Cursor): LogQLExpr {
  const token = cursor.peek()
  if (cursor.isOp('{')) return parseLog(cursor)
  if (cursor.isOp('(')) return parseParenthesised(cursor)
  if (token.kind === 'number' || cursor.isOp('-') || cursor.isOp('+')) {
    const value = cursor.expectNumber('a number')
    return { kind: 'number', value, span: { start: token.start, end: cursor.lastEnd } }
  }
  if (token.kind === 'name') return parseCall(cursor, token)
  return cursor.stop('expected a stream selector, a function or a number')
}

function parseParenthesised(cursor: Cursor): LogQLExpr {
  const { start } = cursor.next()
  const expr = parseExpr(cursor)
  cursor.expectOp(')', 'to close the parenthesis')
  return { ...expr, span: { start, end: cursor.lastEnd } }
}

function parseCall(cursor: Cursor, name: Token): MetricExpr {
  const func = RANGE_FUNCTIONS.find((known) => known === name.value)
  if (func !== undefined) return parseRange(cursor, func)
  const op = AGGREGATE_OPS.find((known) => known === name.value)
  if (op !== undefined) return parseAggregate(cursor, op)
  if (name.value === 'label_replace') return parseLabelReplace(cursor)
  if (name.value === 'histogram_quantile') return parseHistogramQuantile(cursor)
  if (name.value === 'vector') return parseVector(cursor)
  if (name.value === 'variants') cursor.stop('variants(...) of (...) is not supported', 'QUERY_UNSUPPORTED')
  const known = [...RANGE_FUNCTIONS, ...AGGREGATE_OPS, ...OTHER_FUNCTIONS].join(', ')
  cursor.report(`unknown function "${name.value}": expected one of ${known}`, name)
  throw new ParseStop()
}

function parseRange(cursor: Cursor, func: RangeFunction): MetricExpr {
  const { start } = cursor.next()
  cursor.expectOp('(', `behind ${func}`)
  const hasParameter = cursor.peek().kind === 'number' || cursor.isOp('-') || cursor.isOp('+')
  const parameter = hasParameter ? cursor.expectNumber('a number') : undefined
  if (hasParameter) cursor.expectOp(',', 'behind the parameter')
  const { log, rangeMs, offsetMs } = cursor.deeper(() => parseLogRange(cursor))
  cursor.expectOp(')', `to close ${func}`)
  const grouping = parseGrouping(cursor)
  const span = { start, end: cursor.lastEnd }
  return {
    kind: 'range',
    func,
    log,
    rangeMs,
    offsetMs,
    ...(parameter === undefined ? {} : { parameter }),
    ...(grouping === undefined ? {} : { grouping }),
    span,
  }
}

interface LogRange {
  readonly log: LogExpr
  readonly rangeMs: number
  readonly offsetMs: number
}

/** `{...} stages [5m] offset 1h stages`: the range stands behind the selector or any stage, once. */
function parseLogRange(cursor: Cursor): LogRange {
  const opening = cursor.peek()
  const inner = cursor.takeOp('(') ? parseInnerRange(cursor) : { log: parseLog(cursor) }
  const stages: Stage[] = [...inner.log.stages]
  let range = inner.range
  for (;;) {
    if (cursor.isOp('[')) {
      if (range !== undefined) cursor.stop('found a second range')
      range = parseWindow(cursor)
    } else if (opensStage(cursor.peek())) stages.push(...parseStage(cursor))
    else break
  }
  if (range === undefined) cursor.stop('expected a range such as [5m]')
  return { log: { ...inner.log, stages, span: { start: opening.start, end: cursor.lastEnd } }, ...range }
}

/** A log query in parentheses, with or without its range inside; the opening parenthesis is taken. */
function parseInnerRange(cursor: Cursor): { log: LogExpr; range?: Window } {
  if (cursor.takeOp('(')) {
    const inner = cursor.deeper(() => parseInnerRange(cursor))
    cursor.expectOp(')', 'to close the parenthesis')
    return inner
  }
  const log = parseLog(cursor)
  const range = cursor.isOp('[') ? parseWindow(cursor) : undefined
  cursor.expectOp(')', 'to close the parenthesis')
  return range === undefined ? { log } : { log, range }
}

interface Window {
  readonly rangeMs: number
  readonly offsetMs: number
}

function parseWindow(cursor: Cursor): Window {
  const opening = cursor.next()
  const rangeMs = parseDurationMs(cursor)
  cursor.expectOp(']', 'to close the range')
  if (rangeMs <= 0) cursor.report('range must be above 0', { start: opening.start, end: cursor.lastEnd })
  if (cursor.isOp('@')) cursor.stop('LogQL has no @ modifier')
  if (!cursor.takeName('offset')) return { rangeMs, offsetMs: 0 }
  const sign = cursor.takeOp('-') ? -1 : 1
  return { rangeMs, offsetMs: sign * parseDurationMs(cursor) }
}

function parseDurationMs(cursor: Cursor): number {
  const token = cursor.peek()
  const seconds = token.kind === 'duration' ? parseDurationSeconds(token.value) : undefined
  if (seconds === undefined) return cursor.stop('expected a duration such as 5m')
  cursor.next()
  return Math.round(seconds * 1_000)
}

function parseGrouping(cursor: Cursor): Grouping | undefined {
  const { start, kind, value } = cursor.peek()
  if (kind !== 'name' || (value !== 'by' && value !== 'without')) return undefined
  cursor.next()
  const labels = parseLabelList(cursor)
  return { kind: value, labels, span: { start, end: cursor.lastEnd } }
}

function parseAggregate(cursor: Cursor, op: AggregateOp): MetricExpr {
  const { start } = cursor.next()
  const before = parseGrouping(cursor)
  cursor.expectOp('(', `behind ${op}`)
  const takesParameter = op === 'topk' || op === 'bottomk' || op === 'approx_topk'
  const parameter = takesParameter ? cursor.expectNumber('a count') : undefined
  if (takesParameter) cursor.expectOp(',', 'behind the count')
  const expr = metric(cursor, parseExpr(cursor))
  cursor.expectOp(')', `to close ${op}`)
  const grouping = before ?? parseGrouping(cursor)
  const span = { start, end: cursor.lastEnd }
  return {
    kind: 'aggregate',
    op,
    expr,
    ...(parameter === undefined ? {} : { parameter }),
    ...(grouping === undefined ? {} : { grouping }),
    span,
  }
}

function parseLabelReplace(cursor: Cursor): MetricExpr {
  const { start } = cursor.next()
  cursor.expectOp('(', 'behind label_replace')
  const expr = metric(cursor, parseExpr(cursor))
  const texts = ['the label to write', 'the replacement', 'the label to read', 'the regular expression'].map((what) => {
    cursor.expectOp(',', `before ${what}`)
    return cursor.expectString(what).value
  })
  cursor.expectOp(')', 'to close label_replace')
  const [destination = '', replacement = '', source = '', regex = ''] = texts
  return { kind: 'labelReplace', expr, destination, replacement, source, regex, span: { start, end: cursor.lastEnd } }
}

function parseHistogramQuantile(cursor: Cursor): MetricExpr {
  const { start } = cursor.next()
  cursor.expectOp('(', 'behind histogram_quantile')
  const quantile = cursor.expectNumber('a quantile')
  cursor.expectOp(',', 'behind the quantile')
  const expr = metric(cursor, parseExpr(cursor))
  cursor.expectOp(')', 'to close histogram_quantile')
  return { kind: 'histogramQuantile', quantile, expr, span: { start, end: cursor.lastEnd } }
}

function parseVector(cursor: Cursor): MetricExpr {
  const { start } = cursor.next()
  cursor.expectOp('(', 'behind vector')
  const value = cursor.expectNumber('a number')
  cursor.expectOp(')', 'to close vector')
  return { kind: 'vector', value, span: { start, end: cursor.lastEnd } }
}
