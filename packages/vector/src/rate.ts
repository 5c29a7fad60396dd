import type { PointColumns, SeriesOut, Windows } from './grid.ts'

/** `rate` is `increase` per second; `delta` is for gauges and does not correct resets. */
export type RateKind = 'rate' | 'increase' | 'delta'

// 1.1: a gap of up to 10 % more than the average between samples still counts as "the series goes on to the edge".
const EDGE_TOLERANCE = 1.1

let resets = new Uint32Array(64)

/**
 * Increase over each window, extrapolated to its edges. A hot path (bench/HOTPATHS.md).
 *
 * Needs two points in the window. Each point is looked at once; the resets of a window are added in the order Prometheus adds
 * them, so that the bits are the same. Source: Prometheus 3.14 promql/functions.go extrapolatedRate.
 */
export function rateOverWindows(
  { tMs, values }: PointColumns,
  from: number,
  to: number,
  { firstEndMs, stepMs, steps, rangeMs }: Windows,
  kind: RateKind,
  out: SeriesOut,
): void {
  const isCounter = kind !== 'delta'
  const divisor = kind === 'rate' ? rangeMs / 1_000 : 1
  const resetCount = isCounter ? findResets(values, from, to) : 0
  const resetAt = resets
  const { values: outValues, present, at } = out
  let lo = from
  let hi = from
  let firstReset = 0
  let endReset = 0
  for (let j = 0; j < steps; j++) {
    const end = firstEndMs + j * stepMs
    const start = end - rangeMs
    while (hi < to && tMs[hi]! <= end) hi++
    while (lo < hi && tMs[lo]! <= start) lo++
    if (hi - lo < 2) continue
    while (firstReset < resetCount && resetAt[firstReset]! <= lo) firstReset++
    while (endReset < resetCount && resetAt[endReset]! < hi) endReset++
    let increase = values[hi - 1]! - values[lo]!
    for (let r = firstReset; r < endReset; r++) increase += values[resetAt[r]! - 1]!
    const factor = edgeFactor(tMs[lo]!, tMs[hi - 1]!, hi - lo - 1, start, end, values[lo]!, isCounter ? increase : 0)
    outValues[at + j] = increase * (factor / divisor)
    present[at + j] = 1
  }
}

/** Notes in `resets` the positions whose value is below the one before; returns how many. */
function findResets(values: Float64Array, from: number, to: number): number {
  if (to - from > resets.length) resets = new Uint32Array(2 * (to - from))
  let count = 0
  for (let i = from + 1; i < to; i++) if (values[i]! < values[i - 1]!) resets[count++] = i
  return count
}

/** By how much to stretch the increase between the first and last point to cover the window. */
function edgeFactor(
  firstMs: number,
  lastMs: number,
  gaps: number,
  startMs: number,
  endMs: number,
  first: number,
  counterIncrease: number,
): number {
  const sampled = (lastMs - firstMs) / 1_000
  const average = sampled / gaps
  const threshold = average * EDGE_TOLERANCE
  let toStart = (firstMs - startMs) / 1_000
  let toEnd = (endMs - lastMs) / 1_000
  if (toStart >= threshold) toStart = average / 2
  // A counter is never negative: do not extrapolate beyond the point where it would have been zero. A counter that stood higher
  // than it rose is far from there; asking first saves a division.
  if (counterIncrease > 0 && first >= 0 && (first < counterIncrease || sampled < toStart)) {
    const toZero = sampled * (first / counterIncrease)
    if (toZero < toStart) toStart = toZero
  }
  if (toEnd >= threshold) toEnd = average / 2
  return sampled === 0 ? 1 : (sampled + toStart + toEnd) / sampled
}
