import { quote } from '@oriel/syntax'
import type {
  AttributeExpr,
  FieldExpr,
  Hint,
  MetricsStage,
  Pipeline,
  PipelineStage,
  ScalarExpr,
  SpansetExpr,
  TraceQuery,
} from './ast.ts'
import { intrinsicText } from './names.ts'
import { FIELD_PRECEDENCE } from './parse-field.ts'

/** Prints a query as TraceQL text on one line. Parsing the text gives an equal tree, places apart. */
export function printTraceQL({ pipeline, metrics, hints }: TraceQuery): string {
  const parts = [printPipeline(pipeline)]
  if (metrics !== undefined) parts.push(`| ${printMetrics(metrics)}`)
  if (hints.length > 0) parts.push(`with (${hints.map(printHint).join(', ')})`)
  return parts.join(' ')
}

function printPipeline({ source, stages }: Pipeline): string {
  return [printSpansets(source), ...stages.map((stage) => `| ${printStage(stage)}`)].join(' ')
}

function printStage(stage: PipelineStage): string {
  if (stage.kind === 'by') return `by(${printField(stage.field)})`
  if (stage.kind === 'coalesce') return 'coalesce()'
  return stage.kind === 'select' ? `select(${stage.fields.map(printField).join(', ')})` : printSpansets(stage)
}

function printSpansets(expr: SpansetExpr): string {
  switch (expr.kind) {
    case 'filter':
      return expr.condition === undefined ? '{}' : `{ ${printField(expr.condition)} }`
    case 'pipeline':
      return `(${printPipeline(expr)})`
    case 'scalarFilter':
      return `${printScalar(expr.left)} ${expr.op} ${printScalar(expr.right)}`
    case 'spansetBinary': {
      const own = precedence(expr)
      const left = precedence(expr.left) < own ? `(${printSpansets(expr.left)})` : printSpansets(expr.left)
      const right = precedence(expr.right) <= own ? `(${printSpansets(expr.right)})` : printSpansets(expr.right)
      return `${left} ${expr.op} ${right}`
    }
  }
}

/** Operands that are no binary bind tightest. */
function precedence(expr: SpansetExpr): number {
  if (expr.kind !== 'spansetBinary') return 4
  return expr.op === '||' ? 1 : expr.op === '&&' ? 2 : 3
}

function printScalar(expr: ScalarExpr): string {
  switch (expr.kind) {
    case 'aggregate':
      return `${expr.op}(${expr.field === undefined ? '' : printField(expr.field)})`
    case 'arithmetic':
      return printBinary(expr.op, expr.left, expr.right, printScalar, (of) =>
        of.kind === 'arithmetic' ? FIELD_PRECEDENCE[of.op] : 9,
      )
    case 'string':
    case 'number':
    case 'duration':
    case 'boolean':
    case 'nil':
    case 'status':
    case 'spanKind':
      return printField(expr)
  }
}

function printField(expr: FieldExpr): string {
  switch (expr.kind) {
    case 'string':
      return quote(expr.value)
    case 'number':
    case 'duration':
      return expr.text
    case 'boolean':
      return String(expr.value)
    case 'nil':
      return 'nil'
    case 'status':
    case 'spanKind':
      return expr.value
    case 'attribute':
      return printAttribute(expr)
    case 'intrinsic':
      return intrinsicText(expr.name)
    case 'not':
    case 'negate': {
      const sign = expr.kind === 'not' ? '!' : '-'
      return expr.operand.kind === 'fieldBinary' ? `${sign}(${printField(expr.operand)})` : `${sign}${printField(expr.operand)}`
    }
    case 'fieldBinary':
      return printBinary(expr.op, expr.left, expr.right, printField, (of) =>
        of.kind === 'fieldBinary' ? FIELD_PRECEDENCE[of.op] : 9,
      )
  }
}

/** A binary with parentheses where its operands bind less tightly than it does. */
function printBinary<T>(
  op: keyof typeof FIELD_PRECEDENCE,
  left: T,
  right: T,
  print: (operand: T) => string,
  precedenceOf: (operand: T) => number,
): string {
  const own = FIELD_PRECEDENCE[op]
  const isRightBound = op === '^'
  const wrapsLeft = precedenceOf(left) < own || (isRightBound && precedenceOf(left) === own)
  const wrapsRight = precedenceOf(right) < own || (!isRightBound && precedenceOf(right) === own)
  return `${wrapsLeft ? `(${print(left)})` : print(left)} ${op} ${wrapsRight ? `(${print(right)})` : print(right)}`
}

function printAttribute({ scope, key }: AttributeExpr): string {
  const isPlain = /^[^\s{}()=~!<>&|^,"]+$/.test(key) && !/^\d/.test(key)
  return `${scope === 'any' ? '' : scope}.${isPlain ? key : quote(key)}`
}

function printMetrics({ func, arguments: parameters, by, second }: MetricsStage): string {
  const printed = parameters.map((of) => (of.kind === 'filter' ? printSpansets(of) : printField(of)))
  const grouping = by.length === 0 ? '' : ` by (${by.map(printField).join(', ')})`
  const then = second.map((of) => ` | ${of.func}(${of.count})`).join('')
  return `${func}(${printed.join(', ')})${grouping}${then}`
}

function printHint({ name, value }: Hint): string {
  return `${name}=${printField(value)}`
}
