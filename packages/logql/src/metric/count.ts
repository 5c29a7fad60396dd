import type { Grid } from '@oriel/vector'
import { makeGrid } from '@oriel/vector'
import type { SeriesIndex } from './grouping.ts'
import type { WindowTimes } from './steps.ts'

/**
 * Counts lines or bytes over sliding windows without keeping them: each adds to the first window that holds it and takes itself
 * off behind the last. A hot path: constant work and no memory a line. Counts are whole numbers, so the sums are exact.
 */
export class WindowCounts {
  readonly #index: SeriesIndex
  readonly #times: WindowTimes
  /** One array a series: changes of amount, then changes of the number of lines. */
  readonly #changes: Float64Array[] = []

  constructor(index: SeriesIndex, times: WindowTimes) {
    this.#index = index
    this.#times = times
  }

  /** Adds `amount` at a time in milliseconds after the windows' base. */
  add(series: number, sinceMs: number, amount: number): void {
    const { firstEndMs, stepMs, steps, rangeMs } = this.#times
    const first = Math.max(0, Math.ceil((sinceMs - firstEndMs) / stepMs))
    const behind = Math.min(steps, Math.ceil((sinceMs - firstEndMs + rangeMs) / stepMs))
    if (first >= behind) return
    const width = steps + 1
    const changes = (this.#changes[series] ??= new Float64Array(2 * width))
    changes[first] = changes[first]! + amount
    changes[behind] = changes[behind]! - amount
    changes[width + first] = changes[width + first]! + 1
    changes[width + behind] = changes[width + behind]! - 1
  }

  /** Amounts times `scale` per step; a step without lines has no value. */
  grid(scale: (amount: number) => number): Grid {
    const { steps } = this.#times
    const grid = makeGrid(this.#index.labels, steps)
    for (const [series, changes] of this.#changes.entries()) {
      // A series whose lines fall between windows has an index but no changes.
      if (changes === undefined) continue
      let amount = 0
      let lines = 0
      for (let j = 0; j < steps; j++) {
        amount += changes[j]!
        lines += changes[steps + 1 + j]!
        if (lines === 0) continue
        grid.values[series * steps + j] = scale(amount)
        grid.present[series * steps + j] = 1
      }
    }
    return grid
  }
}
