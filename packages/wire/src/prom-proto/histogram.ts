import { checkSpans } from '../histogram/check.ts'
import { HistogramDraft } from '../histogram/draft.ts'
import type { ProtoReader } from '../protobuf.ts'
import { readDoubles } from '../protobuf.ts'
import { readDeltas, readSpan } from '../remote-write/histogram.ts'
import type { FamilyExemplar } from './exemplar.ts'
import { readExemplar, readTimestamp } from './exemplar.ts'

/** A classic bucket: cumulative, its bound included. */
export interface FamilyBucket {
  readonly bound: number
  readonly count: number
  readonly exemplar: FamilyExemplar | undefined
}

/** One `io.prometheus.client.Histogram` message: both its forms. Reused: `read` starts over. */
export class FamilyHistogram {
  /** The native form; its `count` is good for both. */
  readonly draft: HistogramDraft = new HistogramDraft()
  buckets: FamilyBucket[] = []
  exemplars: FamilyExemplar[] = []
  /** When it began to count, 0 for unknown. */
  startMs = 0

  /** Reads the message that `reader` has entered. Source: Prometheus 3.14 prompb/io/prometheus/client/metrics.proto. */
  read(reader: ProtoReader): void {
    const { draft } = this
    draft.clear()
    this.buckets = []
    this.exemplars = []
    this.startMs = 0
    const integer = { count: 0, zeroCount: 0, positive: [], negative: [] }
    const float = { count: 0, zeroCount: 0, positive: [], negative: [] }
    while (reader.next() !== 0) if (!readCounts(reader, integer, float)) this.#readOther(reader)
    draft.isInteger = !(float.count > 0 || float.zeroCount > 0)
    const counts = draft.isInteger ? integer : float
    draft.count = counts.count
    draft.zeroCount = counts.zeroCount
    draft.positiveBuckets = counts.positive
    draft.negativeBuckets = counts.negative
    // A float count may stand without one of the zero bucket, and the other way round: for the classic form the count is what is there.
    this.#classicCount = float.count > 0 ? float.count : integer.count
    this.#zeroInteger = integer.zeroCount
  }

  #classicCount = 0
  #zeroInteger = 0

  /** The count of the classic form. */
  get count(): number {
    return this.#classicCount
  }

  /** Whether there is a native form: without spans, zero bucket or threshold nothing tells. Source: isNativeHistogram there. */
  get isNative(): boolean {
    const { positiveSpans, negativeSpans, zeroThreshold } = this.draft
    return positiveSpans.length > 0 || negativeSpans.length > 0 || zeroThreshold > 0 || this.#zeroInteger > 0
  }

  /** What is wrong with the native form's spans, '' for nothing. */
  get spanFault(): string {
    const { positiveSpans, positiveBuckets, negativeSpans, negativeBuckets } = this.draft
    return spanFault('positive', positiveSpans, positiveBuckets) || spanFault('negative', negativeSpans, negativeBuckets)
  }

  /** Exemplars of the native form: its own, else those of the buckets, and of these what has a time. */
  get nativeExemplars(): readonly FamilyExemplar[] {
    const all = this.exemplars.length > 0 ? this.exemplars : this.buckets.map(({ exemplar }) => exemplar)
    return all.filter((exemplar) => exemplar?.tMs !== undefined).filter((exemplar) => exemplar !== undefined)
  }

  #readOther(reader: ProtoReader): void {
    const { draft } = this
    switch (reader.field) {
      case 2:
        reader.fixed64()
        draft.sumLow = reader.low
        draft.sumHigh = reader.high
        break
      case 3:
        this.buckets.push(readBucket(reader))
        break
      case 5:
        draft.schema = reader.sint()
        break
      case 6:
        draft.zeroThreshold = reader.double()
        break
      case 9:
        readSpan(reader, draft.negativeSpans)
        break
      case 12:
        readSpan(reader, draft.positiveSpans)
        break
      case 15:
        this.startMs = readTimestamp(reader)
        break
      case 16:
        this.exemplars.push(readExemplar(reader))
        break
      default:
        reader.skip()
    }
  }
}

interface Counts {
  count: number
  zeroCount: number
  readonly positive: number[]
  readonly negative: number[]
}

/** Reads a field that holds counts, integers or floats; false for any other. */
function readCounts(reader: ProtoReader, integer: Counts, float: Counts): boolean {
  switch (reader.field) {
    case 1:
      integer.count = reader.uint()
      return true
    case 4:
      float.count = reader.double()
      return true
    case 7:
      integer.zeroCount = reader.uint()
      return true
    case 8:
      float.zeroCount = reader.double()
      return true
    case 10:
      readDeltas(reader, integer.negative)
      return true
    case 11:
      readDoubles(reader, float.negative)
      return true
    case 13:
      readDeltas(reader, integer.positive)
      return true
    case 14:
      readDoubles(reader, float.positive)
      return true
    default:
      return false
  }
}

function spanFault(side: string, spans: readonly number[], buckets: readonly number[]): string {
  let total = 0
  for (let i = 1; i < spans.length; i += 2) total += spans[i]!
  if (total !== buckets.length) return `${side} side: spans require ${total} buckets, have ${buckets.length}`
  return checkSpans(spans, buckets, `${side} side: `)?.detail ?? ''
}

function readBucket(reader: ProtoReader): FamilyBucket {
  const outer = reader.enter()
  let integer = 0
  let float = 0
  let bound = 0
  let exemplar: FamilyExemplar | undefined
  while (reader.next() !== 0) {
    if (reader.field === 1) integer = reader.uint()
    else if (reader.field === 2) bound = reader.double()
    else if (reader.field === 3) exemplar = readExemplar(reader)
    else if (reader.field === 4) float = reader.double()
    else reader.skip()
  }
  reader.leave(outer)
  return { bound, count: float === 0 ? integer : float, exemplar }
}
