import type { Span } from '@oriel/model'
import { compileMatcher, unreachable } from '@oriel/model'
import type { SpanCondition, SpanFilter } from '../source.ts'

/** What conditions on the whole trace look at. */
export interface TraceFacts {
  /** Service and name of the earliest span without a parent (of several the lowest id); '' when no such span is stored. */
  readonly rootService: string
  readonly rootName: string
  readonly startNs: bigint
  readonly durationNs: bigint
}

type SpanTest = (span: Span, trace: TraceFacts) => boolean
type OrderOp = '>' | '>=' | '<' | '<=' | '=' | '!='

/** The facts of a trace with at least one span. */
export function describeTrace(spans: readonly Span[]): TraceFacts {
  let startNs = spans[0]?.startNs ?? 0n
  let endNs = 0n
  let root: Span | undefined
  for (const span of spans) {
    if (span.startNs < startNs) startNs = span.startNs
    if (span.startNs + span.durationNs > endNs) endNs = span.startNs + span.durationNs
    if (span.parentSpanId === '' && (root === undefined || isBefore(span, root))) root = span
  }
  return { rootService: root?.service ?? '', rootName: root?.name ?? '', startNs, durationNs: endNs - startNs }
}

function isBefore(a: Span, b: Span): boolean {
  return a.startNs < b.startNs || (a.startNs === b.startNs && a.spanId < b.spanId)
}

/** Compiles a filter into a test on a span. An empty `all` holds, an empty `any` does not. */
export function compileSpanFilter(filter: SpanFilter): SpanTest {
  if (filter.kind === 'condition') return compileCondition(filter.condition)
  const tests = filter.filters.map(compileSpanFilter)
  return filter.kind === 'all'
    ? (span, trace) => tests.every((test) => test(span, trace))
    : (span, trace) => tests.some((test) => test(span, trace))
}

function compileCondition(condition: SpanCondition): SpanTest {
  switch (condition.kind) {
    case 'attribute':
      return compileAttribute(condition)
    case 'service':
    case 'name':
    case 'statusMessage': {
      const { kind } = condition
      const test = compileMatcher({ name: kind, op: condition.op, value: condition.value })
      return (span) => test(span[kind])
    }
    case 'rootService':
    case 'rootName': {
      const { kind } = condition
      const test = compileMatcher({ name: kind, op: condition.op, value: condition.value })
      return (_span, trace) => test(trace[kind])
    }
    case 'duration':
      return (span) => holds(span.durationNs, condition.op, condition.valueNs)
    case 'traceDuration':
      return (_span, trace) => holds(trace.durationNs, condition.op, condition.valueNs)
    case 'status':
      return (span) => (span.status === condition.value) === (condition.op === '=')
    case 'spanKind':
      return (span) => (span.kind === condition.value) === (condition.op === '=')
    default:
      return unreachable(condition)
  }
}

function compileAttribute({ scope, key, op, value }: Extract<SpanCondition, { kind: 'attribute' }>): SpanTest {
  const read = (span: Span) => {
    if (scope === 'span') return span.attributes[key]
    return scope === 'resource' ? span.resource[key] : (span.attributes[key] ?? span.resource[key])
  }
  const test = compileTextTest(op, value)
  return (span) => {
    const text = read(span)
    return text !== undefined && test(text)
  }
}

function compileTextTest(op: Extract<SpanCondition, { kind: 'attribute' }>['op'], value: string): (text: string) => boolean {
  if (op === 'exists') return () => true
  if (op === '=' || op === '!=' || op === '=~' || op === '!~') return compileMatcher({ name: '', op, value })
  const bound = Number(value)
  return (text) => text.trim() !== '' && holds(Number(text), op, bound)
}

function holds<T extends number | bigint>(left: T, op: OrderOp, right: T): boolean {
  switch (op) {
    case '>':
      return left > right
    case '>=':
      return left >= right
    case '<':
      return left < right
    case '<=':
      return left <= right
    case '=':
      return left === right
    case '!=':
      return left !== right
    default:
      return unreachable(op)
  }
}
