import type { PromMetadata } from '../data/prometheus.ts'
import type { PickedMetric } from './metric-query.ts'

type Metadata = Readonly<Record<string, readonly PromMetadata[]>>

/** A row of the list of metrics. */
export interface MetricRow extends PickedMetric {
  /** What the list says: a classic histogram's three metrics are one row. */
  readonly shown: string
  readonly help: string
  readonly unit: string
}

/** One row a metric; `x_bucket`, `x_count` and `x_sum` of a histogram are one, which leads to its quantile (of a summary: to its rate). */
export function foldNames(names: readonly string[], metadata: Metadata): MetricRow[] {
  const all = new Set(names)
  const rows = new Map<string, MetricRow>()
  for (const name of names) {
    const family = familyOf(name, all, metadata)
    if (rows.has(family)) continue
    const pick = ['', '_bucket', '_count'].map((suffix) => family + suffix).find((one) => all.has(one))
    const known = metadata[family]?.[0] ?? metadata[family.replace(/_total$/, '')]?.[0]
    const { type = '', help = '', unit = '' } = known ?? {}
    rows.set(family, { name: pick ?? name, shown: family, type, help, unit })
  }
  return [...rows.values()]
}

/** The histogram or summary that a metric is a part of, itself when it stands alone. */
function familyOf(name: string, all: ReadonlySet<string>, metadata: Metadata): string {
  const family = name.replace(/_(bucket|count|sum)$/, '')
  const type = metadata[family]?.[0]?.type
  return type === 'histogram' || type === 'summary' || all.has(`${family}_bucket`) ? family : name
}

/** Rows whose name, type, unit or help holds every word, in any order; hits in the name first, whole names before all. */
export function filterRows(rows: readonly MetricRow[], find: string): readonly MetricRow[] {
  const words = find.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return rows
  const ranked = rows.flatMap((row) => {
    const name = row.shown.toLowerCase()
    const text = `${name} ${row.name} ${row.type} ${row.unit} ${row.help}`.toLowerCase()
    if (!words.every((word) => text.includes(word))) return []
    if (name === words.join('_')) return [{ row, rank: 0 }]
    return [{ row, rank: words.every((word) => name.includes(word)) ? 1 : 2 }]
  })
  return ranked.sort((a, b) => a.rank - b.rank).map(({ row }) => row)
}
