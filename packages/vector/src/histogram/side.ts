import type { BucketSpan, NativeHistogram } from '@oriel/model'
import { compensation } from '../kahan.ts'
import { exponentialBound } from './bounds.ts'

/**
 * The buckets on one side of zero while they are computed with: bucket `at[i]` holds `counts[i]`, `at` rises strictly.
 *
 * `c`, where a sum is compensated, has what each count is short of.
 */
export interface Side {
  at: number[]
  counts: number[]
  c?: number[]
}

/** Unfolds spans; empty buckets that are written out stay. */
export function sideOf(spans: readonly BucketSpan[], buckets: ArrayLike<number>): Side {
  const at: number[] = []
  const counts: number[] = []
  let index = 0
  for (const { offset, length } of spans) {
    index += offset
    for (let i = 0; i < length && counts.length < buckets.length; i++) {
      at.push(index++)
      counts.push(buckets[counts.length]!)
    }
  }
  return { at, counts }
}

/** Folds bucket positions to spans. */
export function spansOf(at: readonly number[]): BucketSpan[] {
  const spans: BucketSpan[] = []
  let end = 0
  for (let i = 0; i < at.length;) {
    const start = at[i]!
    let length = 1
    while (at[i + length] === start + length) length++
    spans.push({ offset: start - end, length })
    end = start + length
    i += length
  }
  return spans
}

/** Whether two lists of spans are written the same: then their buckets stand side by side. */
export function isSameSpans(a: readonly BucketSpan[], b: readonly BucketSpan[]): boolean {
  if (a === b) return true
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i]!.offset !== b[i]!.offset || a[i]!.length !== b[i]!.length) return false
  return true
}

/** Whether the first bucket of a side ends beyond the zero bucket; buckets of given bounds always do. */
export function isBeyondZero(
  { schema, zeroThreshold }: Pick<NativeHistogram, 'schema' | 'zeroThreshold'>,
  [first]: readonly BucketSpan[],
): boolean {
  return zeroThreshold === 0 || first === undefined || exponentialBound(schema, first.offset) > zeroThreshold
}

/** Adds `b`, times `sign`, to `a`. Both have the same scheme. `skip` leaves out the first buckets of `b`. */
export function addSide(a: Side, b: Side, sign: 1 | -1, skip: number): void {
  if (skip === 0 && isSameLayout(a.at, b.at)) {
    for (let i = 0; i < a.at.length; i++) addCount(a, i, sign, b, i)
    return
  }
  const sum: Side = { at: [], counts: [], ...(a.c !== undefined && { c: [] }) }
  let i = 0
  let j = skip
  while (i < a.at.length || j < b.at.length) {
    const [left = Infinity, right = Infinity] = [a.at[i], b.at[j]]
    if (left <= right) push(sum, a, i++, 1)
    if (left === right) addCount(sum, sum.at.length - 1, sign, b, j++)
    if (left > right) push(sum, b, j++, sign)
  }
  replace(a, sum)
}

/** Merges buckets into those of a lower schema. */
export function reduceSide(side: Side, fromSchema: number, toSchema: number): void {
  const width = 2 ** (fromSchema - toSchema)
  const merged: Side = { at: [], counts: [], ...(side.c !== undefined && { c: [] }) }
  for (let i = 0; i < side.at.length; i++) {
    const target = Math.floor((side.at[i]! - 1) / width) + 1
    const last = merged.at.length - 1
    if (merged.at[last] === target) addCount(merged, last, 1, side, i)
    else push(merged, side, i, 1, target)
  }
  replace(side, merged)
}

/** Leaves out empty buckets. */
export function compactSide(side: Side): void {
  const { at, counts, c } = side
  if (!counts.includes(0)) return
  const kept = [...at.keys()].filter((i) => counts[i] !== 0 || (c !== undefined && c[i] !== 0))
  side.at = kept.map((i) => at[i]!)
  side.counts = kept.map((i) => counts[i]!)
  if (c !== undefined) side.c = kept.map((i) => c[i]!)
}

/** How many of the first exponential buckets end at or below `threshold`. */
export function countWithin({ at }: Side, schema: number, threshold: number): number {
  let count = 0
  if (threshold > 0) while (count < at.length && exponentialBound(schema, at[count]!) <= threshold) count++
  return count
}

/** Whether the same buckets are there. */
export function isSameLayout(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

function push(to: Side, from: Side, i: number, sign: 1 | -1, index: number = from.at[i]!): void {
  to.at.push(index)
  to.counts.push(sign * from.counts[i]!)
  to.c?.push(sign * (from.c?.[i] ?? 0))
}

function replace(side: Side, { at, counts, c }: Side): void {
  side.at = at
  side.counts = counts
  if (c !== undefined) side.c = c
}

/** Adds bucket `j` of `b` to bucket `i` of `a`, compensated where `a` is. */
function addCount(a: Side, i: number, sign: 1 | -1, b: Side, j: number): void {
  const count = sign * b.counts[j]!
  const before = a.counts[i]!
  const total = before + count
  a.counts[i] = total
  if (a.c === undefined) return
  a.c[i] = compensation(total, before, count, a.c[i]!)
  const c = sign * (b.c?.[j] ?? 0)
  if (c === 0) return
  a.counts[i] = total + c
  a.c[i] = compensation(total + c, total, c, a.c[i]!)
}
