// OTLP in JSON, turned into the protobuf it stands for: one decoder per signal then serves both.
//
// Source: OpenTelemetry protocol specification 1.11, "JSON Protobuf Encoding": lowerCamelCase keys, ids in hex, 64-bit integers as
// strings or numbers, enums as numbers (names are taken too), bytes in base64, unknown keys ignored.

import { WireError } from '../errors.ts'
import { ProtoWriter } from '../protobuf-writer.ts'
import { REQUEST_SCHEMAS } from './json-schema.ts'
import type { FieldKind, FieldSchema, MessageSchema } from './json-schema.ts'

/**
 * The export request of a signal in protobuf, from its JSON text (UTF-8).
 *
 * Throws `WireError` WIRE_MALFORMED naming the key that is wrong, WIRE_TOO_DEEP for nesting no sender uses. The bytes are the caller's.
 */
export function otlpJsonToProtobuf(signal: 'logs' | 'traces' | 'metrics', json: Uint8Array): Uint8Array {
  let request: unknown
  try {
    request = JSON.parse(quoteLongIntegers(decoder.decode(json)))
  } catch (error) {
    throw malformed('', error instanceof Error ? error.message : String(error))
  }
  const writer = new ProtoWriter()
  writeMessage(writer, REQUEST_SCHEMAS[signal], request, { path: signal, depth: 0 })
  return writer.finish()
}

interface Place {
  readonly path: string
  readonly depth: number
}

// 64, as in protobuf.
const MAX_DEPTH = 64
const decoder = new TextDecoder()

/**
 * Bare integers past 2^53 lose digits in JSON.parse: those of the keys that hold nanoseconds and counts are quoted first.
 *
 * Only `"key": 123456789012345678` is touched, and never within a string, because a quote in a string is escaped.
 */
function quoteLongIntegers(text: string): string {
  return text.replaceAll(/("[A-Za-z]+")(\s*:\s*)(-?\d{16,20})(?=\s*[,}\]])/g, '$1$2"$3"')
}

function writeMessage(writer: ProtoWriter, schema: MessageSchema, value: unknown, place: Place): void {
  if (value === null || value === undefined) return
  if (!isRecord(value)) throw malformed(place.path, 'is not an object')
  if (place.depth > MAX_DEPTH) throw new WireError('WIRE_TOO_DEEP', `cannot read OTLP JSON: nested deeper than ${MAX_DEPTH}`)
  for (const [key, item] of Object.entries(value)) {
    if (item === null || !Object.hasOwn(schema, key)) continue
    const field = schema[key]!
    const at = { path: `${place.path}.${key}`, depth: place.depth + 1 }
    if (field.isRepeated !== true) {
      writeField(writer, field.number, field.kind, item, at)
      continue
    }
    if (!Array.isArray(item)) throw malformed(at.path, 'is not an array')
    writeRepeated(writer, field, item, at)
  }
}

/** Numbers are packed, as protobuf's own writers do. */
function writeRepeated(writer: ProtoWriter, { number, kind }: FieldSchema, items: readonly unknown[], place: Place): void {
  if (kind === 'double') {
    const values = items.map((item) => doubleOf(item, place))
    writer.packedDoubles(number, values)
  } else if (kind === 'fixed64') {
    const values = items.map((item) => integerOf(item, place))
    writer.packedFixed64(number, values)
  } else if (kind === 'int64') {
    const values = items.map((item) => Number(BigInt.asUintN(53, integerOf(item, place))))
    writer.packedInts(number, values)
  } else for (const item of items) writeField(writer, number, kind, item, place)
}

function writeField(writer: ProtoWriter, number: number, kind: FieldKind, value: unknown, place: Place): void {
  if (typeof kind === 'function') {
    const at = writer.open(number)
    writeMessage(writer, kind(), value, place)
    writer.close(at)
    return
  }
  if (typeof kind === 'object') {
    writer.int(number, enumNumber(kind, value, place))
    return
  }
  switch (kind) {
    case 'string':
      if (typeof value !== 'string') throw malformed(place.path, 'is not a string')
      writer.string(number, value)
      return
    case 'bool':
      if (typeof value !== 'boolean') throw malformed(place.path, 'is not a boolean')
      writer.bool(number, value)
      return
    case 'hex':
      writer.data(number, hexBytes(value, place))
      return
    case 'base64':
      if (typeof value !== 'string') throw malformed(place.path, 'is not base64 text')
      writer.data(number, Buffer.from(value, 'base64'))
      return
    case 'int64':
    case 'uint32':
    case 'sint32':
    case 'fixed64':
    case 'fixed32':
    case 'double':
      writeNumber(writer, { number, kind }, value, place)
  }
}

type NumberKind = 'int64' | 'uint32' | 'sint32' | 'fixed64' | 'fixed32' | 'double'

function writeNumber(
  writer: ProtoWriter,
  { number, kind }: { readonly number: number; readonly kind: NumberKind },
  value: unknown,
  place: Place,
): void {
  switch (kind) {
    case 'double':
      writer.double(number, doubleOf(value, place))
      return
    case 'fixed64':
      writer.fixed64(number, integerOf(value, place))
      return
    case 'int64':
      writer.bigint(number, integerOf(value, place))
      return
    case 'fixed32':
      writer.fixed32(number, Number(BigInt.asUintN(32, integerOf(value, place))))
      return
    case 'uint32':
      writer.int(number, Number(BigInt.asUintN(32, integerOf(value, place))))
      return
    case 'sint32':
      writer.sint(number, Number(BigInt.asIntN(32, integerOf(value, place))))
  }
}

function integerOf(value: unknown, place: Place): bigint {
  if (typeof value === 'string' && /^-?\d{1,20}$/.test(value)) return BigInt(value)
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value)
  throw malformed(place.path, `is no integer: ${shown(value)}`)
}

function doubleOf(value: unknown, place: Place): number {
  if (typeof value === 'number') return value
  if (value === 'NaN') return Number.NaN
  if (value === 'Infinity') return Infinity
  if (value === '-Infinity') return -Infinity
  const parsed = typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN
  if (Number.isNaN(parsed)) throw malformed(place.path, `is no number: ${shown(value)}`)
  return parsed
}

function enumNumber(names: Readonly<Record<string, number>>, value: unknown, place: Place): number {
  if (typeof value === 'number' && Number.isInteger(value)) return value
  if (typeof value === 'string') {
    if (Object.hasOwn(names, value)) return names[value]!
    if (/^\d{1,9}$/.test(value)) return Number(value)
  }
  throw malformed(place.path, `is no value of this enum: ${shown(value)}`)
}

function hexBytes(value: unknown, place: Place): Uint8Array {
  if (typeof value !== 'string' || value.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(value))
    throw malformed(place.path, `is no hex text: ${shown(value)}`)
  return Buffer.from(value, 'hex')
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? 'undefined').slice(0, 60)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function malformed(path: string, reason: string): WireError {
  return new WireError('WIRE_MALFORMED', `cannot read OTLP JSON: ${path === '' ? '' : `${path} `}${reason}`)
}
