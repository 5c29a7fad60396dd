import { joinSpans } from '@oriel/syntax'
import type {
  ArithmeticOp,
  CompareOp,
  FieldExpr,
  FilterExpr,
  Hint,
  MetricsFunction,
  MetricsStage,
  Pipeline,
  PipelineStage,
  ScalarExpr,
  ScalarFilterStage,
  SpansetBinary,
  SpansetExpr,
  TraceQuery,
} from './ast.ts'
import { ARITHMETIC_OPS, COMPARE_OPS, METRICS_FUNCTIONS, STRUCTURAL_OPS } from './ast.ts'
import type { Cursor } from './cursor.ts'
import { ParseStop } from './cursor.ts'
import type { Token } from './lex.ts'
import { FIELD_PRECEDENCE, literalOf, parseField } from './parse-field.ts'

const AGGREGATES = ['count', 'avg', 'min', 'max', 'sum'] as const

/** Names of the stages and functions that may follow a `|`, for completion and messages. */
export const STAGE_NAMES: readonly string[] = ['by', 'coalesce', 'select', ...AGGREGATES, ...METRICS_FUNCTIONS]

/** Parses a whole query. */
export function parseQuery(cursor: Cursor): TraceQuery {
  const { start } = cursor.peek()
  const pipeline = parsePipeline(cursor)
  const metrics = cursor.isOp('|') ? parseMetrics(cursor) : undefined
  const hints = cursor.takeName('with') ? parseHints(cursor) : []
  if (cursor.peek().kind !== 'end') cursor.stop('expected an operator, "|" or the end of the query')
  const span = { start, end: cursor.lastEnd }
  return metrics === undefined ? { pipeline, hints, span } : { pipeline, metrics, hints, span }
}

function parsePipeline(cursor: Cursor): Pipeline {
  const source = parseSpansets(cursor)
  const stages: PipelineStage[] = []
  while (cursor.isOp('|') && metricsFunction(cursor.peek(1)) === undefined) {
    cursor.next()
    stages.push(parseStage(cursor))
  }
  return { kind: 'pipeline', source, stages, span: { start: source.span.start, end: cursor.lastEnd } }
}

/** `||` binds loosest, then `&&`, then the structural operators; all to the left. */
function spansetPrecedence(op: string): number {
  return op === '||' ? 1 : op === '&&' ? 2 : 3
}

function parseSpansets(cursor: Cursor, least = 1): SpansetExpr {
  return cursor.deeper(() => {
    let left = parseSpanset(cursor)
    for (;;) {
      const op = spansetOp(cursor.peek())
      if (op === undefined || spansetPrecedence(op) < least) return left
      cursor.next()
      const right = parseSpansets(cursor, spansetPrecedence(op) + 1)
      left = { kind: 'spansetBinary', op, left, right, span: joinSpans(left.span, right.span) }
    }
  })
}

function spansetOp({ kind, value }: Token): SpansetBinary['op'] | undefined {
  if (kind !== 'op') return undefined
  return value === '&&' || value === '||' ? value : STRUCTURAL_OPS.find((op) => op === value)
}

function parseSpanset(cursor: Cursor): SpansetExpr {
  if (cursor.isOp('{')) return parseFilter(cursor)
  if (cursor.isOp('(') && !opensScalar(cursor)) {
    const { start } = cursor.next()
    const pipeline = parsePipeline(cursor)
    cursor.expectOp(')', 'to close the parenthesis')
    return { ...pipeline, span: { start, end: cursor.lastEnd } }
  }
  return parseScalarFilter(cursor)
}

/** Whether the parenthesis here holds a scalar (`(count() + 1) > 2`) and no spanset. */
function opensScalar(cursor: Cursor): boolean {
  let ahead = 1
  while (cursor.isOp('(', ahead)) ahead++
  return !cursor.isOp('{', ahead)
}

function parseFilter(cursor: Cursor): FilterExpr {
  const { start } = cursor.next()
  if (cursor.takeOp('}')) return { kind: 'filter', span: { start, end: cursor.lastEnd } }
  let condition: FieldExpr | undefined
  try {
    condition = parseField(cursor)
    if (!cursor.isOp('}')) cursor.stop('expected an operator or "}"')
  } catch (error) {
    if (!(error instanceof ParseStop)) throw error
    cursor.skipToClose('}')
  }
  if (!cursor.takeOp('}')) {
    if (cursor.problems.length === 0) cursor.report('spanset is not closed', { start, end: cursor.lastEnd })
    throw new ParseStop()
  }
  const span = { start, end: cursor.lastEnd }
  return condition === undefined ? { kind: 'filter', span } : { kind: 'filter', condition, span }
}

function parseStage(cursor: Cursor): PipelineStage {
  const { start } = cursor.peek()
  const ends = (): { start: number; end: number } => ({ start, end: cursor.lastEnd })
  if (cursor.takeName('by')) {
    cursor.expectOp('(', 'behind by')
    const field = parseField(cursor)
    cursor.expectOp(')', 'to close by')
    return { kind: 'by', field, span: ends() }
  }
  if (cursor.takeName('coalesce')) {
    cursor.expectOp('(', 'behind coalesce')
    cursor.expectOp(')', 'to close coalesce')
    return { kind: 'coalesce', span: ends() }
  }
  if (cursor.takeName('select')) return { kind: 'select', fields: parseFields(cursor), span: ends() }
  return parseSpansets(cursor)
}

function parseFields(cursor: Cursor): FieldExpr[] {
  cursor.expectOp('(', 'to open a list of fields')
  const fields = [parseField(cursor)]
  while (cursor.takeOp(',')) fields.push(parseField(cursor))
  cursor.expectOp(')', 'to close the list of fields')
  return fields
}

function parseScalarFilter(cursor: Cursor): ScalarFilterStage {
  const left = parseScalar(cursor)
  const op = compareOp(cursor.peek())
  if (op === undefined) return cursor.stop('expected a comparison behind an aggregate')
  cursor.next()
  const right = parseScalar(cursor)
  return { kind: 'scalarFilter', op, left, right, span: joinSpans(left.span, right.span) }
}

function compareOp({ kind, value }: Token): CompareOp | undefined {
  return kind === 'op' ? COMPARE_OPS.find((op) => op === value) : undefined
}

function parseScalar(cursor: Cursor, least = FIELD_PRECEDENCE['+']): ScalarExpr {
  return cursor.deeper(() => {
    let left = parseScalarOperand(cursor)
    for (;;) {
      const op = arithmeticOp(cursor.peek())
      if (op === undefined || FIELD_PRECEDENCE[op] < least) return left
      cursor.next()
      const right = parseScalar(cursor, op === '^' ? FIELD_PRECEDENCE[op] : FIELD_PRECEDENCE[op] + 1)
      left = { kind: 'arithmetic', op, left, right, span: joinSpans(left.span, right.span) }
    }
  })
}

function arithmeticOp({ kind, value }: Token): ArithmeticOp | undefined {
  return kind === 'op' ? ARITHMETIC_OPS.find((op) => op === value) : undefined
}

function parseScalarOperand(cursor: Cursor): ScalarExpr {
  const token = cursor.peek()
  if (cursor.takeOp('(')) {
    const inner = parseScalar(cursor)
    cursor.expectOp(')', 'to close the parenthesis')
    return inner
  }
  const op = token.kind === 'name' ? AGGREGATES.find((name) => name === token.value) : undefined
  if (op !== undefined) return parseAggregate(cursor, op)
  const literal = literalOf(token)
  if (literal === undefined) return cursor.stop(`expected a spanset, ${STAGE_NAMES.join(', ')}`)
  cursor.next()
  return literal
}

function parseAggregate(cursor: Cursor, op: (typeof AGGREGATES)[number]): ScalarExpr {
  const { start } = cursor.next()
  cursor.expectOp('(', `behind ${op}`)
  if (op === 'count') {
    cursor.expectOp(')', 'to close count')
    return { kind: 'aggregate', op, span: { start, end: cursor.lastEnd } }
  }
  const field = parseField(cursor)
  cursor.expectOp(')', `to close ${op}`)
  return { kind: 'aggregate', op, field, span: { start, end: cursor.lastEnd } }
}

function metricsFunction({ kind, value }: Token): MetricsFunction | undefined {
  return kind === 'name' ? METRICS_FUNCTIONS.find((name) => name === value) : undefined
}

function parseMetrics(cursor: Cursor): MetricsStage {
  cursor.next()
  const name = cursor.next()
  const func = metricsFunction(name)
  if (func === undefined) return cursor.stop('expected a metrics function')
  const parameters = parseArguments(cursor, func)
  const by = cursor.takeName('by') ? parseFields(cursor) : []
  const second: { func: 'topk' | 'bottomk'; count: number }[] = []
  while (cursor.takeOp('|')) {
    const choice = cursor.isName('topk') ? 'topk' : cursor.isName('bottomk') ? 'bottomk' : cursor.stop('expected topk or bottomk')
    cursor.next()
    cursor.expectOp('(', `behind ${choice}`)
    const count = cursor.peek()
    if (count.kind !== 'number') cursor.stop('expected a count')
    cursor.next()
    cursor.expectOp(')', `to close ${choice}`)
    second.push({ func: choice, count: Number(count.value) })
  }
  return { func, arguments: parameters, by, second, span: { start: name.start, end: cursor.lastEnd } }
}

function parseArguments(cursor: Cursor, func: MetricsFunction): (FieldExpr | FilterExpr)[] {
  cursor.expectOp('(', `behind ${func}`)
  const parameters: (FieldExpr | FilterExpr)[] = []
  while (!cursor.isOp(')')) {
    parameters.push(cursor.isOp('{') ? parseFilter(cursor) : parseField(cursor))
    if (!cursor.takeOp(',') && !cursor.isOp(')')) cursor.stop(`expected "," or ")" in ${func}`)
  }
  cursor.next()
  return parameters
}

function parseHints(cursor: Cursor): Hint[] {
  cursor.expectOp('(', 'behind with')
  const hints: Hint[] = []
  do {
    const name = cursor.next()
    if (name.kind !== 'name') cursor.stop('expected the name of a hint')
    cursor.expectOp('=', 'behind the name of a hint')
    const value = literalOf(cursor.peek())
    if (value === undefined) return cursor.stop('expected a value')
    cursor.next()
    hints.push({ name: name.value, value, span: { start: name.start, end: cursor.lastEnd } })
  } while (cursor.takeOp(','))
  cursor.expectOp(')', 'to close with')
  return hints
}
