import type { NativeHistogram } from '@oriel/model'
import { printGoNumber } from '@oriel/syntax'
import type { NativeBucket } from '@oriel/vector'
import { hasCustomBounds, negativeBuckets, positiveBuckets, zeroBucket } from '@oriel/vector'

/** A histogram on one line, buckets from low to high: `{count:2, sum:3, (1,2]:2}`. Source: Prometheus 3.14 FloatHistogram.String. */
export function printHistogram(histogram: NativeHistogram): string {
  const zero = histogram.zeroCount === 0 || hasCustomBounds(histogram) ? [] : [zeroBucket(histogram)]
  const buckets = [...negativeBuckets(histogram).reverse(), ...zero, ...positiveBuckets(histogram)]
  const filled = buckets.filter(({ count }) => count !== 0).map((bucket) => `, ${printBucket(bucket)}`)
  return `{count:${printGoNumber(histogram.count)}, sum:${printGoNumber(histogram.sum)}${filled.join('')}}`
}

function printBucket({ lower, upper, isLowerIncluded, isUpperIncluded, count }: NativeBucket): string {
  const [open, close] = [isLowerIncluded ? '[' : '(', isUpperIncluded ? ']' : ')']
  return `${open}${printGoNumber(lower)},${printGoNumber(upper)}${close}:${printGoNumber(count)}`
}
