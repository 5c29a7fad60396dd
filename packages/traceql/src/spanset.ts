import type { Span } from '@oriel/model'
import type { Pipeline, PipelineStage, ScalarExpr, SpansetBinary, SpansetExpr, StructuralOp } from './ast.ts'
import type { FieldValue } from './field.ts'
import { arithmetic, compareFields, compileField, isTrue, numberOf } from './field.ts'
import type { Trace } from './trace.ts'

/** Spans of one trace that belong together, in the trace's order. A pipeline passes on a list of these. */
type Spanset = readonly Span[]

/** One step of a query over one trace: takes spansets and gives back those that stay, none of them empty. */
export type SpansetStep = (input: readonly Spanset[], trace: Trace) => readonly Spanset[]

/** Compiles a pipeline. Throws `QueryError` QUERY_UNSUPPORTED, by name, for what is not offered. */
export function compileSpansets({ source, stages }: Pipeline): SpansetStep {
  const steps = [compileExpr(source), ...stages.map(compileStage)]
  return (input, trace) => {
    let spansets = input
    for (const step of steps) spansets = step(spansets, trace)
    return spansets
  }
}

function compileStage(stage: PipelineStage): SpansetStep {
  switch (stage.kind) {
    case 'by': {
      const read = compileField(stage.field)
      return (input, trace) => input.flatMap((spanset) => [...groupBy(spanset, (span) => read(span, trace)).values()])
    }
    case 'coalesce':
      return (input, trace) => nonEmpty(union(input, trace))
    case 'select':
      stage.fields.forEach(compileField)
      return (input) => input
    case 'filter':
    case 'pipeline':
    case 'scalarFilter':
    case 'spansetBinary':
      return compileExpr(stage)
  }
}

function compileExpr(expr: SpansetExpr): SpansetStep {
  switch (expr.kind) {
    case 'filter': {
      const { condition } = expr
      if (condition === undefined) return (input) => input
      const test = compileField(condition)
      return (input, trace) => input.flatMap((spanset) => nonEmpty(spanset.filter((span) => isTrue(test(span, trace)))))
    }
    case 'pipeline':
      return compileSpansets(expr)
    case 'scalarFilter': {
      const left = compileScalar(expr.left)
      const right = compileScalar(expr.right)
      return (input, trace) => input.filter((spanset) => compareFields(expr.op, left(spanset, trace), right(spanset, trace)))
    }
    case 'spansetBinary':
      return compileBinary(expr)
  }
}

function groupBy(spans: Spanset, keyOf: (span: Span) => FieldValue): Map<FieldValue, Span[]> {
  const groups = new Map<FieldValue, Span[]>()
  for (const span of spans) {
    const key = keyOf(span)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [span])
    else group.push(span)
  }
  return groups
}

function nonEmpty(spanset: Spanset): Spanset[] {
  return spanset.length === 0 ? [] : [spanset]
}

/** All spans of some spansets, each once, in the trace's order. */
function union(spansets: readonly Spanset[], trace: Trace): Spanset {
  const members = new Set(spansets.flat())
  return trace.spans.filter((span) => members.has(span))
}

function compileBinary({ op, left, right }: SpansetBinary): SpansetStep {
  const a = compileExpr(left)
  const b = compileExpr(right)
  return (input, trace) =>
    input.flatMap((spanset) => {
      const lefts = union(a([spanset], trace), trace)
      const rights = union(b([spanset], trace), trace)
      if (op === '&&') return lefts.length === 0 || rights.length === 0 ? [] : nonEmpty(union([lefts, rights], trace))
      if (op === '||') return nonEmpty(union([lefts, rights], trace))
      return nonEmpty(relate(op, lefts, rights, trace))
    })
}

/** Spans of `rights` that stand in the operator's relation to a span of `lefts`; for `&` operators, their partners as well. */
function relate(op: StructuralOp, lefts: Spanset, rights: Spanset, trace: Trace): Spanset {
  const members = new Set(lefts)
  const isNegated = op.startsWith('!')
  const keepsBoth = op.startsWith('&')
  const relation = isNegated || keepsBoth ? op.slice(1) : op
  const relativesOf = compileRelation(relation, lefts, trace)
  const kept = new Set<Span>()
  for (const span of rights) {
    const relatives = relativesOf(span).filter((other) => members.has(other))
    if (relatives.length > 0 === isNegated) continue
    kept.add(span)
    if (keepsBoth) for (const other of relatives) kept.add(other)
  }
  return trace.spans.filter((span) => kept.has(span))
}

/** For a span of the right side, the spans that stand in the relation to it. */
function compileRelation(relation: string, lefts: Spanset, trace: Trace): (span: Span) => readonly Span[] {
  switch (relation) {
    case '>':
      return (span) => {
        const parent = trace.parentOf(span)
        return parent === undefined ? [] : [parent]
      }
    case '>>':
      return (span) => trace.ancestorsOf(span)
    case '<':
      return (span) => trace.childrenOf(span)
    case '<<': {
      // Walk up from the left side once: asking each right span for its descendants would visit the tree again and again.
      const below = new Map<Span, Span[]>()
      for (const left of lefts) {
        for (const ancestor of trace.ancestorsOf(left)) below.set(ancestor, [...(below.get(ancestor) ?? []), left])
      }
      return (span) => below.get(span) ?? []
    }
    default:
      return (span) => trace.siblingsOf(span)
  }
}

function compileScalar(expr: ScalarExpr): (spanset: Spanset, trace: Trace) => FieldValue {
  switch (expr.kind) {
    case 'aggregate': {
      if (expr.field === undefined) return (spanset) => spanset.length
      const read = compileField(expr.field)
      const { op } = expr
      return (spanset, trace) => {
        const numbers = spanset.map((span) => numberOf(read(span, trace))).filter((value) => value !== undefined)
        return fold(op, numbers)
      }
    }
    case 'arithmetic': {
      const left = compileScalar(expr.left)
      const right = compileScalar(expr.right)
      return (spanset, trace) => arithmetic(expr.op, numberOf(left(spanset, trace)), numberOf(right(spanset, trace)))
    }
    case 'nil':
      return () => undefined
    case 'string':
    case 'number':
    case 'duration':
    case 'boolean':
    case 'status':
    case 'spanKind': {
      const { value } = expr
      return () => value
    }
  }
}

function fold(op: 'count' | 'avg' | 'min' | 'max' | 'sum', numbers: readonly number[]): number | undefined {
  if (op === 'count') return numbers.length
  if (numbers.length === 0) return undefined
  // Loops, not Math.min(...): a trace may have more spans than a call takes arguments.
  let total = 0
  let least = Infinity
  let most = -Infinity
  for (const value of numbers) {
    total += value
    if (value < least) least = value
    if (value > most) most = value
  }
  if (op === 'min') return least
  if (op === 'max') return most
  return op === 'sum' ? total : total / numbers.length
}
