/**
 * Dense numbers for series ids: a hash table in typed arrays. A hot path (bench/HOTPATHS.md): asked once for every sample written.
 *
 * Numbers of forgotten series are given again.
 */
export class SeriesRefs {
  /** Above every number in use. */
  length = 0
  /** Four words a number; all zero where none is in use (no hash of ours is zero in practice, and an id is compared in full). */
  #ids: Uint32Array = new Uint32Array(4 * FIRST_SERIES)
  /** Numbers plus one, 0 for a free slot. */
  #slots = new Uint32Array(4 * FIRST_SERIES)
  #free: number[] = []

  get byteLength(): number {
    return this.#ids.byteLength + this.#slots.byteLength + 8 * this.#free.length
  }

  /** Series that have a number. */
  get size(): number {
    return this.length - this.#free.length
  }

  /** The number of the series whose id is row `row` of `words`, or -1. */
  find(words: Uint32Array, row: number): number {
    const slots = this.#slots
    const mask = slots.length - 1
    for (let slot = words[4 * row]! & mask; ; slot = (slot + 1) & mask) {
      const ref = slots[slot]! - 1
      if (ref === -1 || this.isAt(ref, words, row)) return ref
    }
  }

  /** Whether number `ref` is that of the id in row `row`: senders repeat their order, so the next number is a good guess. */
  isAt(ref: number, words: Uint32Array, row: number): boolean {
    const ids = this.#ids
    const at = 4 * ref
    const from = 4 * row
    return (
      ids[at] === words[from] &&
      ids[at + 1] === words[from + 1] &&
      ids[at + 2] === words[from + 2] &&
      ids[at + 3] === words[from + 3]
    )
  }

  /** Writes the id of a series to row `row` of `out`. */
  copyId(ref: number, out: Uint32Array, row: number): void {
    const ids = this.#ids
    out[4 * row] = ids[4 * ref]!
    out[4 * row + 1] = ids[4 * ref + 1]!
    out[4 * row + 2] = ids[4 * ref + 2]!
    out[4 * row + 3] = ids[4 * ref + 3]!
  }

  /** Compares the ids of two series as numbers of 128 bits. */
  compare(a: number, b: number): number {
    const ids = this.#ids
    for (let word = 3; word >= 0; word--) {
      const difference = ids[4 * a + word]! - ids[4 * b + word]!
      if (difference !== 0) return difference
    }
    return 0
  }

  /** The id of a series, four words. */
  idOf(ref: number): Uint32Array {
    return this.#ids.slice(4 * ref, 4 * ref + 4)
  }

  /** The number of the series whose id is row `row` of `words`, new if need be. */
  findOrAdd(words: Uint32Array, row: number): number {
    const known = this.find(words, row)
    return known === -1 ? this.#add(words, row) : known
  }

  /** Forgets the series whose numbers are 0 in `isUsed`. */
  keepOnly(isUsed: Uint8Array): void {
    const ids = this.#ids
    this.#free = []
    this.#slots.fill(0)
    for (let ref = this.length - 1; ref >= 0; ref--) {
      if (isUsed[ref] === 1) {
        this.#place(ref)
        continue
      }
      ids.fill(0, 4 * ref, 4 * ref + 4)
      this.#free.push(ref)
    }
  }

  #add(words: Uint32Array, row: number): number {
    if (2 * (this.size + 1) > this.#slots.length) this.#growSlots()
    const ref = this.#free.pop() ?? this.length++
    if (4 * this.length > this.#ids.length) {
      const ids = new Uint32Array(2 * this.#ids.length)
      ids.set(this.#ids)
      this.#ids = ids
    }
    for (let word = 0; word < 4; word++) this.#ids[4 * ref + word] = words[4 * row + word]!
    this.#place(ref)
    return ref
  }

  #place(ref: number): void {
    const slots = this.#slots
    const mask = slots.length - 1
    let slot = this.#ids[4 * ref]! & mask
    while (slots[slot] !== 0) slot = (slot + 1) & mask
    slots[slot] = ref + 1
  }

  #growSlots(): void {
    const free = new Set(this.#free)
    this.#slots = new Uint32Array(2 * this.#slots.length)
    for (let ref = 0; ref < this.length; ref++) if (!free.has(ref)) this.#place(ref)
  }
}

// 256 series: a small tenant's table is 8 KB.
const FIRST_SERIES = 256
