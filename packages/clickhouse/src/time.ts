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

/**
 * Conditions that `ts` is in the window, for tables sorted by half hours.
 *
 * Said twice, because the engine prunes the half hours of the sort key only by a condition on themselves.
 */
export function timeConditions({ firstNs, lastNs }: NsWindow, bindings: Bindings): string[] {
  const first = `fromUnixTimestamp64Nano(${bindings.bind(clampNs(firstNs), 'Int64')}, 'UTC')`
  const last = `fromUnixTimestamp64Nano(${bindings.bind(clampNs(lastNs), 'Int64')}, 'UTC')`
  return [
    `ts >= ${first}`,
    `ts <= ${last}`,
    `toStartOfInterval(ts, INTERVAL 30 MINUTE) >= toStartOfInterval(${first}, INTERVAL 30 MINUTE)`,
    `toStartOfInterval(ts, INTERVAL 30 MINUTE) <= toStartOfInterval(${last}, INTERVAL 30 MINUTE)`,
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
