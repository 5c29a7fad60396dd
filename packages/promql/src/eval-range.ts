import type { Labels, NativeHistogram, SeriesSamples } from '@oriel/model'
import { METRIC_NAME, labelValue } from '@oriel/model'
import type { TextSpan } from '@oriel/syntax'
import { quote } from '@oriel/syntax'
import type { FoldOp, Grid, SeriesOut, Windows } from '@oriel/vector'
import { FoldKernel, groupSeries, makeGrid, makeMixedGrid, putCell, RateKernel } from '@oriel/vector'
import { aggregateFold } from './aggregate-fold.ts'
import type { Aggregation, Call, Expr } from './ast.ts'
import { withoutParens } from './ast.ts'
import type { RangePoints } from './eval-selector.ts'
import { evalRange, repeated } from './eval-selector.ts'
import type { Evaluation, InPieces, RangeExpr } from './evaluation.ts'
import { CHECK_EVERY } from './evaluation.ts'
import type { Slider } from './fold-scan.ts'
import { foldScan } from './fold-scan.ts'
import { HistogramNotes } from './histogram-notes.ts'
import type { MixedFunction } from './mixed-functions.ts'
import { mixedFunctionOf } from './mixed-functions.ts'
import type { MixedWindow } from './mixed-window.ts'
import { hasHistograms, slideMixed } from './mixed-window.ts'
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
export function evalRangeCall(evaluation: Evaluation, call: Call, steps: Steps): InPieces<VectorValue> {
  return finishRange(evaluation, prepareRange(evaluation, call, steps))
}

/** A range function with its arguments evaluated, ready to slide over each series. */
interface PreparedRange {
  readonly call: Call
  readonly fun: RangeFunction
  /** How series with histograms, or with starts that count, are slid over. */
  readonly mixed: MixedFunction
  readonly usesStarts: boolean
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
  const notes = new HistogramNotes(evaluation.notes, noteSpan(call))
  const plain = mixedFunctionOf(call, range, fun, evaluation.lookbackMs, notes)
  const isBucketless = range.kind === 'matrixSelector' && evaluation.leafOf(range.selector).isBucketless
  const forgets = isBucketless && windows.stepMs > windows.rangeMs
  const mixed = { ...plain, reach: { ...plain.reach, forgets } }
  const isStarting = evaluation.features.useStartTimestamps && STARTING.has(call.name)
  const usesStarts = isStarting && points.scan.columns?.startsMs !== undefined
  return { call, fun, mixed, usesStarts, points, windows, repeats: isFixed ? steps.count : 1 }
}

/** Functions that look at when a counter began. */
const STARTING = new Set(['rate', 'irate', 'increase', 'resets'])

/** The place that notes about the ranges of a call are for: as in Prometheus that of its first argument, which a subquery has none of. */
function noteSpan({ args: [first] }: Call): TextSpan {
  const inner = first === undefined ? undefined : withoutParens(first)
  return inner === undefined || inner.kind === 'subquery' ? NO_PLACE : inner.span
}

const NO_PLACE: TextSpan = { start: 0, end: 0 }

function* finishRange(evaluation: Evaluation, prepared: PreparedRange): InPieces<VectorValue> {
  const { call, points, repeats } = prepared
  const slid = yield* slide(prepared)
  const grid = repeats > 1 ? repeated(slid, repeats) : slid
  evaluation.countSamples(grid.values.length)
  if (isRate(call)) noteCounters(evaluation, call, grid)
  return settle(evaluation, call.name, grid, points.dropName)
}

/**
 * Evaluates an aggregation of a range function, such as `sum by (x) (rate(...))`: each series is slid over into a scratch row and
 * added to its group, so that the values of all series never exist at once.
 */
export function* evalRangeAggregation(
  evaluation: Evaluation,
  node: Aggregation,
  op: FoldOp,
  call: Call,
  steps: Steps,
): InPieces<VectorValue> {
  const { grouping, isWithout } = node
  const prepared = prepareRange(evaluation, call, steps)
  const { windows, repeats, fun } = prepared
  const { scan } = prepared.points
  const isDelayed = evaluation.features.delayedNameRemoval
  const isPlain = scan.columns?.histograms === undefined && !prepared.usesStarts
  if (!isPlain || repeats > 1 || KEEPS_NAME.has(call.name) || !(isDelayed || isOneMetric(scan.labels))) {
    const input = yield* finishRange(evaluation, prepared)
    return aggregateFold(evaluation, node, op, input)
  }
  // Names matter only to a grouping that could keep them.
  const seesNames = isWithout || grouping.some((name) => METADATA_LABELS.has(name))
  const labels = isDelayed || !seesNames ? scan.labels : scan.labels.map(withoutName)
  const groups = groupSeries(labels, grouping, isWithout)
  const { grid, seen } = yield* foldScan(scan, windows.steps, groups, op, sliderOf(fun, windows))
  if (isRate(call)) noteCountersOf(evaluation, call, scan.labels, seen)
  return vectorOf(grid, new Uint8Array(grid.labels.length).fill(isDelayed ? 1 : 0))
}

/** Says of the series that have values which metrics may be no counters. */
function noteCountersOf(evaluation: Evaluation, call: Call, labels: readonly Labels[], seen: Uint8Array): void {
  const metrics = new Map<string, Labels>()
  for (const [i, of] of labels.entries()) if (seen[i] === 1) metrics.set(metricKey(evaluation, of), of)
  for (const of of metrics.values()) noteCounter(evaluation, of, noteSpan(call))
}

/** These act like an offset. */
const KEEPS_NAME = new Set(['last_over_time', 'first_over_time'])

function isRate({ name }: Call): boolean {
  return name === 'rate' || name === 'increase'
}

/** Says which metrics may be no counters: those with floats in the answer. Source: Prometheus 3.14 promql/engine.go. */
function noteCounters(evaluation: Evaluation, call: Call, grid: Grid): void {
  const seen = new Set<string>()
  for (const [i, labels] of grid.labels.entries()) {
    const key = metricKey(evaluation, labels)
    if (seen.has(key) || !hasFloat(grid, i)) continue
    seen.add(key)
    noteCounter(evaluation, labels, noteSpan(call))
  }
}

function hasFloat({ steps, present, histograms }: Grid, row: number): boolean {
  for (let at = row * steps; at < (row + 1) * steps; at++) if (present[at] === 1 && histograms?.[at] === undefined) return true
  return false
}

/** What decides whether a metric looks like a counter: its name, and its type where that is a label. */
function metricKey({ features }: Evaluation, labels: Labels): string {
  const name = labelValue(labels, METRIC_NAME)
  return features.typeAndUnitLabels ? `${name} ${labelValue(labels, TYPE)}` : name
}

const TYPE = '__type__'

/** Says that the metric of a series may be no counter: by its type where those are labels, otherwise by its name. */
export function noteCounter({ features, notes }: Evaluation, labels: Labels, span: TextSpan): void {
  const name = labelValue(labels, METRIC_NAME)
  if (name === '') return
  if (features.typeAndUnitLabels) {
    const type = labelValue(labels, TYPE)
    if (type === 'counter' || type === 'histogram') return
    const why = `__type__ label is not set to "counter" or "histogram", got ${quote(type)}`
    notes.inform(`metric might not be a counter, ${why}: ${quote(name)}`, span)
    return
  }
  if (COUNTER_NAME.test(name)) return
  notes.inform(`metric might not be a counter, name does not end in _total/_sum/_count/_bucket: ${quote(name)}`, span)
}

const COUNTER_NAME = /_(?:total|sum|count|bucket)$/

function isRange(expr: Expr): expr is RangeExpr {
  return expr.kind === 'matrixSelector' || expr.kind === 'subquery'
}

function* slide({ points: { scan }, windows, fun, mixed, usesStarts }: PreparedRange): InPieces<Grid> {
  const { labels, columns } = scan
  const grid = columns?.histograms === undefined ? makeGrid(labels, windows.steps) : makeMixedGrid(labels, windows.steps)
  const out: SeriesOut = { values: grid.values, present: grid.present, at: 0 }
  const slideOne = sliderOf(fun, windows)
  const isPlain = columns?.histograms === undefined && !usesStarts
  const slideAny = columns === undefined || isPlain ? undefined : mixedSlide(columns, windows, mixed, usesStarts, grid)
  for (let i = 0; i < labels.length; i++) {
    if (i % CHECK_EVERY === 0) yield
    out.at = i * windows.steps
    if (columns === undefined || slideAny === undefined || (!usesStarts && !hasHistograms(columns, i)))
      slideOne(scan.read(i), out)
    else slideAny(i)
  }
  return grid
}

/** Slides over one series that may have histograms, or starts that count. */
function mixedSlide(
  samples: SeriesSamples,
  windows: Windows,
  { fold, reach }: MixedFunction,
  usesStarts: boolean,
  grid: Grid,
): (series: number) => void {
  const { startsMs: _startsMs, ...unstarted } = samples
  const seen = usesStarts ? samples : unstarted
  return (series) => {
    const metric = labelValue(samples.labels[series]!, METRIC_NAME)
    const foldOne = (window: MixedWindow) => fold(window, metric)
    const put = (step: number, value: number | NativeHistogram) => putCell(grid, series * windows.steps + step, value)
    slideMixed(seen, series, windows, reach, foldOne, put)
  }
}

function sliderOf(fun: RangeFunction, windows: Windows): Slider {
  switch (fun.kind) {
    case 'rate': {
      const kernel = new RateKernel(windows, fun.rate)
      return (points, out) => kernel.slide(points, points.from, points.to, out)
    }
    case 'fold': {
      const kernel = new FoldKernel(windows, fun.fold, fun.minPoints)
      return (points, out) => kernel.slide(points, points.from, points.to, out)
    }
    case 'kernel':
      return (points, out) => {
        fun.run(points, points.from, points.to, windows, out)
        let filled = 0
        for (let at = out.at; at < out.at + windows.steps; at++) filled += out.present[at]!
        return filled
      }
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
