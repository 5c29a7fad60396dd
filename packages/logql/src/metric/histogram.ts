import type { Labels } from '@oriel/model'
import { dropLabels, labelsKey, labelValue } from '@oriel/model'
import type { Grid } from '@oriel/vector'
import { makeGrid } from '@oriel/vector'

const LE: ReadonlySet<string> = new Set(['le'])

/**
 * The quantile of classic histograms: cumulative counts by upper bound in the label `le`, one histogram a set of other labels.
 *
 * Linear within a bucket, the highest finite bound for the open one, NaN without a `+Inf` bucket or with fewer than two buckets.
 * Source: Prometheus 3.14 documentation, histogram_quantile over classic histograms.
 */
export function histogramQuantile(quantile: number, grid: Grid): Grid {
  const { steps } = grid
  const labels: Labels[] = []
  const rowsOf: { row: number; upper: number }[][] = []
  const indexOf = new Map<string, number>()
  for (const [row, of] of grid.labels.entries()) {
    const upper = upperBound(labelValue(of, 'le'))
    if (upper === undefined) continue
    const rest = dropLabels(of, LE)
    let index = indexOf.get(labelsKey(rest))
    if (index === undefined) {
      index = labels.push(rest) - 1
      indexOf.set(labelsKey(rest), index)
      rowsOf.push([])
    }
    rowsOf[index]?.push({ row, upper })
  }
  const out = makeGrid(labels, steps)
  for (const [series, rows] of rowsOf.entries()) {
    rows.sort((a, b) => a.upper - b.upper)
    for (let j = 0; j < steps; j++) {
      const there = rows.filter(({ row }) => grid.present[row * steps + j] === 1)
      if (there.length === 0) continue
      const buckets = there.map(({ row, upper }) => ({ upper, count: grid.values[row * steps + j]! }))
      out.values[series * steps + j] = quantileOfBuckets(quantile, buckets)
      out.present[series * steps + j] = 1
    }
  }
  return out
}

interface Bucket {
  readonly upper: number
  count: number
}

function upperBound(text: string): number | undefined {
  if (/^\+?inf$/i.test(text)) return Infinity
  return text !== '' && Number.isFinite(Number(text)) ? Number(text) : undefined
}

function quantileOfBuckets(quantile: number, buckets: readonly Bucket[]): number {
  const last = buckets.at(-1)
  if (Number.isNaN(quantile) || last?.upper !== Infinity || buckets.length < 2) return Number.NaN
  if (quantile < 0) return -Infinity
  if (quantile > 1) return Infinity
  // Counts of lines need not be cumulative to the last: a bucket never counts less than the one before.
  for (let i = 1; i < buckets.length; i++) buckets[i]!.count = Math.max(buckets[i]!.count, buckets[i - 1]!.count)
  if (last.count === 0) return Number.NaN
  const rank = quantile * last.count
  const at = Math.min(
    buckets.findIndex(({ count }) => count >= rank),
    buckets.length - 1,
  )
  if (at === buckets.length - 1) return buckets[at - 1]!.upper
  const { upper, count } = buckets[at]!
  if (at === 0 && upper <= 0) return upper
  const lower = at === 0 ? 0 : buckets[at - 1]!.upper
  const before = at === 0 ? 0 : buckets[at - 1]!.count
  return count === before ? upper : lower + (upper - lower) * ((rank - before) / (count - before))
}
