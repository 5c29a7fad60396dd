import type { SpanCondition, SpanFilter } from '@oriel/store'
import type { AttributeExpr, CompareOp, FieldExpr, Intrinsic, Literal, Pipeline, SpansetExpr } from './ast.ts'

/** A filter for the store. When it is not exact, every span that passes the condition passes the filter, and perhaps others. */
export interface FilterPlan {
  readonly filter: SpanFilter
  readonly isExact: boolean
}

/** Every span passes. */
const EVERY_SPAN: SpanFilter = { kind: 'all', filters: [] }

/** Turns a condition on one span into a filter of the store. */
function planCondition(condition: FieldExpr | undefined): FilterPlan {
  if (condition === undefined) return { filter: EVERY_SPAN, isExact: true }
  if (condition.kind === 'fieldBinary' && (condition.op === '&&' || condition.op === '||')) {
    return joinPlans(condition.op === '&&' ? 'all' : 'any', planCondition(condition.left), planCondition(condition.right))
  }
  const planned = planComparison(condition)
  if (planned === undefined) return { filter: EVERY_SPAN, isExact: false }
  return { filter: { kind: 'condition', condition: planned }, isExact: true }
}

/**
 * Turns a pipeline into a filter that at least one span of every trace it finds passes.
 *
 * Exact when the pipeline is a single `{ condition }` (with `select`) that the store can test: then a search is the answer.
 */
export function planPipeline({ source, stages }: Pipeline): FilterPlan {
  let plan = planSpanset(source)
  const filters = stages.filter((stage) => stage.kind !== 'select')
  if (source.kind === 'filter') {
    for (const stage of filters) {
      if (stage.kind !== 'filter') break
      plan = joinPlans('all', plan, planCondition(stage.condition))
    }
  }
  return {
    filter: plan.filter,
    isExact: plan.isExact && source.kind === 'filter' && filters.every(({ kind }) => kind === 'filter'),
  }
}

function planSpanset(expr: SpansetExpr): FilterPlan {
  switch (expr.kind) {
    case 'filter':
      return planCondition(expr.condition)
    case 'pipeline':
      return { ...planPipeline(expr), isExact: false }
    case 'scalarFilter':
      return { filter: EVERY_SPAN, isExact: false }
    case 'spansetBinary': {
      const left = planSpanset(expr.left)
      const right = planSpanset(expr.right)
      if (expr.op === '||') return { ...joinPlans('any', left, right), isExact: false }
      // A span of the right side is there in any case; of the left side unless the relation is negated.
      const isLeftSure = !expr.op.startsWith('!')
      const isRightOpen = isEverySpan(right.filter)
      return { filter: isRightOpen && isLeftSure ? left.filter : right.filter, isExact: false }
    }
  }
}

function isEverySpan(filter: SpanFilter): boolean {
  return filter.kind === 'all' && filter.filters.length === 0
}

function joinPlans(kind: 'all' | 'any', left: FilterPlan, right: FilterPlan): FilterPlan {
  const isExact = left.isExact && right.isExact
  const openLeft = isEverySpan(left.filter)
  const openRight = isEverySpan(right.filter)
  if (kind === 'all') {
    if (openLeft) return { filter: right.filter, isExact }
    if (openRight) return { filter: left.filter, isExact }
  } else if (openLeft || openRight) return { filter: EVERY_SPAN, isExact }
  return { filter: { kind, filters: [left.filter, right.filter] }, isExact }
}

const MIRRORED: Readonly<Record<CompareOp, CompareOp | undefined>> = {
  '=': '=',
  '!=': '!=',
  '=~': undefined,
  '!~': undefined,
  '>': '<',
  '>=': '<=',
  '<': '>',
  '<=': '>=',
}

function planComparison(expr: FieldExpr): SpanCondition | undefined {
  if (expr.kind === 'attribute') return planAttribute(expr, '=', { kind: 'boolean', value: true, span: expr.span })
  if (expr.kind !== 'fieldBinary' || !isCompare(expr.op)) return undefined
  const { left, right, op } = expr
  if (isLiteral(right)) return planField(left, op, right)
  const mirrored = MIRRORED[op]
  return isLiteral(left) && mirrored !== undefined ? planField(right, mirrored, left) : undefined
}

function isCompare(op: string): op is CompareOp {
  return Object.hasOwn(MIRRORED, op)
}

function isLiteral(expr: FieldExpr): expr is Literal {
  switch (expr.kind) {
    case 'string':
    case 'number':
    case 'duration':
    case 'boolean':
    case 'nil':
    case 'status':
    case 'spanKind':
      return true
    case 'attribute':
    case 'intrinsic':
    case 'not':
    case 'negate':
    case 'fieldBinary':
      return false
  }
}

function planField(field: FieldExpr, op: CompareOp, value: Literal): SpanCondition | undefined {
  if (field.kind === 'attribute') return planAttribute(field, op, value)
  return field.kind === 'intrinsic' ? planIntrinsic(field.name, op, value) : undefined
}

function planAttribute({ scope, key }: AttributeExpr, op: CompareOp, value: Literal): SpanCondition | undefined {
  if (scope !== 'span' && scope !== 'resource' && scope !== 'any') return undefined
  if (value.kind === 'nil') return op === '!=' ? { kind: 'attribute', scope, key, op: 'exists', value: '' } : undefined
  if (scope === 'resource' && key === 'service.name') return planText('service', op, value)
  const isDecided = typeof value.value === 'number' ? isNumberDecided(op, value.value) : isTextOp(op)
  return isDecided ? { kind: 'attribute', scope, key, op, value: String(value.value) } : undefined
}

/** The store orders numbers by value but compares `=` as text, where only whole numbers are sure to have one spelling. */
function isNumberDecided(op: CompareOp, value: number): boolean {
  if (op === '=') return Number.isSafeInteger(value)
  return op === '>' || op === '>=' || op === '<' || op === '<='
}

function isTextOp(op: CompareOp): op is '=' | '!=' | '=~' | '!~' {
  return op === '=' || op === '!=' || op === '=~' || op === '!~'
}

function planIntrinsic(name: Intrinsic, op: CompareOp, value: Literal): SpanCondition | undefined {
  switch (name) {
    case 'name':
    case 'statusMessage':
      return planText(name, op, value)
    case 'rootName':
      return planText('rootName', op, value)
    case 'rootServiceName':
      return planText('rootService', op, value)
    case 'duration':
    case 'traceDuration':
      if (value.kind !== 'duration' && value.kind !== 'number') return undefined
      return op === '=~' || op === '!~' || !Number.isSafeInteger(value.value)
        ? undefined
        : { kind: name, op, valueNs: BigInt(value.value) }
    case 'status':
      return value.kind === 'status' && (op === '=' || op === '!=') ? { kind: 'status', op, value: value.value } : undefined
    case 'kind':
      return value.kind === 'spanKind' && (op === '=' || op === '!=') ? { kind: 'spanKind', op, value: value.value } : undefined
    case 'spanId':
    case 'parentId':
    case 'childCount':
    case 'traceId':
    case 'nestedSetLeft':
    case 'nestedSetRight':
    case 'nestedSetParent':
    case 'eventName':
    case 'eventTimeSinceStart':
    case 'linkSpanId':
    case 'linkTraceId':
    case 'instrumentationName':
    case 'instrumentationVersion':
      return undefined
  }
}

function planText(
  kind: 'service' | 'name' | 'statusMessage' | 'rootService' | 'rootName',
  op: CompareOp,
  value: Literal,
): SpanCondition | undefined {
  if (value.kind !== 'string') return undefined
  return isTextOp(op) ? { kind, op, value: value.value } : undefined
}
