import type { Labels } from '@oriel/model'
import type { GridRequest, GridSeries, OverTime } from '@oriel/store'
import type { Grid, SeriesOut, Windows } from '@oriel/vector'
import {
  aggregate,
  extremeOverWindows,
  groupSeries,
  KahanSum,
  lastInWindows,
  makeAccumulator,
  makeGrid,
  pickRows,
  rateOverWindows,
  rowsWithValues,
  slideWindows,
  sumFold,
} from '@oriel/vector'
import type { ThinnedSamples } from './grid-pieces.ts'

/** Series of thinned samples: `labels[i]` are those of row `rows[i]` there. */
export interface GridRows {
  readonly rows: ArrayLike<number>
  readonly labels: readonly Labels[]
}

/** The values of a grid from thinned samples. By the kernels that evaluate raw samples, in the same order: the bits are the same. */
export function gridValues(samples: ThinnedSamples, { rows, labels }: GridRows, request: GridRequest, steps: number): GridSeries {
  const { startMs, offsetMs, stepMs, rangeMs, aggregate: by } = request
  const windows: Windows = { firstEndMs: startMs - offsetMs, stepMs, steps, rangeMs }
  if (by === undefined || request.func === 'last') {
    const grid = makeGrid(labels, steps)
    const out: SeriesOut = { values: grid.values, present: grid.present, at: 0 }
    for (let i = 0; i < labels.length; i++) {
      out.at = i * steps
      fillSeries(samples, rows[i]!, windows, request.func, out)
    }
    const found = withoutEmptyRows(grid)
    if (by === undefined) return withNaN(found)
    return withNaN(aggregate(found, groupSeries(found.labels, by.labels, by.grouping === 'without'), by.op))
  }
  const groups = groupSeries(labels, by.labels, by.grouping === 'without')
  const accumulator = makeAccumulator(by.op, groups.labels, steps)
  // One row for all series: their values never exist at once.
  const row: SeriesOut = { values: new Float64Array(steps), present: new Uint8Array(steps), at: 0 }
  for (let i = 0; i < labels.length; i++) {
    row.present.fill(0)
    fillSeries(samples, rows[i]!, windows, request.func, row)
    accumulator.add(groups.groupOf[i]!, row.values, row.present, 0)
  }
  return withNaN(withoutEmptyRows(accumulator.finish()))
}

function fillSeries(samples: ThinnedSamples, row: number, windows: Windows, func: GridRequest['func'], out: SeriesOut): void {
  const from = samples.offsets[row]!
  const to = samples.offsets[row + 1]!
  switch (func) {
    case 'last':
      lastInWindows(samples, samples.stale, from, to, windows, out)
      break
    case 'rate':
    case 'increase':
    case 'delta':
      rateOverWindows(samples, from, to, windows, func, out)
      break
    case 'min_over_time':
    case 'max_over_time':
      extremeOverWindows(samples, from, to, windows, func === 'max_over_time', out)
      break
    case 'sum_over_time':
      slideWindows(samples, from, to, windows, sumFold, out)
      break
    case 'count_over_time':
      slideWindows(samples, from, to, windows, (_points, lo, hi) => countOf(samples, from, lo, hi), out)
      break
    case 'avg_over_time':
      slideWindows(samples, from, to, windows, (_points, lo, hi) => meanOf(samples, from, lo, hi), out)
      break
  }
}

/** How many samples the points [lo, hi) stand for: each for those since the one before. */
function countOf({ ordinals }: ThinnedSamples, from: number, lo: number, hi: number): number {
  return ordinals[hi - 1]! - (lo === from ? -1 : ordinals[lo - 1]!)
}

function meanOf(samples: ThinnedSamples, from: number, lo: number, hi: number): number {
  const { values } = samples
  const count = countOf(samples, from, lo, hi)
  const total = new KahanSum(values[lo]!)
  for (let i = lo + 1; i < hi; i++) total.add(values[i]!)
  if (Number.isFinite(total.sum)) return total.sum / count + total.c / count
  // The sum is too large, or some of the values are: then so is the mean.
  const mean = new KahanSum()
  for (let i = lo; i < hi; i++) mean.add(values[i]! / count)
  return mean.sum + (Number.isFinite(mean.sum) ? mean.c : 0)
}

/** Whether a function looks at all samples of a window, so that the engine can thin none of them. */
export function isOverTime(func: GridRequest['func']): func is OverTime {
  return func.endsWith('_over_time')
}

function withoutEmptyRows(grid: Grid): Grid {
  const rows = rowsWithValues(grid)
  return rows.length === grid.labels.length ? grid : pickRows(grid, rows)
}

function withNaN(grid: Grid): Grid {
  const { values, present } = grid
  for (let at = 0; at < values.length; at++) if (present[at] === 0) values[at] = NaN
  return grid
}
