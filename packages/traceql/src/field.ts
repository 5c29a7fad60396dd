import type { Span } from '@oriel/model'
import { compileAnchored } from '@oriel/model'
import { QueryError } from '@oriel/syntax'
import type { ArithmeticOp, AttributeExpr, CompareOp, FieldExpr, Intrinsic } from './ast.ts'
import type { Trace } from './trace.ts'

/** The value of a field on a span: `undefined` where there is none. Stored attributes are text whatever they were when sent. */
export type FieldValue = string | number | boolean | undefined

/** Reads a field of a span of a trace. */
export type ReadField = (span: Span, trace: Trace) => FieldValue

/** Compiles an expression over a span's fields. Throws `QueryError` QUERY_UNSUPPORTED, by name, for what is not stored. */
export function compileField(expr: FieldExpr): ReadField {
  switch (expr.kind) {
    case 'string':
    case 'number':
    case 'duration':
    case 'boolean':
    case 'status':
    case 'spanKind': {
      const { value } = expr
      return () => value
    }
    case 'nil':
      return () => undefined
    case 'attribute':
      return compileAttribute(expr)
    case 'intrinsic':
      return compileIntrinsic(expr.name, expr.span)
    case 'not': {
      const operand = compileField(expr.operand)
      return (span, trace) => !isTrue(operand(span, trace))
    }
    case 'negate': {
      const operand = compileField(expr.operand)
      return (span, trace) => negated(operand(span, trace))
    }
    case 'fieldBinary':
      return compileBinary(expr)
  }
}

/** Whether a value counts as true: booleans, also where an attribute holds one as text. */
export function isTrue(value: FieldValue): boolean {
  return value === true || value === 'true'
}

/** A value as a number, for arithmetic and order: `undefined` when it is none. */
export function numberOf(value: FieldValue): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value !== 'string' || value.trim() === '') return undefined
  const number = Number(value)
  return Number.isNaN(number) ? undefined : number
}

function negated(value: FieldValue): FieldValue {
  const number = numberOf(value)
  return number === undefined ? undefined : -number
}

function compileBinary({ op, left, right }: Extract<FieldExpr, { kind: 'fieldBinary' }>): ReadField {
  const a = compileField(left)
  const b = compileField(right)
  switch (op) {
    case '&&':
      return (span, trace) => isTrue(a(span, trace)) && isTrue(b(span, trace))
    case '||':
      return (span, trace) => isTrue(a(span, trace)) || isTrue(b(span, trace))
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
    case '^':
      return (span, trace) => arithmetic(op, numberOf(a(span, trace)), numberOf(b(span, trace)))
    case '=~':
    case '!~': {
      const matches = compileAnchored(right.kind === 'string' ? right.value : '')
      return (span, trace) => {
        const value = a(span, trace)
        return value !== undefined && matches(String(value)) === (op === '=~')
      }
    }
    case '=':
    case '!=':
    case '>':
    case '>=':
    case '<':
    case '<=':
      if (left.kind === 'nil' || right.kind === 'nil') return compileNilTest(op, left.kind === 'nil' ? b : a)
      return (span, trace) => compareFields(op, a(span, trace), b(span, trace))
  }
}

/** `= nil` asks for a missing field, `!= nil` for a present one; anything else with nil is never true. */
function compileNilTest(op: CompareOp, read: ReadField): ReadField {
  if (op === '=') return (span, trace) => read(span, trace) === undefined
  return op === '!=' ? (span, trace) => read(span, trace) !== undefined : () => false
}

/** The number that an operator gives, `undefined` when an operand is none. */
export function arithmetic(op: ArithmeticOp, a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return undefined
  switch (op) {
    case '+':
      return a + b
    case '-':
      return a - b
    case '*':
      return a * b
    case '/':
      return a / b
    case '%':
      return a % b
    case '^':
      return a ** b
  }
}

/** Compares two values: as numbers when either is one, else as text. A missing value makes every comparison false. */
export function compareFields(op: CompareOp, a: FieldValue, b: FieldValue): boolean {
  if (a === undefined || b === undefined) return false
  if (typeof a === 'number' || typeof b === 'number') {
    const [x, y] = [numberOf(a), numberOf(b)]
    return x !== undefined && y !== undefined && holds(op, x, y)
  }
  return holds(op, String(a), String(b))
}

function holds<T extends string | number>(op: CompareOp, a: T, b: T): boolean {
  switch (op) {
    case '=':
      return a === b
    case '!=':
      return a !== b
    case '>':
      return a > b
    case '>=':
      return a >= b
    case '<':
      return a < b
    case '<=':
      return a <= b
    case '=~':
      return compileAnchored(String(b))(String(a))
    case '!~':
      return !compileAnchored(String(b))(String(a))
  }
}

function compileAttribute({ scope, key, span: where }: AttributeExpr): ReadField {
  switch (scope) {
    case 'span':
      return (span) => span.attributes[key]
    case 'resource':
      return (span) => resourceValue(span, key)
    case 'any':
      return (span) => span.attributes[key] ?? resourceValue(span, key)
    case 'parent':
      return (span, trace) => {
        const parent = trace.parentOf(span)
        return parent === undefined ? undefined : (parent.attributes[key] ?? resourceValue(parent, key))
      }
    case 'instrumentation':
      return (span) => (key === 'name' ? text(span.scope.name) : key === 'version' ? text(span.scope.version) : undefined)
    case 'event':
      return (span) => span.events.find((event) => event.attributes[key] !== undefined)?.attributes[key]
    case 'link':
      return (span) => span.links.find((link) => link.attributes[key] !== undefined)?.attributes[key]
    default:
      throw new QueryError('QUERY_UNSUPPORTED', `cannot evaluate: attribute scope ${String(scope)} is not supported`, {
        span: where,
      })
  }
}

function resourceValue(span: Span, key: string): string | undefined {
  return key === 'service.name' ? span.service : span.resource[key]
}

function text(value: string): string | undefined {
  return value === '' ? undefined : value
}

function compileIntrinsic(name: Intrinsic, where: { start: number; end: number }): ReadField {
  switch (name) {
    case 'name':
      return (span) => span.name
    case 'duration':
      return (span) => Number(span.durationNs)
    case 'status':
      return (span) => span.status
    case 'statusMessage':
      return (span) => span.statusMessage
    case 'kind':
      return (span) => span.kind
    case 'spanId':
      return (span) => span.spanId
    case 'parentId':
      return (span) => text(span.parentSpanId)
    case 'traceId':
      return (span) => span.traceId
    case 'childCount':
      return (span, trace) => trace.childrenOf(span).length
    case 'rootName':
      return (_span, trace) => trace.root?.name
    case 'rootServiceName':
      return (_span, trace) => trace.root?.service
    case 'traceDuration':
      return (_span, trace) => Number(trace.durationNs)
    case 'eventName':
      return (span) => span.events[0]?.name
    case 'eventTimeSinceStart':
      return (span) => (span.events[0] === undefined ? undefined : Number(span.events[0].tNs - span.startNs))
    case 'linkSpanId':
      return (span) => span.links[0]?.spanId
    case 'linkTraceId':
      return (span) => span.links[0]?.traceId
    case 'instrumentationName':
      return (span) => text(span.scope.name)
    case 'instrumentationVersion':
      return (span) => text(span.scope.version)
    case 'nestedSetLeft':
    case 'nestedSetRight':
    case 'nestedSetParent':
      throw new QueryError('QUERY_UNSUPPORTED', `cannot evaluate: the intrinsic ${name} is not supported`, { span: where })
  }
}
