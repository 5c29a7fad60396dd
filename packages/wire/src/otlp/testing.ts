// For tests: OTLP messages by protobufjs, the oracle of our own reader, and targets that write down what they are given.

import type { Labels } from '@oriel/model'
import { LogColumns, SpanColumns } from '@oriel/model'
import protobuf from 'protobufjs'
import type { LogRow, LogTarget } from '../log-target.ts'
import type { SpanRow, SpanTarget } from '../span-target.ts'
import { PARENT_ID_AT, SPAN_ID_AT } from '../span-target.ts'
import { decodeOtlpResource, decodeOtlpScope } from './resource.ts'

const { root } = protobuf.parse(`
  syntax = "proto3";
  message AnyValue { oneof value { string stringValue = 1; bool boolValue = 2; int64 intValue = 3; double doubleValue = 4; ArrayValue arrayValue = 5; KeyValueList kvlistValue = 6; bytes bytesValue = 7; } }
  message ArrayValue { repeated AnyValue values = 1; }
  message KeyValueList { repeated KeyValue values = 1; }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message Resource { repeated KeyValue attributes = 1; }
  message Scope { string name = 1; string version = 2; repeated KeyValue attributes = 3; }
  message LogRecord { fixed64 timeUnixNano = 1; int32 severityNumber = 2; string severityText = 3; AnyValue body = 5; repeated KeyValue attributes = 6; bytes traceId = 9; bytes spanId = 10; fixed64 observedTimeUnixNano = 11; string eventName = 12; }
  message ScopeLogs { Scope scope = 1; repeated LogRecord logRecords = 2; }
  message ResourceLogs { Resource resource = 1; repeated ScopeLogs scopeLogs = 2; }
  message logs { repeated ResourceLogs resourceLogs = 1; }
  message Event { fixed64 timeUnixNano = 1; string name = 2; repeated KeyValue attributes = 3; }
  message Link { bytes traceId = 1; bytes spanId = 2; string traceState = 3; repeated KeyValue attributes = 4; }
  message Status { string message = 2; int32 code = 3; }
  message Span { bytes traceId = 1; bytes spanId = 2; string traceState = 3; bytes parentSpanId = 4; string name = 5; int32 kind = 6; fixed64 startTimeUnixNano = 7; fixed64 endTimeUnixNano = 8; repeated KeyValue attributes = 9; repeated Event events = 11; repeated Link links = 13; Status status = 15; fixed32 flags = 16; }
  message ScopeSpans { Scope scope = 1; repeated Span spans = 2; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scopeSpans = 2; }
  message traces { repeated ResourceSpans resourceSpans = 1; }
`)

/** The export request of a signal, given as plain objects, in bytes. 64-bit values may be bigints below 2^63. */
export function encodeOtlp(signal: 'logs' | 'traces', request: object): Uint8Array {
  const type = root.lookupType(signal)
  return new Uint8Array(type.encode(type.fromObject(request)).finish())
}

/** A 64-bit value as protobufjs takes it. */
export function long(value: bigint): object {
  return { low: Number(BigInt.asIntN(32, value)), high: Number(BigInt.asIntN(32, value >> 32n)), unsigned: true }
}

/** Writes down records as objects. */
export class LogNotes implements LogTarget {
  readonly records: LogColumns = new LogColumns()
  readonly notes: Record<string, unknown>[] = []
  #resource: Record<string, string> = {}
  #scope = ''
  #stream: Labels | undefined

  enterResource(source: Uint8Array, start: number, end: number): void {
    this.#resource = decodeOtlpResource(source, start, end)
  }
  enterScope(source: Uint8Array, start: number, end: number): void {
    this.#scope = decodeOtlpScope(source, start, end).name
  }
  enterStream(_key: Uint8Array, _start: number, _end: number, labels: () => Labels): void {
    this.#stream = labels()
  }
  attributeKey(source: Uint8Array, start: number, end: number): string {
    return text(source, start, end)
  }
  word(source: Uint8Array, start: number, end: number): string {
    return text(source, start, end)
  }
  closeRow(row: LogRow): void {
    this.records.attributes.closeRow()
    this.notes.push({
      ...(this.#stream === undefined
        ? { resource: this.#resource, scope: this.#scope }
        : { stream: Object.fromEntries(this.#stream.map(({ name, value }) => [name, value])) }),
      tNs: bigint(row.timeLow, row.timeHigh),
      severity: row.severity,
      severityText: row.severityText,
      body: text(row.body, row.bodyStart, row.bodyEnd),
      traceId: text(row.traceId, row.traceIdStart, row.traceIdEnd),
      spanId: text(row.spanId, row.spanIdStart, row.spanIdEnd),
      attributes: this.records.attributes.recordAt(this.records.attributes.length - 1),
    })
  }
}

/** Writes down spans as objects. */
export class SpanNotes implements SpanTarget {
  readonly spans: SpanColumns = new SpanColumns()
  readonly notes: Record<string, unknown>[] = []
  #resource: Record<string, string> = {}
  #scope = ''

  enterResource(source: Uint8Array, start: number, end: number): void {
    this.#resource = decodeOtlpResource(source, start, end)
  }
  enterScope(source: Uint8Array, start: number, end: number): void {
    this.#scope = decodeOtlpScope(source, start, end).name
  }
  word(source: Uint8Array, start: number, end: number): string {
    return text(source, start, end)
  }
  closeRow(row: SpanRow): void {
    this.spans.attributes.closeRow()
    const { name, kind, status, statusMessage, traceState, flags, events, links } = row
    this.notes.push({
      resource: this.#resource,
      scope: this.#scope,
      traceId: text(row.ids, 0, row.traceIdEnd),
      spanId: text(row.ids, SPAN_ID_AT, row.spanIdEnd),
      parentSpanId: text(row.ids, PARENT_ID_AT, row.parentSpanIdEnd),
      startNs: bigint(row.startLow, row.startHigh),
      endNs: bigint(row.endLow, row.endHigh),
      name,
      kind,
      status,
      statusMessage,
      traceState,
      flags,
      events,
      links,
      attributes: this.spans.attributes.recordAt(this.spans.attributes.length - 1),
    })
  }
}

function text(source: Uint8Array, start: number, end: number): string {
  return new TextDecoder().decode(source.subarray(start, end))
}

function bigint(low: number, high: number): bigint {
  return (BigInt(high) << 32n) | BigInt(low)
}
