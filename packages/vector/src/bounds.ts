import type { Windows } from './grid.ts'

/**
 * Which points lie in each window of a grid. A hot path (bench/HOTPATHS.md).
 *
 * Series that were scraped together have the same times: their windows are found once for all of them.
 */
export class WindowBounds {
  /** Window j has points `lo[j]` up to `hi[j]` (exclusive), counted from the series' first. */
  readonly lo: Int32Array
  readonly hi: Int32Array
  /** The fewest points of any window; all have some at most times. */
  least = 0
  readonly #windows: Windows
  /** The times that the bounds are for. */
  #tMs = new Float64Array(0)
  #length = -1

  constructor(windows: Windows) {
    this.#windows = windows
    this.lo = new Int32Array(windows.steps)
    this.hi = new Int32Array(windows.steps)
  }

  /** Finds the windows of points `[from, to)`, whose times rise strictly. Whether they are others than those of the points before. */
  place(tMs: Float64Array, from: number, to: number): boolean {
    if (this.#isPlaced(tMs, from, to)) return false
    const count = to - from
    if (count > this.#tMs.length) this.#tMs = new Float64Array(2 * count)
    this.#length = count
    const times = this.#tMs
    for (let i = 0; i < count; i++) times[i] = tMs[from + i]!
    const { lo: los, hi: his } = this
    const { firstEndMs, stepMs, steps, rangeMs } = this.#windows
    let lo = 0
    let hi = 0
    this.least = Infinity
    for (let j = 0; j < steps; j++) {
      const end = firstEndMs + j * stepMs
      while (hi < count && times[hi]! <= end) hi++
      const start = end - rangeMs
      while (lo < hi && times[lo]! <= start) lo++
      los[j] = lo
      his[j] = hi
      if (hi - lo < this.least) this.least = hi - lo
    }
    return true
  }

  #isPlaced(tMs: Float64Array, from: number, to: number): boolean {
    if (to - from !== this.#length) return false
    const times = this.#tMs
    for (let i = from, at = 0; i < to; i++, at++) if (tMs[i] !== times[at]) return false
    return true
  }
}
