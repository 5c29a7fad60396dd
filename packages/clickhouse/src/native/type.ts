import { bug } from '@oriel/model'

/** A ClickHouse type as far as the Native reader knows it. */
export type NativeType =
  | { readonly kind: 'number'; readonly array: NumberArrayName }
  | { readonly kind: 'words'; readonly wordsPerRow: number; readonly isSigned: boolean }
  | { readonly kind: 'string' }
  | { readonly kind: 'lowCardinality' | 'array' | 'nullable'; readonly inner: NativeType }
  | { readonly kind: 'map'; readonly key: NativeType; readonly value: NativeType }
  | { readonly kind: 'tuple'; readonly items: readonly NativeType[] }

/** Which typed array holds numbers of up to 32 bits, and doubles. */
export type NumberArrayName = 'u8' | 'i8' | 'u16' | 'i16' | 'u32' | 'i32' | 'f32' | 'f64'

const NUMBERS: Readonly<Record<string, NumberArrayName>> = {
  Bool: 'u8',
  UInt8: 'u8',
  Int8: 'i8',
  Enum8: 'i8',
  UInt16: 'u16',
  Int16: 'i16',
  Enum16: 'i16',
  Date: 'u16',
  UInt32: 'u32',
  Int32: 'i32',
  Date32: 'i32',
  DateTime: 'u32',
  Float32: 'f32',
  Float64: 'f64',
}

const WORDS: Readonly<Record<string, number>> = {
  UInt64: 2,
  Int64: 2,
  DateTime64: 2,
  UInt128: 4,
  Int128: 4,
  UUID: 4,
  UInt256: 8,
  Int256: 8,
}

const BYTES_PER_WORD = 4

/** Reads a type name as the engine prints it. Throws (a defect of ours) for a type that the reader does not know. */
export function parseNativeType(text: string): NativeType {
  const paren = text.indexOf('(')
  const name = paren < 0 ? text : text.slice(0, paren)
  const args = paren < 0 ? '' : text.slice(paren + 1, -1)
  const array = NUMBERS[name]
  if (array !== undefined) return { kind: 'number', array }
  const wordsPerRow = WORDS[name]
  if (wordsPerRow !== undefined) return { kind: 'words', wordsPerRow, isSigned: name.startsWith('Int') || name === 'DateTime64' }
  if (name === 'String') return { kind: 'string' }
  if (name === 'FixedString') return fixedString(Number(args), text)
  return parseNested(name, args) ?? bug(`cannot read Native column of type ${text}: choose another type in the statement`)
}

function parseNested(name: string, args: string): NativeType | undefined {
  if (name === 'LowCardinality') return { kind: 'lowCardinality', inner: parseNativeType(args) }
  if (name === 'Array') return { kind: 'array', inner: parseNativeType(args) }
  if (name === 'Nullable') return { kind: 'nullable', inner: parseNativeType(args) }
  const [first = '', second = ''] = splitArguments(args)
  if (name === 'SimpleAggregateFunction') return parseNativeType(second)
  if (name === 'Map') return { kind: 'map', key: parseNativeType(first), value: parseNativeType(second) }
  if (name !== 'Tuple') return undefined
  return { kind: 'tuple', items: splitArguments(args).map((item) => parseNativeType(withoutFieldName(item))) }
}

function fixedString(bytes: number, text: string): NativeType {
  if (bytes % BYTES_PER_WORD !== 0) return bug(`cannot read Native column of type ${text}: its size is not a multiple of 4 bytes`)
  return { kind: 'words', wordsPerRow: bytes / BYTES_PER_WORD, isSigned: false }
}

/** Splits at the commas that are outside of parentheses and quotes. */
function splitArguments(text: string): string[] {
  const parts: string[] = []
  let depth = 0
  let isQuoted = false
  let start = 0
  for (let i = 0; i < text.length; i++) {
    const char = text[i]
    if (char === "'") isQuoted = !isQuoted
    if (isQuoted) continue
    if (char === '(') depth++
    if (char === ')') depth--
    if (char !== ',' || depth > 0) continue
    parts.push(text.slice(start, i).trim())
    start = i + 1
  }
  parts.push(text.slice(start).trim())
  return parts
}

/** Named tuple items read `name Type`; a type itself has a space only within parentheses. */
function withoutFieldName(item: string): string {
  const space = item.indexOf(' ')
  const paren = item.indexOf('(')
  return space >= 0 && (paren < 0 || space < paren) ? item.slice(space + 1) : item
}
