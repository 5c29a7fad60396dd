// OTLP metric bodies for tests and benchmarks, written by protobufjs from the published schemas.

import protobuf from 'protobufjs'

const SCHEMA = `syntax = "proto3";
message Request { repeated ResourceMetrics resource_metrics = 1; }
message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scope_metrics = 2; }
message Resource { repeated KeyValue attributes = 1; }
message ScopeMetrics { Scope scope = 1; repeated Metric metrics = 2; string schema_url = 3; }
message Scope { string name = 1; string version = 2; repeated KeyValue attributes = 3; }
message KeyValue { string key = 1; AnyValue value = 2; }
message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; } }
message Metric { string name = 1; string description = 2; string unit = 3; oneof data { Gauge gauge = 5; Sum sum = 7; Histogram histogram = 9; Exp exponential_histogram = 10; Summary summary = 11; } }
message Gauge { repeated Number data_points = 1; }
message Sum { repeated Number data_points = 1; int32 aggregation_temporality = 2; bool is_monotonic = 3; }
message Number { fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3; oneof value { double as_double = 4; sfixed64 as_int = 6; } repeated Exemplar exemplars = 5; repeated KeyValue attributes = 7; uint32 flags = 8; }
message Histogram { repeated HistogramPoint data_points = 1; int32 aggregation_temporality = 2; }
message HistogramPoint { fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3; fixed64 count = 4; optional double sum = 5; repeated fixed64 bucket_counts = 6; repeated double explicit_bounds = 7; repeated Exemplar exemplars = 8; repeated KeyValue attributes = 9; uint32 flags = 10; }
message Exp { repeated ExpPoint data_points = 1; int32 aggregation_temporality = 2; }
message ExpPoint { repeated KeyValue attributes = 1; fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3; fixed64 count = 4; optional double sum = 5;
  sint32 scale = 6; fixed64 zero_count = 7; Buckets positive = 8; Buckets negative = 9; uint32 flags = 10; repeated Exemplar exemplars = 11; }
message Buckets { sint32 offset = 1; repeated uint64 bucket_counts = 2; }
message Summary { repeated SummaryPoint data_points = 1; }
message SummaryPoint { fixed64 time_unix_nano = 3; fixed64 count = 4; double sum = 5; repeated Quantile quantile_values = 6; repeated KeyValue attributes = 7; uint32 flags = 8; }
message Quantile { double quantile = 1; double value = 2; }
message Exemplar { fixed64 time_unix_nano = 2; double as_double = 3; bytes span_id = 4; bytes trace_id = 5; repeated KeyValue filtered_attributes = 7; }`

const Request = protobuf.parse(SCHEMA, { keepCase: true }).root.lookupType('Request')

/** Attributes of a message, by key. */
export type TestAttributes = Readonly<Record<string, string | number | boolean>>

/** Attributes as OTLP has them. */
export function keyValues(attributes: TestAttributes): object[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }))
}

function anyValue(value: string | number | boolean): object {
  if (typeof value === 'string') return { string_value: value }
  if (typeof value === 'boolean') return { bool_value: value }
  return Number.isInteger(value) ? { int_value: value } : { double_value: value }
}

/** A body with one resource and scope. `metrics` are Metric messages by field names of the schema, `scope` more of ScopeMetrics. */
export function encodeOtlpMetrics(resource: TestAttributes, metrics: readonly object[], scope: object = {}): Uint8Array {
  const scope_metrics = [{ scope: { name: 'test' }, metrics, ...scope }]
  const message = { resource_metrics: [{ resource: { attributes: keyValues(resource) }, scope_metrics }] }
  return Request.encode(Request.fromObject(message)).finish()
}

/** What protobufjs reads of a body. */
export function decodeOtlpMetrics(body: Uint8Array): Readonly<Record<string, unknown>> {
  return Request.toObject(Request.decode(body), { longs: String })
}
