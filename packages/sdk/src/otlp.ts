import type { LogLevel, TelemetryLabels } from '@oriel/model'
import { SPAN_KINDS, SPAN_STATUSES } from '@oriel/model'
import { ProtoWriter } from '@oriel/wire'
import type { RecordedLog } from './logging.ts'
import type { HistogramPoint, MetricFamily, NumberPoint } from './metrics.ts'
import type { RecordedSpan } from './tracing.ts'

/** Who tells: resource attributes, `service.name` among them. */
export type ResourceAttributes = Readonly<Record<string, string>>

/** When the counters began to count and when they were read, nanoseconds since 1970. */
export interface MetricTimes {
  readonly startNs: bigint
  readonly nowNs: bigint
}

// OTLP: cumulative, because the registry never starts again. Source: opentelemetry-proto metrics.proto AggregationTemporality.
const CUMULATIVE = 2
const SCOPE = '@oriel/node'
const SEVERITY: Readonly<Record<LogLevel, number>> = { debug: 5, info: 9, warn: 13, error: 17 }

/** Spans as an OTLP ExportTraceServiceRequest. */
export function encodeSpans(resource: ResourceAttributes, spans: readonly RecordedSpan[]): Uint8Array {
  return encodeRequest(resource, (writer) => {
    for (const span of spans) writeSpan(writer, span)
  })
}

/** Log records as an OTLP ExportLogsServiceRequest. */
export function encodeLogs(resource: ResourceAttributes, logs: readonly RecordedLog[]): Uint8Array {
  return encodeRequest(resource, (writer) => {
    for (const log of logs) writeLog(writer, log)
  })
}

/** Metrics as an OTLP ExportMetricsServiceRequest: cumulative sums, gauges and explicit histograms. */
export function encodeMetrics(resource: ResourceAttributes, families: readonly MetricFamily[], times: MetricTimes): Uint8Array {
  return encodeRequest(resource, (writer) => {
    for (const family of families) if (family.points.size > 0) writeMetric(writer, family, times)
  })
}

/** All three requests have one outline: resource (1), then scope entries (2) with the scope (1) and the items (2). */
function encodeRequest(resource: ResourceAttributes, writeItems: (writer: ProtoWriter) => void): Uint8Array {
  const writer = new ProtoWriter()
  const resourceEntry = writer.open(1)
  const resourceAt = writer.open(1)
  writeAttributes(writer, 1, resource)
  writer.close(resourceAt)
  const scopeEntry = writer.open(2)
  const scope = writer.open(1)
  writer.string(1, SCOPE)
  writer.close(scope)
  writeItems(writer)
  writer.close(scopeEntry)
  writer.close(resourceEntry)
  return writer.finish()
}

function writeSpan(writer: ProtoWriter, span: RecordedSpan): void {
  const at = writer.open(2)
  writer.data(1, Buffer.from(span.traceId, 'hex'))
  writer.data(2, Buffer.from(span.spanId, 'hex'))
  if (span.parentSpanId !== '') writer.data(4, Buffer.from(span.parentSpanId, 'hex'))
  writer.string(5, span.name)
  writer.int(6, SPAN_KINDS.indexOf(span.kind))
  writer.fixed64(7, span.startNs)
  writer.fixed64(8, span.endNs)
  writeAttributes(writer, 9, span.attributes)
  if (span.error !== undefined) {
    const status = writer.open(15)
    writer.string(2, span.error)
    writer.int(3, SPAN_STATUSES.indexOf('error'))
    writer.close(status)
  }
  writer.close(at)
}

function writeLog(writer: ProtoWriter, log: RecordedLog): void {
  const at = writer.open(2)
  writer.fixed64(1, BigInt(log.tMs) * 1_000_000n)
  writer.int(2, SEVERITY[log.level])
  writer.string(3, log.level)
  const body = writer.open(5)
  writer.string(1, log.message)
  writer.close(body)
  writeAttributes(writer, 6, log.fields)
  if (log.traceId !== '') writer.data(9, Buffer.from(log.traceId, 'hex'))
  if (log.spanId !== '') writer.data(10, Buffer.from(log.spanId, 'hex'))
  writer.close(at)
}

function writeMetric(writer: ProtoWriter, family: MetricFamily, times: MetricTimes): void {
  const at = writer.open(2)
  writer.string(1, family.name)
  writer.string(2, family.help)
  const data = writer.open(family.kind === 'gauge' ? 5 : family.kind === 'counter' ? 7 : 9)
  if (family.kind === 'histogram') {
    for (const point of family.points.values()) writeHistogramPoint(writer, family.buckets, point, times)
    writer.int(2, CUMULATIVE)
  } else {
    for (const point of family.points.values()) writeNumberPoint(writer, point, times)
    if (family.kind === 'counter') writer.int(2, CUMULATIVE)
    if (family.kind === 'counter') writer.bool(3, true)
  }
  writer.close(data)
  writer.close(at)
}

function writeNumberPoint(writer: ProtoWriter, { labels, value }: NumberPoint, { startNs, nowNs }: MetricTimes): void {
  const at = writer.open(1)
  writer.fixed64(2, startNs)
  writer.fixed64(3, nowNs)
  writer.double(4, value)
  writeAttributes(writer, 7, labels)
  writer.close(at)
}

function writeHistogramPoint(writer: ProtoWriter, buckets: readonly number[], point: HistogramPoint, times: MetricTimes): void {
  const at = writer.open(1)
  writer.fixed64(2, times.startNs)
  writer.fixed64(3, times.nowNs)
  writer.fixed64(4, BigInt(point.count))
  writer.double(5, point.sum)
  writer.packedFixed64(6, Array.from(point.counts, BigInt))
  writer.packedDoubles(7, buckets)
  for (const exemplar of point.exemplars) {
    if (exemplar === undefined) continue
    const exemplarAt = writer.open(8)
    writer.fixed64(2, BigInt(exemplar.tMs) * 1_000_000n)
    writer.double(3, exemplar.value)
    writer.data(4, Buffer.from(exemplar.spanId, 'hex'))
    writer.data(5, Buffer.from(exemplar.traceId, 'hex'))
    writer.close(exemplarAt)
  }
  writeAttributes(writer, 9, point.labels)
  writer.close(at)
}

function writeAttributes(writer: ProtoWriter, field: number, attributes: TelemetryLabels): void {
  for (const [key, value] of Object.entries(attributes)) {
    const at = writer.open(field)
    writer.string(1, key)
    const valueAt = writer.open(2)
    writer.string(1, value)
    writer.close(valueAt)
    writer.close(at)
  }
}
