import type { NativeHistogram, SeriesSamples, SeriesScan } from '@oriel/model'
import { labelValue, METRIC_NAME } from '@oriel/model'
import type { Grid, Windows } from '@oriel/vector'
import {
  LastKernel,
  makeGrid,
  makeGridLike,
  makeMixedGrid,
  pickRows,
  putCell,
  rowsWithValues,
  smoothedAtSteps,
  withResetHint,
} from '@oriel/vector'
import type { Subquery, VectorSelector } from './ast.ts'
import type { Evaluation, InPieces, RangeExpr } from './evaluation.ts'
import { atOnce, CHECK_EVERY, vectorAt } from './evaluation.ts'
import { smoothedAt } from './histogram-extended.ts'
import { HistogramNotes } from './histogram-notes.ts'
import { subquerySteps, windowEnds } from './leaves.ts'
import type { MixedWindow } from './mixed-window.ts'
import { hasHistograms, slideMixed } from './mixed-window.ts'
import { columnsOf, scanOf } from './scans.ts'
import type { Steps, VectorValue } from './values.ts'
import { emptyVector, vectorOf } from './values.ts'

/** An instant selector at every step: the latest sample within the lookback, unless it is a staleness marker. */
export function* evalSelector(evaluation: Evaluation, node: VectorSelector, steps: Steps): InPieces<VectorValue> {
  if (node.extension === 'smoothed') return evalSmoothed(evaluation, node, steps)
  const { scan } = evaluation.leafOf(node)
  const isFixed = node.at !== undefined
  const windows = windowsOf(node, evaluation.lookbackMs, isFixed ? { ...steps, count: 1 } : steps)
  evaluation.countSamples(scan.labels.length * windows.steps)
  const grid = yield* latest(scan, windows)
  if (scan.columns?.histograms !== undefined) fillHistograms(scan.columns, scan.columns.histograms, windows, grid)
  const kept = withoutEmptyRows(grid)
  return vectorOf(isFixed ? repeated(kept, steps.count) : kept)
}

/** The value of each series' latest sample at each step. */
function* latest(scan: SeriesScan, windows: Windows): InPieces<Grid> {
  const { labels, columns } = scan
  const grid = makeGrid(labels, windows.steps)
  const out = { values: grid.values, present: grid.present, at: 0 }
  const kernel = new LastKernel(windows)
  for (let i = 0; i < labels.length; i++) {
    if (i % CHECK_EVERY === 0) yield
    out.at = i * windows.steps
    const points = scan.read(i)
    kernel.slide(points, points.stale, points.from, points.to, out)
  }
  return columns?.histograms === undefined ? grid : { ...grid, histograms: Array.from({ length: grid.values.length }) }
}

/** Puts histograms into the cells whose latest sample is one. */
function fillHistograms(
  samples: SeriesSamples,
  histograms: NonNullable<SeriesSamples['histograms']>,
  windows: Windows,
  grid: Grid,
): void {
  const positions = Float64Array.from(histograms.keys())
  const at = atOnce(latest(scanOf({ ...samples, values: positions }), windows))
  for (let cell = 0; cell < at.values.length; cell++) {
    const histogram = at.present[cell] === 1 ? histograms[at.values[cell]!] : undefined
    if (histogram !== undefined) putCell(grid, cell, histogram)
  }
}

/** A `smoothed` instant selector: interpolated between the samples around each step. */
function evalSmoothed(evaluation: Evaluation, node: VectorSelector, steps: Steps): VectorValue {
  const samples = columnsOf(evaluation.leafOf(node).fresh())
  const windows = windowsOf(node, evaluation.lookbackMs, steps)
  const grid =
    samples.histograms === undefined ? makeGrid(samples.labels, steps.count) : makeMixedGrid(samples.labels, steps.count)
  const notes = new HistogramNotes(evaluation.notes, node.span)
  const reach = { beforeMs: evaluation.lookbackMs, afterMs: evaluation.lookbackMs }
  for (let i = 0; i < samples.labels.length; i++) {
    const at = i * steps.count
    if (hasHistograms(samples, i)) {
      const metric = labelValue(samples.labels[i]!, METRIC_NAME)
      const fold = (window: MixedWindow) => smoothedAt(window, metric, notes)
      slideMixed(samples, i, { ...windows, rangeMs: 0 }, reach, fold, (step, value) => putCell(grid, at + step, value))
    } else {
      const out = { values: grid.values, present: grid.present, at }
      smoothedAtSteps(samples, samples.offsets[i]!, samples.offsets[i + 1]!, windows, out)
    }
  }
  return vectorOf(withoutEmptyRows(grid))
}

/** The times of the samples that an instant selector picks, in seconds: `timestamp(selector)`. */
export function evalSelectorTimes(evaluation: Evaluation, node: VectorSelector, steps: Steps): VectorValue {
  const samples = columnsOf(evaluation.leafOf(node).scan)
  return secondsAtSteps(evaluation, node, steps, samples, samples.tMs)
}

/** When the counters began whose samples an instant selector picks, in seconds, 0 for unknown: `start_timestamp(selector)`. */
export function evalSelectorStarts(evaluation: Evaluation, node: VectorSelector, steps: Steps): VectorValue {
  if (!evaluation.features.useStartTimestamps) return emptyVector(steps.count)
  const samples = columnsOf(evaluation.leafOf(node).scan)
  return secondsAtSteps(evaluation, node, steps, samples, samples.startsMs ?? new Float64Array(samples.tMs.length))
}

function secondsAtSteps(
  evaluation: Evaluation,
  node: VectorSelector,
  steps: Steps,
  samples: SeriesSamples,
  milliseconds: Float64Array,
): VectorValue {
  const scan = scanOf({ ...samples, values: milliseconds.map((ms) => ms / 1_000) })
  const { labels, values, present } = atOnce(latest(scan, windowsOf(node, evaluation.lookbackMs, steps)))
  return vectorOf(withoutEmptyRows({ labels, steps: steps.count, values, present }))
}

/** The points that a range function slides over, and where its windows are. */
export interface RangePoints {
  readonly scan: SeriesScan
  /** 1 where the series already lost its name, in a subquery. */
  readonly dropName: Uint8Array
  readonly windows: Windows
  readonly rangeMs: number
}

/** Points and windows of a range selector or a subquery. With `@` every window is the same and `stepMs` is 0. */
export function evalRange(evaluation: Evaluation, node: RangeExpr, steps: Steps): RangePoints {
  if (node.kind === 'subquery') return evalSubquery(evaluation, node, steps)
  const scan = evaluation.leafOf(node.selector).fresh()
  const windows = windowsOf(node.selector, node.rangeMs, steps)
  return { scan, dropName: new Uint8Array(scan.labels.length), windows, rangeMs: node.rangeMs }
}

/** A grid without the series that have no value at all. */
export function withoutEmptyRows(grid: Grid): Grid {
  const rows = rowsWithValues(grid)
  return rows.length === grid.labels.length ? grid : pickRows(grid, rows)
}

/** A one-step grid repeated over `count` steps. */
export function repeated(grid: Grid, count: number): Grid {
  if (count === 1) return grid
  const wide = makeGridLike(grid, grid.labels, count)
  for (let i = 0; i < grid.labels.length; i++) {
    if (grid.present[i] === 0) continue
    wide.values.fill(grid.values[i]!, i * count, (i + 1) * count)
    wide.present.fill(1, i * count, (i + 1) * count)
    wide.histograms?.fill(grid.histograms?.[i], i * count, (i + 1) * count)
  }
  return wide
}

function evalSubquery(evaluation: Evaluation, node: Subquery, steps: Steps): RangePoints {
  const inner = subquerySteps(node, steps, evaluation.defaultStepMs)
  const { grid, dropName } = vectorAt(evaluation, node.expr, inner)
  const samples = pointsOf(grid, inner)
  evaluation.countSamples(samples.tMs.length)
  return { scan: scanOf(samples), dropName, windows: windowsOf(node, node.rangeMs, steps), rangeMs: node.rangeMs }
}

/** The values of a grid as points, gaps left out. */
function pointsOf(grid: Grid, { startMs, stepMs, count }: Steps): SeriesSamples {
  const offsets = new Uint32Array(grid.labels.length + 1)
  const tMs = new Float64Array(grid.values.length)
  const values = new Float64Array(grid.values.length)
  const histograms: (NativeHistogram | undefined)[] = []
  let to = 0
  for (let i = 0; i < grid.labels.length; i++) {
    for (let j = 0; j < count; j++) {
      if (grid.present[i * count + j] === 0) continue
      tMs[to] = startMs + j * stepMs
      if (grid.histograms !== undefined) histograms.push(withoutExplicitReset(grid.histograms[i * count + j]))
      values[to++] = grid.values[i * count + j]!
    }
    offsets[i + 1] = to
  }
  const points = {
    labels: grid.labels,
    offsets,
    tMs: tMs.subarray(0, to),
    values: values.subarray(0, to),
    stale: new Uint8Array(to),
  }
  return grid.histograms === undefined ? points : { ...points, histograms }
}

/** A subquery may skip or repeat samples, so what a sample says of the one before it no longer holds. */
function withoutExplicitReset(histogram: NativeHistogram | undefined): NativeHistogram | undefined {
  return histogram === undefined || histogram.resetHint === 'gauge' ? histogram : withResetHint(histogram, 'unknown')
}

/** The windows of a selector or subquery, `@` and offset applied: with `@` all are the same one, and `stepMs` is 0. */
export function windowsOf(node: VectorSelector | Subquery, rangeMs: number, steps: Steps): Windows {
  const { firstMs } = windowEnds(node, steps)
  return { firstEndMs: firstMs, stepMs: node.at === undefined ? steps.stepMs : 0, steps: steps.count, rangeMs }
}
