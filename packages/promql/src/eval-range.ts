import type { Labels } from '@oriel/model'
import { METRIC_NAME, labelValue } from '@oriel/model'
import { quote } from '@oriel/syntax'
import type { Grid, SeriesOut, Windows } from '@oriel/vector'
import { makeGrid, rateOverWindows, slideWindows } from '@oriel/vector'
import type { Call, Expr } from './ast.ts'
import { withoutParens } from './ast.ts'
import type { RangePoints } from './eval-selector.ts'
import { evalRange, repeated } from './eval-selector.ts'
import type { Evaluation, RangeExpr } from './evaluation.ts'
import type { RangeFunction } from './range-functions.ts'
import { rangeFunctionOf } from './range-functions.ts'
import type { Steps, VectorValue } from './values.ts'
import { compact, dropNames, isOneMetric, mergeSameLabels, sameLabelset, vectorOf, withoutName } from './values.ts'

/** Whether the call's function slides over a range. */
export function isRangeCall({ args }: Call): boolean {
  return args.some((arg) => isRange(withoutParens(arg)))
}

/** Evaluates a function over ranges: `rate`, `..._over_time` and their kin. */
export function evalRangeCall(evaluation: Evaluation, call: Call, steps: Steps): VectorValue {
  const index = call.args.findIndex((arg) => isRange(withoutParens(arg)))
  const range = call.args.map(withoutParens).find(isRange)
  if (range === undefined) throw new TypeError(`no range argument in ${call.name}`)
  const parameters = call.args.filter((_, i) => i !== index)
  const fun = rangeFunctionOf(evaluation, call, range, parameters, steps)
  const points = evalRange(evaluation, range, steps)
  const isFixed = points.windows.stepMs === 0 && steps.count > 1 && !fun.usesStep
  const windows = isFixed ? { ...points.windows, steps: 1 } : points.windows
  const slid = slide(points, windows, fun)
  const grid = isFixed ? repeated(slid, steps.count) : slid
  evaluation.countSamples(grid.values.length)
  if (call.name === 'rate' || call.name === 'increase') noteCounters(evaluation, call, grid)
  return settle(evaluation, call.name, grid, points.dropName)
}

/** Says that a metric may be no counter, by its name. Source: Prometheus 3.14 promql/engine.go. */
export function noteCounters(evaluation: Evaluation, call: Call, grid: Grid): void {
  const [range] = call.args
  if (range === undefined) return
  const seen = new Set<string>()
  for (const [i, labels] of grid.labels.entries()) {
    const name = labelValue(labels, METRIC_NAME)
    if (name === '' || seen.has(name) || COUNTER_NAME.test(name)) continue
    if (!grid.present.subarray(i * grid.steps, (i + 1) * grid.steps).includes(1)) continue
    seen.add(name)
    noteCounter(evaluation, name, range)
  }
}

/** Says that the metric `name` may be no counter. */
export function noteCounter(evaluation: Evaluation, name: string, range: Expr): void {
  if (COUNTER_NAME.test(name)) return
  evaluation.notes.inform(
    `metric might not be a counter, name does not end in _total/_sum/_count/_bucket: ${quote(name)}`,
    range.span,
  )
}

const COUNTER_NAME = /_(?:total|sum|count|bucket)$/

function isRange(expr: Expr): expr is RangeExpr {
  return expr.kind === 'matrixSelector' || expr.kind === 'subquery'
}

function slide({ samples }: RangePoints, windows: Windows, fun: RangeFunction): Grid {
  const grid = makeGrid(samples.labels, windows.steps)
  const out: SeriesOut = { values: grid.values, present: grid.present, at: 0 }
  for (let i = 0; i < samples.labels.length; i++) {
    out.at = i * windows.steps
    const from = samples.offsets[i]!
    const to = samples.offsets[i + 1]!
    switch (fun.kind) {
      case 'rate':
        rateOverWindows(samples, from, to, windows, fun.rate, out)
        break
      case 'fold':
        slideWindows(samples, from, to, windows, fun.fold, out, fun.minPoints)
        break
      case 'kernel':
        fun.run(samples, from, to, windows, out)
        break
    }
  }
  return grid
}

/** `last_over_time` and `first_over_time` act like an offset and keep the name. */
function settle(evaluation: Evaluation, name: string, grid: Grid, dropName: Uint8Array): VectorValue {
  const isDelayed = evaluation.features.delayedNameRemoval
  if (name !== 'last_over_time' && name !== 'first_over_time') {
    const dropped = dropNames(vectorOf(grid), isDelayed)
    return isOneMetric(grid.labels) ? compact(dropped) : unique(evaluation, dropped)
  }
  const labels = isDelayed ? grid.labels : grid.labels.map((of: Labels, i) => (dropName[i] === 1 ? withoutName(of) : of))
  return unique(evaluation, vectorOf({ ...grid, labels }, dropName))
}

/** Series that differ only by name may not come together, even where they do not overlap in time. */
function unique(evaluation: Evaluation, vector: VectorValue): VectorValue {
  const settled = compact(vector)
  if (evaluation.features.delayedNameRemoval) return settled
  if (mergeSameLabels(settled) === settled) return settled
  throw sameLabelset()
}
