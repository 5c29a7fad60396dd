import type { NativeHistogram } from '@oriel/model'
import { hasCustomBounds } from './bounds.ts'
import { commonBounds, isSameBounds } from './custom-bounds.ts'
import { draftOf } from './draft.ts'
import type { Side } from './side.ts'
import { countWithin, isBeyondZero, isSameSpans, reduceSide, sideOf } from './side.ts'
import { widerZero } from './zero-bucket.ts'

/**
 * Whether the counter behind `histogram` began anew after `previous`: any count fell, or a filled bucket is gone.
 *
 * An explicit hint of `histogram` decides alone. Finer buckets or a narrower zero bucket come with a reset; coarser ones are
 * compared after merging. Source: Prometheus 3.14 model/histogram/float_histogram.go DetectReset.
 */
export function detectReset(histogram: NativeHistogram, previous: NativeHistogram): boolean {
  if (histogram.resetHint === 'reset') return true
  if (histogram.resetHint === 'notReset') return false
  if (histogram.count < previous.count) return true
  if (hasCustomBounds(histogram)) {
    if (!hasCustomBounds(previous)) return true
    if (!isSameBounds(histogram.customBounds, previous.customBounds)) return hasFallenBetweenBounds(histogram, previous)
  }
  if (histogram.schema > previous.schema || histogram.zeroThreshold < previous.zeroThreshold) return true
  const zero =
    histogram.zeroThreshold === previous.zeroThreshold
      ? { zeroCount: previous.zeroCount, threshold: previous.zeroThreshold }
      : widerZero(draftOf(previous), histogram.zeroThreshold)
  if (zero.threshold !== histogram.zeroThreshold || histogram.zeroCount < zero.zeroCount) return true
  return (
    hasFallen(histogram, previous, 'positiveSpans', 'positiveBuckets') ||
    hasFallen(histogram, previous, 'negativeSpans', 'negativeBuckets')
  )
}

function hasFallen(
  now: NativeHistogram,
  before: NativeHistogram,
  spans: 'positiveSpans' | 'negativeSpans',
  buckets: 'positiveBuckets' | 'negativeBuckets',
): boolean {
  const isBesides = before.schema === now.schema && isSameSpans(now[spans], before[spans])
  if (isBesides && isBeyondZero(now, now[spans])) return isAnyLess(now[buckets], before[buckets])
  const [current, previous] = [sideOf(now[spans], now[buckets]), sideOf(before[spans], before[buckets])]
  if (before.schema > now.schema) reduceSide(previous, before.schema, now.schema)
  const start = hasCustomBounds(now) ? 0 : countWithin(previous, now.schema, now.zeroThreshold)
  return hasFallenFrom(current, previous, start)
}

function isAnyLess(now: Float64Array, before: Float64Array): boolean {
  for (let i = 0; i < before.length; i++) if (now[i]! < before[i]!) return true
  return false
}

function hasFallenFrom(current: Side, previous: Side, start: number): boolean {
  let j = 0
  for (let i = start; i < previous.at.length; i++) {
    const index = previous.at[i]!
    while (j < current.at.length && current.at[j]! < index) j++
    const count = previous.counts[i]!
    if (current.at[j] === index ? current.counts[j]! < count : count !== 0) return true
  }
  return false
}

/** Compares, between the bounds that both have, how many observations there are. */
function hasFallenBetweenBounds(now: NativeHistogram, before: NativeHistogram): boolean {
  const bounds = commonBounds(now.customBounds, before.customBounds)
  const [current, previous] = [now, before].map((histogram) => countsBetween(histogram, bounds))
  return previous?.some((count, i) => (current?.[i] ?? 0) < count) === true
}

function countsBetween({ positiveSpans, positiveBuckets, customBounds }: NativeHistogram, bounds: Float64Array): number[] {
  const { at, counts } = sideOf(positiveSpans, positiveBuckets)
  const sums = Array.from({ length: bounds.length + 1 }, () => 0)
  let target = 0
  for (let i = 0; i < at.length; i++) {
    const bound = customBounds[at[i]!] ?? Infinity
    while (target < bounds.length && bounds[target]! < bound) target++
    sums[target] = sums[target]! + counts[i]!
  }
  return sums
}
