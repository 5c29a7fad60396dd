import type { Labels } from '@oriel/model'
import type { GridRequest, GridSeries } from '@oriel/store'
import type { Grid, SeriesOut, Windows } from '@oriel/vector'
import {
  aggregate,
  groupSeries,
  lastInWindows,
  makeAccumulator,
  makeGrid,
  pickRows,
  rateOverWindows,
  rowsWithValues,
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
  if (func === 'last') lastInWindows(samples, samples.stale, from, to, windows, out)
  else rateOverWindows(samples, from, to, windows, func, out)
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
