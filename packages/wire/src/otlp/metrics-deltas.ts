// Deltas of OTLP summed up to what counters are.
//
// Source: Prometheus 3.14 docs/feature_flags.md otlp-deltatocumulative; the deltatocumulative processor of the OpenTelemetry Collector.

import type { ExponentialBuckets, OtlpPoint, OtlpPointKind } from './metrics-point.ts'
import { doubleOfPoint, setDouble } from './metrics-point.ts'

/** What came of a delta. */
export type DeltaOutcome = 'summed' | 'late' | 'tooMany'

/** How `DeltaTotals` is bounded. */
export interface DeltaLimits {
  readonly maxStreams: number
  /** A stream without a delta for so long is forgotten: its next one begins at zero again. */
  readonly staleMs: number
}

// Of the processor: 5 minutes. 250,000 streams of histograms take some 100 MB.
const DEFAULT_LIMITS: DeltaLimits = { maxStreams: 250_000, staleMs: 300_000 }

/** The totals of one tenant's streams of deltas, in memory alone: after a restart they begin at zero, which reads as a reset. */
export class DeltaTotals {
  readonly #limits: DeltaLimits
  /** The stream that was quiet longest first. */
  readonly #streams = new Map<string, Total>()

  constructor(limits: DeltaLimits = DEFAULT_LIMITS) {
    this.#limits = limits
  }

  /**
   * Makes the delta `point` of the stream `key` the total up to it.
   *
   * Leaves it alone where it is not `summed`: `late` is one that is no newer than the last one or of an earlier start.
   */
  add(key: string, point: OtlpPoint, kind: OtlpPointKind, nowMs: number): DeltaOutcome {
    this.#forgetStale(nowMs)
    const total = this.#streams.get(key)
    if (total === undefined && this.#streams.size >= this.#limits.maxStreams) return 'tooMany'
    if (total !== undefined && (point.startMs < total.startMs || point.tMs <= total.tMs)) return 'late'
    const next = total === undefined ? totalOf(point, nowMs) : sumOf(total, point, kind, nowMs)
    this.#streams.delete(key)
    this.#streams.set(key, next)
    writeTotal(next, point)
    return 'summed'
  }

  #forgetStale(nowMs: number): void {
    for (const [key, { seenMs }] of this.#streams) {
      if (nowMs - seenMs <= this.#limits.staleMs) return
      this.#streams.delete(key)
    }
  }
}

interface Total {
  readonly startMs: number
  readonly tMs: number
  readonly seenMs: number
  /** Absent where one of the deltas had none. */
  readonly value: number | undefined
  readonly count: number
  readonly bucketCounts: readonly number[]
  readonly bounds: readonly number[]
  readonly scale: number
  readonly zeroCount: number
  readonly positive: ExponentialBuckets
  readonly negative: ExponentialBuckets
}

function totalOf(point: OtlpPoint, seenMs: number): Total {
  const { startMs, tMs, count, bucketCounts, bounds, scale, zeroCount, positive, negative } = point
  const value = point.hasValue ? doubleOfPoint(point) : undefined
  // The point's own lists are used again for the next one.
  const lists = { bucketCounts: [...bucketCounts], bounds: [...bounds] }
  return { startMs, tMs, seenMs, value, count, ...lists, scale, zeroCount, positive, negative }
}

function sumOf(total: Total, point: OtlpPoint, kind: OtlpPointKind, seenMs: number): Total {
  const delta = totalOf(point, seenMs)
  // Counts between other bounds cannot be added: the total begins again.
  if (kind === 'histogram' && !isEqual(total.bounds, delta.bounds)) return { ...delta, startMs: total.startMs }
  const value = total.value === undefined || delta.value === undefined ? undefined : total.value + delta.value
  return {
    ...delta,
    startMs: total.startMs,
    value,
    count: total.count + delta.count,
    zeroCount: total.zeroCount + delta.zeroCount,
    bucketCounts: delta.bucketCounts.map((count, i) => count + (total.bucketCounts[i] ?? 0)),
    ...(kind === 'exponential' && sumExponential(total, delta)),
  }
}

function isEqual(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((bound, i) => bound === b[i])
}

function sumExponential(a: Total, b: Total): Pick<Total, 'scale' | 'positive' | 'negative'> {
  let scale = Math.min(a.scale, b.scale)
  const at = (side: 'positive' | 'negative'): ExponentialBuckets =>
    merge(coarser(a[side], a.scale - scale), coarser(b[side], b.scale - scale))
  while (at('positive').counts.length > MOST_BUCKETS || at('negative').counts.length > MOST_BUCKETS) scale--
  return { scale, positive: at('positive'), negative: at('negative') }
}

/** Buckets of a scale that is lower by `steps`: two become one at each. */
function coarser(buckets: ExponentialBuckets, steps: number): ExponentialBuckets {
  if (steps === 0 || buckets.counts.length === 0) return buckets
  // A shift takes five bits alone; past 31 all are in the outermost two.
  const shift = Math.min(31, steps)
  const offset = buckets.offset >> shift
  const counts: number[] = []
  for (const [i, count] of buckets.counts.entries()) {
    const at = ((buckets.offset + i) >> shift) - offset
    counts[at] = (counts[at] ?? 0) + count
  }
  return { offset, counts }
}

function merge(a: ExponentialBuckets, b: ExponentialBuckets): ExponentialBuckets {
  if (a.counts.length === 0) return b
  if (b.counts.length === 0) return a
  const offset = Math.min(a.offset, b.offset)
  const length = Math.max(a.offset + a.counts.length, b.offset + b.counts.length) - offset
  // More would only be made coarser: the caller looks at the length.
  if (length > MOST_MERGED) return { offset, counts: Array.from({ length: MOST_BUCKETS + 1 }, () => 0) }
  const counts = Array.from({ length }, (_, i) => (a.counts[offset + i - a.offset] ?? 0) + (b.counts[offset + i - b.offset] ?? 0))
  return { offset, counts }
}

// As in the processor: a total with more buckets is made coarser.
const MOST_BUCKETS = 160
// 65,536: offsets of two points may lie anywhere in 32 bits.
const MOST_MERGED = 65_536

function writeTotal(total: Total, point: OtlpPoint): void {
  point.startMs = total.startMs
  point.count = total.count
  point.scale = total.scale
  point.zeroCount = total.zeroCount
  point.positive = total.positive
  point.negative = total.negative
  point.hasValue = total.value !== undefined
  if (total.value !== undefined) setDouble(point, total.value)
  for (const [i, count] of total.bucketCounts.entries()) point.bucketCounts[i] = count
}
