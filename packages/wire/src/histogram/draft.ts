import type { NativeHistogram } from '@oriel/model'
import { resetHintOf, STALE_HIGH, STALE_LOW } from '@oriel/model'
import { doubleOf } from '../protobuf.ts'

/**
 * A native histogram while it is read: plain numbers and lists, reused from one to the next.
 *
 * Buckets are absolute counts whatever the wire had. `isInteger` is how it was sent: Prometheus holds integers to more rules.
 */
export class HistogramDraft {
  isInteger = true
  schema = 0
  zeroThreshold = 0
  zeroCount = 0
  count = 0
  /** The words of the sum, whose NaN tells of staleness. */
  sumLow = 0
  sumHigh = 0
  /** A place in `COUNTER_RESET_HINTS`. */
  resetHint = 0
  tMs = 0
  /** 0 for unknown. */
  startMs = 0
  /** Offset and length in turn. */
  positiveSpans: number[] = []
  negativeSpans: number[] = []
  positiveBuckets: number[] = []
  negativeBuckets: number[] = []
  customBounds: number[] = []

  clear(): void {
    this.isInteger = true
    this.schema = 0
    this.zeroThreshold = 0
    this.zeroCount = 0
    this.count = 0
    this.sumLow = 0
    this.sumHigh = 0
    this.resetHint = 0
    this.tMs = 0
    this.startMs = 0
    this.positiveSpans = []
    this.negativeSpans = []
    this.positiveBuckets = []
    this.negativeBuckets = []
    this.customBounds = []
  }

  get sum(): number {
    return doubleOf(this.sumLow, this.sumHigh)
  }

  /** Whether the sum is the staleness marker: then nothing else counts. */
  get isStale(): boolean {
    return this.sumLow === STALE_LOW && this.sumHigh === STALE_HIGH
  }

  /** The histogram, sharing nothing with the draft. */
  finish(): NativeHistogram {
    return {
      schema: this.schema,
      zeroThreshold: this.zeroThreshold,
      zeroCount: this.zeroCount,
      count: this.count,
      sum: this.sum,
      positiveSpans: spansOf(this.positiveSpans),
      positiveBuckets: Float64Array.from(this.positiveBuckets),
      negativeSpans: spansOf(this.negativeSpans),
      negativeBuckets: Float64Array.from(this.negativeBuckets),
      customBounds: Float64Array.from(this.customBounds),
      resetHint: resetHintOf(this.resetHint),
    }
  }
}

function spansOf(pairs: readonly number[]): NativeHistogram['positiveSpans'] {
  const spans: { offset: number; length: number }[] = []
  for (let i = 0; i < pairs.length; i += 2) spans.push({ offset: pairs[i]!, length: pairs[i + 1]! })
  return spans
}
