import type { CounterResetHint, NativeHistogram } from '@oriel/model'
import { compensation } from '../kahan.ts'
import { hasCustomBounds } from './bounds.ts'
import { addMismatched, commonBounds, isSameBounds } from './custom-bounds.ts'
import type { Draft } from './draft.ts'
import { compactDraft, draftOf, finishDraft, reduceDraft } from './draft.ts'
import { addSide, countWithin, isBeyondZero, isSameSpans } from './side.ts'
import { reconcileZero } from './zero-bucket.ts'

const NO_BUCKETS = new Float64Array(0)

/** A histogram without observations. */
export const EMPTY_HISTOGRAM: NativeHistogram = {
  schema: 0,
  zeroThreshold: 0,
  zeroCount: 0,
  count: 0,
  sum: 0,
  positiveSpans: [],
  positiveBuckets: NO_BUCKETS,
  negativeSpans: [],
  negativeBuckets: NO_BUCKETS,
  customBounds: NO_BUCKETS,
  resetHint: 'unknown',
}

/** Two histograms made one. */
export interface CombinedHistogram {
  readonly histogram: NativeHistogram
  /** One said that its counter was reset, the other that it was not. */
  readonly hasResetConflict: boolean
  /** Their custom bounds differed; only those that both have are left. */
  readonly isReconciled: boolean
}

/**
 * `a + b`, or `a - b` for a `sign` of -1. `undefined` when one has exponential buckets and the other custom bounds.
 *
 * Schemas and zero buckets are brought to the coarser of both. Buckets that come out empty stay: see `compactHistogram`.
 * Source: Prometheus 3.14 model/histogram/float_histogram.go Add, Sub.
 */
export function combineHistograms(a: NativeHistogram, b: NativeHistogram, sign: 1 | -1): CombinedHistogram | undefined {
  if (standsBeside(a, b)) return combineBuckets(a, b, sign)
  const draft = draftOf(a)
  const notes = addToDraft(draft, draftOf(b), sign)
  return notes === undefined ? undefined : { histogram: finishDraft(draft), ...notes }
}

/** All counts and the sum times `factor`; a negative one makes a gauge. */
export function scaleHistogram(histogram: NativeHistogram, factor: number): NativeHistogram {
  const scaled = mapped(histogram, (value) => value * factor)
  return factor < 0 ? withResetHint(scaled, 'gauge') : scaled
}

/** All counts and the sum by `divisor`; 0 takes the buckets, a negative one makes a gauge. */
export function divideHistogram(histogram: NativeHistogram, divisor: number): NativeHistogram {
  const divided = mapped(histogram, (value) => value / divisor)
  if (divisor === 0) {
    const none = { positiveSpans: [], positiveBuckets: NO_BUCKETS, negativeSpans: [], negativeBuckets: NO_BUCKETS }
    return { ...divided, ...none }
  }
  return divisor < 0 ? withResetHint(divided, 'gauge') : divided
}

/** Without empty buckets. */
export function compactHistogram(histogram: NativeHistogram): NativeHistogram {
  if (!histogram.positiveBuckets.includes(0) && !histogram.negativeBuckets.includes(0)) return histogram
  const draft = draftOf(histogram)
  compactDraft(draft)
  return finishDraft(draft)
}

/** In the buckets of a lower schema; the same histogram when it has that already, or custom bounds. */
export function reduceHistogram(histogram: NativeHistogram, schema: number): NativeHistogram {
  if (schema >= histogram.schema || hasCustomBounds(histogram)) return histogram
  const draft = draftOf(histogram)
  reduceDraft(draft, schema)
  return finishDraft(draft)
}

/** The same histogram under another hint. */
export function withResetHint(histogram: NativeHistogram, resetHint: CounterResetHint): NativeHistogram {
  return histogram.resetHint === resetHint ? histogram : { ...histogram, resetHint }
}

function mapped(histogram: NativeHistogram, change: (value: number) => number): NativeHistogram {
  return {
    ...histogram,
    zeroCount: change(histogram.zeroCount),
    count: change(histogram.count),
    sum: change(histogram.sum),
    positiveBuckets: histogram.positiveBuckets.map(change),
    negativeBuckets: histogram.negativeBuckets.map(change),
  }
}

/** Whether both have the very same buckets, none of which reaches into the zero bucket: the usual case within one series. */
function standsBeside(a: NativeHistogram, b: NativeHistogram): boolean {
  return (
    a.schema === b.schema &&
    a.zeroThreshold === b.zeroThreshold &&
    isSameSpans(a.positiveSpans, b.positiveSpans) &&
    isSameSpans(a.negativeSpans, b.negativeSpans) &&
    (hasCustomBounds(a)
      ? isSameBounds(a.customBounds, b.customBounds)
      : isBeyondZero(a, a.positiveSpans) && isBeyondZero(a, a.negativeSpans))
  )
}

function combineBuckets(a: NativeHistogram, b: NativeHistogram, sign: 1 | -1): CombinedHistogram {
  const hints = { resetHint: a.resetHint }
  const hasResetConflict = joinHints(hints, b.resetHint)
  const histogram = {
    ...a,
    ...hints,
    zeroCount: a.zeroCount + sign * b.zeroCount,
    count: a.count + sign * b.count,
    sum: a.sum + sign * b.sum,
    positiveBuckets: a.positiveBuckets.map((count, i) => count + sign * b.positiveBuckets[i]!),
    negativeBuckets: a.negativeBuckets.map((count, i) => count + sign * b.negativeBuckets[i]!),
  }
  return { histogram, hasResetConflict, isReconciled: false }
}

/** What goes with a sum. */
export type CombineNotes = Omit<CombinedHistogram, 'histogram'>

/** Adds `other`, times `sign`, to `draft`, compensated where the draft is. `undefined` when their kinds differ. */
export function addToDraft(draft: Draft, other: Draft, sign: 1 | -1): CombineNotes | undefined {
  if (hasCustomBounds(draft) !== hasCustomBounds(other)) return undefined
  const hasResetConflict = joinHints(draft, other.resetHint)
  if (hasCustomBounds(draft)) {
    addScalars(draft, other, sign)
    return { hasResetConflict, isReconciled: addCustom(draft, other, sign) }
  }
  const zero = reconcileZero(draft, other)
  addScalars(draft, { ...other, zeroCount: zero.zeroCount }, sign)
  if (draft.c !== undefined) addScalar(draft, 'zeroCount', zero.c)
  const schema = Math.min(draft.schema, other.schema)
  reduceDraft(draft, schema)
  if (other.schema > schema && draft.c !== undefined) {
    other.positive.c = other.positive.counts.map(() => 0)
    other.negative.c = other.negative.counts.map(() => 0)
  }
  reduceDraft(other, schema)
  for (const side of ['positive', 'negative'] as const) {
    addSide(draft[side], other[side], sign, countWithin(other[side], schema, draft.zeroThreshold))
  }
  return { hasResetConflict, isReconciled: false }
}

function addCustom(draft: Draft, other: Draft, sign: 1 | -1): boolean {
  if (isSameBounds(draft.customBounds, other.customBounds)) {
    addSide(draft.positive, other.positive, sign, 0)
    return false
  }
  const bounds = commonBounds(draft.customBounds, other.customBounds)
  const { at, counts, c } = addMismatched(
    { side: draft.positive, bounds: draft.customBounds },
    { side: other.positive, bounds: other.customBounds },
    sign,
    bounds,
  )
  draft.positive = draft.positive.c === undefined ? { at, counts } : { at, counts, c }
  draft.customBounds = bounds
  return true
}

function addScalars(draft: Draft, other: Pick<Draft, 'zeroCount' | 'count' | 'sum'>, sign: 1 | -1): void {
  for (const name of ['zeroCount', 'count', 'sum'] as const) addScalar(draft, name, sign * other[name])
}

function addScalar(draft: Draft, name: 'zeroCount' | 'count' | 'sum', value: number): void {
  const before = draft[name]
  const total = before + value
  draft[name] = total
  if (draft.c !== undefined) draft.c[name] = compensation(total, before, value, draft.c[name])
}

/** Settles the hint of a sum. Whether the two contradicted each other. Source: Prometheus 3.14 adjustCounterReset. */
function joinHints(draft: Pick<Draft, 'resetHint'>, other: CounterResetHint): boolean {
  const own = draft.resetHint
  if (own === other || own === 'gauge' || (own === 'unknown' && other !== 'gauge')) return false
  draft.resetHint = other === 'gauge' ? 'gauge' : 'unknown'
  return other === 'reset' || other === 'notReset'
}
