import type { Diagnostic, TextSpan } from '@oriel/syntax'
import { diagnosticError, joinSpans, quote } from '@oriel/syntax'
import type { AggregationOp, Binary, BinaryOp, Expr, VectorMatching } from './ast.ts'
import { PARAMETER_OPS } from './ast.ts'
import { checkTypes } from './check.ts'
import { Cursor, ParseAbort } from './cursor.ts'
import type { PromqlFeatures } from './features.ts'
import { DEFAULT_FEATURES } from './features.ts'
import { FUNCTIONS } from './functions.ts'
import { isNumberNext, parseNumber, parseSignedNumber } from './parse-duration.ts'
import { parseAt, parseBrackets, parseExtension, parseOffset, parseVectorSelector, unquoted } from './parse-selector.ts'
import type { Token } from './tokens.ts'
import { AGGREGATORS, isKeyword } from './tokens.ts'

/** What a text parses to: the expression (absent when nothing could be made of it) and every error found. */
export interface ParseResult {
  readonly ast: Expr | undefined
  readonly errors: readonly Diagnostic[]
}

/**
 * Parses PromQL and checks its types. Goes on after an error where it can, so that an editor sees more than the first.
 *
 * Never throws. Types are checked only when the syntax is right. Source: Prometheus 3.14 promql/parser.
 */
export function parse(text: string, features: PromqlFeatures = DEFAULT_FEATURES): ParseResult {
  const cursor = new Cursor(text, features)
  if (cursor.token.kind === 'eof') {
    cursor.report({ start: 0, end: 0 }, 'no expression found in input')
    return { ast: undefined, errors: cursor.errors }
  }
  const ast = attempt(() => {
    const expr = parseExpression(cursor, 0)
    if (cursor.token.kind !== 'eof') cursor.unexpected()
    return expr
  })
  if (ast === undefined || cursor.errors.length > 0) return { ast, errors: cursor.errors }
  return checkTypes(ast, text)
}

/** Parses PromQL or throws `QueryError` (QUERY_SYNTAX, QUERY_TYPE, QUERY_FEATURE_OFF) with the first error found. */
export function parseExpr(text: string, features: PromqlFeatures = DEFAULT_FEATURES): Expr {
  const { ast, errors } = parse(text, features)
  const [first] = errors
  if (first !== undefined) throw diagnosticError(text, first)
  if (ast === undefined) throw diagnosticError(text, NOTHING)
  return ast
}

const NOTHING: Diagnostic = {
  severity: 'error',
  code: 'QUERY_SYNTAX',
  message: 'no expression found in input',
  span: { start: 0, end: 0 },
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    if (error instanceof ParseAbort) return undefined
    throw error
  }
}

const PRECEDENCE: ReadonlyMap<string, number> = new Map<BinaryOp, number>([
  ['or', 1],
  ['and', 2],
  ['unless', 2],
  ['==', 3],
  ['!=', 3],
  ['<=', 3],
  ['<', 3],
  ['>=', 3],
  ['>', 3],
  ['</', 3],
  ['>/', 3],
  ['+', 4],
  ['-', 4],
  ['*', 5],
  ['/', 5],
  ['%', 5],
  ['atan2', 5],
  ['^', 6],
])
const POWER = 6

function parseExpression(cursor: Cursor, minPrecedence: number): Expr {
  let lhs = parseUnary(cursor)
  for (;;) {
    const op = binaryOp(cursor.token.kind)
    const precedence = op === undefined ? 0 : (PRECEDENCE.get(op) ?? 0)
    if (op === undefined || precedence < minPrecedence) return lhs
    cursor.take()
    const modifiers = parseModifiers(cursor)
    const rhs = parseExpression(cursor, precedence === POWER ? POWER : precedence + 1)
    lhs = {
      kind: 'binary',
      span: joinSpans(lhs.span, rhs.span),
      op,
      opSpan: between(cursor.text, lhs, rhs),
      lhs,
      rhs,
      ...modifiers,
    }
    if (!cursor.features.fillModifiers && hasFill(lhs)) {
      cursor.report(lhs.span, 'binop fill modifiers are experimental and not enabled', 'QUERY_FEATURE_OFF')
    }
  }
}

function binaryOp(kind: string): BinaryOp | undefined {
  for (const op of PRECEDENCE.keys()) if (op === kind) return BINARY_OPS.find((known) => known === kind)
  return undefined
}

const BINARY_OPS: readonly BinaryOp[] = [
  ...(['or', 'and', 'unless', '==', '!=', '<=', '<', '>=', '>', '</', '>/', '+', '-', '*', '/', '%', 'atan2', '^'] as const),
]

/** A sign binds as tightly as a product: `-a ^ b` is `-(a ^ b)`, `-a * b` is `(-a) * b`. */
function parseUnary(cursor: Cursor): Expr {
  const sign = cursor.accept('-') ?? cursor.accept('+')
  if (sign === undefined) return parsePostfix(cursor)
  const expr = parseExpression(cursor, POWER)
  const span = joinSpans(sign.span, expr.span)
  if (expr.kind !== 'number') return { kind: 'unary', span, op: sign.kind === '-' ? '-' : '+', expr }
  return { ...expr, span, value: sign.kind === '-' ? -expr.value : expr.value }
}

function parsePostfix(cursor: Cursor): Expr {
  let expr = parsePrimary(cursor)
  for (;;) {
    switch (cursor.token.kind) {
      case '[':
        expr = parseBrackets(cursor, expr)
        break
      case 'offset':
        expr = parseOffset(cursor, expr)
        break
      case '@':
        expr = parseAt(cursor, expr)
        break
      case 'anchored':
      case 'smoothed':
        expr = parseExtension(cursor, expr)
        break
      default:
        return expr
    }
  }
}

function parsePrimary(cursor: Cursor): Expr {
  const { token, following } = cursor
  if (isNumberNext(cursor)) return parseNumber(cursor)
  if (AGGREGATORS.has(token.kind) && (following === '(' || following === 'by' || following === 'without')) {
    return parseAggregation(cursor)
  }
  switch (token.kind) {
    case 'string':
      cursor.take()
      return stringLiteral(token)
    case '(': {
      cursor.take()
      const expr = parseExpression(cursor, 0)
      const close = cursor.expect(')', '', '')
      return { kind: 'paren', span: joinSpans(token.span, close.span), expr }
    }
    case '{':
      return parseVectorSelector(cursor)
    case 'identifier':
    case 'start':
    case 'end':
    case 'step':
    case 'range':
    case 'max_of':
    case 'min_of':
      return following === '(' ? parseCall(cursor) : parseVectorSelector(cursor, cursor.take())
    default:
      if (!isMetricName(token.kind)) return cursor.unexpected()
      return parseVectorSelector(cursor, cursor.take())
  }
}

const NEVER_METRICS = new Set(['bool', 'group_left', 'group_right', 'ignoring', 'on', 'atan2'])

/** Whether a token of this kind, other than a plain identifier, may name a metric. */
export function isMetricName(kind: string): boolean {
  return kind === 'metric identifier' || (isKeyword(kind) && !NEVER_METRICS.has(kind))
}

function parseCall(cursor: Cursor): Expr {
  const name = cursor.take()
  const signature = FUNCTIONS.get(name.text)
  const args = parseArguments(cursor)
  if (signature === undefined) cursor.report(name.span, `unknown function with name ${quote(name.text)}`)
  else if (signature.isExperimental && !cursor.features.experimentalFunctions) {
    cursor.report(name.span, `function ${quote(name.text)} is not enabled`, 'QUERY_FEATURE_OFF')
  }
  return { kind: 'call', span: { start: name.span.start, end: cursor.lastClosing }, name: name.text, args }
}

/** Parses `(a, b)`. After an error in one argument the next is tried. */
function parseArguments(cursor: Cursor): Expr[] {
  cursor.expect('(', '', '')
  const args: Expr[] = []
  if (cursor.accept(')') !== undefined) return args
  let isBroken = false
  for (;;) {
    const arg = attempt(() => parseArgument(cursor))
    if (arg === undefined) {
      isBroken = true
      cursor.skipTo([',', ')'])
    } else args.push(arg)
    const comma = cursor.accept(',')
    if (comma === undefined) break
    if (cursor.token.kind === ')') {
      cursor.report(comma.span, 'trailing commas not allowed in function call args')
      break
    }
  }
  if (cursor.accept(')') === undefined) {
    if (isBroken) throw new ParseAbort()
    cursor.unexpected()
  }
  return args
}

function parseArgument(cursor: Cursor): Expr {
  const arg = parseExpression(cursor, 0)
  if (!cursor.is(',') && !cursor.is(')')) cursor.unexpected()
  return arg
}

function parseAggregation(cursor: Cursor): Expr {
  const name = cursor.take()
  const op = AGGREGATION_OPS.find((known) => known === name.kind) ?? 'sum'
  let grouping = parseGrouping(cursor)
  if (cursor.token.kind !== '(') cursor.unexpected('aggregation')
  const args = parseArguments(cursor)
  grouping ??= parseGrouping(cursor)
  const span = { start: name.span.start, end: cursor.lastClosing }
  const [first, second] = args
  const hasParam = PARAMETER_OPS.has(op)
  const expr = hasParam ? second : first
  const refusal = aggregationRefusal(cursor, op, args.length)
  if (refusal !== undefined) cursor.report(span, refusal.message, refusal.code)
  return {
    kind: 'aggregation',
    span,
    op,
    expr: expr ?? { kind: 'number', span, value: 0, isDuration: false },
    ...(hasParam && first !== undefined ? { param: first } : {}),
    grouping: grouping?.labels ?? [],
    isWithout: grouping?.isWithout ?? false,
  }
}

const AGGREGATION_OPS: readonly AggregationOp[] = [
  ...(['sum', 'avg', 'count', 'min', 'max', 'group', 'stddev', 'stdvar', 'topk', 'bottomk'] as const),
  ...(['count_values', 'quantile', 'limitk', 'limit_ratio'] as const),
]

function aggregationRefusal(
  { features }: Cursor,
  op: AggregationOp,
  given: number,
): { message: string; code: 'QUERY_SYNTAX' | 'QUERY_FEATURE_OFF' } | undefined {
  if (given === 0) return { message: 'no arguments for aggregate expression provided', code: 'QUERY_SYNTAX' }
  if ((op === 'limitk' || op === 'limit_ratio') && !features.experimentalFunctions) {
    const message = `${op}() is experimental and must be enabled with --enable-feature=promql-experimental-functions`
    return { message, code: 'QUERY_FEATURE_OFF' }
  }
  const wanted = PARAMETER_OPS.has(op) ? 2 : 1
  if (given === wanted) return undefined
  const message = `wrong number of arguments for aggregate expression provided, expected ${wanted}, got ${given}`
  return { message, code: 'QUERY_SYNTAX' }
}

function parseGrouping(cursor: Cursor): { labels: string[]; isWithout: boolean } | undefined {
  const isWithout = cursor.token.kind === 'without'
  if (!isWithout && cursor.token.kind !== 'by') return undefined
  cursor.take()
  return { labels: parseLabelList(cursor), isWithout }
}

function parseLabelList(cursor: Cursor): string[] {
  cursor.expect('(', 'grouping opts', '"("')
  const labels: string[] = []
  while (cursor.token.kind !== ')') {
    labels.push(parseGroupingLabel(cursor))
    if (cursor.accept(',') !== undefined) continue
    if (cursor.token.kind !== ')') cursor.unexpected('grouping opts', '"," or ")"')
  }
  cursor.take()
  return labels
}

function parseGroupingLabel(cursor: Cursor): string {
  const { token } = cursor
  const isName = token.kind === 'identifier' || token.kind === 'metric identifier' || isKeyword(token.kind)
  if (token.kind !== 'string' && !isName) return cursor.unexpected('grouping opts', 'label')
  cursor.take()
  const label = token.kind === 'string' ? unquoted(token) : token.text
  if (label === '') cursor.report(token.span, 'invalid label name for grouping: ""')
  return label
}

type Modifiers = Pick<Binary, 'matching' | 'returnsBool'>

function parseModifiers(cursor: Cursor): Modifiers {
  const returnsBool = cursor.accept('bool') !== undefined
  let matching: VectorMatching = { card: 'one-to-one', labels: [], isOn: false, include: [] }
  const isOn = cursor.token.kind === 'on'
  if (isOn || cursor.token.kind === 'ignoring') {
    cursor.take()
    matching = { ...matching, labels: parseLabelList(cursor), isOn }
    const group = cursor.accept('group_left') ?? cursor.accept('group_right')
    if (group !== undefined) {
      const include = cursor.is('(') ? parseLabelList(cursor) : []
      matching = { ...matching, card: group.kind === 'group_left' ? 'many-to-one' : 'one-to-many', include }
    }
  }
  return { returnsBool, matching: parseFill(cursor, matching) }
}

function parseFill(cursor: Cursor, matching: VectorMatching): VectorMatching {
  const first = fillToken(cursor)
  if (first === undefined) return matching
  const value = parseFillValue(cursor)
  if (first.kind === 'fill') return { ...matching, fillLeft: value, fillRight: value }
  const isLeft = first.kind === 'fill_left'
  const one = isLeft ? { ...matching, fillLeft: value } : { ...matching, fillRight: value }
  if (cursor.accept(isLeft ? 'fill_right' : 'fill_left') === undefined) return one
  const other = parseFillValue(cursor)
  return isLeft ? { ...one, fillRight: other } : { ...one, fillLeft: other }
}

function fillToken(cursor: Cursor): Token | undefined {
  return cursor.accept('fill') ?? cursor.accept('fill_left') ?? cursor.accept('fill_right')
}

function parseFillValue(cursor: Cursor): number {
  cursor.expect('(', '', '')
  const { value } = parseSignedNumber(cursor, () => cursor.unexpected())
  cursor.expect(')', '', '')
  return value
}

function hasFill(expr: Expr): boolean {
  if (expr.kind !== 'binary') return false
  return expr.matching?.fillLeft !== undefined || expr.matching?.fillRight !== undefined
}

function between(text: string, lhs: Expr, rhs: Expr): TextSpan {
  const raw = text.slice(lhs.span.end, rhs.span.start)
  const start = lhs.span.end + raw.length - raw.trimStart().length
  return { start, end: start + raw.trim().length }
}

function stringLiteral(token: Token): Expr {
  const value = unquoted(token)
  const isBroken = value.includes('\u{fffd}') && !token.text.includes('\u{fffd}')
  return { kind: 'string', span: token.span, value, ...(isBroken && { written: token.text }) }
}
