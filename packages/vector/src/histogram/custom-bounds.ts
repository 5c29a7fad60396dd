import { compensation } from '../kahan.ts'
import type { Side } from './side.ts'

/** Whether two lists of bounds are the same. */
export function isSameBounds(a: Float64Array, b: Float64Array): boolean {
  if (a === b) return true
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** The bounds that both lists have. Both rise. */
export function commonBounds(a: Float64Array, b: Float64Array): Float64Array {
  const common: number[] = []
  let j = 0
  for (const bound of a) {
    while (j < b.length && b[j]! < bound) j++
    if (b[j] === bound) common.push(bound)
  }
  return Float64Array.from(common)
}

/** Buckets with the bounds they belong to. */
export interface BoundedSide {
  readonly side: Side
  readonly bounds: Float64Array
}

/**
 * Adds `b`, times `sign`, to `a` in the buckets that `bounds` leave of both; empty ones are left out. Always compensated.
 *
 * Source: Prometheus 3.14 model/histogram/float_histogram.go addCustomBucketsWithMismatches.
 */
export function addMismatched(a: BoundedSide, b: BoundedSide, sign: 1 | -1, bounds: Float64Array): Required<Side> {
  const counts = Array.from({ length: bounds.length + 1 }, () => 0)
  const c = Array.from({ length: bounds.length + 1 }, () => 0)
  pour(a, 1, bounds, counts, c)
  pour({ side: { at: b.side.at, counts: b.side.counts }, bounds: b.bounds }, sign, bounds, counts, c)
  const at = [...counts.keys()].filter((i) => counts[i] !== 0 || c[i] !== 0)
  return { at, counts: at.map((i) => counts[i]!), c: at.map((i) => c[i]!) }
}

function pour({ side, bounds: own }: BoundedSide, sign: 1 | -1, bounds: Float64Array, counts: number[], c: number[]): void {
  let target = 0
  for (let i = 0; i < side.at.length; i++) {
    const bound = own[side.at[i]!]
    while (bound !== undefined && target < bounds.length && bounds[target]! < bound) target++
    const to = bound === undefined ? bounds.length : target
    addTo(counts, c, to, sign * side.counts[i]!)
    if (side.c !== undefined) addTo(counts, c, to, side.c[i]!)
  }
}

function addTo(counts: number[], c: number[], i: number, count: number): void {
  const before = counts[i]!
  const total = before + count
  c[i] = compensation(total, before, count, c[i]!)
  counts[i] = total
}
