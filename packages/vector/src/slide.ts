import { WindowBounds } from './bounds.ts'
import type { PointColumns, SeriesOut, Windows } from './grid.ts'

/** Folds the points `[lo, hi)` of a window, at least one, into a value; `step` is the window's number. */
export type WindowFold = (points: PointColumns, lo: number, hi: number, step: number) => number

/** Calls `fold` for each window of one series with at least `minPoints` points: see `FoldKernel`, which is for many. */
export function slideWindows(
  points: PointColumns,
  from: number,
  to: number,
  windows: Windows,
  fold: WindowFold,
  out: SeriesOut,
  minPoints = 1,
): void {
  new FoldKernel(windows, fold, minPoints).slide(points, from, to, out)
}

/** Calls `fold` for each window of series after series with at least `minPoints` points. A hot path (bench/HOTPATHS.md). */
export class FoldKernel {
  readonly #bounds: WindowBounds
  readonly #steps: number
  readonly #fold: WindowFold
  readonly #minPoints: number

  constructor(windows: Windows, fold: WindowFold, minPoints = 1) {
    this.#bounds = new WindowBounds(windows)
    this.#steps = windows.steps
    this.#fold = fold
    this.#minPoints = minPoints
  }

  /** Folds points `[from, to)`, one series; how many windows got a value. */
  slide(points: PointColumns, from: number, to: number, out: SeriesOut): number {
    this.#bounds.place(points.tMs, from, to)
    const { lo, hi } = this.#bounds
    const fold = this.#fold
    let filled = 0
    for (let j = 0; j < this.#steps; j++) {
      if (hi[j]! - lo[j]! < this.#minPoints) continue
      out.values[out.at + j] = fold(points, from + lo[j]!, from + hi[j]!, j)
      out.present[out.at + j] = 1
      filled++
    }
    return filled
  }
}
