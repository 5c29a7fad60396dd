import type { Labels, NativeHistogram } from '@oriel/model'
import { CUSTOM_BOUNDS_SCHEMA, dropLabels, labelsKey, labelValue, METRIC_NAME, withLabel } from '@oriel/model'
import { parseNumberLiteral } from '@oriel/syntax'
import { compactHistogram, EMPTY_HISTOGRAM } from '@oriel/vector'
import type { LoadCommand } from './script.ts'

/** A series of histograms with custom bounds, made of classic ones. */
export interface CustomSeries {
  readonly labels: Labels
  readonly points: readonly { readonly tMs: number; readonly histogram: NativeHistogram }[]
}

/** The classic histograms of a `load_with_nhcb` as native ones. Source: Prometheus 3.14 util/convertnhcb. */
export function customHistograms({ series, stepMs }: LoadCommand): CustomSeries[] {
  const found = new Map<string, { labels: Labels; byTime: Map<number, Classic> }>()
  for (const { labels, values } of series) {
    const part = partOf(labels)
    if (part === undefined) continue
    const base = dropLabels(withLabel(labels, METRIC_NAME, part.name), LE)
    const key = labelsKey(base)
    const of = found.get(key) ?? { labels: base, byTime: new Map<number, Classic>() }
    found.set(key, of)
    for (const [i, value] of values.entries()) {
      if (value.kind !== 'value') continue
      const classic: Classic = of.byTime.get(i * stepMs) ?? { buckets: new Map() }
      of.byTime.set(i * stepMs, classic)
      if (part.kind === 'bucket') classic.buckets.set(part.bound, value.value)
      else classic[part.kind] = value.value
    }
  }
  return [...found.values()].map(({ labels, byTime }) => ({
    labels,
    points: [...byTime].sort(([a], [b]) => a - b).map(([tMs, classic]) => ({ tMs, histogram: convert(classic) })),
  }))
}

const LE = new Set(['le'])

interface Classic {
  readonly buckets: Map<number, number>
  count?: number
  sum?: number
}

type Part = { readonly name: string } & ({ readonly kind: 'bucket'; readonly bound: number } | { readonly kind: 'count' | 'sum' })

function partOf(labels: Labels): Part | undefined {
  const match = /^(.*)_(bucket|count|sum)$/.exec(labelValue(labels, METRIC_NAME))
  if (match === null) return undefined
  const [, name = '', kind] = match
  if (kind === 'count' || kind === 'sum') return { name, kind }
  const le = labelValue(labels, 'le')
  const bound = parseNumberLiteral(le.replace(/^[+-]/, ''))
  return bound === undefined || Number.isNaN(bound)
    ? undefined
    : { name, kind: 'bucket', bound: le.startsWith('-') ? -bound : bound }
}

function convert({ buckets, count, sum = 0 }: Classic): NativeHistogram {
  const bounds = [...buckets.keys()].sort((a, b) => a - b)
  const total = count ?? buckets.get(bounds.at(-1) ?? NaN) ?? 0
  if (bounds.at(-1) !== Infinity) {
    bounds.push(Infinity)
    buckets.set(Infinity, total)
  }
  let before = 0
  const counts = bounds.map((bound) => {
    const cumulative = buckets.get(bound) ?? 0
    const own = cumulative - before
    before = cumulative
    return own
  })
  return compactHistogram({
    ...EMPTY_HISTOGRAM,
    schema: CUSTOM_BOUNDS_SCHEMA,
    count: total,
    sum,
    positiveSpans: [{ offset: 0, length: counts.length }],
    positiveBuckets: Float64Array.from(counts),
    customBounds: Float64Array.from(bounds.slice(0, -1)),
  })
}
