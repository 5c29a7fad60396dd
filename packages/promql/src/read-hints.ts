import type { NativeHistogram, SeriesSamples } from '@oriel/model'
import { detectReset, EMPTY_HISTOGRAM, isSameBounds, withResetHint } from '@oriel/vector'
import type { Expr, VectorSelector } from './ast.ts'
import { childrenOf } from './ast.ts'

type Histograms = NonNullable<SeriesSamples['histograms']>

/**
 * The samples with the counter hints that Prometheus's storage gives at reading, whatever was written: `gauge` stays, `notReset` for
 * one that continues the sample before it, `unknown` for all others. Source: Prometheus 3.14 tsdb/chunkenc counterResetHint, appendable.
 */
export function withReadHints(samples: SeriesSamples): SeriesSamples {
  if (samples.histograms === undefined) return samples
  const histograms = mapHistograms(samples, samples.histograms, (histogram, before) => {
    if (histogram.resetHint === 'gauge') return histogram
    const isNext = before !== undefined && before.resetHint !== 'gauge' && continues(histogram, before)
    return withResetHint(histogram, isNext ? 'notReset' : 'unknown')
  })
  return { ...samples, histograms }
}

/**
 * The samples as queries see them that ask for count and sum alone: histograms without buckets, resets found beforehand.
 *
 * `samples` have their read hints. Source: Prometheus 3.14 promql/histogram_stats_iterator.go.
 */
export function withoutBuckets(samples: SeriesSamples): SeriesSamples {
  if (samples.histograms === undefined) return samples
  let last: NativeHistogram | undefined
  const histograms = mapHistograms(samples, samples.histograms, (histogram, _before, isFirst) => {
    if (isFirst) last = undefined
    const isFound = histogram.resetHint === 'unknown' && last !== undefined
    const resetHint = isFound ? (detectReset(histogram, last!) ? 'reset' : 'notReset') : histogram.resetHint
    last = histogram
    const { schema, count, sum } = histogram
    return { ...EMPTY_HISTOGRAM, schema, count, sum, resetHint }
  })
  return { ...samples, histograms }
}

/** The selectors of which only count and sum of histograms matter. Source: Prometheus 3.14 detectHistogramStatsDecoding. */
export function selectorsWithoutBuckets(expr: Expr): ReadonlySet<VectorSelector> {
  const found = new Set<VectorSelector>()
  collect(expr, false, found)
  return found
}

const STATS = new Set(['histogram_count', 'histogram_sum', 'histogram_avg'])
const NEEDS_BUCKETS = new Set(['histogram_quantile', 'histogram_quantiles', 'histogram_fraction'])

function collect(expr: Expr, isStats: boolean, found: Set<VectorSelector>): void {
  if (expr.kind === 'vectorSelector') {
    if (isStats) found.add(expr)
    return
  }
  if (expr.kind === 'subquery') return
  if (expr.kind === 'call' && NEEDS_BUCKETS.has(expr.name)) return
  if (expr.kind === 'binary' && (expr.op === '</' || expr.op === '>/')) return
  const inner = isStats || (expr.kind === 'call' && STATS.has(expr.name))
  for (const child of childrenOf(expr)) collect(child, inner, found)
}

/** `before` is the sample just before, when that is a histogram; `isFirst`: the series has no histogram before this one. */
function mapHistograms(
  { labels, offsets, stale }: SeriesSamples,
  histograms: Histograms,
  map: (histogram: NativeHistogram, before: NativeHistogram | undefined, isFirst: boolean) => NativeHistogram,
): Histograms {
  const mapped: (NativeHistogram | undefined)[] = Array.from({ length: histograms.length })
  for (let i = 0; i < labels.length; i++) {
    const from = offsets[i]!
    let isFirst = true
    for (let p = from; p < offsets[i + 1]!; p++) {
      const histogram = histograms[p]
      if (histogram === undefined || stale[p] === 1) continue
      mapped[p] = map(histogram, p > from && stale[p - 1] === 0 ? histograms[p - 1] : undefined, isFirst)
      isFirst = false
    }
  }
  return mapped
}

/** Whether the storage would put the histogram into the chunk of the one before. */
function continues(histogram: NativeHistogram, before: NativeHistogram): boolean {
  return (
    histogram.resetHint !== 'reset' &&
    histogram.schema === before.schema &&
    histogram.zeroThreshold === before.zeroThreshold &&
    isSameBounds(histogram.customBounds, before.customBounds) &&
    !detectReset(withResetHint(histogram, 'unknown'), before)
  )
}
