import type { Labels } from '@oriel/model'
import { METRIC_NAME } from '@oriel/model'
import { largestCounts, largestPairs } from '../largest.ts'
import type { Cardinality, PairCount } from '../source.ts'

/** Counts what series are made of; see `Cardinality`. Each of `series` is a series of its own. */
export function countCardinality(series: readonly Labels[], limit: number): Cardinality {
  const byLabel = new Map<string, Map<string, number>>()
  for (const labels of series) {
    for (const { name, value } of labels) {
      const values = byLabel.get(name) ?? new Map<string, number>()
      byLabel.set(name, values)
      values.set(value, (values.get(value) ?? 0) + 1)
    }
  }
  const pairs: PairCount[] = [...byLabel].flatMap(([name, values]) =>
    [...values].map(([value, count]) => ({ name, value, count })),
  )
  const metrics = pairs.filter(({ name }) => name === METRIC_NAME).map(({ value, count }) => ({ name: value, count }))
  const values = [...byLabel].map(([name, of]) => ({ name, count: of.size }))
  const bytes = [...byLabel].map(([name, of]) => ({ name, count: bytesOf(of) }))
  return {
    series: series.length,
    pairs: pairs.length,
    seriesByMetric: largestCounts(metrics, limit),
    valuesByLabel: largestCounts(values, limit),
    bytesByLabel: largestCounts(bytes, limit),
    seriesByPair: largestPairs(pairs, limit),
  }
}

function bytesOf(values: ReadonlyMap<string, number>): number {
  let bytes = 0
  for (const [value, count] of values) bytes += Buffer.byteLength(value) * count
  return bytes
}
