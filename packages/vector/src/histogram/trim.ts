import type { NativeHistogram } from '@oriel/model'
import { hasCustomBounds } from './bounds.ts'
import type { NativeBucket } from './buckets.ts'
import { fractionBelow, negativeBuckets, positiveBuckets, zeroBucket } from './buckets.ts'
import { compactDraft, draftOf, finishDraft } from './draft.ts'
import type { Side } from './side.ts'

/**
 * Keeps the observations below `edge` (`</`, `isUpper`) or above it (`>/`). Count and sum are estimated anew where buckets were
 * cut. Source: Prometheus 3.14 model/histogram/float_histogram.go TrimBuckets.
 */
export function trimHistogram(histogram: NativeHistogram, edge: number, isUpper: boolean): NativeHistogram {
  const draft = draftOf(histogram)
  const trim: Trim = { edge, isUpper, isCustom: hasCustomBounds(histogram), count: 0, sum: 0, hasTrimmed: false }
  const hasPositive = trimSide(trim, positiveBuckets(histogram), draft.positive, true)
  const hasNegative = trimSide(trim, negativeBuckets(histogram), draft.negative, false)
  if (histogram.zeroCount > 0) {
    const { lower, upper, count } = zeroBucket(histogram)
    const bounds = { lower: hasPositive && !hasNegative ? 0 : lower, upper: hasNegative && !hasPositive ? 0 : upper }
    const kept = trimZero(trim, { ...bounds, count })
    if (kept.count !== histogram.zeroCount) trim.hasTrimmed = true
    draft.zeroCount = kept.count
    trim.sum += kept.middle * kept.count
    trim.count += kept.count
  }
  if (!trim.hasTrimmed) return histogram
  draft.count = trim.count
  draft.sum = trim.sum
  compactDraft(draft)
  return finishDraft(draft)
}

interface Trim {
  readonly edge: number
  readonly isUpper: boolean
  readonly isCustom: boolean
  count: number
  sum: number
  hasTrimmed: boolean
}

/** What is left of a bucket, and the value that stands for it. */
interface Kept {
  readonly count: number
  readonly middle: number
}

type Bounds = Pick<NativeBucket, 'lower' | 'upper' | 'count'>

/** Cuts the buckets of a side. Whether any was filled. */
function trimSide(trim: Trim, buckets: readonly NativeBucket[], side: Side, isPositive: boolean): boolean {
  let isFilled = false
  for (const [i, bucket] of buckets.entries()) {
    if (bucket.count === 0) continue
    isFilled = true
    const kept = trimBucket(trim, bucket, isPositive)
    trim.count += kept.count
    trim.sum += kept.middle * kept.count
    if (kept.count === bucket.count) continue
    side.counts[i] = kept.count
    trim.hasTrimmed = true
  }
  return isFilled
}

function trimBucket({ edge, isUpper, isCustom }: Trim, bucket: Bounds, isPositive: boolean): Kept {
  const { lower, upper, count } = bucket
  if (isUpper ? upper <= edge : lower >= edge) return { count, middle: middleOf(lower, upper, isPositive, isCustom) }
  if (isUpper ? lower >= edge : upper <= edge) return { count: 0, middle: 0 }
  // A NaN edge is neither: everything goes.
  if (Number.isNaN(edge)) return { count: 0, middle: 0 }
  if (lower === -Infinity) return isUpper ? keepBelowFromMinusInfinity(edge, bucket) : keepAboveFromMinusInfinity(edge, bucket)
  if (upper === Infinity) return isUpper ? { count: 0, middle: 0 } : { count: edge >= lower ? count : 0, middle: edge }
  const below = count * fractionBelow(bucket, edge, isCustom)
  if (isUpper) return { count: below, middle: middleOf(lower, edge, isPositive, isCustom) }
  return { count: count - below, middle: middleOf(edge, upper, isPositive, isCustom) }
}

/** The lowest of given bounds: as if it began at zero when it ends above. */
function keepBelowFromMinusInfinity(edge: number, { upper, count }: Bounds): Kept {
  if (edge > 0 && upper > 0 && upper !== Infinity) return { count: (count * edge) / upper, middle: edge / 2 }
  return upper <= 0 ? { count, middle: edge } : { count: 0, middle: 0 }
}

function keepAboveFromMinusInfinity(edge: number, { upper, count }: Bounds): Kept {
  if (edge >= 0 && upper > edge && upper !== Infinity) return { count: count * (1 - edge / upper), middle: (edge + upper) / 2 }
  return { count: 0, middle: 0 }
}

function trimZero({ edge, isUpper }: Trim, { lower, upper, count }: Bounds): Kept {
  const isBelow = edge <= lower
  if (isBelow || edge >= upper) return isBelow === isUpper ? { count: 0, middle: 0 } : { count, middle: (lower + upper) / 2 }
  const share = isUpper ? (edge - lower) / (upper - lower) : (upper - edge) / (upper - lower)
  return { count: count * share, middle: isUpper ? (lower + edge) / 2 : (edge + upper) / 2 }
}

/** The value that stands for a bucket's observations: linear or geometric middle, zero for the end that is infinite. */
function middleOf(lower: number, upper: number, isPositive: boolean, isLinear: boolean): number {
  if (Math.abs(lower) === Infinity) {
    if (Math.abs(upper) === Infinity) return 0
    return upper > 0 ? upper / 2 : upper
  }
  if (Math.abs(upper) === Infinity) return lower
  if (isLinear) return (lower + upper) / 2
  const middle = Math.sqrt(Math.abs(lower * upper))
  return isPositive ? middle : -middle
}
