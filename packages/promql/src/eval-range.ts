import type { Labels, SeriesSamples } from '@oriel/model'
import { METRIC_NAME, labelValue } from '@oriel/model'
import { quote } from '@oriel/syntax'
import type { Accumulator, FoldOp, Grid, SeriesOut, Windows } from '@oriel/vector'
import { aggregate, groupSeries, makeAccumulator, makeGrid, rateOverWindows, slideWindows } from '@oriel/vector'
import type { Aggregation, Call, Expr } from './ast.ts'
import { withoutParens } from './ast.ts'
import type { RangePoints } from './eval-selector.ts'
import { evalRange, repeated } from './eval-selector.ts'
import type { Evaluation, RangeExpr } from './evaluation.ts'
import { CHECK_EVERY } from './evaluation.ts'
import type { RangeFunction } from './range-functions.ts'
import { rangeFunctionOf } from './range-functions.ts'
import type { Steps, VectorValue } from './values.ts'
import {
  compact,
  dropNames,
  isOneMetric,
  METADATA_LABELS,
  mergeSameLabels,
  sameLabelset,
  vectorOf,
  withoutName,
} from './values.ts'

/** Whether the call's function slides over a range. */
export function isRangeCall({ args }: Call): boolean {
  return args.some((arg) => isRange(withoutParens(arg)))
}

/** Evaluates a function over ranges: `rate`, `..._over_time` and their kin. */
export function evalRangeCall(evaluation: Evaluation, call: Call, steps: Steps): VectorValue {
  return finishRange(evaluation, prepareRange(evaluation, call, steps))
}

/** A range function with its arguments evaluated, ready to slide over each series. */
interface PreparedRange {
  readonly call: Call
  readonly fun: RangeFunction
  readonly points: RangePoints
  readonly windows: Windows
  /** All windows are the same one: it is evaluated once and repeated over so many steps. */
  readonly repeats: number
}

function prepareRange(evaluation: Evaluation, call: Call, steps: Steps): PreparedRange {
  const index = call.args.findIndex((arg) => isRange(withoutParens(arg)))
  const range = call.args.map(withoutParens).find(isRange)
  if (range === undefined) throw new TypeError(`no range argument in ${call.name}`)
  const parameters = call.args.filter((_, i) => i !== index)
  const fun = rangeFunctionOf(evaluation, call, range, parameters, steps)
  const points = evalRange(evaluation, range, steps)
  const isFixed = points.windows.stepMs === 0 && steps.count > 1 && fun.usesStep !== true
  const windows = isFixed ? { ...points.windows, steps: 1 } : points.windows
  return { call, fun, points, windows, repeats: isFixed ? steps.count : 1 }
}

function finishRange(evaluation: Evaluation, { call, fun, points, windows, repeats }: PreparedRange): VectorValue {
  const slid = slide(evaluation, points, windows, fun)
  const grid = repeats > 1 ? repeated(slid, repeats) : slid
  evaluation.countSamples(grid.values.length)
  if (isRate(call)) noteCounters(evaluation, call, grid)
  return settle(evaluation, call.name, grid, points.dropName)
}

/**
 * Evaluates an aggregation of a range function, such as `sum by (x) (rate(...))`: each series is slid over into a scratch row and
 * added to its group, so that the values of all series never exist at once.
 */
export function evalRangeAggregation(
  evaluation: Evaluation,
  { grouping, isWithout }: Aggregation,
  op: FoldOp,
  call: Call,
  steps: Steps,
): VectorValue {
  const prepared = prepareRange(evaluation, call, steps)
  const { windows, points, repeats } = prepared
  const { samples } = points
  const isDelayed = evaluation.features.delayedNameRemoval
  if (repeats > 1 || KEEPS_NAME.has(call.name) || !(isDelayed || isOneMetric(samples.labels))) {
    const input = finishRange(evaluation, prepared)
    const groups = groupSeries(input.grid.labels, grouping, isWithout)
    return aggregated(input, groups.groupOf, aggregate(input.grid, groups, op))
  }
  // Names matter only to a grouping that could keep them.
  const seesNames = isWithout || grouping.some((name) => METADATA_LABELS.has(name))
  const labels = isDelayed || !seesNames ? samples.labels : samples.labels.map(withoutName)
  const groups = groupSeries(labels, grouping, isWithout)
  const accumulator = makeAccumulator(op, groups.labels, windows.steps)
  const names = accumulate(evaluation, prepared, groups.groupOf, accumulator)
  const [range] = call.args
  if (isRate(call) && range !== undefined) for (const name of names) if (name !== '') noteCounter(evaluation, name, range)
  const grid = accumulator.finish()
  return compact(vectorOf(grid, new Uint8Array(grid.labels.length).fill(isDelayed ? 1 : 0)))
}

/** Slides over each series and adds it to its group. Returns the names of the metrics that had values. */
function accumulate(
  evaluation: Evaluation,
  { fun, windows, points: { samples } }: PreparedRange,
  groupOf: Uint32Array,
  accumulator: Accumulator,
): Set<string> {
  const row: SeriesOut = { values: new Float64Array(windows.steps), present: new Uint8Array(windows.steps), at: 0 }
  const names = new Set<string>()
  for (let i = 0; i < samples.labels.length; i++) {
    if (i % CHECK_EVERY === 0) evaluation.checkCancelled()
    row.present.fill(0)
    slideOne(samples, i, windows, fun, row)
    if (!row.present.includes(1)) continue
    accumulator.add(groupOf[i]!, row.values, row.present, 0)
    names.add(labelValue(samples.labels[i]!, METRIC_NAME))
  }
  return names
}

/** The result of an aggregation: a group loses its name at the end when any of its members does. */
export function aggregated(input: VectorValue, groupOf: Uint32Array, grid: Grid): VectorValue {
  const dropName = new Uint8Array(grid.labels.length)
  for (const [i, group] of groupOf.entries()) if (input.dropName[i] === 1) dropName[group] = 1
  return compact(vectorOf(grid, dropName))
}

/** These act like an offset. */
const KEEPS_NAME = new Set(['last_over_time', 'first_over_time'])

function isRate({ name }: Call): boolean {
  return name === 'rate' || name === 'increase'
}

/** Says that a metric may be no counter, by its name. Source: Prometheus 3.14 promql/engine.go. */
function noteCounters(evaluation: Evaluation, call: Call, grid: Grid): void {
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

function slide(evaluation: Evaluation, { samples }: RangePoints, windows: Windows, fun: RangeFunction): Grid {
  const grid = makeGrid(samples.labels, windows.steps)
  const out: SeriesOut = { values: grid.values, present: grid.present, at: 0 }
  for (let i = 0; i < samples.labels.length; i++) {
    if (i % CHECK_EVERY === 0) evaluation.checkCancelled()
    out.at = i * windows.steps
    slideOne(samples, i, windows, fun, out)
  }
  return grid
}

function slideOne(samples: SeriesSamples, series: number, windows: Windows, fun: RangeFunction, out: SeriesOut): void {
  const from = samples.offsets[series]!
  const to = samples.offsets[series + 1]!
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

/** `last_over_time` and `first_over_time` act like an offset and keep the name. */
function settle(evaluation: Evaluation, name: string, grid: Grid, dropName: Uint8Array): VectorValue {
  const isDelayed = evaluation.features.delayedNameRemoval
  if (!KEEPS_NAME.has(name)) {
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
