import type { Labels, Matcher } from '@oriel/model'
import { METRIC_NAME, makeLabels } from '@oriel/model'
import { makeGrid } from '@oriel/vector'
import type { Call, Expr } from './ast.ts'
import { withoutParens } from './ast.ts'
import { evalRangeCall } from './eval-range.ts'
import type { Evaluation, InPieces } from './evaluation.ts'
import { vectorAt } from './evaluation.ts'
import type { Steps, VectorValue } from './values.ts'
import { compact, vectorOf } from './values.ts'

/** `absent(x)`: 1 at the steps at which `x` has no series. */
export function evalAbsent(evaluation: Evaluation, call: Call, steps: Steps): VectorValue {
  const [arg] = call.args
  if (arg === undefined) throw new TypeError('absent without an argument')
  return gapsOf(vectorAt(evaluation, arg, steps), arg, steps)
}

/** `absent_over_time(x[5m])`: 1 at the steps whose window has no sample. */
export function* evalAbsentOverTime(evaluation: Evaluation, call: Call, steps: Steps): InPieces<VectorValue> {
  const [arg] = call.args
  if (arg === undefined) throw new TypeError('absent_over_time without an argument')
  return gapsOf(yield* evalRangeCall(evaluation, { ...call, name: 'present_over_time' }, steps), arg, steps)
}

function gapsOf({ grid }: VectorValue, arg: Expr, steps: Steps): VectorValue {
  const out = makeGrid([labelsOfAbsent(withoutParens(arg))], steps.count)
  out.values.fill(1)
  out.present.fill(1)
  for (let at = 0; at < grid.present.length; at++) if (grid.present[at] === 1) out.present[at % steps.count] = 0
  return compact(vectorOf(out))
}

/** The labels that equality matchers promise; a label with several matchers promises nothing. */
function labelsOfAbsent(expr: Expr): Labels {
  if (expr.kind === 'matrixSelector') return promised(expr.selector.matchers)
  return expr.kind === 'vectorSelector' ? promised(expr.matchers) : []
}

function promised(matchers: readonly Matcher[]): Labels {
  const values = new Map<string, string>()
  const seen = new Set<string>()
  for (const { name, op, value } of matchers) {
    if (name === METRIC_NAME) continue
    if (op === '=' && !seen.has(name)) {
      values.set(name, value)
      seen.add(name)
    } else values.delete(name)
  }
  return makeLabels(values)
}
