import { WindowBounds } from './bounds.ts'
import type { PointColumns, SeriesOut, Windows } from './grid.ts'

/** The latest point in each window of one series: see `LastKernel`, which is for many. */
export function lastInWindows(
  points: PointColumns,
  stale: Uint8Array,
  from: number,
  to: number,
  windows: Windows,
  out: SeriesOut,
): void {
  new LastKernel(windows).slide(points, stale, from, to, out)
}

/**
 * The latest point in each window of series after series: the instant selector, with the lookback as `rangeMs`. A hot path
 * (bench/HOTPATHS.md).
 *
 * A step whose latest point is a staleness marker has no value. `stale` is parallel to the points, `undefined` where none is a marker.
 */
export class LastKernel {
  readonly #bounds: WindowBounds
  readonly #steps: number

  constructor(windows: Windows) {
    this.#bounds = new WindowBounds(windows)
    this.#steps = windows.steps
  }

  /** Takes points `[from, to)`, one series; how many windows got a value. */
  slide({ tMs, values }: PointColumns, stale: Uint8Array | undefined, from: number, to: number, out: SeriesOut): number {
    this.#bounds.place(tMs, from, to)
    const { lo, hi, least } = this.#bounds
    const { values: outValues, present, at } = out
    const steps = this.#steps
    if (least > 0 && stale === undefined) {
      for (let j = 0; j < steps; j++) outValues[at + j] = values[from + hi[j]! - 1]!
      present.fill(1, at, at + steps)
      return steps
    }
    let filled = 0
    for (let j = 0; j < steps; j++) {
      if (lo[j] === hi[j]) continue
      const last = from + hi[j]! - 1
      if (stale !== undefined && stale[last] === 1) continue
      outValues[at + j] = values[last]!
      present[at + j] = 1
      filled++
    }
    return filled
  }
}
