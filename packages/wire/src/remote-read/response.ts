import type { Labels, NativeHistogram, SeriesSamples } from '@oriel/model'
import { COUNTER_RESET_HINTS, STALE_HIGH, STALE_LOW } from '@oriel/model'
import { crc32c } from '../crc32c.ts'
import { ProtoWriter } from '../protobuf-writer.ts'
import type { HistogramPoint } from './histogram-chunk.ts'
import { continuesChunk, encodeHistogramChunk } from './histogram-chunk.ts'
import { encodeXorChunk } from './xor-chunk.ts'

/** The media types of the two forms of an answer. Samples go out compressed by snappy as one block, frames as they are. */
export const READ_TYPES = {
  samples: 'application/x-protobuf',
  chunks: 'application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse',
} as const

/** Encodes a `prometheus.ReadResponse`: one result a query, in order. `labels` stand in for those of the samples. */
export function encodeReadResponse(results: readonly SeriesSamples[]): Uint8Array {
  const writer = new ProtoWriter()
  for (const result of results) {
    const at = writer.open(1)
    for (const [i, labels] of result.labels.entries()) writeSeries(writer, labels, result, i)
    writer.close(at)
  }
  return writer.finish()
}

/**
 * The frames of a streamed answer to query `index`: one series a frame, several where it is long.
 *
 * Series must come sorted by labels. `frameBytes` is about how large a frame gets. Source: Prometheus 3.14 StreamChunkedReadResponses.
 */
export function* encodeReadFrames(samples: SeriesSamples, index: number, frameBytes: number): Generator<Uint8Array> {
  const writer = new ProtoWriter()
  for (const [i, labels] of samples.labels.entries()) {
    let chunks: Chunk[] = []
    let bytes = 0
    for (const chunk of chunksOf(samples, samples.offsets[i]!, samples.offsets[i + 1]!)) {
      chunks.push(chunk)
      bytes += chunk.data.length
      if (bytes < frameBytes) continue
      yield frameOf(writer, labels, chunks, index)
      chunks = []
      bytes = 0
    }
    if (chunks.length > 0) yield frameOf(writer, labels, chunks, index)
  }
}

interface Chunk {
  readonly startMs: number
  readonly endMs: number
  readonly encoding: number
  readonly data: Uint8Array
}

// Source: prompb.Chunk_Encoding.
const XOR = 1
const FLOAT_HISTOGRAM = 3
// 120 samples as Prometheus: what readers size their buffers for.
const CHUNK_SAMPLES = 120

/** Cuts the samples `[from, to)` where they change their kind, where a counter starts again, and every 120. */
function* chunksOf(samples: SeriesSamples, from: number, to: number): Generator<Chunk> {
  const { tMs, histograms } = samples
  let start = from
  while (start < to) {
    const first = histograms?.[start]
    let end = start + 1
    let before = first
    for (; end < to && end - start < CHUNK_SAMPLES; end++) {
      const next = histograms?.[end]
      if ((next === undefined) !== (before === undefined)) break
      if (before !== undefined && next !== undefined && !continuesChunk(before, next)) break
      before = next
    }
    yield {
      startMs: tMs[start]!,
      endMs: tMs[end - 1]!,
      encoding: first === undefined ? XOR : FLOAT_HISTOGRAM,
      data: first === undefined ? encodeXorChunk(samples, start, end) : encodeHistogramChunk(pointsOf(samples, start, end)),
    }
    start = end
  }
}

function pointsOf({ tMs, histograms }: SeriesSamples, from: number, to: number): HistogramPoint[] {
  const points: HistogramPoint[] = []
  for (let i = from; i < to; i++) {
    const histogram = histograms?.[i]
    if (histogram !== undefined) points.push({ tMs: tMs[i]!, histogram })
  }
  return points
}

/** Length, checksum, message. Source: Prometheus 3.14 storage/remote/chunked.go. */
function frameOf(writer: ProtoWriter, labels: Labels, chunks: readonly Chunk[], index: number): Uint8Array {
  const series = writer.open(1)
  writeLabels(writer, labels)
  for (const { startMs, endMs, encoding, data } of chunks) {
    const at = writer.open(2)
    writer.int(1, startMs)
    writer.int(2, endMs)
    writer.int(3, encoding)
    writer.data(4, data)
    writer.close(at)
  }
  writer.close(series)
  if (index > 0) writer.int(2, index)
  const message = writer.finish()
  const head: number[] = []
  for (let rest = message.length; ; rest = Math.floor(rest / 128)) {
    if (rest < 0x80) {
      head.push(rest)
      break
    }
    head.push((rest % 128) | 0x80)
  }
  const frame = new Uint8Array(head.length + 4 + message.length)
  frame.set(head)
  new DataView(frame.buffer).setUint32(head.length, crc32c(message))
  frame.set(message, head.length + 4)
  return frame
}

function writeSeries(writer: ProtoWriter, labels: Labels, samples: SeriesSamples, i: number): void {
  const { offsets, tMs, values, stale, histograms } = samples
  const series = writer.open(1)
  writeLabels(writer, labels)
  for (let p = offsets[i]!; p < offsets[i + 1]!; p++) {
    if (histograms?.[p] !== undefined) continue
    const at = writer.open(2)
    if (stale[p] === 1) writer.fixed64Words(1, STALE_LOW, STALE_HIGH)
    else writer.double(1, values[p]!)
    writer.int(2, tMs[p]!)
    writer.close(at)
  }
  for (let p = offsets[i]!; p < offsets[i + 1]!; p++) {
    const histogram = histograms?.[p]
    if (histogram !== undefined) writeHistogram(writer, tMs[p]!, histogram)
  }
  writer.close(series)
}

function writeLabels(writer: ProtoWriter, labels: Labels): void {
  for (const { name, value } of labels) {
    const at = writer.open(1)
    writer.string(1, name)
    writer.string(2, value)
    writer.close(at)
  }
}

/** Source: Prometheus 3.14 prompb/codec.go FromFloatHistogram. */
function writeHistogram(writer: ProtoWriter, tMs: number, histogram: NativeHistogram): void {
  const at = writer.open(4)
  writer.double(2, histogram.count)
  writer.double(3, histogram.sum)
  writer.sint(4, histogram.schema)
  writer.double(5, histogram.zeroThreshold)
  writer.double(7, histogram.zeroCount)
  for (const [field, spans] of [
    [8, histogram.negativeSpans],
    [11, histogram.positiveSpans],
  ] as const) {
    for (const { offset, length } of spans) {
      const span = writer.open(field)
      writer.sint(1, offset)
      writer.int(2, length)
      writer.close(span)
    }
  }
  writer.packedDoubles(10, histogram.negativeBuckets)
  writer.packedDoubles(13, histogram.positiveBuckets)
  writer.int(14, COUNTER_RESET_HINTS.indexOf(histogram.resetHint))
  writer.int(15, tMs)
  writer.packedDoubles(16, histogram.customBounds)
  writer.close(at)
}
