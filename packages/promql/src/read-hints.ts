import type { NativeHistogram, SeriesSamples } from '@oriel/model'
import { labelsKey } from '@oriel/model'
import { detectReset, EMPTY_HISTOGRAM, isSameBounds, withResetHint } from '@oriel/vector'
import type { Expr, VectorSelector } from './ast.ts'
import { childrenOf } from './ast.ts'

type Histograms = NonNullable<SeriesSamples['histograms']>

/**
 * The samples with the counter hints that Prometheus's storage gives at reading, whatever was written: `gauge` stays, `notReset` for
 * one that continues the sample before it, `unknown` for all others. `earlier` has what lies before `samples`, for the first ones.
 * Source: Prometheus 3.14 tsdb/chunkenc counterResetHint, appendable.
 */
export function withReadHints(samples: SeriesSamples, earlier?: SeriesSamples): SeriesSamples {
  if (samples.histograms === undefined) return samples
  const last = lastHistograms(earlier)
  const histograms = mapHistograms(samples, samples.histograms, (histogram, beside, series) => {
    if (histogram.resetHint === 'gauge') return histogram
    const before = beside === 'none' ? last.get(labelsKey(samples.labels[series] ?? [])) : beside
    const isNext = before !== undefined && before.resetHint !== 'gauge' && continues(histogram, before)
    return withResetHint(histogram, isNext ? 'notReset' : 'unknown')
  })
  return { ...samples, histograms }
}

/** Whether any series begins with a histogram whose hint depends on what was before. */
export function needsEarlier({ labels, offsets, stale, histograms }: SeriesSamples): boolean {
  if (histograms === undefined) return false
  return labels.some((_, i) => {
    const first = offsets[i]!
    const histogram = first < offsets[i + 1]! && stale[first] === 0 ? histograms[first] : undefined
    return histogram !== undefined && histogram.resetHint !== 'gauge'
  })
}

/** The last sample of each series, where it is a histogram. */
function lastHistograms(samples: SeriesSamples | undefined): Map<string, NativeHistogram> {
  const last = new Map<string, NativeHistogram>()
  for (const [i, labels] of samples?.labels.entries() ?? []) {
    const p = samples!.offsets[i + 1]! - 1
    const histogram = p >= samples!.offsets[i]! && samples!.stale[p] === 0 ? samples!.histograms?.[p] : undefined
    if (histogram !== undefined) last.set(labelsKey(labels), histogram)
  }
  return last
}

/**
 * The samples as queries see them that ask for count and sum alone: histograms without buckets, resets found beforehand.
 *
 * `samples` have their read hints. Source: Prometheus 3.14 promql/histogram_stats_iterator.go.
 */
export function withoutBuckets(samples: SeriesSamples): SeriesSamples {
  if (samples.histograms === undefined) return samples
  let last: NativeHistogram | undefined
  let lastSeries = -1
  const histograms = mapHistograms(samples, samples.histograms, (histogram, _beside, series) => {
    if (series !== lastSeries) last = undefined
    lastSeries = series
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

/** `beside` is the sample just before: `undefined` when that is no histogram, `none` when the series begins here. */
function mapHistograms(
  { labels, offsets, stale }: SeriesSamples,
  histograms: Histograms,
  map: (histogram: NativeHistogram, beside: NativeHistogram | 'none' | undefined, series: number) => NativeHistogram,
): Histograms {
  const mapped: (NativeHistogram | undefined)[] = Array.from({ length: histograms.length })
  for (let i = 0; i < labels.length; i++) {
    const from = offsets[i]!
    for (let p = from; p < offsets[i + 1]!; p++) {
      const histogram = histograms[p]
      if (histogram === undefined || stale[p] === 1) continue
      const beside = p === from ? 'none' : stale[p - 1] === 0 ? histograms[p - 1] : undefined
      mapped[p] = map(histogram, beside, i)
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
