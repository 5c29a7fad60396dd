import type { Labels } from '@oriel/model'
import type { LogSource, QueryContext } from '@oriel/store'
import type { Grid, Windows } from '@oriel/vector'
import { makeGrid } from '@oriel/vector'

/** The steps a metric query is evaluated at: `startMs + i * stepMs`. An instant query has one. */
export interface Steps {
  readonly startMs: number
  readonly stepMs: number
  readonly count: number
}

/** What evaluation of a metric query needs at every node. */
export interface MetricContext {
  readonly source: LogSource
  readonly context: QueryContext
  readonly steps: Steps
}

/** The value of a metric expression: a number, or series on the grid. */
export type MetricValue = number | Grid

/** The time of the last step. */
export function lastStepMs({ startMs, stepMs, count }: Steps): number {
  return startMs + (count - 1) * stepMs
}

/** A grid with one series that has one value at every step. */
export function constantGrid(labels: Labels, value: number, { count }: Steps): Grid {
  const grid = makeGrid([labels], count)
  grid.values.fill(value)
  grid.present.fill(1)
  return grid
}

/** A window function's times: nanoseconds of records become milliseconds after `baseMs`, exact to the nanosecond for 98 days. */
export interface WindowTimes extends Windows {
  readonly baseMs: number
  readonly startNs: bigint
  /** Exclusive. */
  readonly endNs: bigint
}

/** The windows (t - rangeMs, t] of all steps, moved back by `offsetMs`. */
export function windowTimes({ startMs, stepMs, count }: Steps, rangeMs: number, offsetMs: number): WindowTimes {
  const baseMs = Math.round(startMs) - offsetMs - rangeMs
  const endMs = startMs - offsetMs + (count - 1) * stepMs
  return {
    baseMs,
    // A window leaves its start out and takes its end in; a store's range does the opposite.
    startNs: BigInt(Math.floor(baseMs)) * 1_000_000n + 1n,
    endNs: BigInt(Math.floor(endMs)) * 1_000_000n + 1n,
    firstEndMs: rangeMs,
    stepMs,
    steps: count,
    rangeMs,
  }
}

/** A record's time in milliseconds after `baseMs`. */
export function sinceBaseMs(tNs: bigint, { startNs }: WindowTimes): number {
  return Number(tNs - startNs + 1n) / 1e6
}
