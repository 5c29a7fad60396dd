import { unreachable } from '@oriel/model'
import type { NativeColumn, NumberArray } from './block.ts'
import { NativeBlock } from './block.ts'
import type { NativeType, NumberArrayName } from './type.ts'
import { parseNativeType } from './type.ts'

/**
 * Reads a stream in ClickHouse's Native format, block by block, in whatever pieces it arrives.
 *
 * `push` a piece, then take `next()` until it gives undefined. A stream is whole when `isBetweenBlocks` holds at its end; a
 * stream cut short anywhere else is seen by that. Pieces are copied from, not kept past the `next` calls that follow.
 * Throws `NativeFormatError` for bytes that are not Native. Hot path: columns of fixed width are copied once, straight
 * into their typed array.
 * Source: https://clickhouse.com/docs/interfaces/formats/Native
 */
export class NativeReader {
  #bytes: Uint8Array = new Uint8Array(0)
  #at = 0
  #parsing: Generator<void, NativeBlock | undefined> | undefined

  push(piece: Uint8Array): void {
    const left = this.#bytes.length - this.#at
    if (left === 0) this.#bytes = piece
    else {
      const joined = new Uint8Array(left + piece.length)
      joined.set(this.#bytes.subarray(this.#at))
      joined.set(piece, left)
      this.#bytes = joined
    }
    this.#at = 0
  }

  /** The next whole block, or undefined when more bytes are needed. Blocks without rows are skipped. */
  next(): NativeBlock | undefined {
    for (;;) {
      if (this.#parsing === undefined) {
        if (this.#at === this.#bytes.length) return undefined
        this.#parsing = this.#block()
      }
      const step = this.#parsing.next()
      if (step.done !== true) return undefined
      this.#parsing = undefined
      if (step.value !== undefined) return step.value
    }
  }

  get isBetweenBlocks(): boolean {
    return this.#parsing === undefined && this.#at === this.#bytes.length
  }

  *#block(): Generator<void, NativeBlock | undefined> {
    const columnCount = yield* this.#varint(MAX_COLUMNS, 'columns')
    const rows = yield* this.#varint(MAX_ROWS, 'rows')
    const columns = new Map<string, NativeColumn>()
    for (let i = 0; i < columnCount; i++) {
      const name = yield* this.#text()
      const type = parseNativeType(yield* this.#text())
      if (rows > 0) yield* this.#prefix(type)
      columns.set(name, rows > 0 ? yield* this.#column(type, rows) : EMPTY)
    }
    return rows > 0 ? new NativeBlock(rows, columns) : undefined
  }

  /** What comes before a column's data: the version of each LowCardinality in it. */
  *#prefix(type: NativeType): Generator<void, void> {
    switch (type.kind) {
      case 'number':
      case 'words':
      case 'string':
        return
      case 'lowCardinality': {
        const version = yield* this.#u64()
        if (version !== LOW_CARDINALITY_VERSION) throw new NativeFormatError(`LowCardinality version ${version}, known is 1`)
        return
      }
      case 'array':
      case 'nullable':
        return yield* this.#prefix(type.inner)
      case 'map':
        yield* this.#prefix(type.key)
        return yield* this.#prefix(type.value)
      case 'tuple':
        for (const item of type.items) yield* this.#prefix(item)
        return
      default:
        return unreachable(type)
    }
  }

  *#column(type: NativeType, rows: number): Generator<void, NativeColumn> {
    switch (type.kind) {
      case 'number': {
        const values = makeNumbers(type.array, rows)
        yield* this.#fill(new Uint8Array(values.buffer))
        return { kind: 'number', values }
      }
      case 'words': {
        const { wordsPerRow, isSigned } = type
        const words = new Uint32Array(rows * wordsPerRow)
        yield* this.#fill(new Uint8Array(words.buffer))
        return { kind: 'words', words, wordsPerRow, isSigned }
      }
      case 'string':
        return yield* this.#strings(rows)
      case 'lowCardinality':
        return yield* this.#lowCardinality(type.inner, rows)
      case 'array': {
        const ends = yield* this.#ends(rows)
        return { kind: 'array', ends, items: yield* this.#column(type.inner, ends.at(-1) ?? 0) }
      }
      case 'nullable': {
        const isNull = new Uint8Array(rows)
        yield* this.#fill(isNull)
        return { kind: 'nullable', isNull, values: yield* this.#column(type.inner, rows) }
      }
      case 'map': {
        const ends = yield* this.#ends(rows)
        const entries = ends.at(-1) ?? 0
        const keys = yield* this.#column(type.key, entries)
        return { kind: 'map', ends, keys, values: yield* this.#column(type.value, entries) }
      }
      case 'tuple': {
        const items: NativeColumn[] = []
        for (const item of type.items) items.push(yield* this.#column(item, rows))
        return { kind: 'tuple', items }
      }
      default:
        return unreachable(type)
    }
  }

  *#strings(rows: number): Generator<void, NativeColumn> {
    const ends = new Uint32Array(rows)
    let bytes = new Uint8Array(Math.max(64, rows * GUESSED_STRING_BYTES))
    let used = 0
    for (let row = 0; row < rows; row++) {
      // The common case inline: a length below 128 with its text at hand needs no generator.
      let length = this.#bytes[this.#at] ?? CONTINUES
      if (length < CONTINUES) this.#at++
      else length = yield* this.#varint(MAX_STRING_BYTES, 'bytes of text')
      if (used + length > bytes.length) bytes = grown(bytes, used + length)
      if (this.#at + length <= this.#bytes.length) {
        const at = this.#at
        if (length <= SHORT_COPY) for (let i = 0; i < length; i++) bytes[used + i] = this.#bytes[at + i]!
        else bytes.set(this.#bytes.subarray(at, at + length), used)
        this.#at = at + length
      } else yield* this.#fill(bytes.subarray(used, used + length))
      used += length
      ends[row] = used
    }
    return { kind: 'string', bytes: bytes.subarray(0, used), ends }
  }

  *#lowCardinality(inner: NativeType, rows: number): Generator<void, NativeColumn> {
    if (rows === 0) return { kind: 'lowCardinality', dictionary: EMPTY, rows: new Uint8Array(0) }
    const flags = yield* this.#u64()
    if ((flags & NEEDS_GLOBAL_DICTIONARY) !== 0) throw new NativeFormatError('LowCardinality with a global dictionary')
    const keys = yield* this.#u64()
    if (keys > MAX_ROWS) throw new NativeFormatError(`dictionary of ${keys} entries`)
    const hasNull = inner.kind === 'nullable'
    const dictionary = yield* this.#column(hasNull ? inner.inner : inner, keys)
    const count = yield* this.#u64()
    if (count !== rows) throw new NativeFormatError(`LowCardinality of ${count} rows in a block of ${rows}`)
    const width = flags & INDEX_WIDTH
    if (width > 2) throw new NativeFormatError(`LowCardinality index type ${width}`)
    const indexes = width === 0 ? new Uint8Array(rows) : width === 1 ? new Uint16Array(rows) : new Uint32Array(rows)
    yield* this.#fill(new Uint8Array(indexes.buffer))
    for (let i = 0; i < rows; i++)
      if (indexes[i]! >= keys) throw new NativeFormatError(`dictionary index ${indexes[i]} of ${keys}`)
    return { kind: 'lowCardinality', dictionary, rows: indexes }
  }

  *#ends(rows: number): Generator<void, Uint32Array> {
    const words = new Uint32Array(2 * rows)
    yield* this.#fill(new Uint8Array(words.buffer))
    const ends = new Uint32Array(rows)
    let previous = 0
    for (let i = 0; i < rows; i++) {
      const end = words[2 * i]!
      if (end < previous || end > MAX_ROWS || words[2 * i + 1] !== 0)
        throw new NativeFormatError(`array end ${end} after ${previous}`)
      ends[i] = previous = end
    }
    return ends
  }

  *#fill(target: Uint8Array): Generator<void, void> {
    let filled = 0
    for (;;) {
      const size = Math.min(target.length - filled, this.#bytes.length - this.#at)
      if (size > 0) target.set(this.#bytes.subarray(this.#at, this.#at + size), filled)
      this.#at += size
      filled += size
      if (filled === target.length) return
      yield
    }
  }

  *#varint(limit: number, what: string): Generator<void, number> {
    let value = 0
    let scale = 1
    for (;;) {
      while (this.#at === this.#bytes.length) yield
      const byte = this.#bytes[this.#at++]!
      value += (byte & 127) * scale
      if (value > limit) throw new NativeFormatError(`${value} ${what}, limit ${limit}`)
      if (byte < CONTINUES) return value
      scale *= 128
      // Nine bytes hold 63 bits: more can only be a run of useless zeros.
      if (scale > 2 ** 63) throw new NativeFormatError('number of more than nine bytes')
    }
  }

  *#u64(): Generator<void, number> {
    const words = new Uint32Array(2)
    yield* this.#fill(new Uint8Array(words.buffer))
    return words[1]! * 2 ** 32 + words[0]!
  }

  *#text(): Generator<void, string> {
    const bytes = new Uint8Array(yield* this.#varint(MAX_NAME_BYTES, 'bytes of a name'))
    yield* this.#fill(bytes)
    return Buffer.from(bytes.buffer).toString('utf8')
  }
}

/** Bytes that are not in the Native format, or use a part of it that the reader does not know. */
export class NativeFormatError extends Error {
  constructor(what: string) {
    super(`cannot read Native stream: ${what}`)
    this.name = 'NativeFormatError'
  }
}

/** Reads a whole result held in memory. */
export function readNative(bytes: Uint8Array): NativeBlock[] {
  const reader = new NativeReader()
  reader.push(bytes)
  const blocks: NativeBlock[] = []
  for (let block = reader.next(); block !== undefined; block = reader.next()) blocks.push(block)
  if (!reader.isBetweenBlocks) throw new NativeFormatError(`it ends within a block after ${bytes.length} bytes`)
  return blocks
}

// Bounds on what the engine would ever send us; a stream beyond them is garbage, and must not make us allocate.
const MAX_COLUMNS = 1_000
const MAX_ROWS = 2 ** 27
const MAX_NAME_BYTES = 64 * 1_024
const MAX_STRING_BYTES = 2 ** 30
const LOW_CARDINALITY_VERSION = 1
const NEEDS_GLOBAL_DICTIONARY = 0x100
const INDEX_WIDTH = 0xff
const CONTINUES = 128
// 16 bytes: a first size for a column of names; it doubles from there.
const GUESSED_STRING_BYTES = 16
// 24 bytes: below this a byte loop beats the call into TypedArray.set.
const SHORT_COPY = 24

const EMPTY: NativeColumn = { kind: 'string', bytes: new Uint8Array(0), ends: new Uint32Array(0) }

function makeNumbers(array: NumberArrayName, rows: number): NumberArray {
  switch (array) {
    case 'u8':
      return new Uint8Array(rows)
    case 'i8':
      return new Int8Array(rows)
    case 'u16':
      return new Uint16Array(rows)
    case 'i16':
      return new Int16Array(rows)
    case 'u32':
      return new Uint32Array(rows)
    case 'i32':
      return new Int32Array(rows)
    case 'f32':
      return new Float32Array(rows)
    case 'f64':
      return new Float64Array(rows)
    default:
      return unreachable(array)
  }
}

function grown(old: Uint8Array, needed: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Math.max(needed, 2 * old.length))
  bytes.set(old)
  return bytes
}
