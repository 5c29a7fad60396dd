import type { Labels } from '@oriel/model'
import { dropLabels, keepLabels, labelsKey, labelValue, METRIC_NAME } from '@oriel/model'
import type { CardinalityStore, MetricAnatomy, MetricUse } from '../cardinality.ts'
import type { QueryContext } from '../context.ts'
import { largestCounts, largestPairs } from '../largest.ts'
import type { CardinalityCount, IndexRequest } from '../source.ts'

/** The series of a request, and the days each was written on. */
export type FindSeries = (
  request: IndexRequest,
  context: QueryContext,
) => readonly { labels: Labels; days: ReadonlySet<number> }[]

/** Counts what is in a memory store. */
export function openMemorySizes(find: FindSeries): CardinalityStore {
  const uses = new Map<string, MetricUse>()
  const ofMetric = (metric: string, { range }: Pick<IndexRequest, 'range'>, context: QueryContext) =>
    find({ matcherSets: [[{ name: METRIC_NAME, op: '=', value: metric }]], range, limit: 0 }, context)
  return {
    async sizes({ range, limit }, context) {
      const series = find({ matcherSets: [], range, limit: 0 }, context)
      const counts = countBy(series.map(({ labels }) => labelValue(labels, METRIC_NAME)))
      return { series: series.length, metrics: largestCounts(counts, limit) }
    },
    async labels({ range, limit }, context) {
      const values = new Map<string, Set<string>>()
      for (const { labels } of find({ matcherSets: [], range, limit: 0 }, context))
        for (const { name, value } of labels) values.set(name, (values.get(name) ?? new Set()).add(value))
      return largestCounts(
        [...values].map(([name, { size }]) => ({ name, count: size })),
        limit,
      )
    },
    async pairs({ range, limit }, context) {
      const labels = find({ matcherSets: [], range, limit: 0 }, context).flatMap((series) => series.labels)
      const counts = countBy(labels.map(({ name, value }) => JSON.stringify([name, value])))
      const pairs = counts.map(({ name: key, count }) => {
        const [name, value]: string[] = JSON.parse(key)
        return { name: name ?? '', value: value ?? '', count }
      })
      return { pairs: largestPairs(pairs, limit), sampledBy: 1 }
    },
    metric: async (metric, request, context) => anatomyOf(ofMetric(metric, request, context), request.limit),
    async days(metric, range, context) {
      const days = countBy(ofMetric(metric, { range }, context).flatMap((one) => [...one.days].map(String)))
      return days.map(({ name, count }) => ({ day: Number(name), series: count })).sort((a, b) => a.day - b.day)
    },
    async reduced(metric, { mode, labels }, request, context) {
      const named = new Set(labels)
      const reduce = (of: Labels): Labels => (mode === 'drop' ? dropLabels(of, named) : keepLabels(of, named))
      return new Set(ofMetric(metric, request, context).map((one) => labelsKey(reduce(one.labels)))).size
    },
    async noteUse(noted) {
      for (const use of noted) {
        const key = JSON.stringify([use.tenant, use.metric, use.isPattern])
        if ((uses.get(key)?.day ?? 0) <= use.day) uses.set(key, use)
      }
    },
    async uses(tenant, sinceDay) {
      return [...uses.values()].filter((use) => use.tenant === tenant && use.day >= sinceDay)
    },
  }
}

function anatomyOf(series: ReturnType<FindSeries>, limit: number): MetricAnatomy {
  const names = new Set(series.flatMap(({ labels }) => labels.map(({ name }) => name)))
  const labels = [...names]
    .filter((name) => name !== METRIC_NAME)
    .map((name) => {
      const counts = countBy(series.map((one) => labelValue(one.labels, name)).filter((value) => value !== ''))
      const top = largestCounts([...counts], limit).map((one) => ({ value: one.name, series: one.count }))
      return { name, values: counts.length, top }
    })
  return { series: series.length, labels: labels.sort((a, b) => b.values - a.values || (a.name < b.name ? -1 : 1)) }
}

function countBy(keys: readonly string[]): CardinalityCount[] {
  const counts = new Map<string, number>()
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
  return [...counts].map(([name, count]) => ({ name, count }))
}
