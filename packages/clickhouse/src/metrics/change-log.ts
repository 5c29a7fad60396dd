import type { MetricBlock } from '@oriel/model'
import { signedAt } from '@oriel/model'

/** The first moment that writes changed, by tenant. */
export type ChangedFrom = ReadonlyMap<string, number>

/** The first times of blocks' samples, by tenant. */
export function changedFrom(blocks: readonly MetricBlock[]): ChangedFrom {
  const first = new Map<string, number>()
  for (const { tenant, samples } of blocks) {
    const times = samples.tMs.words
    let leastMs = first.get(tenant) ?? Infinity
    for (let row = 0; row < samples.rows; row++) {
      const tMs = signedAt(times, row)
      if (tMs < leastMs) leastMs = tMs
    }
    if (leastMs !== Infinity) first.set(tenant, leastMs)
  }
  return first
}

/** Remembers which write was the last to touch each minute: so that what was computed of older ones is known to hold still. */
export class ChangeLog {
  #number = 0
  /** The last write that is not in `#tenants` by itself. */
  #forgotten = 0
  readonly #tenants = new Map<string, Map<number, number>>()

  /** Everything of the tenants from these times on may have changed. */
  note(changed: ChangedFrom): void {
    if (changed.size === 0) return
    this.#number++
    for (const [tenant, fromMs] of changed) {
      let minutes = this.#tenants.get(tenant)
      if (minutes === undefined) {
        if (this.#tenants.size >= MOST_TENANTS) this.#forget()
        this.#tenants.set(tenant, (minutes = new Map()))
      }
      if (minutes.size >= MOST_MINUTES) foldOldest(minutes)
      minutes.set(minuteOf(fromMs), this.#number)
    }
  }

  /** Anything of any tenant may have changed. */
  noteAll(): void {
    this.#number++
    this.#forget()
  }

  /** See `MetricSource.lastChange`. */
  last(tenants: readonly string[], untilMs: number): number {
    const until = minuteOf(untilMs)
    let last = this.#forgotten
    for (const tenant of tenants) {
      for (const [minute, number] of this.#tenants.get(tenant) ?? []) if (minute <= until && number > last) last = number
    }
    return last
  }

  #forget(): void {
    this.#tenants.clear()
    this.#forgotten = this.#number
  }
}

/** Joins the older half of the minutes into the oldest, as if all their writes had touched it. */
function foldOldest(minutes: Map<number, number>): void {
  const sorted = [...minutes.keys()].sort((a, b) => a - b)
  const folded = sorted.slice(0, sorted.length / 2)
  let last = 0
  for (const minute of folded) {
    last = Math.max(last, minutes.get(minute)!)
    minutes.delete(minute)
  }
  minutes.set(folded[0]!, last)
}

function minuteOf(tMs: number): number {
  return Math.floor(tMs / 60_000)
}

// 1,440 minutes: a day of a usual sender.
const MOST_MINUTES = 1_440
// 10,000 tenants: some tens of MB at worst.
const MOST_TENANTS = 10_000
