import type { Label } from '@oriel/model'
import { METRIC_NAME } from '@oriel/model'
import type { Cardinality, CardinalityCount, LabelSizes, MetricSizes, PairCount } from '@oriel/store'
import { largestCounts, largestPairs } from '@oriel/store'
import type { LabelPairs, LabelValues } from './label-pairs.ts'

/** How many of some series have each pair. */
export interface PairCounts {
  readonly series: number
  /** By the number of the pair; pairs past its end have none. */
  readonly counts: Uint32Array
}

/** What series are made of; see `Cardinality`. */
export function cardinalityOf(pairs: LabelPairs, counted: PairCounts, limit: number): Cardinality {
  const labels = labelsOf(pairs, counted)
  return {
    series: counted.series,
    pairs: labels.reduce((sum, { values }) => sum + values, 0),
    seriesByMetric: topValues(pairs, counted, { name: METRIC_NAME, limit }),
    valuesByLabel: largestCounts(
      labels.map(({ name, values }) => ({ name, count: values })),
      limit,
    ),
    bytesByLabel: largestCounts(
      labels.map(({ name, bytes }) => ({ name, count: bytes })),
      limit,
    ),
    seriesByPair: topPairs(pairs, counted, limit),
  }
}

/** Series by metric; those without a name count as metric ''. */
export function sizesOf(pairs: LabelPairs, counted: PairCounts, limit: number): MetricSizes {
  const { series } = counted
  const metrics = topValues(pairs, counted, { name: METRIC_NAME, limit })
  const named = countsOf(pairs.byName.get(METRIC_NAME), counted).reduce((sum, count) => sum + count, 0)
  return { series, metrics: named === series ? metrics : largestCounts([...metrics, { name: '', count: series - named }], limit) }
}

/** Different values by label, the most first. */
export function valuesOf(pairs: LabelPairs, counted: PairCounts, limit: number): CardinalityCount[] {
  return largestCounts(
    labelsOf(pairs, counted).map(({ name, values }) => ({ name, count: values })),
    limit,
  )
}

/** What the labels of a metric hold, the name left out; `limit` bounds the values of each. */
export function anatomyOf(pairs: LabelPairs, counted: PairCounts, limit: number): LabelSizes[] {
  return valuesOf(pairs, counted, Infinity)
    .filter(({ name }) => name !== METRIC_NAME)
    .map(({ name, count }) => {
      const top = topValues(pairs, counted, { name, limit })
      return { name, values: count, top: top.map((one) => ({ value: one.name, series: one.count })) }
    })
}

/** Pairs that most series have. */
export function topPairs({ labels }: LabelPairs, counted: PairCounts, limit: number): PairCount[] {
  return topOf(labels.keys(), labels, counted, limit)
}

/** Values of one label that most series have. */
function topValues(pairs: LabelPairs, counted: PairCounts, { name, limit }: { name: string; limit: number }) {
  const top = topOf(pairs.byName.get(name)?.pairs ?? [], pairs.labels, counted, limit)
  return top.map(({ value, count }): CardinalityCount => ({ name: value, count }))
}

/** The largest of some pairs: most are passed over without being kept. */
function topOf(some: Iterable<number>, labels: readonly Label[], { counts }: PairCounts, limit: number): PairCount[] {
  let top: PairCount[] = []
  let last: PairCount | undefined
  for (const pair of some) {
    const count = counts[pair] ?? 0
    if (count === 0 || (last !== undefined && count < last.count)) continue
    const { name, value } = labels[pair]!
    if (last !== undefined && count === last.count && (name > last.name || (name === last.name && value > last.value))) continue
    top.push({ name, value, count })
    if (top.length < 2 * limit + ROOM) continue
    top = largestPairs(top, limit)
    last = top.at(-1)
  }
  return largestPairs(top, limit)
}

// 1,000 pairs gathered before all but the largest are dropped.
const ROOM = 1_000

function countsOf(values: LabelValues | undefined, { counts }: PairCounts): number[] {
  return values?.pairs.map((pair) => counts[pair] ?? 0) ?? []
}

/** Labels that any of the series has: different values, and the bytes of values summed over the series. */
function labelsOf(pairs: LabelPairs, { counts }: PairCounts): { name: string; values: number; bytes: number }[] {
  const labels: { name: string; values: number; bytes: number }[] = []
  for (const [name, of] of pairs.byName) {
    let values = 0
    let bytes = 0
    for (const pair of of.pairs) {
      const count = counts[pair] ?? 0
      if (count === 0) continue
      values++
      bytes += count * Buffer.byteLength(pairs.labels[pair]!.value)
    }
    if (values > 0) labels.push({ name, values, bytes })
  }
  return labels
}
