// Growable columns: what decoders fill and the store encodes. A hot path (bench/HOTPATHS.md): no object per row.
//
// Ownership: a builder owns its arrays. `view` getters return windows that are valid until the next append or reset.
// Every builder can be cut back to an earlier length, so that a decoder that fails half-way leaves nothing behind.

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

  /** Appends a whole number of less than 2^53, negative ones as two's complement. */
  pushNumber(value: number): void {
    this.push(value >>> 0, Math.floor(value / TWO_32))
  }

  pushBigInt(value: bigint): void {
    this.push(Number(value & 0xffff_ffffn), Number((value >> 32n) & 0xffff_ffffn))
  }

  /** Overwrites a row. */
  set(row: number, low: number, high: number): void {
    this.#words[2 * row] = low
    this.#words[2 * row + 1] = high
  }

  truncate(length: number): void {
    this.length = length
  }

  /** The rows as raw little-endian words, two a row. */
  get words(): Uint32Array {
    return this.#words.subarray(0, 2 * this.length)
  }

  /** The row as the whole number that `pushNumber` took. */
  numberAt(row: number): number {
    return signedAt(this.#words, row)
  }

  at(row: number): bigint {
    return (BigInt(this.#words[2 * row + 1]!) << 32n) | BigInt(this.#words[2 * row]!)
  }
}

/** Row `row` of signed 64-bit numbers of less than 2^53, two words each, low word first. */
export function signedAt(words: Uint32Array, row: number): number {
  return words[2 * row]! + (words[2 * row + 1]! | 0) * TWO_32
}

const TWO_32 = 2 ** 32

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

  /** The value of a row below `length`. */
  at(row: number): number {
    return this.#values[row]!
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

// 1,024 rows: a scrape or a small push fits without growing; doubling takes it to a full block in ten steps.
const INITIAL_ROWS = 1_024

const scratchF64 = new Float64Array(1)
const scratchU32 = new Uint32Array(scratchF64.buffer)

function grownU32(old: Uint32Array, needed: number): Uint32Array<ArrayBuffer> {
  const grown = new Uint32Array(Math.max(needed, 2 * old.length))
  grown.set(old)
  return grown
}
