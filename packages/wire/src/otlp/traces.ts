// OTLP spans into columns. A hot path (bench/HOTPATHS.md): one pass over each span, no object per span without events or links.
//
// Source: opentelemetry-proto 1.11 trace.proto.

import { ProtoReader } from '../protobuf.ts'
import type { SpanTarget } from '../span-target.ts'
import { MAX_SPAN_ID_BYTES, MAX_TRACE_ID_BYTES, PARENT_ID_AT, SPAN_ID_AT, SpanRow } from '../span-target.ts'
import { pushKeyValue, readKeyValue } from './any-value.ts'
import { isZero, writeHex } from './hex.ts'
import { walkOtlp } from './resource.ts'

/**
 * Decodes an ExportTraceServiceRequest into `target`.
 *
 * Throws `WireError` when the bytes are no such message: the caller then cuts back what was added.
 */
export function decodeOtlpTraces(body: Uint8Array, target: SpanTarget): void {
  const spans = new Spans(target)
  walkOtlp(new ProtoReader(body), {
    resource: (source, start, end) => target.enterResource(source, start, end),
    scopeGroup: (reader) => spans.readScopeSpans(reader),
  })
}

class Spans {
  readonly #target: SpanTarget
  readonly #row = new SpanRow()
  readonly #keyOf: (source: Uint8Array, start: number, end: number) => string

  constructor(target: SpanTarget) {
    this.#target = target
    this.#keyOf = (source, start, end) => target.word(source, start, end)
  }

  readScopeSpans(reader: ProtoReader): void {
    this.#target.enterScope(reader.bytes, reader.pos, reader.pos)
    while (reader.next() !== 0) {
      if (reader.field === 1) {
        reader.range()
        this.#target.enterScope(reader.bytes, reader.start, reader.stop)
      } else if (reader.field === 2) {
        const outer = reader.enter()
        this.#row.clear()
        while (reader.next() !== 0) this.#readField(reader, this.#row)
        this.#target.closeRow(this.#row)
        reader.leave(outer)
      } else reader.skip()
    }
  }

  #readField(reader: ProtoReader, row: SpanRow): void {
    switch (reader.field) {
      case 1:
        row.traceIdEnd = readId(reader, row.ids, 0, MAX_TRACE_ID_BYTES)
        break
      case 2:
        row.spanIdEnd = readId(reader, row.ids, SPAN_ID_AT, MAX_SPAN_ID_BYTES)
        break
      case 3:
        row.traceState = this.#word(reader)
        break
      case 4:
        row.parentSpanIdEnd = readId(reader, row.ids, PARENT_ID_AT, MAX_SPAN_ID_BYTES)
        break
      case 5:
        row.name = this.#word(reader)
        break
      case 6:
        row.kind = reader.uint()
        break
      case 7:
        reader.fixed64()
        row.startLow = reader.low
        row.startHigh = reader.high
        break
      case 8:
        reader.fixed64()
        row.endLow = reader.low
        row.endHigh = reader.high
        break
      case 9:
        pushKeyValue(reader, this.#target.spans.attributes, this.#keyOf)
        break
      default:
        this.#readRareField(reader, row)
    }
  }

  #readRareField(reader: ProtoReader, row: SpanRow): void {
    switch (reader.field) {
      case 11:
        row.events += `${row.events === '' ? '' : ','}${readEvent(reader)}`
        break
      case 13:
        row.links += `${row.links === '' ? '' : ','}${readLink(reader)}`
        break
      case 15:
        this.#readStatus(reader, row)
        break
      case 16:
        row.flags = reader.fixed32()
        break
      default:
        reader.skip()
    }
  }

  #readStatus(reader: ProtoReader, row: SpanRow): void {
    const outer = reader.enter()
    while (reader.next() !== 0) {
      if (reader.field === 2) row.statusMessage = this.#word(reader)
      else if (reader.field === 3) row.status = reader.uint()
      else reader.skip()
    }
    reader.leave(outer)
  }

  #word(reader: ProtoReader): string {
    reader.range()
    return this.#target.word(reader.bytes, reader.start, reader.stop)
  }
}

/** Reads an id as hex text to `ids` from `at` on; returns its end, `at` for no id (absent, all zero, or too long). */
function readId(reader: ProtoReader, ids: Uint8Array, at: number, maxBytes: number): number {
  reader.range()
  const { bytes, start, stop } = reader
  if (stop - start > maxBytes || isZero(bytes, start, stop)) return at
  return writeHex(bytes, start, stop, ids, at)
}

function readEvent(reader: ProtoReader): string {
  let timeUnixNano = '0'
  let name = ''
  const attributes: Record<string, string> = {}
  const outer = reader.enter()
  while (reader.next() !== 0) {
    switch (reader.field) {
      case 1:
        reader.fixed64()
        timeUnixNano = ((BigInt(reader.high) << 32n) | BigInt(reader.low)).toString()
        break
      case 2:
        name = reader.string()
        break
      case 3:
        readKeyValue(reader, attributes)
        break
      default:
        reader.skip()
    }
  }
  reader.leave(outer)
  return JSON.stringify({ timeUnixNano, name, attributes })
}

function readLink(reader: ProtoReader): string {
  let traceId = ''
  let spanId = ''
  let traceState = ''
  const attributes: Record<string, string> = {}
  const outer = reader.enter()
  while (reader.next() !== 0) {
    switch (reader.field) {
      case 1:
        traceId = hexText(reader)
        break
      case 2:
        spanId = hexText(reader)
        break
      case 3:
        traceState = reader.string()
        break
      case 4:
        readKeyValue(reader, attributes)
        break
      default:
        reader.skip()
    }
  }
  reader.leave(outer)
  return JSON.stringify({ traceId, spanId, traceState, attributes })
}

function hexText(reader: ProtoReader): string {
  reader.range()
  const { bytes, start, stop } = reader
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, stop - start).toString('hex')
}
