import { COUNTER_RESET_HINTS, CUSTOM_BOUNDS_SCHEMA } from '@oriel/model'
import { BucketList, shiftIndex } from '../histogram/buckets.ts'
import { MAX_SCHEMA, MIN_SCHEMA } from '../histogram/check.ts'
import type { HistogramDraft } from '../histogram/draft.ts'
import type { ExponentialBuckets, OtlpPoint } from './metrics-point.ts'

/** Why an exponential histogram can not be stored, '' for a good one. Source: Prometheus 3.14 exponentialToNativeHistogram. */
export function scaleFault({ scale }: OtlpPoint): string {
  if (scale >= MIN_SCHEMA) return ''
  return `cannot convert exponential to native histogram. Scale must be >= ${MIN_SCHEMA}`
}

/** Fills the draft from an exponential histogram; finer scales than can be stored are made coarser. */
export function fillExponential(draft: HistogramDraft, point: OtlpPoint, isDelta: boolean): void {
  fillCommon(draft, point, isDelta)
  draft.schema = Math.min(point.scale, MAX_SCHEMA)
  draft.zeroThreshold = ZERO_THRESHOLD
  draft.zeroCount = point.zeroCount
  const shift = point.scale - draft.schema
  const positive = sparse(point.positive, shift)
  const negative = sparse(point.negative, shift)
  draft.positiveSpans = positive.spans
  draft.positiveBuckets = positive.buckets
  draft.negativeSpans = negative.spans
  draft.negativeBuckets = negative.buckets
}

/** Fills the draft from an explicit histogram: its bounds become the custom bounds. */
export function fillExplicit(draft: HistogramDraft, point: OtlpPoint, isDelta: boolean): void {
  fillCommon(draft, point, isDelta)
  draft.schema = CUSTOM_BOUNDS_SCHEMA
  const list = new BucketList()
  for (const [i, count] of point.bucketCounts.entries()) if (count !== 0) list.add(i, count)
  draft.positiveSpans = list.spans
  draft.positiveBuckets = list.buckets
  draft.customBounds = [...point.bounds]
}

// Source: Prometheus 3.14 defaultZeroThreshold.
const ZERO_THRESHOLD = 1e-128

function fillCommon(draft: HistogramDraft, point: OtlpPoint, isDelta: boolean): void {
  draft.clear()
  draft.tMs = point.tMs
  draft.startMs = point.startMs
  draft.count = point.count
  draft.sumLow = point.hasValue ? point.valueLow : 0
  draft.sumHigh = point.hasValue ? point.valueHigh : 0
  // Deltas are no counters: nothing may look for resets in them.
  draft.resetHint = COUNTER_RESET_HINTS.indexOf(isDelta ? 'gauge' : 'unknown')
}

/** Bucket i of OTLP begins where bucket i + 1 of Prometheus ends. */
function sparse({ offset, counts }: ExponentialBuckets, shift: number): BucketList {
  const list = new BucketList()
  for (const [i, count] of counts.entries()) if (count !== 0) list.add(shiftIndex(offset + i + 1, shift), count)
  return list
}
