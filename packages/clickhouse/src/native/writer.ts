import type { BytesColumn, DictColumn, F64Lists, MapColumn, U32Column, U32Lists } from '@oriel/model'

/** One column to write: its name in the table, its type as sent (the engine converts where the table's differs), its bytes. */
export interface NativeField {
  readonly name: string
  readonly type: string
  /** The column's bytes in the Native format for all rows, in order; may be views of the caller's arrays. */
  readonly pieces: readonly Uint8Array[]
}

/**
 * One Native block as pieces to send in order.
 *
 * Columns are views of the model's arrays where the forms agree, not copies: send before the columns change. Several blocks may follow one
 * another in one insert body (one a tenant).
 */
export function nativeBlock(rows: number, fields: readonly NativeField[]): Uint8Array[] {
  const pieces: Uint8Array[] = []
  let header = [...varint(fields.length), ...varint(rows)]
  for (const { name, type, pieces: body } of fields) {
    header.push(...text(name), ...text(type))
    pieces.push(Uint8Array.from(header), ...body)
    header = []
  }
  return pieces
}

/** Values of 64 or 128 bits as little-endian words, such as a column of the model. */
export interface Words {
  readonly words: Uint32Array
}

export function u64Field(name: string, column: Words): NativeField {
  return { name, type: 'UInt64', pieces: [bytesOf(column.words)] }
}

export function i64Field(name: string, column: Words): NativeField {
  return { name, type: 'Int64', pieces: [bytesOf(column.words)] }
}

/** Nanoseconds or milliseconds since 1970 as the table's DateTime64 of that precision. */
export function dateTime64Field(name: string, digits: 3 | 9, column: Words): NativeField {
  return { name, type: `DateTime64(${digits})`, pieces: [bytesOf(column.words)] }
}

export function f64Field(name: string, column: Words): NativeField {
  return { name, type: 'Float64', pieces: [bytesOf(column.words)] }
}

export function u128Field(name: string, column: Words): NativeField {
  return { name, type: 'UInt128', pieces: [bytesOf(column.words)] }
}

export function u32Field(name: string, column: U32Column): NativeField {
  return { name, type: 'UInt32', pieces: [bytesOf(column.values)] }
}

/** Small signed numbers, two's complement in the column. */
export function i32Field(name: string, column: U32Column): NativeField {
  return { name, type: 'Int32', pieces: [bytesOf(column.values)] }
}

/** Small numbers as one byte a row; values above 255 lose their high bits. */
export function u8Field(name: string, column: U32Column): NativeField {
  return { name, type: 'UInt8', pieces: [Uint8Array.from(column.values)] }
}

/** One byte a row, as it is. */
export function u8Values(name: string, values: Uint8Array): NativeField {
  return { name, type: 'UInt8', pieces: [values] }
}

export function stringField(name: string, column: BytesColumn): NativeField {
  return { name, type: 'String', pieces: [column.framed] }
}

/** Repeating strings with their dictionary, so that the engine need not find it. */
export function dictField(name: string, column: DictColumn): NativeField {
  return { name, type: 'LowCardinality(String)', pieces: [U64_ONE, ...lowCardinality(column.dictionary, column.rows)] }
}

/** Lists of signed 32-bit numbers. */
export function i32ListsField(name: string, { items, ends }: U32Lists): NativeField {
  return { name, type: 'Array(Int32)', pieces: [wideEnds(ends), bytesOf(items.values)] }
}

/** Lists of unsigned 32-bit numbers, given one by one. */
export function wordListsField(name: string, lists: readonly Uint32Array[]): NativeField {
  let end = 0
  const ends = Uint32Array.from(lists, (list) => (end += list.length))
  return { name, type: 'Array(UInt32)', pieces: [wideEnds(ends), ...lists.map(bytesOf)] }
}

/** Lists of doubles. */
export function f64ListsField(name: string, { items, ends }: F64Lists): NativeField {
  return { name, type: 'Array(Float64)', pieces: [wideEnds(ends), bytesOf(items.words)] }
}

export function mapField(name: string, column: MapColumn): NativeField {
  const { keys, values, ends } = column
  const pieces = [U64_ONE, wideEnds(ends)]
  if (keys.length > 0) pieces.push(...lowCardinality(keys.dictionary, keys.rows), values.framed)
  return { name, type: 'Map(LowCardinality(String), String)', pieces }
}

/** The same text in every row, such as the tenant. */
export function constantField(name: string, value: string, rows: number): NativeField {
  return { name, type: 'LowCardinality(String)', pieces: [U64_ONE, ...lowCardinality([value], new Uint8Array(rows))] }
}

/** Strings given one by one: for small tables. */
export function stringsField(name: string, values: readonly string[]): NativeField {
  const body: Buffer[] = []
  for (const value of values) {
    const bytes = Buffer.from(value, 'utf8')
    body.push(Buffer.from(varint(bytes.length)), bytes)
  }
  return { name, type: 'String', pieces: [Buffer.concat(body)] }
}

/** 64-bit numbers given one by one: for small tables. */
export function bigintsField(name: string, values: readonly bigint[]): NativeField {
  return { name, type: 'UInt64', pieces: [bytesOf(BigUint64Array.from(values))] }
}

/** Numbers given one by one as Float64: the engine converts to the table's type, exactly up to 2^53. */
export function numbersField(name: string, values: readonly number[]): NativeField {
  return { name, type: 'Float64', pieces: [bytesOf(Float64Array.from(values))] }
}

/** Values of 128 bits given as four words each, lowest first. */
export function idsField(name: string, ids: readonly Uint32Array[]): NativeField {
  const words = new Uint32Array(4 * ids.length)
  for (const [i, id] of ids.entries()) words.set(id, 4 * i)
  return { name, type: 'UInt128', pieces: [bytesOf(words)] }
}

/** Ends of lists as the engine wants them, 64 bits each. */
function wideEnds(ends: Uint32Array): Uint8Array {
  const wide = new Uint32Array(2 * ends.length)
  for (let i = 0; i < ends.length; i++) wide[2 * i] = ends[i]!
  return bytesOf(wide)
}

const U64_ONE = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0)
// "Has additional keys, dictionary is of this block": what the engine expects from a client, beside the index width.
const LOW_CARDINALITY_FLAGS = 0x600

/** Flags, dictionary and indexes, without the version before them. Indexes are sent as narrow as the dictionary allows. */
function lowCardinality(dictionary: readonly string[], rows: Uint32Array | Uint8Array): Uint8Array[] {
  const width = dictionary.length <= 0x100 ? 0 : dictionary.length <= 0x1_0000 ? 1 : 2
  const indexes = width === 0 ? new Uint8Array(rows) : width === 1 ? new Uint16Array(rows) : rows
  const head = BigUint64Array.of(BigInt(LOW_CARDINALITY_FLAGS + width), BigInt(dictionary.length))
  const [keys] = stringsField('', dictionary).pieces
  return [bytesOf(head), keys ?? new Uint8Array(0), bytesOf(BigUint64Array.of(BigInt(rows.length))), bytesOf(indexes)]
}

const CONTINUES = 128

function bytesOf(array: Uint8Array | Uint16Array | Uint32Array | BigUint64Array | Float64Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
}

function varint(value: number): number[] {
  const bytes: number[] = []
  let left = value
  while (left >= CONTINUES) {
    bytes.push((left % CONTINUES) + CONTINUES)
    left = Math.floor(left / CONTINUES)
  }
  bytes.push(left)
  return bytes
}

function text(value: string): number[] {
  const bytes = Buffer.from(value, 'utf8')
  return [...varint(bytes.length), ...bytes]
}
