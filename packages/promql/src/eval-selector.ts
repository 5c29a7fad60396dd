import type { SeriesSamples } from '@oriel/model'
import type { Grid, PointColumns, Windows } from '@oriel/vector'
import { lastInWindows, makeGrid, pickRows, rowsWithValues, smoothedAtSteps } from '@oriel/vector'
import type { Subquery, VectorSelector } from './ast.ts'
import type { Evaluation, RangeExpr } from './evaluation.ts'
import { vectorAt } from './evaluation.ts'
import { subquerySteps, windowEnds } from './leaves.ts'
import type { Steps, VectorValue } from './values.ts'
import { vectorOf } from './values.ts'

/** An instant selector at every step: the latest sample within the lookback, unless it is a staleness marker. */
export function evalSelector(evaluation: Evaluation, node: VectorSelector, steps: Steps): VectorValue {
  if (node.extension === 'smoothed') return evalSmoothed(evaluation, node, steps)
  const { samples } = evaluation.leafOf(node)
  const isFixed = node.at !== undefined
  const windows = windowsOf(node, evaluation.lookbackMs, isFixed ? { ...steps, count: 1 } : steps)
  const grid = makeGrid(samples.labels, windows.steps)
  const out = { values: grid.values, present: grid.present, at: 0 }
  for (let i = 0; i < samples.labels.length; i++) {
    out.at = i * windows.steps
    lastInWindows(samples, samples.stale, samples.offsets[i]!, samples.offsets[i + 1]!, windows, out)
  }
  const kept = withoutEmptyRows(grid)
  return vectorOf(isFixed ? repeated(kept, steps.count) : kept)
}

/** A `smoothed` instant selector: interpolated between the samples around each step. */
function evalSmoothed(evaluation: Evaluation, node: VectorSelector, steps: Steps): VectorValue {
  const samples = evaluation.leafOf(node).fresh()
  const windows = windowsOf(node, evaluation.lookbackMs, steps)
  const grid = makeGrid(samples.labels, steps.count)
  for (let i = 0; i < samples.labels.length; i++) {
    const out = { values: grid.values, present: grid.present, at: i * steps.count }
    smoothedAtSteps(samples, samples.offsets[i]!, samples.offsets[i + 1]!, windows, out)
  }
  return vectorOf(withoutEmptyRows(grid))
}

/** The times of the samples that an instant selector picks, in seconds: `timestamp(selector)`. */
export function evalSelectorTimes(evaluation: Evaluation, node: VectorSelector, steps: Steps): VectorValue {
  const { samples } = evaluation.leafOf(node)
  const seconds: PointColumns = { tMs: samples.tMs, values: samples.tMs.map((tMs) => tMs / 1_000) }
  const windows = windowsOf(node, evaluation.lookbackMs, steps)
  const grid = makeGrid(samples.labels, steps.count)
  for (let i = 0; i < samples.labels.length; i++) {
    const out = { values: grid.values, present: grid.present, at: i * steps.count }
    lastInWindows(seconds, samples.stale, samples.offsets[i]!, samples.offsets[i + 1]!, windows, out)
  }
  return vectorOf(withoutEmptyRows(grid))
}

/** The points that a range function slides over, and where its windows are. */
export interface RangePoints {
  readonly samples: SeriesSamples
  /** 1 where the series already lost its name, in a subquery. */
  readonly dropName: Uint8Array
  readonly windows: Windows
  readonly rangeMs: number
}

/** Points and windows of a range selector or a subquery. With `@` every window is the same and `stepMs` is 0. */
export function evalRange(evaluation: Evaluation, node: RangeExpr, steps: Steps): RangePoints {
  if (node.kind === 'subquery') return evalSubquery(evaluation, node, steps)
  const samples = evaluation.leafOf(node.selector).fresh()
  const windows = windowsOf(node.selector, node.rangeMs, steps)
  return { samples, dropName: new Uint8Array(samples.labels.length), windows, rangeMs: node.rangeMs }
}

/** A grid without the series that have no value at all. */
export function withoutEmptyRows(grid: Grid): Grid {
  const rows = rowsWithValues(grid)
  return rows.length === grid.labels.length ? grid : pickRows(grid, rows)
}

/** A one-step grid repeated over `count` steps. */
export function repeated(grid: Grid, count: number): Grid {
  if (count === 1) return grid
  const wide = makeGrid(grid.labels, count)
  for (let i = 0; i < grid.labels.length; i++) {
    if (grid.present[i] === 0) continue
    wide.values.fill(grid.values[i]!, i * count, (i + 1) * count)
    wide.present.fill(1, i * count, (i + 1) * count)
  }
  return wide
}

function evalSubquery(evaluation: Evaluation, node: Subquery, steps: Steps): RangePoints {
  const inner = subquerySteps(node, steps, evaluation.defaultStepMs)
  const { grid, dropName } = vectorAt(evaluation, node.expr, inner)
  const samples = pointsOf(grid, inner)
  evaluation.countSamples(samples.tMs.length)
  return { samples, dropName, windows: windowsOf(node, node.rangeMs, steps), rangeMs: node.rangeMs }
}

/** The values of a grid as points, gaps left out. */
function pointsOf(grid: Grid, { startMs, stepMs, count }: Steps): SeriesSamples {
  const offsets = new Uint32Array(grid.labels.length + 1)
  const tMs = new Float64Array(grid.values.length)
  const values = new Float64Array(grid.values.length)
  let to = 0
  for (let i = 0; i < grid.labels.length; i++) {
    for (let j = 0; j < count; j++) {
      if (grid.present[i * count + j] === 0) continue
      tMs[to] = startMs + j * stepMs
      values[to++] = grid.values[i * count + j]!
    }
    offsets[i + 1] = to
  }
  return { labels: grid.labels, offsets, tMs: tMs.subarray(0, to), values: values.subarray(0, to), stale: new Uint8Array(to) }
}

function windowsOf(node: VectorSelector | Subquery, rangeMs: number, steps: Steps): Windows {
  const { firstMs } = windowEnds(node, steps)
  return { firstEndMs: firstMs, stepMs: node.at === undefined ? steps.stepMs : 0, steps: steps.count, rangeMs }
}
