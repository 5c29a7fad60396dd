import { WindowBounds } from './bounds.ts'
import type { PointColumns, SeriesOut, Windows } from './grid.ts'

/** `rate` is `increase` per second; `delta` is for gauges and does not correct resets. */
export type RateKind = 'rate' | 'increase' | 'delta'

// 1.1: a gap of up to 10 % more than the average between samples still counts as "the series goes on to the edge".
const EDGE_TOLERANCE = 1.1

let resets = new Uint32Array(64)

/**
 * Points of which some may have been left out: those between two kept ones that never fall, in no window without both of them.
 *
 * `ordinals` then says for each kept point how many of its series came before it; without it no point is missing.
 */
export interface ThinnedPoints extends PointColumns {
  readonly ordinals?: Float64Array
}

/** Increase over each window of one series, extrapolated to its edges: see `RateKernel`, which is for many. */
export function rateOverWindows(
  points: ThinnedPoints,
  from: number,
  to: number,
  windows: Windows,
  kind: RateKind,
  out: SeriesOut,
): void {
  new RateKernel(windows, kind).slide(points, from, to, out)
}

/**
 * Increase over each window, extrapolated to its edges, of series after series. A hot path (bench/HOTPATHS.md).
 *
 * Needs two points in the window. Each point is looked at once; the resets of a window are added in the order Prometheus adds
 * them, so that the bits are the same. How far a window is extrapolated depends on times alone, but for counters near zero: it is
 * worked out once for series that have the same. Source: Prometheus 3.14 promql/functions.go extrapolatedRate.
 */
export class RateKernel {
  readonly #windows: Windows
  readonly #isCounter: boolean
  readonly #divisor: number
  readonly #bounds: WindowBounds
  /** By what to multiply the increase between the first and last point of each window so that it covers the window. */
  readonly #scales: Float64Array
  /** Seconds between first and last point, from the window's start to the first, and from the last to its end, as extrapolated. */
  readonly #sampled: Float64Array
  readonly #toStart: Float64Array
  readonly #toEnd: Float64Array
  /** Windows with two points. */
  #filled = 0
  /** Some window's points span less than what it is extrapolated by at its start. */
  #isTight = false

  constructor(windows: Windows, kind: RateKind) {
    this.#windows = windows
    this.#isCounter = kind !== 'delta'
    this.#divisor = kind === 'rate' ? windows.rangeMs / 1_000 : 1
    this.#bounds = new WindowBounds(windows)
    this.#scales = new Float64Array(windows.steps)
    this.#sampled = new Float64Array(windows.steps)
    this.#toStart = new Float64Array(windows.steps)
    this.#toEnd = new Float64Array(windows.steps)
  }

  /** Slides over points `[from, to)`, one series; how many windows got a value. */
  slide(points: ThinnedPoints, from: number, to: number, out: SeriesOut): number {
    const { values, ordinals } = points
    const isMoved = this.#bounds.place(points.tMs, from, to)
    if (isMoved || ordinals !== undefined) this.#extrapolate(points, from)
    const resetCount = this.#isCounter ? findResets(values, from, to) : 0
    if (resetCount > 0 || this.#bounds.least < 2 || this.#isTight) this.#slideAny(values, from, resetCount, out)
    else this.#slideFull(values, from, out)
    return this.#filled
  }

  /** All windows have two points, and nothing was reset. */
  #slideFull(values: Float64Array, from: number, { values: outValues, present, at }: SeriesOut): void {
    const { lo, hi } = this.#bounds
    const { steps } = this.#windows
    const scales = this.#scales
    const isCounter = this.#isCounter
    for (let j = 0; j < steps; j++) {
      const first = values[from + lo[j]!]!
      const increase = values[from + hi[j]! - 1]! - first
      // A counter that stood higher than it rose is far from zero.
      const isFar = !isCounter || !(increase > first)
      outValues[at + j] = increase * (isFar ? scales[j]! : this.#counterScale(j, first, increase))
    }
    present.fill(1, at, at + steps)
  }

  #slideAny(values: Float64Array, from: number, resetCount: number, { values: outValues, present, at }: SeriesOut): void {
    const { lo: los, hi: his } = this.#bounds
    let firstReset = 0
    let endReset = 0
    for (let j = 0; j < this.#windows.steps; j++) {
      const lo = from + los[j]!
      const hi = from + his[j]!
      if (hi - lo < 2) continue
      const first = values[lo]!
      let increase = values[hi - 1]! - first
      while (firstReset < resetCount && resets[firstReset]! <= lo) firstReset++
      while (endReset < resetCount && resets[endReset]! < hi) endReset++
      for (let r = firstReset; r < endReset; r++) increase += values[resets[r]! - 1]!
      outValues[at + j] = increase * (this.#isCounter ? this.#counterScale(j, first, increase) : this.#scales[j]!)
      present[at + j] = 1
    }
  }

  /** Works out each window's scale. Steps mostly fall on scrapes, so most windows lie to their points as the one before did. */
  #extrapolate({ tMs, ordinals }: ThinnedPoints, from: number): void {
    const { firstEndMs, stepMs, steps, rangeMs } = this.#windows
    const { lo: los, hi: his } = this.#bounds
    let beforeMs = NaN
    let spanMs = NaN
    let afterMs = NaN
    let gaps = NaN
    let last = -1
    this.#filled = 0
    this.#isTight = false
    for (let j = 0; j < steps; j++) {
      const lo = from + los[j]!
      const end = from + his[j]! - 1
      if (end - lo < 1) continue
      this.#filled++
      const endMs = firstEndMs + j * stepMs
      const before = tMs[lo]! - (endMs - rangeMs)
      const span = tMs[end]! - tMs[lo]!
      const after = endMs - tMs[end]!
      const gap = ordinals === undefined ? end - lo : ordinals[end]! - ordinals[lo]!
      if (before === beforeMs && span === spanMs && after === afterMs && gap === gaps) this.#copyEdges(last, j)
      else this.#setEdges(j, span / 1_000, before / 1_000, after / 1_000, gap)
      beforeMs = before
      spanMs = span
      afterMs = after
      gaps = gap
      last = j
    }
  }

  #copyEdges(from: number, j: number): void {
    this.#sampled[j] = this.#sampled[from]!
    this.#toStart[j] = this.#toStart[from]!
    this.#toEnd[j] = this.#toEnd[from]!
    this.#scales[j] = this.#scales[from]!
  }

  #setEdges(j: number, sampled: number, toStart: number, toEnd: number, gaps: number): void {
    const average = sampled / gaps
    const threshold = average * EDGE_TOLERANCE
    this.#sampled[j] = sampled
    this.#toStart[j] = toStart >= threshold ? average / 2 : toStart
    this.#toEnd[j] = toEnd >= threshold ? average / 2 : toEnd
    this.#isTight ||= sampled < this.#toStart[j]!
    this.#scales[j] = this.#scaleFrom(j, this.#toStart[j]!)
  }

  /**
   * A counter is never negative, so it is not extrapolated beyond the point where it would have been zero. One that stood higher than it
   * rose is far from there, which saves a division.
   */
  #counterScale(j: number, first: number, increase: number): number {
    if (!(increase > 0 && first >= 0) || (first >= increase && this.#sampled[j]! >= this.#toStart[j]!)) return this.#scales[j]!
    const toZero = this.#sampled[j]! * (first / increase)
    return toZero < this.#toStart[j]! ? this.#scaleFrom(j, toZero) : this.#scales[j]!
  }

  #scaleFrom(j: number, toStart: number): number {
    const sampled = this.#sampled[j]!
    const factor = sampled === 0 ? 1 : (sampled + toStart + this.#toEnd[j]!) / sampled
    return factor / this.#divisor
  }
}

/** Notes in `resets` the positions whose value is below the one before; returns how many. */
function findResets(values: Float64Array, from: number, to: number): number {
  if (to - from > resets.length) resets = new Uint32Array(2 * (to - from))
  let count = 0
  for (let i = from + 1; i < to; i++) if (values[i]! < values[i - 1]!) resets[count++] = i
  return count
}
