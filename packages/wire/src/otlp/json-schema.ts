// Which JSON key is which protobuf field. Source: opentelemetry-proto 1.11.

/** How a field is written: a scalar, an enum's names, or a message (given by a function, as messages hold one another). */
export type FieldKind =
  | 'string'
  | 'bool'
  | 'hex'
  | 'base64'
  | 'int64'
  | 'uint32'
  | 'sint32'
  | 'fixed64'
  | 'fixed32'
  | 'double'
  | Readonly<Record<string, number>>
  | (() => MessageSchema)

/** A field of a message. */
export interface FieldSchema {
  readonly number: number
  readonly kind: FieldKind
  readonly isRepeated?: boolean
}

/** The fields of a message by their JSON names. */
export type MessageSchema = Readonly<Record<string, FieldSchema>>

const one = (number: number, kind: FieldKind): FieldSchema => ({ number, kind })
const many = (number: number, kind: FieldKind): FieldSchema => ({ number, kind, isRepeated: true })

const anyValue: MessageSchema = {
  stringValue: one(1, 'string'),
  boolValue: one(2, 'bool'),
  intValue: one(3, 'int64'),
  doubleValue: one(4, 'double'),
  arrayValue: one(5, () => arrayValue),
  kvlistValue: one(6, () => keyValueList),
  bytesValue: one(7, 'base64'),
}
const arrayValue: MessageSchema = { values: many(1, () => anyValue) }
const keyValue: MessageSchema = { key: one(1, 'string'), value: one(2, () => anyValue) }
const keyValueList: MessageSchema = { values: many(1, () => keyValue) }

const resource: MessageSchema = { attributes: many(1, () => keyValue) }
const scope: MessageSchema = { name: one(1, 'string'), version: one(2, 'string'), attributes: many(3, () => keyValue) }

const severities = Object.fromEntries(
  ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'].flatMap((word, at) =>
    ['', '2', '3', '4'].map((suffix, step): [string, number] => [`SEVERITY_NUMBER_${word}${suffix}`, 4 * at + step + 1]),
  ),
)

const logRecord: MessageSchema = {
  timeUnixNano: one(1, 'fixed64'),
  severityNumber: one(2, { ...severities, SEVERITY_NUMBER_UNSPECIFIED: 0 }),
  severityText: one(3, 'string'),
  body: one(5, () => anyValue),
  attributes: many(6, () => keyValue),
  flags: one(8, 'fixed32'),
  traceId: one(9, 'hex'),
  spanId: one(10, 'hex'),
  observedTimeUnixNano: one(11, 'fixed64'),
  eventName: one(12, 'string'),
}
const scopeLogs: MessageSchema = { scope: one(1, () => scope), logRecords: many(2, () => logRecord) }
const resourceLogs: MessageSchema = { resource: one(1, () => resource), scopeLogs: many(2, () => scopeLogs) }

const spanKinds = {
  SPAN_KIND_UNSPECIFIED: 0,
  SPAN_KIND_INTERNAL: 1,
  SPAN_KIND_SERVER: 2,
  SPAN_KIND_CLIENT: 3,
  SPAN_KIND_PRODUCER: 4,
  SPAN_KIND_CONSUMER: 5,
}
const event: MessageSchema = {
  timeUnixNano: one(1, 'fixed64'),
  name: one(2, 'string'),
  attributes: many(3, () => keyValue),
}
const link: MessageSchema = {
  traceId: one(1, 'hex'),
  spanId: one(2, 'hex'),
  traceState: one(3, 'string'),
  attributes: many(4, () => keyValue),
}
const status: MessageSchema = {
  message: one(2, 'string'),
  code: one(3, { STATUS_CODE_UNSET: 0, STATUS_CODE_OK: 1, STATUS_CODE_ERROR: 2 }),
}
const span: MessageSchema = {
  traceId: one(1, 'hex'),
  spanId: one(2, 'hex'),
  traceState: one(3, 'string'),
  parentSpanId: one(4, 'hex'),
  name: one(5, 'string'),
  kind: one(6, spanKinds),
  startTimeUnixNano: one(7, 'fixed64'),
  endTimeUnixNano: one(8, 'fixed64'),
  attributes: many(9, () => keyValue),
  events: many(11, () => event),
  links: many(13, () => link),
  status: one(15, () => status),
  flags: one(16, 'fixed32'),
}
const scopeSpans: MessageSchema = { scope: one(1, () => scope), spans: many(2, () => span) }
const resourceSpans: MessageSchema = { resource: one(1, () => resource), scopeSpans: many(2, () => scopeSpans) }

const exemplar: MessageSchema = {
  timeUnixNano: one(2, 'fixed64'),
  asDouble: one(3, 'double'),
  spanId: one(4, 'hex'),
  traceId: one(5, 'hex'),
  asInt: one(6, 'fixed64'),
  filteredAttributes: many(7, () => keyValue),
}
const numberPoint: MessageSchema = {
  startTimeUnixNano: one(2, 'fixed64'),
  timeUnixNano: one(3, 'fixed64'),
  asDouble: one(4, 'double'),
  exemplars: many(5, () => exemplar),
  asInt: one(6, 'fixed64'),
  attributes: many(7, () => keyValue),
  flags: one(8, 'uint32'),
}
const histogramPoint: MessageSchema = {
  startTimeUnixNano: one(2, 'fixed64'),
  timeUnixNano: one(3, 'fixed64'),
  count: one(4, 'fixed64'),
  sum: one(5, 'double'),
  bucketCounts: many(6, 'fixed64'),
  explicitBounds: many(7, 'double'),
  exemplars: many(8, () => exemplar),
  attributes: many(9, () => keyValue),
  flags: one(10, 'uint32'),
  min: one(11, 'double'),
  max: one(12, 'double'),
}
const buckets: MessageSchema = { offset: one(1, 'sint32'), bucketCounts: many(2, 'int64') }
const exponentialPoint: MessageSchema = {
  attributes: many(1, () => keyValue),
  startTimeUnixNano: one(2, 'fixed64'),
  timeUnixNano: one(3, 'fixed64'),
  count: one(4, 'fixed64'),
  sum: one(5, 'double'),
  scale: one(6, 'sint32'),
  zeroCount: one(7, 'fixed64'),
  positive: one(8, () => buckets),
  negative: one(9, () => buckets),
  flags: one(10, 'uint32'),
  exemplars: many(11, () => exemplar),
  min: one(12, 'double'),
  max: one(13, 'double'),
  zeroThreshold: one(14, 'double'),
}
const quantile: MessageSchema = { quantile: one(1, 'double'), value: one(2, 'double') }
const summaryPoint: MessageSchema = {
  startTimeUnixNano: one(2, 'fixed64'),
  timeUnixNano: one(3, 'fixed64'),
  count: one(4, 'fixed64'),
  sum: one(5, 'double'),
  quantileValues: many(6, () => quantile),
  attributes: many(7, () => keyValue),
  flags: one(8, 'uint32'),
}
const temporality = {
  AGGREGATION_TEMPORALITY_UNSPECIFIED: 0,
  AGGREGATION_TEMPORALITY_DELTA: 1,
  AGGREGATION_TEMPORALITY_CUMULATIVE: 2,
}
const gauge: MessageSchema = { dataPoints: many(1, () => numberPoint) }
const sum: MessageSchema = {
  dataPoints: many(1, () => numberPoint),
  aggregationTemporality: one(2, temporality),
  isMonotonic: one(3, 'bool'),
}
const histogram: MessageSchema = { dataPoints: many(1, () => histogramPoint), aggregationTemporality: one(2, temporality) }
const exponential: MessageSchema = { dataPoints: many(1, () => exponentialPoint), aggregationTemporality: one(2, temporality) }
const summary: MessageSchema = { dataPoints: many(1, () => summaryPoint) }
const metric: MessageSchema = {
  name: one(1, 'string'),
  description: one(2, 'string'),
  unit: one(3, 'string'),
  gauge: one(5, () => gauge),
  sum: one(7, () => sum),
  histogram: one(9, () => histogram),
  exponentialHistogram: one(10, () => exponential),
  summary: one(11, () => summary),
  metadata: many(12, () => keyValue),
}
const scopeMetrics: MessageSchema = { scope: one(1, () => scope), metrics: many(2, () => metric) }
const resourceMetrics: MessageSchema = { resource: one(1, () => resource), scopeMetrics: many(2, () => scopeMetrics) }

/** The export request of each signal. */
export const REQUEST_SCHEMAS: Readonly<Record<'logs' | 'traces' | 'metrics', MessageSchema>> = {
  logs: { resourceLogs: many(1, () => resourceLogs) },
  traces: { resourceSpans: many(1, () => resourceSpans) },
  metrics: { resourceMetrics: many(1, () => resourceMetrics) },
}
