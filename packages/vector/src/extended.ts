import type { PointColumns, SeriesOut, Windows } from './grid.ts'
import type { RateKind } from './rate.ts'
import type { WindowFold } from './slide.ts'

/** How a range takes in samples beyond its edges: up to `reachMs` before, and after it when smoothed. */
export interface Reach {
  readonly kind: 'anchored' | 'smoothed'
  readonly reachMs: number
}

/**
 * Increase over each window from edge to edge, without extrapolation: anchored takes the sample at or before each edge,
 * smoothed interpolates between the samples around it. Source: Prometheus 3.14 promql/functions.go extendedRate.
 */
export function extendedRateOverWindows(
  points: PointColumns,
  from: number,
  to: number,
  windows: Windows,
  { kind: reachKind, reachMs }: Reach,
  rate: RateKind,
  out: SeriesOut,
): void {
  const isSmoothed = reachKind === 'smoothed'
  const divisor = rate === 'rate' ? windows.rangeMs / 1_000 : 1
  for (let j = 0; j < windows.steps; j++) {
    const endMs = windows.firstEndMs + j * windows.stepMs
    const startMs = endMs - windows.rangeMs
    const lo = firstAfter(points.tMs, from, to, startMs - reachMs)
    const hi = firstAfter(points.tMs, lo, to, isSmoothed ? endMs + reachMs : endMs)
    if (lo === hi) continue
    const increase = increaseBetween(points, lo, hi, startMs, endMs, isSmoothed, rate !== 'delta')
    if (increase === undefined) continue
    out.values[out.at + j] = increase / divisor
    out.present[out.at + j] = 1
  }
}

/** Folds the window and the last sample at or before its start, for windows with a sample inside. */
export function anchoredOverWindows(
  points: PointColumns,
  from: number,
  to: number,
  windows: Windows,
  reachMs: number,
  fold: WindowFold,
  out: SeriesOut,
): void {
  for (let j = 0; j < windows.steps; j++) {
    const endMs = windows.firstEndMs + j * windows.stepMs
    const startMs = endMs - windows.rangeMs
    const lo = firstAfter(points.tMs, from, to, startMs - reachMs)
    const hi = firstAfter(points.tMs, lo, to, endMs)
    const inside = firstAfter(points.tMs, lo, hi, startMs)
    if (inside === hi) continue
    out.values[out.at + j] = fold(points, Math.max(lo, inside - 1), hi, j)
    out.present[out.at + j] = 1
  }
}

/** The value at each step, interpolated between the samples around it, or the last one before when none follows. */
export function smoothedAtSteps(
  points: PointColumns,
  from: number,
  to: number,
  { firstEndMs, stepMs, steps, rangeMs }: Windows,
  out: SeriesOut,
): void {
  const { tMs, values } = points
  for (let j = 0; j < steps; j++) {
    const t = firstEndMs + j * stepMs
    const lo = firstAfter(tMs, from, to, t - rangeMs)
    const hi = firstAfter(tMs, lo, to, t + rangeMs)
    const next = firstAfter(tMs, lo, hi, t - 1)
    if (next < hi && tMs[next] === t) out.values[out.at + j] = values[next]!
    else if (next === lo) continue
    else out.values[out.at + j] = next < hi ? valueBetween(points, next - 1, next, t, false) : values[next - 1]!
    out.present[out.at + j] = 1
  }
}

/** The samples of one window as `anchored` or `smoothed` shows them: one at each edge and those between. */
export function extendedPoints(
  points: PointColumns,
  from: number,
  to: number,
  startMs: number,
  endMs: number,
  { kind, reachMs }: Reach,
): PointColumns {
  const { tMs, values } = points
  const isSmoothed = kind === 'smoothed'
  const lo = firstAfter(tMs, from, to, startMs - reachMs)
  const hi = firstAfter(tMs, lo, to, isSmoothed ? endMs + reachMs : endMs)
  const edges = lo === hi ? undefined : edgesOf(tMs, lo, hi, startMs, endMs, isSmoothed)
  if (edges === undefined || tMs[edges.last]! <= startMs) return { tMs: new Float64Array(0), values: new Float64Array(0) }
  const { first, last } = edges
  const left = isSmoothed && tMs[first]! < startMs ? valueBetween(points, first, first + 1, startMs, false) : values[first]!
  const right = isSmoothed && last > lo && tMs[last]! > endMs ? valueBetween(points, last - 1, last, endMs, false) : values[last]!
  const inner = [tMs[first]! <= startMs ? first + 1 : first, tMs[last]! >= endMs ? last : last + 1] as const
  return {
    tMs: Float64Array.from([startMs, ...tMs.subarray(...inner), endMs]),
    values: Float64Array.from([left, ...values.subarray(...inner), right]),
  }
}

function increaseBetween(
  points: PointColumns,
  lo: number,
  hi: number,
  startMs: number,
  endMs: number,
  isSmoothed: boolean,
  isCounter: boolean,
): number | undefined {
  const { tMs, values } = points
  let { first, last } = edgesOf(tMs, lo, hi, startMs, endMs, isSmoothed)
  if (tMs[last]! <= startMs || (isSmoothed && tMs[first]! > endMs)) return undefined
  const left = isSmoothed && tMs[first]! < startMs ? valueBetween(points, first, first + 1, startMs, isCounter) : values[first]!
  const right =
    isSmoothed && last > lo && tMs[last]! > endMs ? valueBetween(points, last - 1, last, endMs, isCounter) : values[last]!
  if (!isCounter) return right - left
  if (tMs[first]! <= startMs) first++
  if (tMs[last]! >= endMs) last--
  return right - left + resetCorrection(values, first, last, left, right)
}

/** What counter resets between the edges took away. */
function resetCorrection(values: Float64Array, first: number, last: number, left: number, right: number): number {
  let correction = 0
  let previous = left
  for (let i = first; i <= last; i++) {
    if (values[i]! < previous) correction += previous
    previous = values[i]!
  }
  return right < previous ? correction + previous : correction
}

/** The samples that stand for the window's edges. */
function edgesOf(
  tMs: Float64Array,
  lo: number,
  hi: number,
  startMs: number,
  endMs: number,
  isSmoothed: boolean,
): { first: number; last: number } {
  const first = Math.max(lo, firstAfter(tMs, lo, hi - 1, startMs) - 1)
  return { first, last: isSmoothed ? firstAfter(tMs, lo, hi - 1, endMs - 1) : hi - 1 }
}

/** Linear between two samples; a counter that fell between them started again from zero. */
function valueBetween({ tMs, values }: PointColumns, a: number, b: number, t: number, isCounter: boolean): number {
  const end = values[b]!
  const start = isCounter && end < values[a]! ? 0 : values[a]!
  return start + ((end - start) * (t - tMs[a]!)) / (tMs[b]! - tMs[a]!)
}

/** The first position in `[from, to)` whose time is after `t`; times are whole milliseconds. */
function firstAfter(tMs: Float64Array, from: number, to: number, t: number): number {
  let lo = from
  let hi = to
  while (lo < hi) {
    const middle = (lo + hi) >>> 1
    if (tMs[middle]! > t) hi = middle
    else lo = middle + 1
  }
  return lo
}
