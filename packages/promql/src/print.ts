import type { Matcher } from '@oriel/model'
import { METRIC_NAME } from '@oriel/model'
import { isPlainLabelName, printMatcher, printNumber, printPromDuration, quote } from '@oriel/syntax'
import type {
  Aggregation,
  Binary,
  DurationExpr,
  Expr,
  MatrixSelector,
  NumberLiteral,
  StringLiteral,
  Subquery,
  TimeModifiers,
  VectorSelector,
} from './ast.ts'

/** Prints an expression on one line, as Prometheus shows it. It parses back to the same meaning. */
export function printExpr(expr: Expr): string {
  switch (expr.kind) {
    case 'aggregation': {
      const param = expr.param === undefined ? '' : `${printExpr(expr.param)}, `
      return `${printAggregationHead(expr)}(${param}${printExpr(expr.expr)})`
    }
    case 'binary':
      return `${printExpr(expr.lhs)} ${printOperator(expr)} ${printExpr(expr.rhs)}`
    case 'call':
      return `${expr.name}(${expr.args.map(printExpr).join(', ')})`
    case 'matrixSelector':
      return printMatrixSelector(expr)
    case 'number':
      return printLiteral(expr)
    case 'paren':
      return `(${printExpr(expr.expr)})`
    case 'string':
      return printString(expr)
    case 'subquery':
      return `${printExpr(expr.expr)}${printSubqueryTail(expr)}`
    case 'unary':
      return `${expr.op}${printExpr(expr.expr)}`
    case 'vectorSelector':
      return printVectorSelector(expr)
  }
}

// Source: Prometheus 3.14 promql/parser/prettier.go maxCharactersPerLine.
const MAX_LINE_LENGTH = 100

/** Prints an expression over several lines where one would be longer than 100 characters: `format_query`. */
export function formatExpr(expr: Expr, level = 0): string {
  const indent = '  '.repeat(level)
  const line = printExpr(expr)
  const isShort = line.length <= MAX_LINE_LENGTH
  switch (expr.kind) {
    case 'aggregation': {
      if (isShort) return indent + line
      const param = expr.param === undefined ? '' : `${formatExpr(expr.param, level + 1)},\n`
      return `${indent}${printAggregationHead(expr)}(\n${param}${formatExpr(expr.expr, level + 1)}\n${indent})`
    }
    case 'binary':
      if (isShort) return indent + line
      return `${formatExpr(expr.lhs, level + 1)}\n${indent}${printOperator(expr)}\n${formatExpr(expr.rhs, level + 1)}`
    case 'call':
      if (isShort) return indent + line
      return `${indent}${expr.name}(\n${expr.args.map((arg) => formatExpr(arg, level + 1)).join(',\n')}\n${indent})`
    case 'paren':
      if (isShort) return indent + line
      return `${indent}(\n${formatExpr(expr.expr, level + 1)}\n${indent})`
    case 'subquery':
      return isShort ? line : formatExpr(expr.expr, level) + printSubqueryTail(expr)
    case 'unary':
      return `${indent}${expr.op}${formatExpr(expr.expr, level).trim()}`
    case 'matrixSelector':
    case 'number':
    case 'string':
    case 'vectorSelector':
      return indent + line
  }
}

function printAggregationHead({ op, grouping, isWithout }: Aggregation): string {
  if (isWithout) return `${op} without (${printLabelNames(grouping)}) `
  return grouping.length > 0 ? `${op} by (${printLabelNames(grouping)}) ` : op
}

function printLabelNames(names: readonly string[]): string {
  return names.map((name) => (isPlainLabelName(name) ? name : quote(name))).join(', ')
}

function printOperator({ op, returnsBool, matching }: Binary): string {
  let text: string = returnsBool ? `${op} bool` : op
  if (matching === undefined) return text
  const { card, labels, isOn, include, fillLeft, fillRight } = matching
  const isGrouped = card === 'many-to-one' || card === 'one-to-many'
  if (labels.length > 0 || isOn || isGrouped) text += ` ${isOn ? 'on' : 'ignoring'} (${printLabelNames(labels)})`
  if (isGrouped) text += ` group_${card === 'many-to-one' ? 'left' : 'right'} (${printLabelNames(include)})`
  if (fillLeft !== undefined && fillLeft === fillRight) return `${text} fill (${printNumber(fillLeft)})`
  if (fillLeft !== undefined) text += ` fill_left (${printNumber(fillLeft)})`
  if (fillRight !== undefined) text += ` fill_right (${printNumber(fillRight)})`
  return text
}

function printMatrixSelector({ selector, rangeMs, rangeExpr }: MatrixSelector): string {
  const range = rangeExpr === undefined ? printPromDuration(rangeMs) : printDurationExpr(rangeExpr)
  return `${printSelectorBody(selector)}[${range}]${printExtension(selector)}${printTime(selector)}`
}

function printVectorSelector(selector: VectorSelector): string {
  return `${printSelectorBody(selector)}${printAt(selector)}${printExtension(selector)}${printOffset(selector)}`
}

function printExtension({ extension }: VectorSelector): string {
  return extension === undefined ? '' : ` ${extension}`
}

function printSelectorBody({ name, matchers }: VectorSelector): string {
  const shown = matchers.filter((matcher) => !isNameMatcher(matcher, name)).map(printMatcher)
  if (shown.length === 0) return name === '' ? '{}' : name
  return `${name}{${shown.toSorted(byBytes).join(',')}}`
}

function isNameMatcher({ name, op, value }: Matcher, metric: string): boolean {
  return name === METRIC_NAME && op === '=' && value === metric && value !== ''
}

function byBytes(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

function printSubqueryTail(node: Subquery): string {
  const range = node.rangeExpr === undefined ? printPromDuration(node.rangeMs) : printDurationExpr(node.rangeExpr)
  const literalStep = node.stepMs === 0 ? '' : printPromDuration(node.stepMs)
  const step = node.stepExpr === undefined ? literalStep : printDurationExpr(node.stepExpr)
  return `[${range}:${step}]${printTime(node)}`
}

function printTime(node: TimeModifiers): string {
  return printAt(node) + printOffset(node)
}

function printAt({ at }: TimeModifiers): string {
  if (at === undefined) return ''
  return at.kind === 'time' ? ` @ ${(at.tMs / 1_000).toFixed(3)}` : ` @ ${at.kind}()`
}

function printOffset({ offsetMs, offsetExpr }: TimeModifiers): string {
  if (offsetExpr !== undefined) return ` offset ${printDurationExpr(offsetExpr)}`
  return offsetMs === 0 ? '' : ` offset ${printPromDuration(offsetMs)}`
}

function printLiteral({ value, isDuration }: NumberLiteral): string {
  if (isDuration) return printPromDuration(Math.trunc(value * 1_000))
  return plainNumber(value)
}

/** A string literal, quoted. */
export function printString({ value, written }: StringLiteral): string {
  return written ?? quote(value)
}

/** Go's 'f' format: never an exponent. */
export function plainNumber(value: number): string {
  const text = printNumber(value)
  const match = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text)
  if (match === null) return text
  const [, sign = '', whole = '', fraction = '', exponentText = '0'] = match
  const exponent = Number(exponentText)
  const digits = whole + fraction
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
  return sign + digits.padEnd(exponent + 1, '0')
}

function printDurationExpr(expr: DurationExpr | NumberLiteral): string {
  if (expr.kind === 'number') return printLiteral(expr)
  const text = printBareDuration(expr)
  return expr.isWrapped ? `(${text})` : text
}

function printBareDuration({ op, lhs, rhs }: DurationExpr): string {
  if (op === 'step' || op === 'range') return `${op}()`
  const right = rhs === undefined ? '' : printDurationExpr(rhs)
  if (lhs === undefined) return op === '-' ? `-${right}` : right
  const left = printDurationExpr(lhs)
  return op === 'min_of' || op === 'max_of' ? `${op}(${left}, ${right})` : `${left} ${op} ${right}`
}
