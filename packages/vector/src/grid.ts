import type { Labels, NativeHistogram } from '@oriel/model'

/**
 * Values of many series on a grid of steps: series i, step j at `values[i * steps + j]`, there exactly when `present` is 1.
 *
 * Where `present` is 0 the value means nothing. `histograms`, absent where all values are floats, has the value of each cell that is
 * a native histogram; the float there is NaN. Otherwise the same shape as the store's `GridSeries`.
 */
export interface Grid {
  readonly labels: readonly Labels[]
  readonly steps: number
  readonly values: Float64Array
  readonly present: Uint8Array
  readonly histograms?: (NativeHistogram | undefined)[]
}

/** A grid whose values may be native histograms. */
export type MixedGrid = Grid & Required<Pick<Grid, 'histograms'>>

/** Points of one or many series in columns; a kernel is told which positions belong to its series. Time rises strictly. */
export interface PointColumns {
  readonly tMs: Float64Array
  readonly values: Float64Array
}

/** The windows of a grid: that of step j is (end - rangeMs, end] with end = `firstEndMs + j * stepMs`. */
export interface Windows {
  readonly firstEndMs: number
  readonly stepMs: number
  readonly steps: number
  readonly rangeMs: number
}

/** Where a kernel writes one series: step j to `values[at + j]` and `present[at + j]`. */
export interface SeriesOut {
  readonly values: Float64Array
  readonly present: Uint8Array
  at: number
}

/** Makes an empty grid of `series` x `steps`. */
export function makeGrid(labels: readonly Labels[], steps: number): Grid {
  const cells = labels.length * steps
  return { labels, steps, values: new Float64Array(cells), present: new Uint8Array(cells) }
}

/** Makes an empty grid of `series` x `steps` that can take histograms. */
export function makeMixedGrid(labels: readonly Labels[], steps: number): MixedGrid {
  const grid = makeGrid(labels, steps)
  return { ...grid, histograms: Array.from({ length: grid.values.length }) }
}

/** Makes an empty grid that can take what `like` holds. */
export function makeGridLike(like: Grid, labels: readonly Labels[], steps: number = like.steps): Grid {
  return like.histograms === undefined ? makeGrid(labels, steps) : makeMixedGrid(labels, steps)
}

/** The float or histogram of a cell that has a value. */
export function cellAt({ values, histograms }: Grid, at: number): number | NativeHistogram {
  return histograms?.[at] ?? values[at]!
}

/** Sets a cell to a float or a histogram. */
export function putCell(grid: Grid, at: number, value: number | NativeHistogram): void {
  grid.present[at] = 1
  if (typeof value === 'number') {
    grid.values[at] = value
    return
  }
  grid.values[at] = NaN
  if (grid.histograms !== undefined) grid.histograms[at] = value
}

/** Keeps the series at `rows`, in that order. */
export function pickRows(grid: Grid, rows: readonly number[]): Grid {
  const { steps } = grid
  const picked = makeGridLike(
    grid,
    rows.map((row) => grid.labels[row] ?? []),
  )
  for (const [to, from] of rows.entries()) {
    picked.values.set(grid.values.subarray(from * steps, (from + 1) * steps), to * steps)
    picked.present.set(grid.present.subarray(from * steps, (from + 1) * steps), to * steps)
    if (picked.histograms === undefined || grid.histograms === undefined) continue
    for (let j = 0; j < steps; j++) picked.histograms[to * steps + j] = grid.histograms[from * steps + j]
  }
  return picked
}

/** The rows with at least one value. */
export function rowsWithValues({ labels, steps, present }: Grid): number[] {
  const rows: number[] = []
  for (let row = 0; row < labels.length; row++) if (hasOne(present, row * steps, steps)) rows.push(row)
  return rows
}

function hasOne(present: Uint8Array, at: number, steps: number): boolean {
  for (let i = at; i < at + steps; i++) if (present[i] === 1) return true
  return false
}
