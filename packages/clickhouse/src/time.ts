import type { TimeRangeNs } from '@oriel/model'
import type { Bindings } from './conditions.ts'

/** Nanoseconds since 1970, both ends inclusive. */
export interface NsWindow {
  readonly firstNs: bigint
  readonly lastNs: bigint
}

/** The same stretch of time with its end inclusive. */
export function windowOf({ startNs, endNs }: TimeRangeNs): NsWindow {
  return { firstNs: startNs, lastNs: endNs - 1n }
}

const HALF_HOUR_NS = 1_800_000_000_000n

/**
 * The half hour of a row, in the sort key of logs and spans.
 *
 * Whole-number arithmetic, because the engine does not match a condition on toStartOfInterval to a key of the same text, and
 * toStartOfHour ends in 2106.
 */
export const HALF_HOUR: string = `intDiv(toUnixTimestamp64Nano(ts), ${HALF_HOUR_NS})`

/** Conditions that `ts` is in the window; on the half hours too, because the engine prunes them only by a condition on themselves. */
export function timeConditions(window: NsWindow, bindings: Bindings): string[] {
  const firstNs = clampNs(window.firstNs)
  const lastNs = clampNs(window.lastNs)
  return [
    `ts >= fromUnixTimestamp64Nano(${bindings.bind(firstNs, 'Int64')}, 'UTC')`,
    `ts <= fromUnixTimestamp64Nano(${bindings.bind(lastNs, 'Int64')}, 'UTC')`,
    `${HALF_HOUR} BETWEEN ${bindings.bind(firstNs / HALF_HOUR_NS, 'Int64')} AND ${bindings.bind(lastNs / HALF_HOUR_NS, 'Int64')}`,
  ]
}

/** The slice at the end of `rest` where reading begins, of at most `sizeNs`. */
export function firstSlice({ firstNs, lastNs }: NsWindow, sizeNs: bigint, direction: 'forward' | 'backward'): NsWindow {
  if (lastNs - firstNs < sizeNs) return { firstNs, lastNs }
  return direction === 'forward' ? { firstNs, lastNs: firstNs + sizeNs - 1n } : { firstNs: lastNs - sizeNs + 1n, lastNs }
}

/** What is left of `rest` after `slice` was read; `undefined` for nothing. */
export function restAfter(rest: NsWindow, slice: NsWindow, direction: 'forward' | 'backward'): NsWindow | undefined {
  const after =
    direction === 'forward'
      ? { firstNs: slice.lastNs + 1n, lastNs: rest.lastNs }
      : { firstNs: rest.firstNs, lastNs: slice.firstNs - 1n }
  return after.firstNs > after.lastNs ? undefined : after
}

// The last nanosecond that a DateTime64(9) holds, in 2262.
const LAST_NS = 2n ** 63n - 1n

function clampNs(tNs: bigint): bigint {
  if (tNs < 0n) return 0n
  return tNs > LAST_NS ? LAST_NS : tNs
}
