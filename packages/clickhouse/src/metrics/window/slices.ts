import { setImmediate } from 'node:timers/promises'

/**
 * Runs work that yields every now and then, letting the event loop turn when it has held it for `SLICE_MS`.
 *
 * Work that is short never waits. Errors of the work reject.
 */
export async function inSlices<Result>(work: Generator<undefined, Result>): Promise<Result> {
  let untilMs = performance.now() + SLICE_MS
  for (;;) {
    const { done, value } = work.next()
    if (done === true) return value
    if (performance.now() < untilMs) continue
    await setImmediate()
    untilMs = performance.now() + SLICE_MS
  }
}

// 10 ms: a write or a health check that waits for one slice is not slow yet.
const SLICE_MS = 10
