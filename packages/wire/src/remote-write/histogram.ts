import { readDoubles, VARINT } from '../protobuf.ts'
import type { ProtoReader } from '../protobuf.ts'
import type { HistogramDraft } from '../histogram/draft.ts'

/**
 * Reads the `prometheus.Histogram` or `io.prometheus.write.v2.Histogram` that `reader` has entered: one shape, version 2 with a start.
 *
 * Source: Prometheus 3.14 prompb/types.proto, prompb/io/prometheus/write/v2/types.proto, and their ToIntHistogram, ToFloatHistogram.
 */
export function readRemoteHistogram(reader: ProtoReader, draft: HistogramDraft): void {
  draft.clear()
  let zeroInteger = 0
  let zeroFloat = 0
  const deltas: Sides = { positive: [], negative: [] }
  const counts: Sides = { positive: [], negative: [] }
  while (reader.next() !== 0)
    switch (reader.field) {
      case 1:
        draft.count = reader.uint()
        draft.isInteger = true
        break
      case 2:
        draft.count = reader.double()
        draft.isInteger = false
        break
      case 6:
        zeroInteger = reader.uint()
        zeroFloat = 0
        break
      case 7:
        zeroFloat = reader.double()
        zeroInteger = 0
        break
      case 9:
        readDeltas(reader, deltas.negative)
        break
      case 10:
        readDoubles(reader, counts.negative)
        break
      case 12:
        readDeltas(reader, deltas.positive)
        break
      case 13:
        readDoubles(reader, counts.positive)
        break
      default:
        readShared(reader, draft)
    }
  draft.zeroCount = draft.isInteger ? zeroInteger : zeroFloat
  const { positive, negative } = draft.isInteger ? deltas : counts
  draft.positiveBuckets = positive
  draft.negativeBuckets = negative
}

interface Sides {
  readonly positive: number[]
  readonly negative: number[]
}

function readShared(reader: ProtoReader, draft: HistogramDraft): void {
  switch (reader.field) {
    case 3:
      reader.fixed64()
      draft.sumLow = reader.low
      draft.sumHigh = reader.high
      break
    case 4:
      draft.schema = reader.sint()
      break
    case 5:
      draft.zeroThreshold = reader.double()
      break
    case 8:
      readSpan(reader, draft.negativeSpans)
      break
    case 11:
      readSpan(reader, draft.positiveSpans)
      break
    case 14:
      draft.resetHint = reader.uint()
      break
    case 15:
      draft.tMs = reader.int()
      break
    case 16:
      readDoubles(reader, draft.customBounds)
      break
    case 17:
      draft.startMs = reader.int()
      break
    default:
      reader.skip()
  }
}

/** Appends offset and length of the BucketSpan that follows. */
export function readSpan(reader: ProtoReader, spans: number[]): void {
  const outer = reader.enter()
  let offset = 0
  let length = 0
  while (reader.next() !== 0) {
    if (reader.field === 1) offset = reader.sint()
    else if (reader.field === 2) length = reader.uint()
    else reader.skip()
  }
  reader.leave(outer)
  spans.push(offset, length)
}

/** Appends deltas (sint64, packed or not) as the counts they stand for, the list's last count being the one before. */
export function readDeltas(reader: ProtoReader, counts: number[]): void {
  if (reader.wire === VARINT) {
    counts.push((counts.at(-1) ?? 0) + reader.sint())
    return
  }
  let count = counts.at(-1) ?? 0
  const outer = reader.enter()
  while (reader.pos < reader.end) {
    reader.varintRaw()
    const half = reader.high * 2 ** 31 + (reader.low >>> 1)
    count += (reader.low & 1) === 0 ? half : -half - 1
    counts.push(count)
  }
  reader.leave(outer)
}
