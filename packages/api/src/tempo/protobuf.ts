import type { Span } from '@oriel/model'
import { SPAN_KINDS, SPAN_STATUSES } from '@oriel/model'
import { ProtoWriter } from '@oriel/wire'
import { groupSpans } from './otlp.ts'

/** Spans as a `Trace` message, whose bytes equal OTLP's `TracesData`. Source: Tempo tempopb, opentelemetry-proto trace.proto. */
export function encodeTrace(spans: readonly Span[]): Uint8Array {
  const writer = new ProtoWriter()
  writeTrace(writer, spans)
  return writer.finish()
}

/** Spans as a `TraceByIDResponse` with status complete. */
export function encodeTraceResponse(spans: readonly Span[]): Uint8Array {
  const writer = new ProtoWriter()
  const trace = writer.open(1)
  writeTrace(writer, spans)
  writer.close(trace)
  writer.close(writer.open(2))
  return writer.finish()
}

function writeTrace(writer: ProtoWriter, spans: readonly Span[]): void {
  for (const { resource, scopes } of groupSpans(spans)) {
    const resourceSpans = writer.open(1)
    const resourceAt = writer.open(1)
    writeAttributes(writer, 1, resource)
    writer.close(resourceAt)
    for (const { scope, spans: own } of scopes) {
      const scopeSpans = writer.open(2)
      const scopeAt = writer.open(1)
      writer.string(1, scope.name)
      writer.string(2, scope.version)
      writer.close(scopeAt)
      for (const span of own) writeSpan(writer, span)
      writer.close(scopeSpans)
    }
    writer.close(resourceSpans)
  }
}

function writeSpan(writer: ProtoWriter, span: Span): void {
  const at = writer.open(2)
  writer.data(1, Buffer.from(span.traceId, 'hex'))
  writer.data(2, Buffer.from(span.spanId, 'hex'))
  if (span.traceState !== '') writer.string(3, span.traceState)
  if (span.parentSpanId !== '') writer.data(4, Buffer.from(span.parentSpanId, 'hex'))
  writer.string(5, span.name)
  writer.int(6, SPAN_KINDS.indexOf(span.kind))
  writer.fixed64(7, span.startNs)
  writer.fixed64(8, span.startNs + span.durationNs)
  writeAttributes(writer, 9, span.attributes)
  for (const event of span.events) {
    const eventAt = writer.open(11)
    writer.fixed64(1, event.tNs)
    writer.string(2, event.name)
    writeAttributes(writer, 3, event.attributes)
    writer.close(eventAt)
  }
  for (const link of span.links) {
    const linkAt = writer.open(13)
    writer.data(1, Buffer.from(link.traceId, 'hex'))
    writer.data(2, Buffer.from(link.spanId, 'hex'))
    if (link.traceState !== '') writer.string(3, link.traceState)
    writeAttributes(writer, 4, link.attributes)
    writer.close(linkAt)
  }
  const status = writer.open(15)
  if (span.statusMessage !== '') writer.string(2, span.statusMessage)
  if (span.status !== 'unset') writer.int(3, SPAN_STATUSES.indexOf(span.status))
  writer.close(status)
  if (span.flags !== 0) writer.fixed32(16, span.flags)
  writer.close(at)
}

function writeAttributes(writer: ProtoWriter, field: number, attributes: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(attributes)) {
    const at = writer.open(field)
    writer.string(1, key)
    const valueAt = writer.open(2)
    writer.string(1, value)
    writer.close(valueAt)
    writer.close(at)
  }
}
