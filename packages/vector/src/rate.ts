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

/**
 * Increase over each window, extrapolated to its edges. A hot path (bench/HOTPATHS.md).
 *
 * Needs two points in the window. Each point is looked at once; the resets of a window are added in the order Prometheus adds
 * them, so that the bits are the same. Source: Prometheus 3.14 promql/functions.go extrapolatedRate.
 */
export function rateOverWindows(
  { tMs, values, ordinals }: ThinnedPoints,
  from: number,
  to: number,
  { firstEndMs, stepMs, steps, rangeMs }: Windows,
  kind: RateKind,
  out: SeriesOut,
): void {
  const isCounter = kind !== 'delta'
  const edges = new Edges(kind === 'rate' ? rangeMs / 1_000 : 1)
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
    const first = values[lo]!
    let increase = values[hi - 1]! - first
    for (let r = firstReset; r < endReset; r++) increase += values[resetAt[r]! - 1]!
    edges.look(tMs[lo]! - start, tMs[hi - 1]! - tMs[lo]!, end - tMs[hi - 1]!, gapsBetween(ordinals, lo, hi - 1))
    outValues[at + j] = increase * (isCounter ? edges.counterScale(first, increase) : edges.scale)
    present[at + j] = 1
  }
}

function gapsBetween(ordinals: Float64Array | undefined, first: number, last: number): number {
  return ordinals === undefined ? last - first : ordinals[last]! - ordinals[first]!
}

/** Notes in `resets` the positions whose value is below the one before; returns how many. */
function findResets(values: Float64Array, from: number, to: number): number {
  if (to - from > resets.length) resets = new Uint32Array(2 * (to - from))
  let count = 0
  for (let i = from + 1; i < to; i++) if (values[i]! < values[i - 1]!) resets[count++] = i
  return count
}

/**
 * By what to multiply the increase between the first and last point so that it covers the window.
 *
 * Scrapes are even and steps fall on them, so most windows lie to their points as the one before did: that is looked at first.
 */
class Edges {
  scale = 1
  readonly #divisor: number
  #beforeMs = -1
  #spanMs = -1
  #afterMs = -1
  #gaps = -1
  #sampled = 0
  #toStart = 0
  #toEnd = 0

  constructor(divisor: number) {
    this.#divisor = divisor
  }

  /** Takes in a window: time before its first point, between first and last, after the last, and gaps between points. */
  look(beforeMs: number, spanMs: number, afterMs: number, gaps: number): void {
    if (beforeMs === this.#beforeMs && spanMs === this.#spanMs && afterMs === this.#afterMs && gaps === this.#gaps) return
    this.#beforeMs = beforeMs
    this.#spanMs = spanMs
    this.#afterMs = afterMs
    this.#gaps = gaps
    this.#sampled = spanMs / 1_000
    const average = this.#sampled / gaps
    const threshold = average * EDGE_TOLERANCE
    const toStart = beforeMs / 1_000
    const toEnd = afterMs / 1_000
    this.#toStart = toStart >= threshold ? average / 2 : toStart
    this.#toEnd = toEnd >= threshold ? average / 2 : toEnd
    this.scale = this.#scaleFrom(this.#toStart)
  }

  /**
   * The scale of a counter: it is never negative, so it is not extrapolated beyond the point where it would have been zero. One
   * that stood higher than it rose is far from there, which saves a division.
   */
  counterScale(first: number, increase: number): number {
    if (!(increase > 0 && first >= 0) || (first >= increase && this.#sampled >= this.#toStart)) return this.scale
    const toZero = this.#sampled * (first / increase)
    return toZero < this.#toStart ? this.#scaleFrom(toZero) : this.scale
  }

  #scaleFrom(toStart: number): number {
    const factor = this.#sampled === 0 ? 1 : (this.#sampled + toStart + this.#toEnd) / this.#sampled
    return factor / this.#divisor
  }
}
