import { bug } from '@oriel/model'

/** Numbers of up to 32 bits and doubles, as the engine sent them. */
export type NumberArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array

/** One column of a block, as decoded: nothing is turned into objects before somebody asks. */
export type NativeColumn =
  | { readonly kind: 'number'; readonly values: NumberArray }
  | { readonly kind: 'words'; readonly words: Uint32Array; readonly wordsPerRow: number; readonly isSigned: boolean }
  | { readonly kind: 'string'; readonly bytes: Uint8Array; readonly ends: Uint32Array }
  | { readonly kind: 'lowCardinality'; readonly dictionary: NativeColumn; readonly rows: Uint8Array | Uint16Array | Uint32Array }
  | { readonly kind: 'array'; readonly ends: Uint32Array; readonly items: NativeColumn }
  | { readonly kind: 'map'; readonly ends: Uint32Array; readonly keys: NativeColumn; readonly values: NativeColumn }
  | { readonly kind: 'tuple'; readonly items: readonly NativeColumn[] }
  | { readonly kind: 'nullable'; readonly isNull: Uint8Array; readonly values: NativeColumn }

/**
 * Some rows of a result, in columns. The reader of the block owns its arrays and may keep them.
 *
 * Getters take a column's name and throw (a defect of ours) where the statement gave no such column or another type.
 */
export class NativeBlock {
  readonly rows: number
  readonly #columns: ReadonlyMap<string, NativeColumn>

  constructor(rows: number, columns: ReadonlyMap<string, NativeColumn>) {
    this.rows = rows
    this.#columns = columns
  }

  column(name: string): NativeColumn {
    return this.#columns.get(name) ?? bug(`result has no column ${name}: it has ${[...this.#columns.keys()].join(', ')}`)
  }

  /** Numbers of any width as doubles; 64-bit integers above 2^53 lose their last bits. */
  numbers(name: string): NumberArray {
    return columnNumbers(this.column(name))
  }

  /** Doubles without a copy. */
  doubles(name: string): Float64Array {
    const values = this.numbers(name)
    return values instanceof Float64Array ? values : Float64Array.from(values)
  }

  /** Raw little-endian words of a column of 64 bits or more, lowest first: two a row for 64 bits, four for 128. */
  words(name: string): Uint32Array {
    const column = this.column(name)
    return column.kind === 'words' ? column.words : bug(`column ${name} is ${column.kind}, not words`)
  }

  bigints(name: string): BigInt64Array | BigUint64Array {
    const column = this.column(name)
    if (column.kind !== 'words' || column.wordsPerRow !== 2) return bug(`column ${name} is not of 64 bits`)
    const { buffer, byteOffset, length } = column.words
    return column.isSigned
      ? new BigInt64Array(buffer, byteOffset, length / 2)
      : new BigUint64Array(buffer, byteOffset, length / 2)
  }

  strings(name: string): string[] {
    return columnStrings(this.column(name))
  }

  /** Lists of strings, one a row. */
  stringLists(name: string): string[][] {
    const column = this.column(name)
    if (column.kind !== 'array') return bug(`column ${name} is ${column.kind}, not array`)
    const items = columnStrings(column.items)
    return rowsOf(column.ends, (start, end) => items.slice(start, end))
  }

  /** Maps of strings to strings, one a row. */
  maps(name: string): Record<string, string>[] {
    const column = this.column(name)
    if (column.kind !== 'map') return bug(`column ${name} is ${column.kind}, not map`)
    const keys = columnStrings(column.keys)
    const values = columnStrings(column.values)
    return rowsOf(column.ends, (start, end) => {
      const record: Record<string, string> = {}
      for (let i = start; i < end; i++) record[keys[i]!] = values[i]!
      return record
    })
  }

  /** A column of arrays: where each row ends in `items`. */
  lists(name: string): { readonly ends: Uint32Array; readonly items: NativeColumn } {
    const column = this.column(name)
    return column.kind === 'array' ? column : bug(`column ${name} is ${column.kind}, not array`)
  }
}

/** Every row of a column as text. */
export function columnStrings(column: NativeColumn): string[] {
  if (column.kind === 'lowCardinality') {
    const dictionary = columnStrings(column.dictionary)
    return Array.from(column.rows, (row) => dictionary[row]!)
  }
  if (column.kind !== 'string') return bug(`column is ${column.kind}, not text`)
  const { bytes, ends } = column
  // latin1Slice-free: Buffer.utf8Slice decodes short strings about twice as fast as TextDecoder.
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return rowsOf(ends, (start, end) => buffer.toString('utf8', start, end))
}

/** Every row of a column as numbers, see `NativeBlock.numbers`. */
export function columnNumbers(column: NativeColumn): NumberArray {
  if (column.kind === 'number') return column.values
  if (column.kind !== 'words' || column.wordsPerRow !== 2) return bug(`column is ${column.kind}, not numbers`)
  const { words, isSigned } = column
  const values = new Float64Array(words.length / 2)
  for (let i = 0; i < values.length; i++) {
    const high = words[2 * i + 1]!
    values[i] = (isSigned ? high | 0 : high) * TWO_32 + words[2 * i]!
  }
  return values
}

const TWO_32 = 2 ** 32

function rowsOf<T>(ends: Uint32Array, read: (start: number, end: number) => T): T[] {
  const rows: T[] = []
  let start = 0
  for (let row = 0; row < ends.length; row++) {
    rows.push(read(start, ends[row]!))
    start = ends[row]!
  }
  return rows
}
