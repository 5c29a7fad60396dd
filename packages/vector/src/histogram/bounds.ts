import type { NativeHistogram } from '@oriel/model'
import { CUSTOM_BOUNDS_SCHEMA } from '@oriel/model'
import { SCHEMA_8_BOUNDS } from './schema-8-bounds.ts'

/** What decides where a histogram's buckets lie. */
export type BucketScheme = Pick<NativeHistogram, 'schema' | 'customBounds'>

/** Whether the bucket bounds are given one by one. */
export function hasCustomBounds({ schema }: Pick<NativeHistogram, 'schema'>): boolean {
  return schema === CUSTOM_BOUNDS_SCHEMA
}

/**
 * The upper bound of the positive bucket `index`; negative buckets mirror it. The lower bound is that of `index - 1`.
 *
 * The last exponential bucket ends at the greatest double, so that the one after it holds infinities only.
 * Source: Prometheus 3.14 model/histogram/generic.go getBound.
 */
export function upperBound({ schema, customBounds }: BucketScheme, index: number): number {
  if (schema !== CUSTOM_BOUNDS_SCHEMA) return exponentialBound(schema, index)
  if (index < 0) return -Infinity
  return index < customBounds.length ? customBounds[index]! : Infinity
}

// 2^1024 would be the bound after the greatest double.
const OVERFLOW_EXPONENT = 1_024
// 8: the highest schema, whose table holds the bounds of all.
const FINEST_SCHEMA = 8

/** The upper bound of an exponential bucket: 2^(index * 2^-schema). */
export function exponentialBound(schema: number, index: number): number {
  if (schema < 0) {
    const exponent = index * 2 ** -schema
    return exponent === OVERFLOW_EXPONENT ? Number.MAX_VALUE : 2 ** exponent
  }
  const perDouble = 2 ** schema
  const position = ((index % perDouble) + perDouble) % perDouble
  const fraction = SCHEMA_8_BOUNDS[position * 2 ** (FINEST_SCHEMA - schema)]!
  const exponent = (index - position) / perDouble
  if (position === 0 && exponent === OVERFLOW_EXPONENT) return Number.MAX_VALUE
  return 2 * fraction * 2 ** exponent
}
