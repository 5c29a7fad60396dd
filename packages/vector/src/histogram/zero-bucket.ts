import { compensation } from '../kahan.ts'
import { exponentialBound } from './bounds.ts'
import type { Draft } from './draft.ts'
import { compactDraft } from './draft.ts'
import type { Side } from './side.ts'

/** The zero bucket a histogram would have at a larger threshold. */
export interface WiderZero {
  readonly zeroCount: number
  readonly threshold: number
  /** What rounding took from the count. */
  readonly c: number
}

/**
 * The zero bucket at `threshold`, which is not below the histogram's own. A threshold within a filled bucket moves to its far end.
 *
 * Source: Prometheus 3.14 model/histogram/float_histogram.go zeroCountForLargerThreshold.
 */
export function widerZero(draft: Draft, threshold: number): WiderZero {
  const widened = { zeroCount: draft.zeroCount, threshold, c: draft.c?.zeroCount ?? 0 }
  if (threshold === draft.zeroThreshold) return widened
  for (;;) {
    widened.zeroCount = draft.zeroCount
    swallow(draft.positive, draft.schema, widened)
    // A negative bucket that moved the threshold makes what was taken from the positive ones wrong.
    if (!swallow(draft.negative, draft.schema, widened)) return widened
  }
}

/** Makes the zero buckets of both equally wide: changes `draft`, returns what `other` would have. */
export function reconcileZero(draft: Draft, other: Draft): Pick<WiderZero, 'zeroCount' | 'c'> {
  let theirs: WiderZero = { zeroCount: other.zeroCount, threshold: other.zeroThreshold, c: 0 }
  while (theirs.threshold !== draft.zeroThreshold) {
    if (draft.zeroThreshold > theirs.threshold) theirs = widerZero(other, draft.zeroThreshold)
    if (theirs.threshold > draft.zeroThreshold) widen(draft, theirs.threshold)
  }
  return theirs
}

function widen(draft: Draft, threshold: number): void {
  const widened = widerZero(draft, threshold)
  draft.zeroCount = widened.zeroCount
  draft.zeroThreshold = widened.threshold
  if (draft.c !== undefined) draft.c.zeroCount = widened.c
  for (const side of [draft.positive, draft.negative]) {
    for (let i = 0; i < side.at.length; i++) {
      if (exponentialBound(draft.schema, side.at[i]! - 1) >= draft.zeroThreshold) break
      side.counts[i] = 0
      if (side.c !== undefined) side.c[i] = 0
    }
  }
  compactDraft(draft)
}

/** Adds the buckets below the threshold to the zero count. Whether a filled bucket reached beyond and moved the threshold. */
function swallow(side: Side, schema: number, zero: { zeroCount: number; threshold: number; c: number }): boolean {
  for (let i = 0; i < side.at.length; i++) {
    const index = side.at[i]!
    if (exponentialBound(schema, index - 1) >= zero.threshold) return false
    addTo(zero, side.counts[i]!)
    if (side.c !== undefined) addTo(zero, side.c[i]!)
    const far = exponentialBound(schema, index)
    if (far <= zero.threshold) continue
    if (side.counts[i] === 0) return false
    zero.threshold = far
    return true
  }
  return false
}

function addTo(zero: { zeroCount: number; c: number }, count: number): void {
  const total = zero.zeroCount + count
  zero.c = compensation(total, zero.zeroCount, count, zero.c)
  zero.zeroCount = total
}
