import { RunError } from './errors.ts'

/** Limits of one `Slots`: how many may hold a slot at once, and how many may wait for one. */
export interface SlotLimits {
  readonly maxConcurrent: number
  readonly maxQueued: number
}

/**
 * Slots per tenant: at most `maxConcurrent` holders, at most `maxQueued` waiting in order of arrival.
 *
 * Fair between tenants because none waits for another's slots. Tenants without holders cost no memory.
 */
export class Slots {
  readonly #tenants = new Map<string, { held: number; waiting: Waiter[] }>()

  /**
   * Waits for a slot and returns the function that gives it back (once; later calls do nothing).
   *
   * Rejects with QUERY_TOO_MANY at once when the queue is full, and with `signal.reason` when aborted while waiting.
   */
  async take(tenant: string, limits: SlotLimits, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted()
    const state = this.#tenants.get(tenant) ?? { held: 0, waiting: [] }
    this.#tenants.set(tenant, state)
    if (state.held < limits.maxConcurrent) {
      state.held++
      return this.#giver(tenant)
    }
    if (state.waiting.length >= limits.maxQueued) {
      throw new RunError(
        'QUERY_TOO_MANY',
        `cannot run query: ${state.held} of this tenant run and ${state.waiting.length} wait, limits ${limits.maxConcurrent} and ${limits.maxQueued}`,
      )
    }
    await waitIn(state.waiting, signal)
    return this.#giver(tenant)
  }

  /** Slots held and askers waiting, over all tenants. */
  get usage(): { readonly held: number; readonly waiting: number } {
    let held = 0
    let waiting = 0
    for (const state of this.#tenants.values()) {
      held += state.held
      waiting += state.waiting.length
    }
    return { held, waiting }
  }

  #giver(tenant: string): () => void {
    let isGiven = false
    return () => {
      if (isGiven) return
      isGiven = true
      const state = this.#tenants.get(tenant)
      if (state === undefined) return
      // A slot goes straight to the next in line, so that a newcomer cannot overtake.
      const next = state.waiting.shift()
      if (next !== undefined) {
        next.start()
        return
      }
      state.held--
      if (state.held === 0) this.#tenants.delete(tenant)
    }
  }
}

interface Waiter {
  start(): void
}

function waitIn(waiting: Waiter[], signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const waiter: Waiter = {
      start() {
        signal.removeEventListener('abort', leave)
        resolve()
      },
    }
    const leave = (): void => {
      const at = waiting.indexOf(waiter)
      if (at >= 0) waiting.splice(at, 1)
      reject(signal.reason)
    }
    waiting.push(waiter)
    signal.addEventListener('abort', leave, { once: true })
  })
}
