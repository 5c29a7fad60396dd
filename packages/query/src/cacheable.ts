import type { Expr, PromqlFeatures, TimeModifiers } from '@oriel/promql'

/**
 * Whether the value of an expression at a step depends on that step and the samples up to it alone, and not on the range it is
 * asked with: then steps computed once hold until a sample before them comes late. When in doubt it does not.
 */
export function isCacheable(expr: Expr, features: PromqlFeatures): boolean {
  // Both read more than samples.
  if (features.useStartTimestamps || features.typeAndUnitLabels) return false
  return holdsPerStep(expr)
}

function holdsPerStep(expr: Expr): boolean {
  switch (expr.kind) {
    case 'number':
    case 'string':
      return true
    case 'paren':
    case 'unary':
      return holdsPerStep(expr.expr)
    case 'binary':
      return holdsPerStep(expr.lhs) && holdsPerStep(expr.rhs)
    case 'vectorSelector':
      return looksBack(expr) && expr.extension === undefined
    case 'matrixSelector':
      return holdsPerStep(expr.selector) && expr.rangeExpr === undefined
    case 'subquery':
      return looksBack(expr) && expr.rangeExpr === undefined && expr.stepExpr === undefined && holdsPerStep(expr.expr)
    case 'call':
      return !QUERY_FUNCTIONS.has(expr.name) && expr.args.every(holdsPerStep)
    case 'aggregation':
      if (expr.op === 'limitk' || expr.op === 'limit_ratio') return false
      return holdsPerStep(expr.expr) && (expr.param === undefined || holdsPerStep(expr.param))
  }
}

/** Functions whose result hangs on the query's range, or on series beyond the ones they are given. */
const QUERY_FUNCTIONS: ReadonlySet<string> = new Set(['start', 'end', 'range', 'step', 'info', 'start_timestamp'])

function looksBack({ at, offsetMs, offsetExpr }: TimeModifiers): boolean {
  return at === undefined && offsetMs >= 0 && offsetExpr === undefined
}
