// OTLP attribute values as text: strings as they are, numbers and booleans printed, lists and maps as JSON, bytes as base64.
//
// Source: opentelemetry-proto 1.11 common.proto; text forms as the OpenTelemetry collector's AsString.

import type { BytesColumn, MapColumn } from '@oriel/model'
import { doubleOf } from '../protobuf.ts'
import type { ProtoReader } from '../protobuf.ts'

/** Pushes the AnyValue message that `reader` has entered as one row; no value gives ''. */
export function pushAnyValue(reader: ProtoReader, values: BytesColumn): void {
  const rows = values.length
  while (reader.next() !== 0) {
    if (values.length > rows) values.truncate(rows)
    switch (reader.field) {
      case STRING:
        reader.range()
        values.pushBytes(reader.bytes, reader.start, reader.stop)
        break
      case BOOL:
        values.pushString(reader.bool() ? 'true' : 'false')
        break
      case INT:
        values.pushString(readInt(reader))
        break
      case DOUBLE:
        values.pushString(printDouble(reader.double()))
        break
      case LIST:
      case MAP:
        values.pushString(readNested(reader))
        break
      case BYTES:
        values.pushString(readBase64(reader))
        break
      default:
        reader.skip()
    }
  }
  if (values.length === rows) values.pushString('')
}

/** The AnyValue message that `reader` has entered, as text. */
export function readAnyValueText(reader: ProtoReader): string {
  let text = ''
  while (reader.next() !== 0) {
    switch (reader.field) {
      case STRING:
        text = reader.string()
        break
      case BOOL:
        text = reader.bool() ? 'true' : 'false'
        break
      case INT:
        text = readInt(reader)
        break
      case DOUBLE:
        text = printDouble(reader.double())
        break
      case LIST:
      case MAP:
        text = readNested(reader)
        break
      case BYTES:
        text = readBase64(reader)
        break
      default:
        reader.skip()
    }
  }
  return text
}

/** The KeyValue messages in field `field` of the message that `reader` has entered, as a record; a repeated key keeps the last. */
export function readAttributes(reader: ProtoReader, field: number): Record<string, string> {
  const record: Record<string, string> = {}
  while (reader.next() !== 0) {
    if (reader.field === field) readKeyValue(reader, record)
    else reader.skip()
  }
  return record
}

/** Adds the KeyValue that `next` found to `record`. */
export function readKeyValue(reader: ProtoReader, record: Record<string, string>): void {
  let key = ''
  let value = ''
  const outer = reader.enter()
  while (reader.next() !== 0) {
    if (reader.field === 1) key = reader.string()
    else if (reader.field === 2) {
      const pair = reader.enter()
      value = readAnyValueText(reader)
      reader.leave(pair)
    } else reader.skip()
  }
  reader.leave(outer)
  // A key of this name would change what the record is, not what it holds.
  if (key !== '__proto__') record[key] = value
}

/** Pushes the KeyValue that `next` found as one entry of `map`'s open row; `keyOf` names it from its raw bytes. */
export function pushKeyValue(
  reader: ProtoReader,
  map: MapColumn,
  keyOf: (source: Uint8Array, start: number, end: number) => string,
): void {
  const rows = map.values.length
  let key = ''
  const outer = reader.enter()
  while (reader.next() !== 0) {
    if (reader.field === 1) {
      reader.range()
      key = keyOf(reader.bytes, reader.start, reader.stop)
    } else if (reader.field === 2) {
      if (map.values.length > rows) map.values.truncate(rows)
      const pair = reader.enter()
      pushAnyValue(reader, map.values)
      reader.leave(pair)
    } else reader.skip()
  }
  reader.leave(outer)
  if (map.values.length === rows) map.values.pushString('')
  map.keys.push(key)
}

/** Shortest text that reads back as `value`, in Go's spelling of what is no number. */
export function printDouble(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (value === Infinity) return '+Inf'
  if (value === -Infinity) return '-Inf'
  return String(value)
}

// AnyValue's fields.
const STRING = 1
const BOOL = 2
const INT = 3
const DOUBLE = 4
const LIST = 5
const MAP = 6
const BYTES = 7

/** An int64 as decimal text, exact. */
function readInt(reader: ProtoReader): string {
  reader.varint()
  const { low, high } = reader
  if (high === 0) return String(low)
  const signed = (high | 0) * 2 ** 32 + low
  return Number.isSafeInteger(signed) ? String(signed) : BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low)).toString()
}

function readBase64(reader: ProtoReader): string {
  reader.range()
  const { bytes, start, stop } = reader
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, stop - start).toString('base64')
}

/** The list or map that `next` found, as JSON. */
function readNested(reader: ProtoReader): string {
  const isList = reader.field === LIST
  const outer = reader.enter()
  const parts: string[] = []
  while (reader.next() !== 0) {
    if (reader.field !== 1) {
      reader.skip()
      continue
    }
    const item = reader.enter()
    parts.push(isList ? readJson(reader) : readJsonPair(reader))
    reader.leave(item)
  }
  reader.leave(outer)
  return isList ? `[${parts.join(',')}]` : `{${parts.join(',')}}`
}

function readJsonPair(reader: ProtoReader): string {
  let key = ''
  let value = 'null'
  while (reader.next() !== 0) {
    if (reader.field === 1) key = reader.string()
    else if (reader.field === 2) {
      const outer = reader.enter()
      value = readJson(reader)
      reader.leave(outer)
    } else reader.skip()
  }
  return `${JSON.stringify(key)}:${value}`
}

/** The AnyValue that `reader` has entered, as JSON. */
function readJson(reader: ProtoReader): string {
  let json = 'null'
  while (reader.next() !== 0) {
    switch (reader.field) {
      case STRING:
        json = JSON.stringify(reader.string())
        break
      case BOOL:
        json = reader.bool() ? 'true' : 'false'
        break
      case INT:
        json = readInt(reader)
        break
      case DOUBLE:
        reader.fixed64()
        json = jsonDouble(doubleOf(reader.low, reader.high))
        break
      case LIST:
      case MAP:
        json = readNested(reader)
        break
      case BYTES:
        json = JSON.stringify(readBase64(reader))
        break
      default:
        reader.skip()
    }
  }
  return json
}

/** JSON has no NaN and no infinities: they become strings. */
function jsonDouble(value: number): string {
  return Number.isFinite(value) ? String(value) : JSON.stringify(printDouble(value))
}
