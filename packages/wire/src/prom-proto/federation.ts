import type { BucketSpan, NativeHistogram } from '@oriel/model'
import { CUSTOM_BOUNDS_SCHEMA } from '@oriel/model'
import type { FederatedFamily, FederatedMetric } from '../prom-text/federated-family.ts'
import { classicBuckets } from '../prom-text/federated-family.ts'
import { ProtoWriter } from '../protobuf-writer.ts'

/** Encodes families as `io.prometheus.client.MetricFamily`, each behind its length. Source: client_model metrics.proto. */
export function encodeFederation(families: readonly FederatedFamily[]): Uint8Array {
  const all = new ProtoWriter()
  const one = new ProtoWriter()
  const parts: Uint8Array[] = []
  for (const { name, kind, metrics } of families) {
    one.string(1, name)
    one.int(3, TYPES[kind])
    for (const metric of metrics) writeMetric(one, metric)
    // A field of number 15 has a tag of one byte: what follows it is the length and the message.
    all.data(15, one.finish())
    parts.push(all.finish().subarray(1))
  }
  return Buffer.concat(parts)
}

const TYPES: Readonly<Record<FederatedFamily['kind'], number>> = { untyped: 3, histogram: 4, 'gauge histogram': 5 }

function writeMetric(writer: ProtoWriter, { labels, tMs, value, histogram }: FederatedMetric): void {
  const metric = writer.open(4)
  for (const label of labels) {
    const at = writer.open(1)
    writer.string(1, label.name)
    writer.string(2, label.value)
    writer.close(at)
  }
  if (histogram === undefined) {
    const at = writer.open(5)
    writer.double(1, value)
    writer.close(at)
  } else {
    const at = writer.open(7)
    writer.double(4, histogram.count)
    writer.double(2, histogram.sum)
    if (histogram.schema === CUSTOM_BOUNDS_SCHEMA) writeClassic(writer, histogram)
    else writeNative(writer, histogram)
    writer.close(at)
  }
  writer.int(6, tMs)
  writer.close(metric)
}

function writeClassic(writer: ProtoWriter, histogram: NativeHistogram): void {
  for (const { bound, count } of classicBuckets(histogram)) {
    const at = writer.open(3)
    writer.double(4, count)
    writer.double(2, bound)
    writer.close(at)
  }
}

function writeNative(writer: ProtoWriter, histogram: NativeHistogram): void {
  writer.sint(5, histogram.schema)
  writer.double(6, histogram.zeroThreshold)
  writer.double(8, histogram.zeroCount)
  writeSpans(writer, 9, histogram.negativeSpans)
  writer.packedDoubles(11, histogram.negativeBuckets)
  writeSpans(writer, 12, histogram.positiveSpans)
  writer.packedDoubles(14, histogram.positiveBuckets)
}

function writeSpans(writer: ProtoWriter, field: number, spans: readonly BucketSpan[]): void {
  for (const { offset, length } of spans) {
    const at = writer.open(field)
    writer.sint(1, offset)
    writer.int(2, length)
    writer.close(at)
  }
}
