// What the store's index holds already: streams by day and resources. Entries are the very objects that blocks carry.

import type { Labels, Resource, StreamDay } from '@oriel/model'

/** An index entry and whether the store has it. */
abstract class Seen {
  #isStored = false
  #block: object | undefined

  /** Whether `block` must bring the entry: not when it is stored, or in that very block. The caller then adds it. */
  claim(block: object): boolean {
    if (this.#isStored || this.#block === block) return false
    this.#block = block
    return true
  }

  /** The commit of the entry's block is over, or the entry was cut from it. */
  settle(isStored: boolean): void {
    this.#block = undefined
    if (isStored) this.#isStored = true
  }

  /** Makes the entry go into the next block again. */
  forget(): void {
    this.#isStored = false
  }
}

/** A (stream, day) as a block brings it, remembered. */
export class SeenStream extends Seen implements StreamDay {
  readonly id: Uint32Array
  readonly labels: Labels
  readonly service: string
  readonly day: number

  constructor({ id, labels, service, day }: StreamDay) {
    super()
    this.id = id
    this.labels = labels
    this.service = service
    this.day = day
  }
}

/** A resource as a block brings it, remembered. It comes again once a day, so that a store may drop what nothing has used for long. */
export class SeenResource extends Seen implements Resource {
  readonly id: bigint
  readonly service: string
  readonly attributes: Readonly<Record<string, string>>
  /** `id` as two words, for columns. */
  readonly low: number
  readonly high: number
  #day = 0

  constructor({ id, service, attributes }: Resource) {
    super()
    this.id = id
    this.service = service
    this.attributes = attributes
    this.low = Number(id & 0xffff_ffffn)
    this.high = Number(id >> 32n)
  }

  /** `claim`, given today's day number. */
  claimOn(day: number, block: object): boolean {
    if (day !== this.#day) {
      this.#day = day
      this.forget()
    }
    return this.claim(block)
  }
}

/** Settles those of `entries`, from index `from` on, that are remembered objects. */
export function settleSeen(entries: readonly object[], isStored: boolean, from = 0): void {
  for (let i = from; i < entries.length; i++) {
    const entry = entries[i]
    if (entry instanceof Seen) entry.settle(isStored)
  }
}
