import type { NativeHistogram } from '@oriel/model'

/** The newest sample of a series on its way to another Prometheus: a number, or a native histogram. */
export interface FederatedMetric {
  readonly name: string
  /** Without the name. */
  readonly labels: readonly { readonly name: string; readonly value: string }[]
  readonly tMs: number
  readonly value: number
  readonly histogram?: NativeHistogram
}

/** Metrics of one name and kind that follow each other. */
export interface FederatedFamily {
  readonly name: string
  readonly kind: 'untyped' | 'histogram' | 'gauge histogram'
  readonly metrics: readonly FederatedMetric[]
}

/** Cumulative counts at the bounds of a histogram with bounds of its own, without the one up to +Inf. */
export function classicBuckets({ customBounds, positiveSpans, positiveBuckets }: NativeHistogram): {
  bound: number
  count: number
}[] {
  const counts = new Float64Array(customBounds.length + 1)
  let index = 0
  let at = 0
  for (const { offset, length } of positiveSpans) {
    index += offset
    for (let i = 0; i < length; i++) counts[index++] = positiveBuckets[at++]!
  }
  let cumulative = 0
  return Array.from(customBounds, (bound, i) => ({ bound, count: (cumulative += counts[i]!) }))
}
