import { bug, SPAN_KINDS, SPAN_STATUSES, unreachable } from '@oriel/model'
import type { SpanCondition, SpanFilter } from '@oriel/store'
import { allOf, anyOf, matcherCondition } from './conditions.ts'
import type { Bindings } from './conditions.ts'

/** A condition on the whole trace: the engine's rows are spans, so who asks decides what it becomes. */
export type TraceCondition =
  | { readonly kind: 'traceDuration'; readonly op: '>' | '>=' | '<' | '<=' | '=' | '!='; readonly valueNs: bigint }
  | { readonly kind: 'rootService' | 'rootName'; readonly op: '=' | '!=' | '=~' | '!~'; readonly value: string }

/** What a span filter needs besides its values: the tenants' condition, and SQL for conditions on whole traces. */
export interface FilterOptions {
  readonly tenants: string
  readonly traceCondition: (condition: TraceCondition) => string
}

/**
 * A span filter as a condition on rows of `spans`.
 *
 * Throws `OrielError` MODEL_BAD_REGEX for a regex that RE2 refuses.
 */
export function spanCondition(filter: SpanFilter, bindings: Bindings, options: FilterOptions): string {
  if (filter.kind === 'condition') return conditionSql(filter.condition, bindings, options)
  const parts = filter.filters.map((part) => spanCondition(part, bindings, options))
  return filter.kind === 'any' ? anyOf(parts) : parts.length > 1 ? `(${allOf(parts)})` : allOf(parts)
}

/** The conditions on whole traces in a filter. */
export function traceConditions(filter: SpanFilter): TraceCondition[] {
  if (filter.kind !== 'condition') return filter.filters.flatMap(traceConditions)
  const { condition } = filter
  return isTraceCondition(condition) ? [condition] : []
}

function isTraceCondition(condition: SpanCondition): condition is TraceCondition {
  return condition.kind === 'traceDuration' || condition.kind === 'rootService' || condition.kind === 'rootName'
}

function conditionSql(condition: SpanCondition, bindings: Bindings, options: FilterOptions): string {
  switch (condition.kind) {
    case 'attribute':
      return attributeCondition(condition, bindings, options)
    case 'service':
    case 'name':
      return matcherCondition(condition.kind, condition, bindings)
    case 'statusMessage':
      return matcherCondition('status_message', condition, bindings)
    case 'duration':
      return `duration ${condition.op} ${bindings.bind(condition.valueNs, 'Int64')}`
    case 'status':
      return `status ${condition.op} ${SPAN_STATUSES.indexOf(condition.value)}`
    case 'spanKind':
      return `kind ${condition.op} ${SPAN_KINDS.indexOf(condition.value)}`
    case 'traceDuration':
    case 'rootService':
    case 'rootName':
      return isTraceCondition(condition)
        ? options.traceCondition(condition)
        : bug(`not a condition on a trace: ${condition.kind}`)
    default:
      return unreachable(condition)
  }
}

type AttributeCondition = Extract<SpanCondition, { kind: 'attribute' }>

function attributeCondition(condition: AttributeCondition, bindings: Bindings, options: FilterOptions): string {
  const own = valueCondition(condition, bindings)
  if (condition.scope === 'span') return own
  const ofResource = `resource IN (SELECT id FROM resources WHERE ${options.tenants} AND ${own})`
  if (condition.scope === 'resource') return ofResource
  return `(${own} OR (NOT mapContains(attributes, ${bindings.text(condition.key)}) AND ${ofResource}))`
}

/** A condition on the map `attributes`, of spans and of resources alike. */
function valueCondition({ key, op, value }: AttributeCondition, bindings: Bindings): string {
  const name = bindings.text(key)
  const exists = `mapContains(attributes, ${name})`
  const text = `attributes[${name}]`
  switch (op) {
    case 'exists':
      return exists
    case '=':
    case '!=':
    case '=~':
    case '!~': {
      const holds = matcherCondition(text, { op, value }, bindings)
      return op === '=' && value !== '' ? holds : `(${exists} AND ${holds})`
    }
    case '>':
    case '>=':
    case '<':
    case '<=': {
      const bound = Number(value)
      if (Number.isNaN(bound)) return '0'
      return `ifNull(toFloat64OrNull(${text}) ${op} ${bindings.bind(bound, 'Float64')}, 0)`
    }
    default:
      return unreachable(op)
  }
}
