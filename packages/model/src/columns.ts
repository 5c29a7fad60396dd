// Growable columns: what decoders fill and the store encodes. A hot path (bench/HOTPATHS.md): no object per row.
//
// Ownership: a builder owns its arrays. `view` getters return windows that are valid until the next append or reset.
// Every builder can be cut back to an earlier length, so that a decoder that fails half-way leaves nothing behind.

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Fixed-width 64-bit numbers held as pairs of 32-bit words, low word first (little-endian on every machine we run on). */
export class U64Column {
  length = 0
  #words = new Uint32Array(2 * INITIAL_ROWS)

  /** Appends one value given as its low and high 32-bit words. */
  push(low: number, high: number): void {
    const at = 2 * this.length
    if (at + 2 > this.#words.length) this.#words = grownU32(this.#words, at + 2)
    this.#words[at] = low
    this.#words[at + 1] = high
    this.length++
  }

  /** Appends a non-negative integer below 2^53. */
  pushNumber(value: number): void {
    this.push(value >>> 0, Math.floor(value / 2 ** 32))
  }

  pushBigInt(value: bigint): void {
    this.push(Number(value & 0xffff_ffffn), Number((value >> 32n) & 0xffff_ffffn))
  }

  truncate(length: number): void {
    this.length = length
  }

  /** The rows as raw little-endian words, two a row. */
  get words(): Uint32Array {
    return this.#words.subarray(0, 2 * this.length)
  }

  at(row: number): bigint {
    return (BigInt(this.#words[2 * row + 1]!) << 32n) | BigInt(this.#words[2 * row]!)
  }
}

/** Doubles whose bits are kept exactly, staleness markers included: values travel as pairs of 32-bit words. */
export class F64Column extends U64Column {
  /** Appends an ordinary double. Use `push` with raw words where the bits of a NaN matter. */
  pushDouble(value: number): void {
    scratchF64[0] = value
    this.push(scratchU32[0]!, scratchU32[1]!)
  }

  /** The row's value. NaN payloads are not promised to survive in a JavaScript number: test `isStaleAt` for markers. */
  doubleAt(row: number): number {
    const words = this.words
    scratchU32[0] = words[2 * row]!
    scratchU32[1] = words[2 * row + 1]!
    return scratchF64[0]!
  }

  /** Whether the row holds Prometheus's staleness marker. */
  isStaleAt(row: number): boolean {
    const words = this.words
    return words[2 * row] === STALE_LOW && words[2 * row + 1] === STALE_HIGH
  }

  /** Whether the row says that its sample is a native histogram, see `HISTOGRAM_LOW`. */
  isHistogramAt(row: number): boolean {
    const words = this.words
    return words[2 * row] === HISTOGRAM_LOW && words[2 * row + 1] === HISTOGRAM_HIGH
  }
}

/** Low and high words of the staleness marker 0x7ff0000000000002. Source: Prometheus 3.14 model/value. */
export const STALE_LOW = 0x0000_0002
export const STALE_HIGH = 0x7ff0_0000

/**
 * Low and high words of the NaN that stands among the samples where a native histogram is: "histo" in ASCII.
 *
 * So every rule about samples (order, which of two was written later, ranges, deletion) holds for both kinds at once, and who reads
 * floats alone pays nothing. A marker without its histogram reads as NaN.
 */
export const HISTOGRAM_LOW = 0x6973_746f
export const HISTOGRAM_HIGH = 0x7ff8_0068

/** 128-bit hashes, four 32-bit words a row, lowest first. */
export class U128Column {
  length = 0
  #words = new Uint32Array(4 * INITIAL_ROWS)

  /** Appends row `row` of `source`, a packed array of 128-bit values. */
  pushFrom(source: Uint32Array, row: number): void {
    const at = 4 * this.length
    if (at + 4 > this.#words.length) this.#words = grownU32(this.#words, at + 4)
    const from = 4 * row
    this.#words[at] = source[from]!
    this.#words[at + 1] = source[from + 1]!
    this.#words[at + 2] = source[from + 2]!
    this.#words[at + 3] = source[from + 3]!
    this.length++
  }

  truncate(length: number): void {
    this.length = length
  }

  get words(): Uint32Array {
    return this.#words.subarray(0, 4 * this.length)
  }
}

/** Small integers (up to 32 bits). */
export class U32Column {
  length = 0
  #values = new Uint32Array(INITIAL_ROWS)

  push(value: number): void {
    if (this.length === this.#values.length) this.#values = grownU32(this.#values, this.length + 1)
    this.#values[this.length++] = value
  }

  truncate(length: number): void {
    this.length = length
  }

  get values(): Uint32Array {
    return this.#values.subarray(0, this.length)
  }
}

/** A list of 32-bit numbers a row, signed or not as the reader takes them. */
export class U32Lists {
  readonly items: U32Column = new U32Column()
  readonly #ends = new U32Column()

  get length(): number {
    return this.#ends.length
  }

  /** Closes the row: items pushed since the last close belong to it. */
  closeRow(): void {
    this.#ends.push(this.items.length)
  }

  /** Cuts back to `length` closed rows. */
  truncate(length: number): void {
    this.#ends.truncate(length)
    this.items.truncate(length === 0 ? 0 : this.#ends.values[length - 1]!)
  }

  get ends(): Uint32Array {
    return this.#ends.values
  }
}

/** A list of doubles a row. */
export class F64Lists {
  readonly items: F64Column = new F64Column()
  readonly #ends = new U32Column()

  get length(): number {
    return this.#ends.length
  }

  /** Appends a row. The bits of NaN items are not promised to survive. */
  push(row: Float64Array): void {
    for (const item of row) this.items.pushDouble(item)
    this.#ends.push(this.items.length)
  }

  truncate(length: number): void {
    this.#ends.truncate(length)
    this.items.truncate(length === 0 ? 0 : this.#ends.values[length - 1]!)
  }

  get ends(): Uint32Array {
    return this.#ends.values
  }

  /** A copy of the row. */
  at(row: number): Float64Array {
    const ends = this.#ends.values
    const start = row === 0 ? 0 : ends[row - 1]!
    const bytes = this.items.words.slice(2 * start, 2 * ends[row]!)
    return new Float64Array(bytes.buffer)
  }
}

/** Strings as bytes (UTF-8): one buffer and the end offset of each row. */
export class BytesColumn {
  readonly #ends = new U32Column()
  #bytes = new Uint8Array(16 * INITIAL_ROWS)
  #used = 0

  get length(): number {
    return this.#ends.length
  }

  /** Bytes held, for size limits. */
  get byteLength(): number {
    return this.#used
  }

  /** Copies `source[start, end)` as one row. */
  pushBytes(source: Uint8Array, start: number, end: number): void {
    const size = end - start
    this.#reserve(size)
    if (size <= SHORT_COPY) for (let i = 0; i < size; i++) this.#bytes[this.#used + i] = source[start + i]!
    else this.#bytes.set(source.subarray(start, end), this.#used)
    this.#used += size
    this.#ends.push(this.#used)
  }

  pushString(text: string): void {
    this.#reserve(3 * text.length)
    if (text.length > SHORT_TEXT || !this.#writeAscii(text))
      this.#used += encoder.encodeInto(text, this.#bytes.subarray(this.#used)).written
    this.#ends.push(this.#used)
  }

  /** Writes a text of ASCII alone; false, with nothing written, for any other. */
  #writeAscii(text: string): boolean {
    const bytes = this.#bytes
    const from = this.#used
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (code >= 0x80) return false
      bytes[from + i] = code
    }
    this.#used = from + text.length
    return true
  }

  truncate(length: number): void {
    this.#ends.truncate(length)
    this.#used = length === 0 ? 0 : this.#ends.values[length - 1]!
  }

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#used)
  }

  /** End offset of each row in `bytes`; row i starts where row i-1 ends. */
  get ends(): Uint32Array {
    return this.#ends.values
  }

  stringAt(row: number): string {
    const ends = this.#ends.values
    return decoder.decode(this.#bytes.subarray(row === 0 ? 0 : ends[row - 1]!, ends[row]!))
  }

  #reserve(size: number): void {
    const needed = this.#used + size
    if (needed <= this.#bytes.length) return
    const bytes = new Uint8Array(Math.max(needed, 2 * this.#bytes.length))
    bytes.set(this.#bytes.subarray(0, this.#used))
    this.#bytes = bytes
  }
}

/** Strings that repeat: a dictionary and one index a row. Index 0 is always the empty string. */
export class DictColumn {
  readonly #rows = new U32Column()
  #values: string[] = ['']
  #indexOf = new Map<string, number>([['', 0]])

  get length(): number {
    return this.#rows.length
  }

  /** The dictionary index of `value`, added if new. Keep it while decoding one resource to save look-ups. */
  indexOf(value: string): number {
    let index = this.#indexOf.get(value)
    if (index === undefined) {
      index = this.#values.length
      this.#values.push(value)
      this.#indexOf.set(value, index)
    }
    return index
  }

  push(value: string): void {
    this.#rows.push(this.indexOf(value))
  }

  pushIndex(index: number): void {
    this.#rows.push(index)
  }

  /** Cuts back rows. Dictionary entries stay: an unused entry costs bytes, not correctness. */
  truncate(length: number): void {
    this.#rows.truncate(length)
  }

  /** Empties rows and dictionary: indexes got before mean nothing after. */
  clear(): void {
    this.#rows.truncate(0)
    this.#values = ['']
    this.#indexOf = new Map([['', 0]])
  }

  get dictionary(): readonly string[] {
    return this.#values
  }

  get rows(): Uint32Array {
    return this.#rows.values
  }

  stringAt(row: number): string {
    return this.#values[this.#rows.values[row]!]!
  }
}

/** A map of strings to strings a row (attributes): keys by dictionary, values as bytes, and the end entry of each row. */
export class MapColumn {
  readonly keys: DictColumn = new DictColumn()
  readonly values: BytesColumn = new BytesColumn()
  readonly #ends = new U32Column()

  get length(): number {
    return this.#ends.length
  }

  /** Closes the row: entries pushed to `keys` and `values` since the last close belong to it. */
  closeRow(): void {
    this.#ends.push(this.keys.length)
  }

  pushRecord(record: Readonly<Record<string, string>>): void {
    for (const [key, value] of Object.entries(record)) {
      this.keys.push(key)
      this.values.pushString(value)
    }
    this.closeRow()
  }

  /** Cuts back to `length` closed rows; entries of an unclosed row go too. */
  truncate(length: number): void {
    this.#ends.truncate(length)
    const entries = length === 0 ? 0 : this.#ends.values[length - 1]!
    this.keys.truncate(entries)
    this.values.truncate(entries)
  }

  /** Empties rows and the keys' dictionary. */
  clear(): void {
    this.#ends.truncate(0)
    this.keys.clear()
    this.values.truncate(0)
  }

  get ends(): Uint32Array {
    return this.#ends.values
  }

  recordAt(row: number): Record<string, string> {
    const record: Record<string, string> = {}
    const ends = this.#ends.values
    for (let i = row === 0 ? 0 : ends[row - 1]!; i < ends[row]!; i++) record[this.keys.stringAt(i)] = this.values.stringAt(i)
    return record
  }
}

// 1,024 rows: a scrape or a small push fits without growing; doubling takes it to a full block in ten steps.
const INITIAL_ROWS = 1_024
// 24 bytes: below this a byte loop beats the call into TypedArray.set.
const SHORT_COPY = 24
// 48 characters: below this a loop beats the call into TextEncoder.
const SHORT_TEXT = 48

const scratchF64 = new Float64Array(1)
const scratchU32 = new Uint32Array(scratchF64.buffer)

function grownU32(old: Uint32Array, needed: number): Uint32Array<ArrayBuffer> {
  const grown = new Uint32Array(Math.max(needed, 2 * old.length))
  grown.set(old)
  return grown
}
