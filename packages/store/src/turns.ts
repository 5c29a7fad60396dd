import { abortError } from './context.ts'

// How long computations share the one thread: with each other, and with everything that must not wait (writes, small questions).

// 5 ms: a write needs about six turns of the event loop, so it waits 30 ms beside any number of heavy queries.
const SLICE_MS = 5

/** One slice of computing a turn of the event loop, given to those who wait in the order they came. */
class Turns {
  readonly #waiting: (() => void)[] = []
  #isOpen = false
  #startMs = 0

  take(): Promise<void> | undefined {
    if (!this.#isOpen) {
      this.#open()
      return undefined
    }
    if (this.#waiting.length === 0 && performance.now() - this.#startMs < SLICE_MS) return undefined
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  #open(): void {
    this.#isOpen = true
    this.#startMs = performance.now()
    setImmediate(() => {
      this.#isOpen = false
      const next = this.#waiting.shift()
      if (next === undefined) return
      this.#open()
      next()
    })
  }
}

const turns = new Turns()

/**
 * To be awaited every few hundred series of a long computation: goes on at once while the slice of this turn lasts, then lets everything
 * else have the thread. All computations of the process share one slice a turn, so that many take no more than one.
 *
 * Returns `undefined` where there is no need to wait.
 */
export function breathe(): Promise<void> | undefined {
  return turns.take()
}

/**
 * Runs work that yields every now and then, letting go of the thread where `breathe` says so. Errors of the work reject, and `abortError`
 * once `signal` is aborted.
 */
export async function inSlices<Result>(work: Generator<undefined, Result, undefined>, signal?: AbortSignal): Promise<Result> {
  for (;;) {
    await breathe()
    if (signal?.aborted === true) throw abortError(signal)
    const piece = work.next()
    if (piece.done === true) return piece.value
  }
}
