// Prometheus remote write 1.0, straight into columns. A hot path (bench/HOTPATHS.md).
//
// Source: Prometheus 3.14 prompb/remote.proto and types.proto.

import type { MetricType } from '@oriel/model'
import { WireError } from '../errors.ts'
import { ProtoReader } from '../protobuf.ts'
import type { MetricTarget, OrderedMetricTarget } from '../series.ts'
import { decodeLabelBytes, LabelBytes } from '../series.ts'
import { HistogramDraft } from '../histogram/draft.ts'
import { emitHistogram } from '../histogram/emit.ts'
import { readRemoteHistogram } from './histogram.ts'
import type { RemoteWriteCounts } from './reasons.ts'

/**
 * Decodes a `prometheus.WriteRequest` (decompressed) into `target`; returns what was written.
 *
 * Throws `WireError` for bytes that are no such message; the caller then cuts its block back. `body` is not kept.
 */
export function decodeRemoteWriteV1(body: Uint8Array, target: OrderedMetricTarget): RemoteWriteCounts {
  const reader = new ProtoReader(body)
  const counts = { samples: 0, histograms: 0, exemplars: 0 }
  while (reader.next() !== 0) {
    if (reader.field === 1) {
      const outer = reader.enter()
      decodeTimeSeries(reader, target, counts)
      reader.leave(outer)
    } else if (reader.field === 3) {
      const outer = reader.enter()
      decodeMetadata(reader, target)
      reader.leave(outer)
    } else reader.skip()
  }
  return counts
}

interface Counts {
  samples: number
  histograms: number
  exemplars: number
}

function decodeTimeSeries(reader: ProtoReader, target: OrderedMetricTarget, counts: Counts): void {
  const start = reader.pos
  const nextEnd = target.nextEnd(reader.bytes, start, reader.end)
  if (nextEnd !== -1 && (nextEnd === reader.end || reader.bytes[nextEnd] !== LABEL_TAG)) {
    reader.pos = nextEnd
    decodeData(reader, target, target.takeNext(), counts)
    return
  }
  let labelsEnd = start
  while (reader.pos < reader.end && reader.bytes[reader.pos] === LABEL_TAG) {
    reader.next()
    reader.range()
    labelsEnd = reader.stop
  }
  decodeData(reader, target, target.series(reader.bytes, start, labelsEnd), counts)
}

const draft = new HistogramDraft()

// Field 1, length-delimited.
const LABEL_TAG = 0x0a

/** Reads samples, exemplars and histograms. */
function decodeData(reader: ProtoReader, target: MetricTarget, ref: number, counts: Counts): void {
  while (reader.next() !== 0) {
    if (reader.field === 2) {
      if (decodeSample(reader, target, ref)) counts.samples++
    } else if (reader.field === 3) {
      const outer = reader.enter()
      if (decodeExemplar(reader, target, ref)) counts.exemplars++
      reader.leave(outer)
    } else if (reader.field === 4) {
      const outer = reader.enter()
      readRemoteHistogram(reader, draft)
      reader.leave(outer)
      if (emitHistogram(target, ref, draft)) counts.histograms++
    } else if (reader.field === 1) {
      // Protobuf allows it, no sender does it, and looking ahead for it would cost every other body a second pass.
      throw new WireError('WIRE_MALFORMED', 'cannot read remote write: a label comes after samples', { offset: reader.pos })
    } else reader.skip()
  }
}

function decodeSample(reader: ProtoReader, target: MetricTarget, ref: number): boolean {
  const usualMs = reader.fixed64AndUint()
  if (usualMs !== -1) return target.sample(ref, usualMs, reader.low, reader.high)
  const outer = reader.enter()
  let valueLow = 0
  let valueHigh = 0
  let tMs = 0
  while (reader.next() !== 0) {
    if (reader.field === 1) {
      reader.fixed64()
      valueLow = reader.low
      valueHigh = reader.high
    } else if (reader.field === 2) tMs = reader.int()
    else reader.skip()
  }
  reader.leave(outer)
  return target.sample(ref, tMs, valueLow, valueHigh)
}

function decodeExemplar(reader: ProtoReader, target: MetricTarget, ref: number): boolean {
  const labels = new LabelBytes()
  let valueLow = 0
  let valueHigh = 0
  let tMs = 0
  for (let from = reader.pos; reader.next() !== 0; from = reader.pos) {
    if (reader.field === 1) {
      reader.skip()
      labels.addEncoded(reader.bytes, from, reader.pos)
    } else if (reader.field === 2) {
      reader.fixed64()
      valueLow = reader.low
      valueHigh = reader.high
    } else if (reader.field === 3) tMs = reader.int()
    else reader.skip()
  }
  if (ref === -1) return false
  try {
    return target.exemplar(ref, { tMs, valueLow, valueHigh, labels: decodeLabelBytes(labels.bytes, 0, labels.length) })
  } catch (error) {
    if (!(error instanceof WireError) || error.code !== 'WIRE_NOT_UTF8') throw error
    target.refuse('an exemplar has a label that is not UTF-8', 1, () => target.describe(ref))
    return false
  }
}

function decodeMetadata(reader: ProtoReader, target: MetricTarget): void {
  let type = 0
  let metric = ''
  let help = ''
  let unit = ''
  while (reader.next() !== 0) {
    if (reader.field === 1) type = reader.uint()
    else if (reader.field === 2) metric = reader.string()
    else if (reader.field === 4) help = reader.string()
    else if (reader.field === 5) unit = reader.string()
    else reader.skip()
  }
  if (metric !== '') target.metadata({ metric, type: METADATA_TYPES[type] ?? 'unknown', help, unit })
}

/** Metric types by their number in both versions. */
export const METADATA_TYPES: readonly MetricType[] = [
  'unknown',
  'counter',
  'gauge',
  'histogram',
  'gaugehistogram',
  'summary',
  'info',
  'stateset',
]
