import type { PointColumns } from './grid.ts'
import { KahanSum } from './kahan.ts'

/** A straight line: value at `originMs` and change per second. */
export interface Line {
  readonly slope: number
  readonly intercept: number
}

/** Least squares through the points `[lo, hi)`, time counted from `originMs`. Source: Prometheus 3.14 linearRegression. */
export function fitLine({ tMs, values }: PointColumns, lo: number, hi: number, originMs: number): Line {
  const [x, y, xy, x2] = [new KahanSum(), new KahanSum(), new KahanSum(), new KahanSum()]
  const first = values[lo]!
  let isConstant = true
  for (let i = lo; i < hi; i++) {
    const value = values[i]!
    if (i > lo && value !== first) isConstant = false
    const seconds = (tMs[i]! - originMs) / 1_000
    x.add(seconds)
    y.add(value)
    xy.add(seconds * value)
    x2.add(seconds * seconds)
  }
  if (isConstant) {
    const isInfinite = first === Infinity || first === -Infinity
    return isInfinite ? { slope: NaN, intercept: NaN } : { slope: 0, intercept: first }
  }
  const n = hi - lo
  const [sumX, sumY] = [x.sum + x.c, y.sum + y.c]
  const slope = (xy.sum + xy.c - (sumX * sumY) / n) / (x2.sum + x2.c - (sumX * sumX) / n)
  return { slope, intercept: sumY / n - (slope * sumX) / n }
}

/** Double exponential smoothing of the points `[lo, hi)`, two or more. Both factors are between 0 and 1. */
export function smoothTwice({ values }: PointColumns, lo: number, hi: number, smoothing: number, trend: number): number {
  let before = 0
  let level = values[lo]!
  let slope = values[lo + 1]! - values[lo]!
  for (let i = lo + 1; i < hi; i++) {
    const x = smoothing * values[i]!
    if (i > lo + 1) slope = trend * (level - before) + (1 - trend) * slope
    const y = (1 - smoothing) * (level + slope)
    before = level
    level = x + y
  }
  return level
}
