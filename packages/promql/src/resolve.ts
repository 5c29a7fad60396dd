import type { Matcher } from '@oriel/model'
import { METRIC_NAME } from '@oriel/model'
import { QueryError } from '@oriel/syntax'
import type { AtModifier, Call, DurationExpr, Expr, NumberLiteral, Subquery, TimeModifiers, VectorSelector } from './ast.ts'
import { childrenOf } from './ast.ts'
import type { Steps } from './values.ts'

/** What durations and `@` may refer to: the whole query's range and step. */
interface QueryRange {
  readonly startMs: number
  readonly endMs: number
  readonly stepMs: number
}

/**
 * Replaces everything that refers to the query itself: duration expressions by milliseconds, `@ start()` and `@ end()` by
 * times, the functions `start`, `end`, `range` and `step` by numbers. Throws QUERY_EXECUTION for a duration that makes no sense.
 */
export function resolve(expr: Expr, { startMs, stepMs, count }: Steps): Expr {
  const endMs = startMs + (count - 1) * stepMs
  return resolveExpr(expr, { startMs, endMs, stepMs: count === 1 ? 0 : stepMs })
}

function resolveExpr(expr: Expr, range: QueryRange): Expr {
  switch (expr.kind) {
    case 'aggregation': {
      const inner = resolveExpr(expr.expr, range)
      return expr.param === undefined ? { ...expr, expr: inner } : { ...expr, expr: inner, param: resolveExpr(expr.param, range) }
    }
    case 'binary':
      return { ...expr, lhs: resolveExpr(expr.lhs, range), rhs: resolveExpr(expr.rhs, range) }
    case 'call':
      return resolveCall(expr, range)
    case 'paren':
    case 'unary':
      return { ...expr, expr: resolveExpr(expr.expr, range) }
    case 'subquery': {
      const { stepExpr, rangeExpr } = expr
      return {
        ...expr,
        ...resolveTime(expr, range),
        expr: resolveExpr(expr.expr, range),
        ...(rangeExpr !== undefined && { rangeMs: durationMs(rangeExpr, range, false) }),
        ...(stepExpr !== undefined && { stepMs: durationMs(stepExpr, range, false) }),
      }
    }
    case 'matrixSelector': {
      const { rangeExpr } = expr
      const selector = resolveSelector(expr.selector, range)
      return { ...expr, selector, ...(rangeExpr !== undefined && { rangeMs: durationMs(rangeExpr, range, false) }) }
    }
    case 'vectorSelector':
      return resolveSelector(expr, range)
    case 'number':
    case 'string':
      return expr
  }
}

function resolveCall(expr: Call, range: QueryRange): Expr {
  const args = expr.args.map((arg) => resolveExpr(arg, range))
  if (expr.name === 'info') return { ...expr, args: infoArguments(args) }
  return queryFunction(expr.name, expr, range) ?? { ...expr, args }
}

/**
 * Makes the second argument of `info` the selector of the info series: `target_info` unless it names others, looking where the
 * first argument looks. Source: Prometheus 3.14 promql/info.go.
 */
function infoArguments(args: readonly Expr[]): readonly Expr[] {
  const [base, selector] = args
  if (base === undefined) return args
  const given = selector?.kind === 'vectorSelector' ? selector.matchers : []
  const names = given.filter(({ name }) => name === METRIC_NAME)
  const isNamed = names.some(({ op }) => op === '=' || op === '=~')
  const added: Matcher[] = isNamed ? [] : [{ name: METRIC_NAME, ...(names.length > 0 ? ANY_INFO : TARGET_INFO) }]
  const time = firstTime(base, []) ?? { offsetMs: 0 }
  return [base, { kind: 'vectorSelector', span: base.span, name: '', matchers: [...given, ...added], ...time }]
}

const TARGET_INFO = { op: '=', value: 'target_info' } as const
const ANY_INFO = { op: '=~', value: '.+_info' } as const

/** Where the first selector of an expression looks, subqueries around it included. */
function firstTime(expr: Expr, outer: readonly Subquery[]): { offsetMs: number; at?: AtModifier } | undefined {
  if (expr.kind === 'vectorSelector') {
    let { offsetMs, at } = expr
    for (const subquery of outer.toReversed()) {
      if (at !== undefined) break
      offsetMs += subquery.offsetMs
      at = subquery.at
    }
    return at === undefined ? { offsetMs } : { offsetMs, at }
  }
  const inner = expr.kind === 'subquery' ? [...outer, expr] : outer
  for (const child of childrenOf(expr)) {
    const found = firstTime(child, inner)
    if (found !== undefined) return found
  }
  return undefined
}

function resolveSelector(selector: VectorSelector, range: QueryRange): VectorSelector {
  return { ...selector, ...resolveTime(selector, range) }
}

function resolveTime({ offsetMs, offsetExpr, at }: TimeModifiers, range: QueryRange): { offsetMs: number; at?: AtModifier } {
  const offset = { offsetMs: offsetExpr === undefined ? offsetMs : durationMs(offsetExpr, range, true) }
  if (at === undefined) return offset
  if (at.kind === 'time') return { ...offset, at }
  return { ...offset, at: { kind: 'time', tMs: at.kind === 'start' ? range.startMs : range.endMs } }
}

function queryFunction(name: string, { span }: Expr, { startMs, endMs, stepMs }: QueryRange): NumberLiteral | undefined {
  const number = (value: number): NumberLiteral => ({ kind: 'number', span, value, isDuration: false })
  switch (name) {
    case 'start':
      return number(startMs / 1_000)
    case 'end':
      return number(endMs / 1_000)
    case 'range':
      return number((endMs - startMs) / 1_000)
    case 'step':
      return number(stepMs / 1_000)
    default:
      return undefined
  }
}

// 2^63 ns in seconds: what a duration can hold.
const MAX_SECONDS = 2 ** 63 / 1e9

function durationMs(expr: DurationExpr, range: QueryRange, mayBeNegative: boolean): number {
  const seconds = durationSeconds(expr, range)
  if (!Number.isFinite(seconds)) throw badDuration(expr, 'duration is NaN or infinite')
  if (seconds <= 0 && !mayBeNegative) throw badDuration(expr, 'duration must be greater than 0')
  if (Math.abs(seconds) > MAX_SECONDS) throw badDuration(expr, 'duration is out of range')
  return Math.trunc(seconds * 1_000)
}

function durationSeconds(expr: DurationExpr | NumberLiteral, range: QueryRange): number {
  if (expr.kind === 'number') return expr.value
  const { op } = expr
  if (op === 'step') return range.stepMs / 1_000
  if (op === 'range') return (range.endMs - range.startMs) / 1_000
  const right = expr.rhs === undefined ? 0 : durationSeconds(expr.rhs, range)
  if (expr.lhs === undefined) return op === '-' ? -right : right
  const left = durationSeconds(expr.lhs, range)
  switch (op) {
    case 'min_of':
      return Math.min(left, right)
    case 'max_of':
      return Math.max(left, right)
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
      return left * right
    case '/':
      if (right === 0) throw badDuration(expr, 'division by zero')
      return left / right
    case '%':
      if (right === 0) throw badDuration(expr, 'modulo by zero')
      return left % right
    case '^':
      return left ** right
  }
}

function badDuration({ span }: DurationExpr, reason: string): QueryError {
  return new QueryError('QUERY_EXECUTION', `${span.start}:${span.end}: ${reason}`, { span })
}
