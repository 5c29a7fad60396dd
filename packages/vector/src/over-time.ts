import type { PointColumns, SeriesOut, Windows } from './grid.ts'
import { KahanSum } from './kahan.ts'
import { quantileOf } from './quantile.ts'
import type { WindowFold } from './slide.ts'

// Folds of a window `[lo, hi)`. Sums walk the window anew: sliding them would change the bits. Source: Prometheus 3.14
// promql/functions.go.

/** Sum with compensation. */
export const sumFold: WindowFold = ({ values }, lo, hi) => {
  const total = new KahanSum()
  for (let i = lo; i < hi; i++) total.add(values[i]!)
  return isInfinite(total.sum) ? total.sum : total.sum + total.c
}

/** Mean by compensated sum; where the sum would overflow, by incremental means from there on. */
export const avgFold: WindowFold = ({ values }, lo, hi) => {
  const total = new KahanSum(values[lo]!)
  for (let i = lo + 1; i < hi; i++) {
    if (isInfinite(total.sum + values[i]!)) return incrementalMean(values, i, lo, hi, total)
    total.add(values[i]!)
  }
  const count = hi - lo
  return total.sum / count + total.c / count
}

function incrementalMean(values: Float64Array, from: number, lo: number, hi: number, { sum, c }: KahanSum): number {
  const before = from - lo
  let mean = new KahanSum(sum / before, c / before)
  for (let i = from; i < hi; i++) {
    const count = i - lo + 1
    const q = (count - 1) / count
    mean = new KahanSum(q * mean.sum, q * mean.c)
    mean.add(values[i]! / count)
  }
  return mean.sum + mean.c
}

/** How many points. */
export const countFold: WindowFold = (_points, lo, hi) => hi - lo

/** The first value. */
export const firstFold: WindowFold = ({ values }, lo) => values[lo]!

/** The last value. */
export const lastFold: WindowFold = ({ values }, _lo, hi) => values[hi - 1]!

/** 1 for any window with a point. */
export const presentFold: WindowFold = () => 1

/** Time of the first point, in seconds. */
export const firstTimeFold: WindowFold = ({ tMs }, lo) => tMs[lo]! / 1_000

/** Time of the last point, in seconds. */
export const lastTimeFold: WindowFold = ({ tMs }, _lo, hi) => tMs[hi - 1]! / 1_000

/** Time of the greatest value, in seconds; the last of equals, NaN counts as smallest. */
export const maxTimeFold: WindowFold = ({ tMs, values }, lo, hi) => {
  let best = lo
  for (let i = lo; i < hi; i++) if (values[i]! >= values[best]! || Number.isNaN(values[best]!)) best = i
  return tMs[best]! / 1_000
}

/** Time of the least value, in seconds; the last of equals, NaN counts as greatest. */
export const minTimeFold: WindowFold = ({ tMs, values }, lo, hi) => {
  let best = lo
  for (let i = lo; i < hi; i++) if (values[i]! <= values[best]! || Number.isNaN(values[best]!)) best = i
  return tMs[best]! / 1_000
}

/** Variance by Welford's method with compensation. */
export const varianceFold: WindowFold = ({ values }, lo, hi) => {
  const mean = new KahanSum()
  const squares = new KahanSum()
  for (let i = lo; i < hi; i++) {
    const value = values[i]!
    const delta = value - (mean.sum + mean.c)
    mean.add(delta / (i - lo + 1))
    squares.add(delta * (value - (mean.sum + mean.c)))
  }
  return (squares.sum + squares.c) / (hi - lo)
}

/** Square root of the variance. */
export const deviationFold: WindowFold = (points, lo, hi, step) => Math.sqrt(varianceFold(points, lo, hi, step))

/** Median of the distances from the median; NaN if any value is. */
export const medianDeviationFold: WindowFold = ({ values }, lo, hi) => {
  const window = values.slice(lo, hi)
  if (window.some((value) => Number.isNaN(value))) return NaN
  const median = quantileOf(0.5, window)
  return quantileOf(
    0.5,
    window.map((value) => Math.abs(value - median)),
  )
}

/** How often the value changed; NaN after NaN is no change. */
export const changesFold: WindowFold = ({ values }, lo, hi) => {
  let changes = 0
  for (let i = lo + 1; i < hi; i++) {
    const [before, now] = [values[i - 1]!, values[i]!]
    if (now !== before && !(Number.isNaN(now) && Number.isNaN(before))) changes++
  }
  return changes
}

/** How often the value fell. */
export const resetsFold: WindowFold = ({ values }, lo, hi) => {
  let resets = 0
  for (let i = lo + 1; i < hi; i++) if (values[i]! < values[i - 1]!) resets++
  return resets
}

/** Difference of the last two points, for two points or more. */
export const lastDeltaFold: WindowFold = ({ values }, _lo, hi) => values[hi - 1]! - values[hi - 2]!

/** Increase per second between the last two points; a fall counts as a reset to zero. */
export const lastRateFold: WindowFold = ({ tMs, values }, _lo, hi) => {
  const [before, now] = [values[hi - 2]!, values[hi - 1]!]
  const increase = now < before ? now : now - before
  return increase / ((tMs[hi - 1]! - tMs[hi - 2]!) / 1_000)
}

/**
 * The greatest or least value of each window: a queue of candidates, each point in and out once. A hot path
 * (bench/HOTPATHS.md). NaN gives way to any number.
 */
export function extremeOverWindows(
  { tMs, values }: PointColumns,
  from: number,
  to: number,
  { firstEndMs, stepMs, steps, rangeMs }: Windows,
  isMax: boolean,
  out: SeriesOut,
): void {
  if (queue.length < to - from) queue = new Uint32Array(2 * (to - from))
  let head = 0
  let tail = 0
  let lo = from
  let hi = from
  for (let j = 0; j < steps; j++) {
    const end = firstEndMs + j * stepMs
    while (hi < to && tMs[hi]! <= end) {
      const value = values[hi]!
      while (tail > head && isBeaten(values[queue[tail - 1]!]!, value, isMax)) tail--
      queue[tail++] = hi++
    }
    while (lo < hi && tMs[lo]! <= end - rangeMs) lo++
    while (head < tail && queue[head]! < lo) head++
    if (lo === hi) continue
    out.values[out.at + j] = values[queue[head]!]!
    out.present[out.at + j] = 1
  }
}

let queue = new Uint32Array(64)

function isBeaten(old: number, value: number, isMax: boolean): boolean {
  if (Number.isNaN(value)) return Number.isNaN(old)
  return Number.isNaN(old) || (isMax ? value > old : value < old)
}

function isInfinite(value: number): boolean {
  return value === Infinity || value === -Infinity
}
