import type { CounterResetHint, NativeHistogram } from '@oriel/model'
import { hasCustomBounds } from './bounds.ts'
import type { Side } from './side.ts'
import { compactSide, reduceSide, sideOf, spansOf } from './side.ts'

/** A histogram while it is computed with; `compensated` says that sums keep what rounding took from them. */
export interface Draft {
  schema: number
  zeroThreshold: number
  zeroCount: number
  count: number
  sum: number
  positive: Side
  negative: Side
  customBounds: Float64Array
  resetHint: CounterResetHint
  /** What rounding took from the zero count, the count and the sum. */
  c?: Compensation
}

/** What is missing in the scalars of a compensated sum. `resetHint` is what the sum had when compensation began. */
export interface Compensation {
  zeroCount: number
  count: number
  sum: number
  resetHint: CounterResetHint
}

/** A changeable copy. */
export function draftOf(histogram: NativeHistogram): Draft {
  const { schema, zeroThreshold, zeroCount, count, sum, customBounds, resetHint } = histogram
  return {
    schema,
    zeroThreshold,
    zeroCount,
    count,
    sum,
    positive: sideOf(histogram.positiveSpans, histogram.positiveBuckets),
    negative: sideOf(histogram.negativeSpans, histogram.negativeBuckets),
    customBounds,
    resetHint,
  }
}

/** The finished histogram. The draft must not be used any more. */
export function finishDraft(draft: Draft): NativeHistogram {
  const { schema, zeroThreshold, zeroCount, count, sum, positive, negative, customBounds, resetHint } = draft
  return {
    schema,
    zeroThreshold,
    zeroCount,
    count,
    sum,
    positiveSpans: spansOf(positive.at),
    positiveBuckets: Float64Array.from(positive.counts),
    negativeSpans: spansOf(negative.at),
    negativeBuckets: Float64Array.from(negative.counts),
    customBounds,
    resetHint,
  }
}

/** A copy that can change on its own, compensation included. */
export function cloneDraft(draft: Draft): Draft {
  const [positive, negative] = [cloneSide(draft.positive), cloneSide(draft.negative)]
  return { ...draft, positive, negative, ...(draft.c !== undefined && { c: { ...draft.c } }) }
}

function cloneSide({ at, counts, c }: Side): Side {
  return { at: [...at], counts: [...counts], ...(c !== undefined && { c: [...c] }) }
}

/** Leaves out empty buckets on both sides. */
export function compactDraft(draft: Draft): void {
  compactSide(draft.positive)
  compactSide(draft.negative)
}

/** Merges buckets down to `schema`, which is lower. */
export function reduceDraft(draft: Draft, schema: number): void {
  if (schema >= draft.schema || hasCustomBounds(draft)) return
  reduceSide(draft.positive, draft.schema, schema)
  reduceSide(draft.negative, draft.schema, schema)
  draft.schema = schema
}

/** Applies `change` to every count and to the sum. */
export function mapDraft(draft: Draft, change: (value: number) => number): void {
  draft.zeroCount = change(draft.zeroCount)
  draft.count = change(draft.count)
  draft.sum = change(draft.sum)
  for (const side of [draft.positive, draft.negative]) {
    side.counts = side.counts.map(change)
    if (side.c !== undefined) side.c = side.c.map(change)
  }
  const { c } = draft
  if (c === undefined) return
  c.zeroCount = change(c.zeroCount)
  c.count = change(c.count)
  c.sum = change(c.sum)
}
