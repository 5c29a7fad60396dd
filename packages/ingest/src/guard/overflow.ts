// Series that are summed into others, and the sums. Memory is bounded: past the bound all members are forgotten and met anew.
//
// A counter's sum rises by what each of its members rose (a drop is a reset: the new value counts), so that it never falls but with
// this process, whatever members come and go, in whatever requests their samples arrive, and however often a request is sent again.
// A gauge's sum is that of the last values of its members; a staleness marker takes a member out.

import { hashBytes } from '../metrics-hash.ts'
import type { HashedRange } from './guard.ts'
import type { MetricState } from './metric-states.ts'

/** A series that others are summed into. */
export class SummedSeries {
  readonly state: MetricState
  readonly isCounter: boolean
  /** Its label bytes. */
  readonly bytes: Uint8Array
  total = 0
  /** The latest time of a member's sample: where the total is stored. It never goes back, so that a counter's total never falls. */
  tMs = 0
  /** Its number in the dictionary of `epoch`. */
  ref = -1
  epoch = 0
  /** Where its row stands in the open block, for the body `body`. */
  row = 0
  rowMs = 0
  body = 0

  constructor(state: MetricState, isCounter: boolean, bytes: Uint8Array) {
    this.state = state
    this.isCounter = isCounter
    this.bytes = bytes
  }
}

/** A sample of a member. */
export interface MemberSample {
  readonly tMs: number
  readonly value: number
  readonly isStale: boolean
}

/** Members by number and their last values. */
export class Members {
  length = 0
  #low = new Int32Array(INITIAL)
  #high = new Int32Array(INITIAL)
  #values = new Float64Array(INITIAL)
  #timesMs = new Float64Array(INITIAL)
  /** 0 for forgotten until met again in this turn. */
  #marks = new Uint8Array(INITIAL)
  #owners: SummedSeries[] = []
  #slots = new Int32Array(2 * INITIAL)

  get byteLength(): number {
    return this.#low.length * 37
  }

  get isFull(): boolean {
    return this.length >= MAX_MEMBERS
  }

  /** The member named by these bytes, or -1. `hashed` is `hashBytes` of them; 64 bits tell members apart. */
  find(view: DataView, { start, end, hashed }: HashedRange): number {
    const second = hashBytes(view, start, end, SECOND)
    const mask = this.#slots.length - 1
    for (let slot = hashed & mask; ; slot = (slot + 1) & mask) {
      const member = this.#slots[slot]! - 1
      if (member === -1) return -1
      if (this.#low[member] === hashed && this.#high[member] === second) return member
    }
  }

  add(view: DataView, { start, end, hashed }: HashedRange, owner: SummedSeries): number {
    const member = this.length++
    if (member >= this.#low.length) this.#grow()
    this.#low[member] = hashed
    this.#high[member] = hashBytes(view, start, end, SECOND)
    this.#values[member] = NaN
    this.#timesMs[member] = -1
    this.#marks[member] = 0
    this.#owners[member] = owner
    this.#place(member)
    return member
  }

  ownerOf(member: number): SummedSeries {
    return this.#owners[member]!
  }

  /** Marks the member as met in this turn; false when it was already. */
  mark(member: number): boolean {
    if (this.#marks[member] === 1) return false
    this.#marks[member] = 1
    return true
  }

  /** Takes a member's sample into its series' total. A sample no newer than its last changes nothing: it is a repeat, or late. */
  take(member: number, { tMs, value, isStale }: MemberSample): SummedSeries {
    const owner = this.#owners[member]!
    if (tMs > owner.tMs) owner.tMs = tMs
    if (tMs <= this.#timesMs[member]!) return owner
    this.#timesMs[member] = tMs
    const last = this.#values[member]!
    if (isStale || Number.isNaN(value)) {
      if (isStale && !owner.isCounter && !Number.isNaN(last)) {
        owner.total -= last
        this.#values[member] = NaN
      }
      return owner
    }
    this.#values[member] = value
    if (Number.isNaN(last)) {
      if (!owner.isCounter || tMs >= owner.state.countsFirstFromMs) owner.total += value
    } else if (owner.isCounter && value < last) owner.total += value
    else owner.total += value - last
    return owner
  }

  /** Drops members of `isGone` series; with `isHour` those too that were not met since the last such turn. Numbers change. */
  turn(isGone: (owner: SummedSeries) => boolean, isHour: boolean): void {
    let kept = 0
    for (let from = 0; from < this.length; from++) {
      const owner = this.#owners[from]!
      if ((isHour && this.#marks[from] === 0) || isGone(owner)) {
        if (!owner.isCounter && !Number.isNaN(this.#values[from]!)) owner.total -= this.#values[from]!
        continue
      }
      this.#low[kept] = this.#low[from]!
      this.#high[kept] = this.#high[from]!
      this.#values[kept] = this.#values[from]!
      this.#timesMs[kept] = this.#timesMs[from]!
      this.#marks[kept] = isHour ? 0 : this.#marks[from]!
      this.#owners[kept++] = owner
    }
    this.length = kept
    this.#owners.length = kept
    this.#slots.fill(0)
    for (let member = 0; member < kept; member++) this.#place(member)
  }

  #place(member: number): void {
    const mask = this.#slots.length - 1
    let slot = this.#low[member]! & mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
    this.#slots[slot] = member + 1
  }

  #grow(): void {
    const room = 2 * this.#low.length
    this.#low = grown(this.#low, new Int32Array(room))
    this.#high = grown(this.#high, new Int32Array(room))
    this.#values = grown(this.#values, new Float64Array(room))
    this.#timesMs = grown(this.#timesMs, new Float64Array(room))
    this.#marks = grown(this.#marks, new Uint8Array(room))
    this.#slots = new Int32Array(2 * room)
    for (let member = 0; member < this.length - 1; member++) this.#place(member)
  }
}

const INITIAL = 1_024
// 2M members are 70 MB: every user of a large shop. Past it first values are met again, and the total rises by less than it should.
const MAX_MEMBERS = 2_097_152
const SECOND = 0x3c6e_f372

function grown<Values extends { set(from: Values): void }>(from: Values, to: Values): Values {
  to.set(from)
  return to
}
