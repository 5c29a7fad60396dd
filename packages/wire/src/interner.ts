// Strings that repeat from record to record (attribute keys, span names, raw resources), found by their bytes without decoding them.

// A byte order mark is part of a string, not a hint.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/**
 * A bounded table from byte strings to values: a hit costs one hash and one comparison, never a string.
 *
 * Bytes are compared on every hit, so equal hashes never mix; the hash is seeded per table, so that senders cannot pile up one slot.
 * When full it starts over, which costs speed and nothing else. Keys are copied.
 */
export class ByteTable<Value> {
  readonly #maxEntries: number
  readonly #maxBytes: number
  readonly #seed = Math.floor(Math.random() * 2 ** 32) | 1
  #slots = new Int32Array(FIRST_SLOTS)
  #hashes = new Int32Array(FIRST_SLOTS / 2)
  #starts = new Uint32Array(FIRST_SLOTS / 2 + 1)
  #values: Value[] = []
  #bytes = new Uint8Array(4_096)

  constructor({ maxEntries = 65_536, maxBytes = 16 * 2 ** 20 }: { maxEntries?: number; maxBytes?: number } = {}) {
    this.#maxEntries = maxEntries
    this.#maxBytes = maxBytes
  }

  get size(): number {
    return this.#values.length
  }

  /** The value kept for `source[start, end)`. */
  get(source: Uint8Array, start: number, end: number): Value | undefined {
    const entry = this.#find(source, start, end, this.#hash(source, start, end))
    return entry === -1 ? undefined : this.#values[entry]
  }

  /** Keeps `value` for a key that `get` did not find. A key longer than the whole table may be is not kept. */
  add(source: Uint8Array, start: number, end: number, value: Value): void {
    const size = end - start
    if (size > this.#maxBytes) return
    if (this.#values.length >= this.#maxEntries || this.#used + size > this.#maxBytes) this.clear()
    const entry = this.#values.length
    if (2 * (entry + 1) > this.#slots.length) this.#grow()
    this.#reserve(size)
    const hash = this.#hash(source, start, end)
    this.#bytes.set(source.subarray(start, end), this.#used)
    this.#starts[entry + 1] = this.#used + size
    this.#hashes[entry] = hash
    this.#values.push(value)
    this.#place(hash, entry)
  }

  clear(): void {
    this.#slots.fill(0)
    this.#values = []
  }

  get #used(): number {
    return this.#starts[this.#values.length]!
  }

  #hash(source: Uint8Array, start: number, end: number): number {
    let hash = this.#seed
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ source[i]!, 0x0100_0193)
    // Finish: FNV leaves the low bits of short keys close together.
    hash ^= hash >>> 15
    hash = Math.imul(hash, 0x2c1b_3c6d)
    return hash ^ (hash >>> 13)
  }

  #find(source: Uint8Array, start: number, end: number, hash: number): number {
    const mask = this.#slots.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#slots[slot]! - 1
      if (entry === -1) return -1
      if (this.#hashes[entry] === hash && this.#equals(entry, source, start, end)) return entry
    }
  }

  #equals(entry: number, source: Uint8Array, start: number, end: number): boolean {
    const from = this.#starts[entry]!
    if (this.#starts[entry + 1]! - from !== end - start) return false
    const bytes = this.#bytes
    for (let i = start, j = from; i < end; i++, j++) if (bytes[j] !== source[i]) return false
    return true
  }

  #place(hash: number, entry: number): void {
    const mask = this.#slots.length - 1
    let slot = hash & mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
    this.#slots[slot] = entry + 1
  }

  #grow(): void {
    const hashes = new Int32Array(this.#slots.length)
    const starts = new Uint32Array(this.#slots.length + 1)
    hashes.set(this.#hashes)
    starts.set(this.#starts)
    this.#slots = new Int32Array(2 * this.#slots.length)
    this.#hashes = hashes
    this.#starts = starts
    for (let entry = 0; entry < this.#values.length; entry++) this.#place(hashes[entry]!, entry)
  }

  #reserve(size: number): void {
    const needed = this.#used + size
    if (needed <= this.#bytes.length) return
    const bytes = new Uint8Array(Math.max(needed, 2 * this.#bytes.length))
    bytes.set(this.#bytes)
    this.#bytes = bytes
  }
}

const FIRST_SLOTS = 512

/** One string object per distinct byte string: decoding UTF-8 happens once per key, not once per record. */
export class Interner {
  readonly #table: ByteTable<string>
  readonly #map: (text: string) => string

  /** `map` is applied once to each new string (renaming keys, for example). */
  constructor(map: (text: string) => string = (text) => text) {
    this.#table = new ByteTable()
    this.#map = map
  }

  /** The string for UTF-8 `source[start, end)`; invalid sequences become U+FFFD. */
  intern(source: Uint8Array, start: number, end: number): string {
    if (start === end) return ''
    const known = this.#table.get(source, start, end)
    if (known !== undefined) return known
    const text = this.#map(decoder.decode(source.subarray(start, end)))
    // Long strings seldom repeat, and would push out those that do.
    if (end - start <= MAX_INTERNED) this.#table.add(source, start, end, text)
    return text
  }
}

const MAX_INTERNED = 256
