// Growable columns of strings, with the rules of `columns.ts`: what decoders fill and the store sends. A hot path (bench/HOTPATHS.md).

import { U32Column } from './columns.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/**
 * Strings as bytes (UTF-8), each with its length in front, in one buffer: the form the engine takes, so that a column is sent as it is.
 */
export class BytesColumn {
  /** The end of each row in `#bytes`; the row before ends where its length begins. */
  readonly #ends = new U32Column()
  #bytes = new Uint8Array(INITIAL_BYTES)
  #used = 0

  get length(): number {
    return this.#ends.length
  }

  /** Bytes held, lengths included; for size limits. */
  get byteLength(): number {
    return this.#used
  }

  /** Copies `source[start, end)` as one row. */
  pushBytes(source: Uint8Array, start: number, end: number): void {
    const size = end - start
    this.#reserve(size)
    this.#writeLength(size)
    const bytes = this.#bytes
    const shift = this.#used - start
    if (size <= SHORT_COPY) for (let i = start; i < end; i++) bytes[i + shift] = source[i]!
    else bytes.set(source.subarray(start, end), this.#used)
    this.#used += size
    this.#ends.push(this.#used)
  }

  pushString(text: string): void {
    this.#reserve(3 * text.length)
    if (text.length > SHORT_TEXT || !this.#writeAscii(text)) this.#writeText(text)
    this.#ends.push(this.#used)
  }

  truncate(length: number): void {
    this.#ends.truncate(length)
    this.#used = length === 0 ? 0 : this.#ends.at(length - 1)
  }

  /** All rows, each as its length (LEB128) and its bytes: a String column of ClickHouse's Native format. */
  get framed(): Uint8Array {
    return this.#bytes.subarray(0, this.#used)
  }

  /** The row's bytes, without its length. */
  bytesAt(row: number): Uint8Array {
    let start = row === 0 ? 0 : this.#ends.at(row - 1)
    while (this.#bytes[start]! >= LENGTH_GOES_ON) start++
    return this.#bytes.subarray(start + 1, this.#ends.at(row))
  }

  stringAt(row: number): string {
    return decoder.decode(this.bytesAt(row))
  }

  /** Writes a text of ASCII alone; false, with nothing written, for any other. */
  #writeAscii(text: string): boolean {
    const bytes = this.#bytes
    const from = this.#used + 1
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (code >= 0x80) return false
      bytes[from + i] = code
    }
    bytes[from - 1] = text.length
    this.#used = from + text.length
    return true
  }

  /** Any text: its length in bytes is known only once they are written, so they may have to move. */
  #writeText(text: string): void {
    const from = this.#used + MOST_LENGTH_BYTES
    const { written } = encoder.encodeInto(text, this.#bytes.subarray(from))
    this.#writeLength(written)
    this.#bytes.copyWithin(this.#used, from, from + written)
    this.#used += written
  }

  #writeLength(size: number): void {
    let left = size
    while (left >= LENGTH_GOES_ON) {
      this.#bytes[this.#used++] = (left & 127) | LENGTH_GOES_ON
      left >>>= 7
    }
    this.#bytes[this.#used++] = left
  }

  /** Room for one more row of `size` bytes. */
  #reserve(size: number): void {
    const needed = this.#used + MOST_LENGTH_BYTES + size
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
  /** What was asked for last, and its index: rows that follow each other are often alike. */
  #lastValue = ''
  #lastIndex = 0

  get length(): number {
    return this.#rows.length
  }

  /** The dictionary index of `value`, added if new. Keep it while decoding one resource to save look-ups. */
  indexOf(value: string): number {
    if (value === this.#lastValue) return this.#lastIndex
    let index = this.#indexOf.get(value)
    if (index === undefined) {
      index = this.#values.length
      this.#values.push(value)
      this.#indexOf.set(value, index)
    }
    this.#lastValue = value
    this.#lastIndex = index
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
    this.#lastValue = ''
    this.#lastIndex = 0
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

  /** How many entries the open row has: pushed since the last close. */
  get openEntries(): number {
    return this.keys.length - (this.length === 0 ? 0 : this.#ends.at(this.length - 1))
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
    const entries = length === 0 ? 0 : this.#ends.at(length - 1)
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

// 16 KiB to begin with: a small push fits without growing.
const INITIAL_BYTES = 16_384
// 24 bytes: below this a byte loop beats the call into TypedArray.set.
const SHORT_COPY = 24
// 48 characters: below this a loop beats the call into TextEncoder. Must stay below 128, where a length takes one byte.
const SHORT_TEXT = 48
// LEB128: seven bits a byte, the eighth says that more follow; a length of 32 bits takes five.
const LENGTH_GOES_ON = 128
const MOST_LENGTH_BYTES = 5
