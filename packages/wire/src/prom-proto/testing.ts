// Families for tests, written by protobufjs from the published schema.

import protobuf from 'protobufjs'

const SCHEMA = `syntax = "proto2";
message LabelPair { optional string name = 1; optional string value = 2; }
message Gauge { optional double value = 1; }
message Counter { optional double value = 1; optional Exemplar exemplar = 2; }
message Quantile { optional double quantile = 1; optional double value = 2; }
message Summary { optional uint64 sample_count = 1; optional double sample_sum = 2; repeated Quantile quantile = 3; }
message Histogram { optional uint64 sample_count = 1; optional double sample_sum = 2; repeated Bucket bucket = 3; optional sint32 schema = 5; }
message Bucket { optional uint64 cumulative_count = 1; optional double upper_bound = 2; optional Exemplar exemplar = 3; }
message Timestamp { optional int64 seconds = 1; optional int32 nanos = 2; }
message Exemplar { repeated LabelPair label = 1; optional double value = 2; optional Timestamp timestamp = 3; }
message Metric { repeated LabelPair label = 1; optional Gauge gauge = 2; optional Counter counter = 3; optional Summary summary = 4; optional Histogram histogram = 7; optional int64 timestamp_ms = 6; }
message MetricFamily { optional string name = 1; optional string help = 2; optional int32 type = 3; repeated Metric metric = 4; optional string unit = 5; }`

const MetricFamily = protobuf.parse(SCHEMA, { keepCase: true }).root.lookupType('MetricFamily')

/** A body of families, given by field names of the schema. */
export function encodeFamilies(families: readonly object[]): Uint8Array {
  return Buffer.concat(families.map((family) => MetricFamily.encodeDelimited(MetricFamily.fromObject(family)).finish()))
}
