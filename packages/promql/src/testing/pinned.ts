import type { Expr } from '../ast.ts'
import { walk } from '../ast.ts'
import { ALL_FEATURES } from '../features.ts'
import { parse } from '../parse.ts'
import { printExpr } from '../print.ts'
import type { EvalCommand } from './script.ts'

/**
 * The query with its own time pinned by `@` wherever it looks at time, to be asked at other times: it must answer the same.
 *
 * None for queries whose answer depends on when they are asked. Source: Prometheus 3.14 promqltest atModifierTestCases.
 */
export function pinnedCommands(command: EvalCommand): EvalCommand[] {
  const { ast, errors } = parse(command.expr, ALL_FEATURES)
  const tMs = command.rangeVector?.endMs ?? command.startMs
  if (ast === undefined || errors.length > 0 || dependsOnTime(ast)) return []
  const expr = printExpr(pin(ast, tMs))
  const times = tMs === 0 ? [-1_000, 0, 1_000] : [-10 * tMs, 0, Math.trunc(tMs / 5), tMs, 10 * tMs]
  return times.map((at) => ({ ...command, expr, startMs: at, endMs: at, isPinned: true }))
}

const TIME_DEPENDENT = new Set(
  (
    'days_in_month day_of_month day_of_week day_of_year end hour minute month year predict_linear range start step time ' +
    'timestamp'
  ).split(' '),
)

function dependsOnTime(ast: Expr): boolean {
  let isFound = false
  walk(ast, (node) => {
    if (node.kind === 'call' && TIME_DEPENDENT.has(node.name)) isFound = true
  })
  return isFound
}

/** What stands in a subquery looks at time as the subquery does: it is left alone. */
function pin(expr: Expr, tMs: number): Expr {
  const at = { kind: 'time', tMs } as const
  switch (expr.kind) {
    case 'vectorSelector':
    case 'subquery':
      return expr.at?.kind === 'time' ? expr : { ...expr, at: expr.at ?? at }
    case 'matrixSelector':
      return { ...expr, selector: { ...expr.selector, at: expr.selector.at ?? at } }
    case 'aggregation': {
      const inner = pin(expr.expr, tMs)
      return expr.param === undefined ? { ...expr, expr: inner } : { ...expr, expr: inner, param: pin(expr.param, tMs) }
    }
    case 'binary':
      return { ...expr, lhs: pin(expr.lhs, tMs), rhs: pin(expr.rhs, tMs) }
    case 'call':
      return { ...expr, args: expr.args.map((arg) => pin(arg, tMs)) }
    case 'paren':
    case 'unary':
      return { ...expr, expr: pin(expr.expr, tMs) }
    case 'number':
    case 'string':
      return expr
  }
}
