import type { PointColumns, SeriesOut, Windows } from './grid.ts'

/** Folds the points `[lo, hi)` of a window, at least one, into a value; `step` is the window's number. */
export type WindowFold = (points: PointColumns, lo: number, hi: number, step: number) => number

/** Calls `fold` for each window with at least `minPoints` points; both ends of the window only move forward. */
export function slideWindows(
  points: PointColumns,
  from: number,
  to: number,
  { firstEndMs, stepMs, steps, rangeMs }: Windows,
  fold: WindowFold,
  out: SeriesOut,
  minPoints = 1,
): void {
  const { tMs } = points
  let lo = from
  let hi = from
  for (let j = 0; j < steps; j++) {
    const end = firstEndMs + j * stepMs
    while (hi < to && tMs[hi]! <= end) hi++
    while (lo < hi && tMs[lo]! <= end - rangeMs) lo++
    if (hi - lo < minPoints) continue
    out.values[out.at + j] = fold(points, lo, hi, j)
    out.present[out.at + j] = 1
  }
}
