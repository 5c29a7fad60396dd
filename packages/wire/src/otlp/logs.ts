// OTLP logs into columns. A hot path (bench/HOTPATHS.md): one pass over each record, no object per record.
//
// Source: opentelemetry-proto 1.11 logs.proto.

import { BytesColumn } from '@oriel/model'
import type { LogTarget } from '../log-target.ts'
import { LogRow } from '../log-target.ts'
import { ProtoReader } from '../protobuf.ts'
import { pushAnyValue, pushKeyValue } from './any-value.ts'
import { isZero, writeHex } from './hex.ts'
import { walkOtlp } from './resource.ts'

/**
 * Decodes an ExportLogsServiceRequest into `target`.
 *
 * Records without a time get that of their observation; without that the target's clock decides. Bodies that are no strings become
 * JSON text. Throws `WireError` when the bytes are no such message: the caller then cuts back what was added.
 */
export function decodeOtlpLogs(body: Uint8Array, target: LogTarget): void {
  const records = new LogRecords(target)
  walkOtlp(new ProtoReader(body), {
    resource: (source, start, end) => target.enterResource(source, start, end),
    scopeGroup: (reader) => records.readScopeLogs(reader),
  })
}

class LogRecords {
  readonly #target: LogTarget
  readonly #row = new LogRow()
  readonly #ids = new Uint8Array(2 * (MAX_TRACE_ID + MAX_SPAN_ID))
  /** Bodies that are not strings, printed. Holds one row at a time. */
  readonly #printed = new BytesColumn()
  readonly #keyOf: (source: Uint8Array, start: number, end: number) => string
  #observedLow = 0
  #observedHigh = 0

  constructor(target: LogTarget) {
    this.#target = target
    this.#keyOf = (source, start, end) => target.attributeKey(source, start, end)
  }

  readScopeLogs(reader: ProtoReader): void {
    this.#target.enterScope(reader.bytes, reader.pos, reader.pos)
    while (reader.next() !== 0) {
      if (reader.field === 1) {
        reader.range()
        this.#target.enterScope(reader.bytes, reader.start, reader.stop)
      } else if (reader.field === 2) {
        const outer = reader.enter()
        this.#readRecord(reader)
        reader.leave(outer)
      } else reader.skip()
    }
  }

  #readRecord(reader: ProtoReader): void {
    const row = this.#row
    row.clear()
    this.#observedLow = 0
    this.#observedHigh = 0
    while (reader.next() !== 0) this.#readField(reader, row)
    if (row.timeLow === 0 && row.timeHigh === 0) {
      row.timeLow = this.#observedLow
      row.timeHigh = this.#observedHigh
    }
    this.#target.closeRow(row)
  }

  #readField(reader: ProtoReader, row: LogRow): void {
    switch (reader.field) {
      case 1:
        reader.fixed64()
        row.timeLow = reader.low
        row.timeHigh = reader.high
        break
      case 2:
        row.severity = reader.uint()
        break
      case 3:
        reader.range()
        row.severityText = this.#target.word(reader.bytes, reader.start, reader.stop)
        break
      case 5:
        this.#readBody(reader, row)
        break
      case 6:
        pushKeyValue(reader, this.#target.records.attributes, this.#keyOf)
        break
      case 9:
        this.#readTraceId(reader, row)
        break
      case 10:
        this.#readSpanId(reader, row)
        break
      case 11:
        reader.fixed64()
        this.#observedLow = reader.low
        this.#observedHigh = reader.high
        break
      case 12:
        this.#readEventName(reader)
        break
      default:
        reader.skip()
    }
  }

  #readBody(reader: ProtoReader, row: LogRow): void {
    const outer = reader.enter()
    const from = reader.pos
    // A string is the usual body: taken where it stands.
    if (reader.next() === 1) {
      reader.range()
      if (reader.pos === reader.end) {
        row.body = reader.bytes
        row.bodyStart = reader.start
        row.bodyEnd = reader.stop
        reader.leave(outer)
        return
      }
    }
    reader.pos = from
    this.#printed.truncate(0)
    pushAnyValue(reader, this.#printed)
    row.body = this.#printed.bytesAt(0)
    row.bodyStart = 0
    row.bodyEnd = row.body.length
    reader.leave(outer)
  }

  #readTraceId(reader: ProtoReader, row: LogRow): void {
    reader.range()
    const { bytes, start, stop } = reader
    if (stop - start > MAX_TRACE_ID || isZero(bytes, start, stop)) return
    row.traceId = this.#ids
    row.traceIdStart = 0
    row.traceIdEnd = writeHex(bytes, start, stop, this.#ids, 0)
  }

  #readSpanId(reader: ProtoReader, row: LogRow): void {
    reader.range()
    const { bytes, start, stop } = reader
    if (stop - start > MAX_SPAN_ID || isZero(bytes, start, stop)) return
    row.spanId = this.#ids
    row.spanIdStart = 2 * MAX_TRACE_ID
    row.spanIdEnd = writeHex(bytes, start, stop, this.#ids, 2 * MAX_TRACE_ID)
  }

  #readEventName(reader: ProtoReader): void {
    reader.range()
    if (reader.start === reader.stop) return
    const { attributes } = this.#target.records
    attributes.keys.push('event_name')
    attributes.values.pushBytes(reader.bytes, reader.start, reader.stop)
  }
}

// Ids longer than the specification's are dropped, as no span can have them.
const MAX_TRACE_ID = 16
const MAX_SPAN_ID = 8
