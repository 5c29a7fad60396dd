import type { Call, Expr } from './ast.ts'
import { withoutParens } from './ast.ts'

/**
 * The largest parts of an expression that answer the same at every step, because `@` pins all they look at.
 *
 * Prometheus evaluates them once, as a query for one moment, which also decides what it warns of. `expr` is resolved.
 * Source: Prometheus 3.14 promql/engine.go preprocessExprHelper.
 */
export function fixedParts(expr: Expr): ReadonlySet<Expr> {
  const found = new Set<Expr>()
  if (look(expr, found).isWhole) found.add(expr)
  return found
}

/** Functions whose answer depends on the evaluation time itself. */
const DEPENDS_ON_TIME = new Set(
  'days_in_month day_of_month day_of_week day_of_year hour minute month year predict_linear time timestamp'.split(' '),
)

interface Look {
  readonly isFixed: boolean
  /** It may stand alone: fixed, and neither a range nor a literal. */
  readonly isWhole: boolean
}

const MOVING: Look = { isFixed: false, isWhole: false }
const WHOLE: Look = { isFixed: true, isWhole: true }

function look(expr: Expr, found: Set<Expr>): Look {
  switch (expr.kind) {
    case 'vectorSelector':
      return expr.at === undefined ? MOVING : WHOLE
    case 'matrixSelector':
      return { isFixed: expr.selector.at !== undefined, isWhole: false }
    case 'number':
    case 'string':
      return { isFixed: true, isWhole: false }
    case 'aggregation':
      return look(withoutParens(expr.expr), found)
    case 'paren':
    case 'unary':
      return look(expr.expr, found)
    case 'subquery': {
      if (look(expr.expr, found).isFixed) found.add(expr.expr)
      return { isFixed: expr.at !== undefined, isWhole: false }
    }
    case 'binary': {
      const sides = [expr.lhs, expr.rhs].map((side) => ({ side, seen: look(side, found) }))
      if (sides.every(({ seen }) => seen.isFixed)) return WHOLE
      for (const { side, seen } of sides) if (seen.isWhole) found.add(side)
      return MOVING
    }
    case 'call':
      return lookAtCall(expr, found)
  }
}

function lookAtCall({ name, args }: Call, found: Set<Expr>): Look {
  const inner = args.map(withoutParens)
  const looks = inner.map((arg) => look(arg, found))
  const areFixed = looks.every(({ isFixed }) => isFixed)
  // The time of a pinned sample is fixed too.
  const isPinnedTime = name === 'timestamp' && inner[0]?.kind === 'vectorSelector'
  if (areFixed && (isPinnedTime || !DEPENDS_ON_TIME.has(name))) return WHOLE
  for (const [i, { isWhole }] of looks.entries()) if (isWhole) found.add(args[i]!)
  return MOVING
}
