// Bodies of remote write for tests and benchmarks, written by protobufjs from the published schemas.

import type { NativeHistogram } from '@oriel/model'
import { COUNTER_RESET_HINTS } from '@oriel/model'
import protobuf from 'protobufjs'

const SCHEMA = `syntax = "proto3";
message WriteRequest { repeated TimeSeries timeseries = 1; repeated MetricMetadata metadata = 3; }
message TimeSeries { repeated Label labels = 1; repeated Sample samples = 2; repeated Exemplar exemplars = 3; repeated Histogram histograms = 4; }
message Label { string name = 1; string value = 2; }
message Sample { double value = 1; int64 timestamp = 2; }
message Exemplar { repeated Label labels = 1; double value = 2; int64 timestamp = 3; }
message Span { sint32 offset = 1; uint32 length = 2; }
message Histogram { oneof count { uint64 count_int = 1; double count_float = 2; } double sum = 3; sint32 schema = 4; double zero_threshold = 5;
  oneof zero { uint64 zero_count_int = 6; double zero_count_float = 7; } repeated Span negative_spans = 8; repeated sint64 negative_deltas = 9;
  repeated double negative_counts = 10; repeated Span positive_spans = 11; repeated sint64 positive_deltas = 12; repeated double positive_counts = 13;
  int32 reset_hint = 14; int64 timestamp = 15; repeated double custom_values = 16; int64 start_timestamp = 17; }
message MetricMetadata { int32 type = 1; string metric_family_name = 2; string help = 4; string unit = 5; }
message RequestV2 { repeated string symbols = 4; repeated TimeSeriesV2 timeseries = 5; }
message TimeSeriesV2 { repeated uint32 labels_refs = 1; repeated SampleV2 samples = 2; repeated Histogram histograms = 3; repeated ExemplarV2 exemplars = 4; MetadataV2 metadata = 5; }
message SampleV2 { double value = 1; int64 timestamp = 2; int64 start_timestamp = 3; }
message ExemplarV2 { repeated uint32 labels_refs = 1; double value = 2; int64 timestamp = 3; }
message MetadataV2 { int32 type = 1; uint32 help_ref = 3; uint32 unit_ref = 4; }`

const { root } = protobuf.parse(SCHEMA, { keepCase: true })
const WriteRequest = root.lookupType('WriteRequest')
const RequestV2 = root.lookupType('RequestV2')

/** A native histogram of a body; `isInteger` is how it is sent. */
export interface TestHistogram {
  readonly tMs: number
  readonly isInteger: boolean
  readonly histogram: NativeHistogram
}

/** One series of a body. */
export interface TestSeries {
  readonly labels: Readonly<Record<string, string>>
  readonly samples: readonly (readonly [tMs: number, value: number])[]
  readonly exemplars?: readonly {
    readonly labels: Readonly<Record<string, string>>
    readonly value: number
    readonly tMs: number
  }[]
  readonly histograms?: readonly TestHistogram[]
  readonly metadata?: { readonly type: number; readonly help: string; readonly unit: string }
  /** When the counter of each sample began, in ms, by sample time; version 2 only. */
  readonly startsMs?: ReadonlyMap<number, number>
}

/** A version 1 body. */
export function encodeV1(series: readonly TestSeries[], metadata: readonly Readonly<Record<string, unknown>>[] = []): Uint8Array {
  const message = {
    timeseries: series.map(({ labels, samples, exemplars = [], histograms = [] }) => ({
      labels: pairs(labels),
      samples: samples.map(([timestamp, value]) => ({ timestamp, value })),
      exemplars: exemplars.map((exemplar) => ({
        labels: pairs(exemplar.labels),
        value: exemplar.value,
        timestamp: exemplar.tMs,
      })),
      histograms: histograms.map(histogramMessage),
    })),
    metadata,
  }
  return WriteRequest.encode(WriteRequest.fromObject(message)).finish()
}

/** A version 2 body of the same. */
export function encodeV2(series: readonly TestSeries[]): Uint8Array {
  const symbols = ['']
  const refs = new Map([['', 0]])
  const ref = (text: string): number => {
    const known = refs.get(text)
    if (known !== undefined) return known
    refs.set(text, symbols.length)
    return symbols.push(text) - 1
  }
  const labelRefs = (labels: Readonly<Record<string, string>>): number[] =>
    Object.entries(labels).flatMap(([n, v]) => [ref(n), ref(v)])
  const timeseries = series.map(({ labels, samples, exemplars = [], histograms = [], metadata, startsMs }) => ({
    labels_refs: labelRefs(labels),
    samples: samples.map(([timestamp, value]) => ({ timestamp, value, start_timestamp: startsMs?.get(timestamp) ?? 0 })),
    exemplars: exemplars.map((exemplar) => ({
      labels_refs: labelRefs(exemplar.labels),
      value: exemplar.value,
      timestamp: exemplar.tMs,
    })),
    histograms: histograms.map((of) => ({ ...histogramMessage(of), start_timestamp: startsMs?.get(of.tMs) ?? 0 })),
    ...(metadata === undefined
      ? {}
      : { metadata: { type: metadata.type, help_ref: ref(metadata.help), unit_ref: ref(metadata.unit) } }),
  }))
  return RequestV2.encode(RequestV2.fromObject({ symbols, timeseries })).finish()
}

/** What protobufjs reads of a version 1 body, as an object. */
export function decodeV1(body: Uint8Array): Readonly<Record<string, unknown>> {
  return WriteRequest.toObject(WriteRequest.decode(body), { longs: Number, defaults: true })
}

function histogramMessage({ tMs, isInteger, histogram }: TestHistogram): Readonly<Record<string, unknown>> {
  const { count, zeroCount, positiveBuckets, negativeBuckets } = histogram
  const counts = isInteger
    ? {
        count_int: count,
        zero_count_int: zeroCount,
        positive_deltas: deltasOf(positiveBuckets),
        negative_deltas: deltasOf(negativeBuckets),
      }
    : {
        count_float: count,
        zero_count_float: zeroCount,
        positive_counts: [...positiveBuckets],
        negative_counts: [...negativeBuckets],
      }
  return {
    ...counts,
    sum: histogram.sum,
    schema: histogram.schema,
    zero_threshold: histogram.zeroThreshold,
    positive_spans: histogram.positiveSpans,
    negative_spans: histogram.negativeSpans,
    custom_values: [...histogram.customBounds],
    reset_hint: COUNTER_RESET_HINTS.indexOf(histogram.resetHint),
    timestamp: tMs,
  }
}

function deltasOf(counts: Float64Array): number[] {
  return [...counts].map((count, i) => count - (i === 0 ? 0 : counts[i - 1]!))
}

function pairs(labels: Readonly<Record<string, string>>): { name: string; value: string }[] {
  return Object.entries(labels).map(([name, value]) => ({ name, value }))
}
