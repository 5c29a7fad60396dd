import type { PromHistogram } from '../data/histogram.ts'
import { readNumber } from '../data/histogram.ts'
import type { PromMatrix, PromSeries } from '../data/prometheus.ts'

/** A row of a heatmap: what was observed above `lower`, up to `upper`. */
export interface HeatmapRow {
  readonly lower: number
  readonly upper: number
}

/** How often what was observed, by time and by value. */
export interface Heatmap {
  readonly tMs: readonly number[]
  readonly stepMs: number
  /** From the lowest value up. */
  readonly rows: readonly HeatmapRow[]
  /** `cells[row][step]`, 0 where nothing was observed. */
  readonly cells: readonly (readonly number[])[]
  readonly max: number
}

// 48 rows of 5 px: a native histogram of schema 8 has more buckets than the screen has lines.
const MAX_ROWS = 48

/** The heatmap of an answer, of native histograms or of classic buckets (`le`); all its series are added up. `undefined` for any other answer. */
export function heatmapOf({ tMs, stepMs, series }: PromMatrix): Heatmap | undefined {
  const native = series.filter(({ histograms }) => histograms !== undefined)
  const buckets = native.length > 0 ? nativeRows(native, tMs.length) : classicRows(series, tMs.length)
  if (buckets === undefined || buckets.length === 0) return undefined
  const merged = mergeRows(buckets)
  let max = 0
  for (const { counts } of merged) for (const count of counts) max = Math.max(max, count)
  return {
    tMs,
    stepMs,
    rows: merged.map(({ lower, upper }) => ({ lower, upper })),
    cells: merged.map(({ counts }) => counts),
    max,
  }
}

interface Row extends HeatmapRow {
  readonly counts: number[]
}

function nativeRows(series: readonly PromSeries[], steps: number): Row[] {
  const rows = new Map<string, Row>()
  for (const { histograms = [] } of series) {
    for (const [step, histogram] of histograms.entries()) if (histogram !== null) addHistogram(rows, histogram, step, steps)
  }
  return [...rows.values()].sort((a, b) => a.lower - b.lower || a.upper - b.upper)
}

function addHistogram(rows: Map<string, Row>, { buckets }: PromHistogram, step: number, steps: number): void {
  for (const { lower, upper, count } of buckets) {
    const key = `${lower} ${upper}`
    const row = rows.get(key) ?? { lower, upper, counts: Array.from({ length: steps }, () => 0) }
    rows.set(key, row)
    row.counts[step]! += count
  }
}

/** Classic buckets hold everything up to their bound: each row is what the one below does not have. */
function classicRows(series: readonly PromSeries[], steps: number): Row[] | undefined {
  const byBound = new Map<number, number[]>()
  for (const { labels, values } of series) {
    if (labels['le'] === undefined) return undefined
    const bound = readNumber(labels['le'])
    if (Number.isNaN(bound)) return undefined
    const counts = byBound.get(bound) ?? Array.from({ length: steps }, () => 0)
    byBound.set(bound, counts)
    for (const [step, value] of values.entries()) counts[step]! += value ?? 0
  }
  const bounds = [...byBound].sort(([a], [b]) => a - b)
  return bounds.map(([upper, counts], i) => {
    const [lower, below] = bounds[i - 1] ?? [upper > 0 ? 0 : -Infinity, undefined]
    return { lower, upper, counts: counts.map((count, step) => Math.max(0, count - (below?.[step] ?? 0))) }
  })
}

/** Neighbours together until there are few enough; empty ends are left out. */
function mergeRows(rows: readonly Row[]): Row[] {
  const isUsed = ({ counts }: Row): boolean => counts.some((count) => count > 0)
  const used = rows.slice(Math.max(0, rows.findIndex(isUsed)), rows.findLastIndex(isUsed) + 1)
  const each = Math.ceil(used.length / MAX_ROWS)
  if (each <= 1) return used
  const merged: Row[] = []
  for (let i = 0; i < used.length; i += each) {
    const group = used.slice(i, i + each)
    const counts = group[0]!.counts.map((_, step) => group.reduce((sum, row) => sum + row.counts[step]!, 0))
    merged.push({ lower: group[0]!.lower, upper: group.at(-1)!.upper, counts })
  }
  return merged
}
