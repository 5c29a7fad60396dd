import type { PointColumns, SeriesOut, Windows } from './grid.ts'

/** A hot path (bench/HOTPATHS.md). */

/**
 * The latest point in each window: the instant selector, with the lookback as `rangeMs`.
 *
 * A step whose latest point is a staleness marker has no value. `stale` is parallel to the points of `[from, to)`.
 */
export function lastInWindows(
  { tMs, values }: PointColumns,
  stale: Uint8Array,
  from: number,
  to: number,
  { firstEndMs, stepMs, steps, rangeMs }: Windows,
  out: SeriesOut,
): void {
  let next = from
  for (let j = 0; j < steps; j++) {
    const end = firstEndMs + j * stepMs
    while (next < to && tMs[next]! <= end) next++
    const last = next - 1
    if (last < from || tMs[last]! <= end - rangeMs || stale[last] === 1) continue
    out.values[out.at + j] = values[last]!
    out.present[out.at + j] = 1
  }
}
