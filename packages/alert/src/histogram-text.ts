// Native histograms as texts. Source: Prometheus 3.14 model/histogram/float_histogram.go String and TestExpression.

import { printFloat } from '@oriel/gotemplate'
import type { BucketSpan, NativeHistogram } from '@oriel/model'
import type { NativeBucket } from '@oriel/vector'
import { hasCustomBounds, negativeBuckets, positiveBuckets, zeroBucket } from '@oriel/vector'

/** As templates show one: `{count:3, sum:10, [-0.5,-0.25):1, (0.25,0.5]:2}`. */
export function printHistogram(histogram: NativeHistogram): string {
  const { count, sum, zeroCount } = histogram
  const buckets = [
    ...negativeBuckets(histogram).sort((a, b) => a.lower - b.lower),
    ...(zeroCount === 0 ? [] : [zeroBucket(histogram)]),
    ...positiveBuckets(histogram),
  ]
  const parts = buckets.filter((bucket) => bucket.count !== 0).map(printBucket)
  return `{${[`count:${printFloat(count)}`, `sum:${printFloat(sum)}`, ...parts].join(', ')}}`
}

function printBucket({ lower, upper, count, isLowerIncluded, isUpperIncluded }: NativeBucket): string {
  const open = isLowerIncluded ? '[' : '('
  return `${open}${printFloat(lower)},${printFloat(upper)}${isUpperIncluded ? ']' : ')'}:${printFloat(count)}`
}

/** As unit tests write one: `{{schema:1 count:3 sum:10 buckets:[1 2]}}`. Equal exactly when histogram and hint are. */
export function printTestExpression(histogram: NativeHistogram): string {
  const { schema, count, sum, zeroCount, zeroThreshold, customBounds, resetHint } = histogram
  const number = (name: string, value: number): string[] => (value === 0 ? [] : [`${name}:${printFloat(value)}`])
  const hint = { unknown: [], reset: ['reset'], notReset: ['not_reset'], gauge: ['gauge'] }[resetHint]
  return `{{${[
    ...number('schema', schema),
    ...number('count', count),
    ...number('sum', sum),
    ...number('z_bucket', zeroCount),
    ...number('z_bucket_w', zeroThreshold),
    ...(hasCustomBounds(histogram) ? [`custom_values:[${[...customBounds].map(printFloat).join(' ')}]`] : []),
    ...hint.map((name) => `counter_reset_hint:${name}`),
    ...printBuckets('', histogram.positiveSpans, histogram.positiveBuckets),
    ...printBuckets('n_', histogram.negativeSpans, histogram.negativeBuckets),
  ].join(' ')}}}`
}

/** Buckets in one run from the first that holds something to the last. */
function printBuckets(prefix: string, spans: readonly BucketSpan[], counts: Float64Array): string[] {
  const byIndex = new Map<number, number>()
  let index = 0
  let at = 0
  for (const { offset, length } of spans) {
    index += offset
    for (let i = 0; i < length; i++, index++) {
      const count = counts[at++] ?? 0
      if (count !== 0) byIndex.set(index, count)
    }
  }
  if (byIndex.size === 0) return []
  const [first, last] = [Math.min(...byIndex.keys()), Math.max(...byIndex.keys())]
  const all = Array.from({ length: last - first + 1 }, (_, i) => printFloat(byIndex.get(first + i) ?? 0))
  return [...(first === 0 ? [] : [`${prefix}offset:${first}`]), `${prefix}buckets:[${all.join(' ')}]`]
}
