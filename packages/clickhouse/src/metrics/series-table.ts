import type { KnownSeries } from './series-cache.ts'

/**
 * Finds the place of a series by 64 bits of its id: a hash table in two arrays. Hot path: once for every run of rows.
 *
 * The 64 bits are enough: of a million series the chance that any two share them is below 1 in 10 million. `isExact` says that
 * no two of the given ones do.
 */
export class SeriesTable {
  readonly isExact: boolean
  readonly #slots: Int32Array
  readonly #words: Uint32Array
  readonly #mask: number

  constructor(series: readonly KnownSeries[]) {
    let capacity = 16
    while (capacity < 2 * series.length) capacity *= 2
    this.#mask = capacity - 1
    this.#slots = new Int32Array(capacity).fill(EMPTY)
    this.#words = new Uint32Array(2 * series.length)
    let isExact = true
    for (const [i, { id }] of series.entries()) {
      this.#words[2 * i] = id[0]!
      this.#words[2 * i + 1] = id[1]!
      if (this.find(id[0]!, id[1]!) !== EMPTY) isExact = false
      let slot = id[0]! & this.#mask
      while (this.#slots[slot] !== EMPTY) slot = (slot + 1) & this.#mask
      this.#slots[slot] = i
    }
    this.isExact = isExact
  }

  /** The series' place, or -1. */
  find(low: number, high: number): number {
    let slot = low & this.#mask
    for (;;) {
      const i = this.#slots[slot]!
      if (i === EMPTY || (this.#words[2 * i] === low && this.#words[2 * i + 1] === high)) return i
      slot = (slot + 1) & this.#mask
    }
  }
}

const EMPTY = -1
