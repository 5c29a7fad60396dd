import { performance } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'

/** What there is to know before the heap is collected. */
export interface HeapState {
  /** Memory that the heap holds, and what of it was in use after the last collection of ours. */
  readonly heldBytes: number
  readonly liveBytes: number
  /** Share of the last interval that the thread worked. */
  readonly utilization: number
  /** What the heap held before the last collection of ours, and how long ago that was. */
  readonly lastHeldBytes: number
  readonly sinceMs: number
}

/** Whether a collection would give much back, and would keep nobody waiting. */
export function isWorthCollecting({ heldBytes, liveBytes, utilization, lastHeldBytes, sinceMs }: HeapState): boolean {
  // A heap that is used as before comes to hold as much again.
  const isNews = heldBytes > NEWS * lastHeldBytes || sinceMs > REST_MS
  return utilization < (isNews ? QUIET : IDLE) && heldBytes > 2 * liveBytes + LEAST_GAIN_BYTES
}

/**
 * Gives memory back that a burst has left behind: a heap once large keeps its pages, full or not, until something collects all of it.
 *
 * Does nothing where the process was not started with `--expose-gc`. Returns what stops it.
 */
export function giveHeapBack(): () => void {
  const { gc } = globalThis
  if (gc === undefined) return () => {}
  let [liveBytes, lastHeldBytes, lastMs] = [0, 0, -Infinity]
  let last = performance.eventLoopUtilization()
  const look = async (): Promise<void> => {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, last)
    last = now
    const heldBytes = getHeapStatistics().total_physical_size
    const sinceMs = performance.now() - lastMs
    if (!isWorthCollecting({ heldBytes, liveBytes, utilization, lastHeldBytes, sinceMs })) return
    ;[lastHeldBytes, lastMs] = [heldBytes, performance.now()]
    await gc({ type: 'major', execution: 'async', flavor: 'last-resort' })
    liveBytes = getHeapStatistics().total_physical_size
  }
  const timer = setInterval(() => void look(), EVERY_MS)
  timer.unref()
  return () => clearInterval(timer)
}

// 15 s: a burst of scrapes is over by then.
const EVERY_MS = 15_000
// A quarter: nobody waits for the tenths of a second that a collection takes.
const QUIET = 0.25
// 10 minutes: scraping a million series keeps the thread a tenth busy, and should not pay for a collection with each round.
const REST_MS = 600_000
const NEWS = 1.5
const IDLE = 0.03
// 48 MiB: below it there is little to be had.
const LEAST_GAIN_BYTES = 48 * 2 ** 20
