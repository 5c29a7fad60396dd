import type { Matcher } from '@oriel/model'
import type { TextSpan } from '@oriel/syntax'

/** What an expression evaluates to. */
export type ValueType = 'scalar' | 'vector' | 'matrix' | 'string' | 'none'

/** Operators of binary expressions, loosest first: or, and/unless, comparisons, sums, products, power. */
export type BinaryOp = SetOp | ComparisonOp | ArithmeticOp
export type SetOp = 'or' | 'and' | 'unless'
export type ComparisonOp = '==' | '!=' | '<=' | '<' | '>=' | '>'
/** `</` and `>/` trim native histograms: parsed and printed, never evaluated. */
export type ArithmeticOp = '+' | '-' | '*' | '/' | '%' | 'atan2' | '^' | '</' | '>/'

/** Aggregation operators. Those of `PARAMETER_OPS` take a first argument. */
export type AggregationOp =
  | 'sum'
  | 'avg'
  | 'count'
  | 'min'
  | 'max'
  | 'group'
  | 'stddev'
  | 'stdvar'
  | 'topk'
  | 'bottomk'
  | 'count_values'
  | 'quantile'
  | 'limitk'
  | 'limit_ratio'

/** The `@` modifier: a fixed time, or an end of the query's range. */
export type AtModifier = { readonly kind: 'time'; readonly tMs: number } | { readonly kind: 'start' } | { readonly kind: 'end' }

/** What selectors and subqueries share: where in time they look. */
export interface TimeModifiers {
  /** Positive looks back. 0 while `offsetExpr` is not resolved. */
  readonly offsetMs: number
  readonly offsetExpr?: DurationExpr
  readonly at?: AtModifier
}

/** `name{a="b"} @ t offset 5m`. `matchers` hold the name too, last, when it stands outside the braces. */
export interface VectorSelector extends TimeModifiers {
  readonly kind: 'vectorSelector'
  readonly span: TextSpan
  readonly name: string
  readonly matchers: readonly Matcher[]
  readonly extension?: 'anchored' | 'smoothed'
  /** `info`'s second argument may select everything. */
  readonly allowsEmpty?: boolean
}

/** `selector[5m]`. */
export interface MatrixSelector {
  readonly kind: 'matrixSelector'
  readonly span: TextSpan
  readonly selector: VectorSelector
  readonly rangeMs: number
  readonly rangeExpr?: DurationExpr
}

/** `expr[1h:5m]`; `stepMs` 0 means the default step. */
export interface Subquery extends TimeModifiers {
  readonly kind: 'subquery'
  readonly span: TextSpan
  readonly expr: Expr
  readonly rangeMs: number
  readonly rangeExpr?: DurationExpr
  readonly stepMs: number
  readonly stepExpr?: DurationExpr
}

/** Arithmetic on durations: `5m + step()`. Unary when `lhs` is absent; neither for `step()` and `range()`. */
export interface DurationExpr {
  readonly kind: 'durationExpr'
  readonly span: TextSpan
  readonly op: '+' | '-' | '*' | '/' | '%' | '^' | 'step' | 'range' | 'min_of' | 'max_of'
  readonly lhs?: DurationExpr | NumberLiteral
  readonly rhs?: DurationExpr | NumberLiteral
  readonly isWrapped: boolean
}

/** A number; `isDuration` when written as one (`1h`), then `value` is seconds. */
export interface NumberLiteral {
  readonly kind: 'number'
  readonly span: TextSpan
  readonly value: number
  readonly isDuration: boolean
}

export interface StringLiteral {
  readonly kind: 'string'
  readonly span: TextSpan
  readonly value: string
  /** As it stands in the query, where bytes that are no UTF-8 have become U+FFFD in `value`. */
  readonly written?: string
}

export interface Paren {
  readonly kind: 'paren'
  readonly span: TextSpan
  readonly expr: Expr
}

export interface Unary {
  readonly kind: 'unary'
  readonly span: TextSpan
  readonly op: '+' | '-'
  readonly expr: Expr
}

/** How the two sides of a binary operation find each other. */
export interface VectorMatching {
  readonly card: 'one-to-one' | 'many-to-one' | 'one-to-many' | 'many-to-many'
  readonly labels: readonly string[]
  readonly isOn: boolean
  readonly include: readonly string[]
  readonly fillLeft?: number
  readonly fillRight?: number
}

/** `matching` is absent unless both sides are vectors. */
export interface Binary {
  readonly kind: 'binary'
  readonly span: TextSpan
  readonly op: BinaryOp
  /** Of the operator and its modifiers. */
  readonly opSpan: TextSpan
  readonly lhs: Expr
  readonly rhs: Expr
  readonly matching?: VectorMatching
  readonly returnsBool: boolean
}

export interface Aggregation {
  readonly kind: 'aggregation'
  readonly span: TextSpan
  readonly op: AggregationOp
  readonly expr: Expr
  readonly param?: Expr
  readonly grouping: readonly string[]
  readonly isWithout: boolean
}

/** A function call; `name` is in the functions table unless the parse has errors. */
export interface Call {
  readonly kind: 'call'
  readonly span: TextSpan
  readonly name: string
  readonly args: readonly Expr[]
}

/** A PromQL expression. */
export type Expr =
  | Aggregation
  | Binary
  | Call
  | MatrixSelector
  | NumberLiteral
  | Paren
  | StringLiteral
  | Subquery
  | Unary
  | VectorSelector

/** Aggregations whose first argument is a parameter. */
export const PARAMETER_OPS: ReadonlySet<AggregationOp> = new Set<AggregationOp>([
  'topk',
  'bottomk',
  'count_values',
  'quantile',
  'limitk',
  'limit_ratio',
])

const COMPARISONS = new Set<string>(['==', '!=', '<=', '<', '>=', '>'])

/** Whether the operator compares. */
export function isComparison(op: BinaryOp): op is ComparisonOp {
  return COMPARISONS.has(op)
}

/** Whether the operator works on sets of series. */
export function isSetOp(op: BinaryOp): op is SetOp {
  return op === 'or' || op === 'and' || op === 'unless'
}

/** The expression without its outer parentheses. */
export function withoutParens(expr: Expr): Expr {
  let inner = expr
  while (inner.kind === 'paren') inner = inner.expr
  return inner
}

/** The direct sub-expressions, left to right. */
export function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'aggregation':
      return expr.param === undefined ? [expr.expr] : [expr.param, expr.expr]
    case 'binary':
      return [expr.lhs, expr.rhs]
    case 'call':
      return expr.args
    case 'paren':
    case 'subquery':
    case 'unary':
      return [expr.expr]
    case 'matrixSelector':
      return [expr.selector]
    case 'number':
    case 'string':
    case 'vectorSelector':
      return []
  }
}

/** Calls `visit` for the expression and everything below it, parents first. */
export function walk(expr: Expr, visit: (expr: Expr) => void): void {
  visit(expr)
  for (const child of childrenOf(expr)) walk(child, visit)
}
