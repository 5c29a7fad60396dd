import type {
  Exemplar,
  Labels,
  MetricBlock,
  MetricMetadata,
  NativeHistogram,
  SeriesExemplars,
  SeriesSamples,
  SeriesScan,
  TimeRange,
} from '@oriel/model'
import { compareLabels, compileMatchers, labelsKey, labelValue, makeLabels, sampleDay } from '@oriel/model'
import type { QueryContext } from '../context.ts'
import { StoreError, throwIfAborted } from '../context.ts'
import type { DeleteRequest } from '../sink.ts'
import type { GridSeries, IndexRequest, MetricSource, SeriesRequest } from '../source.ts'
import type { CardinalityStore } from '../cardinality.ts'
import { countCardinality } from './cardinality.ts'
import { openMemorySizes } from './sizes.ts'
import { limited } from './limited.ts'

/** The metrics of a memory store. */
export interface MemoryMetrics extends MetricSource {
  readonly sizes: CardinalityStore
  write(blocks: readonly MetricBlock[]): void
  /** See `Sink.deleteMetrics`. */
  delete(request: DeleteRequest): void
}

interface Point {
  readonly value: number
  readonly isStale: boolean
  readonly histogram?: NativeHistogram
  startMs?: number
}

interface StoredSeries {
  labels: Labels
  readonly days: Set<number>
  readonly points: Map<number, Point>
  readonly exemplars: Map<string, Exemplar>
}

interface TenantMetrics {
  readonly series: Map<string, StoredSeries>
  readonly metadata: Map<string, MetricMetadata>
}

/** Opens empty metrics. Reads scan everything: right for tests, not for load. */
export function openMemoryMetrics(): MemoryMetrics {
  const tenants = new Map<string, TenantMetrics>()
  let changes = 0
  const find = (request: IndexRequest, context: QueryContext) => findByIndex(tenants, request, context)
  return {
    sizes: openMemorySizes(find),
    write: (blocks) => {
      changes++
      for (const block of blocks) writeBlock(tenants, block)
    },
    delete: (request) => {
      changes++
      deletePoints(tenants, request)
    },
    lastChange: () => changes,
    samples: async (request, context) => readSamples(tenants, request, context),
    scan: async (): Promise<SeriesScan | undefined> => undefined,
    grid: async (): Promise<GridSeries | undefined> => undefined,
    series: async (request, context) =>
      limited(
        find(request, context).map((series) => series.labels),
        request.limit,
      ),
    labelNames: async (request, context) => {
      const names = find(request, context).flatMap((series) => series.labels.map((label) => label.name))
      return limited([...new Set(names)].sort(), request.limit)
    },
    labelValues: async (label, request, context) => {
      const values = find(request, context).map((series) => labelValue(series.labels, label))
      return limited([...new Set(values)].filter((value) => value !== '').sort(), request.limit)
    },
    metadata: async ({ metric, limit }, context) => {
      const all = context.tenants.flatMap((tenant) => [...(tenants.get(tenant)?.metadata.values() ?? [])])
      return limited(
        all.filter((entry) => metric === undefined || entry.metric === metric),
        limit,
      )
    },
    exemplars: async (request, context) => readExemplars(tenants, request, context),
    cardinality: async (request, context) =>
      countCardinality(
        find(request, context).map(({ labels }) => labels),
        request.limit,
      ),
  }
}

function writeBlock(tenants: Map<string, TenantMetrics>, block: MetricBlock): void {
  let stored = tenants.get(block.tenant)
  if (stored === undefined) tenants.set(block.tenant, (stored = { series: new Map(), metadata: new Map() }))
  for (const { id, labels, day } of block.series) {
    const series = seriesOf(stored, id, 0)
    series.labels = labels
    series.days.add(day)
  }
  writeSamples(stored, block)
  const { starts } = block
  for (let row = 0; row < starts.rows; row++) {
    const point = seriesOf(stored, starts.seriesId.words, row).points.get(starts.tMs.numberAt(row))
    if (point !== undefined) point.startMs = starts.startMs.numberAt(row)
  }
  const { exemplars } = block
  for (let row = 0; row < exemplars.rows; row++) {
    const traceId = exemplars.traceId.stringAt(row)
    const labels = makeLabels(Object.entries({ ...exemplars.labels.recordAt(row), ...(traceId !== '' && { trace_id: traceId }) }))
    const exemplar = { labels, value: exemplars.values.doubleAt(row), tMs: exemplars.tMs.numberAt(row) }
    seriesOf(stored, exemplars.seriesId.words, row).exemplars.set(
      `${exemplar.tMs} ${exemplar.value} ${labelsKey(labels)}`,
      exemplar,
    )
  }
  for (const entry of block.metadata) stored.metadata.set(entry.metric, entry)
}

function deletePoints(tenants: Map<string, TenantMetrics>, { tenant, matchers, range }: DeleteRequest): void {
  const test = compileMatchers(matchers)
  const isIn = (tMs: number): boolean => tMs >= range.startMs && tMs <= range.endMs
  for (const { labels, days, points, exemplars } of tenants.get(tenant)?.series.values() ?? []) {
    if (!test(labels)) continue
    for (const tMs of points.keys()) if (isIn(tMs)) points.delete(tMs)
    for (const [key, { tMs }] of exemplars) if (isIn(tMs)) exemplars.delete(key)
    const left = new Set([...points.keys()].map(sampleDay))
    for (const day of days)
      if (day >= sampleDay(range.startMs) && day <= sampleDay(range.endMs) && !left.has(day)) days.delete(day)
  }
}

function writeSamples(stored: TenantMetrics, { samples, histograms }: MetricBlock): void {
  let histogramRow = 0
  for (let row = 0; row < samples.rows; row++) {
    const point = { value: samples.values.doubleAt(row), isStale: samples.values.isStaleAt(row) }
    const histogram = samples.values.isHistogramAt(row) && { histogram: histograms.at(histogramRow++) }
    seriesOf(stored, samples.seriesId.words, row).points.set(samples.tMs.numberAt(row), { ...point, ...histogram })
  }
}

function seriesOf(stored: TenantMetrics, ids: Uint32Array, row: number): StoredSeries {
  const key = ids.subarray(4 * row, 4 * row + 4).join()
  let series = stored.series.get(key)
  if (series === undefined) {
    series = { labels: [], days: new Set(), points: new Map(), exemplars: new Map() }
    stored.series.set(key, series)
  }
  return series
}

function readSamples(tenants: Map<string, TenantMetrics>, request: SeriesRequest, context: QueryContext): SeriesSamples {
  const { startMs, endMs } = request.range
  const found: { labels: Labels; points: [number, Point][] }[] = []
  for (const series of mergedByLabels(findSeries(tenants, [request.matchers], context))) {
    const points = [...series.points].filter(([tMs]) => tMs >= startMs && tMs <= endMs).sort(([a], [b]) => a - b)
    if (points.length > 0) found.push({ labels: series.labels, points })
  }
  const rows = found.reduce((sum, { points }) => sum + points.length, 0)
  checkLimits(found.length, rows, context)
  const offsets = new Uint32Array(found.length + 1)
  const tMs = new Float64Array(rows)
  const values = new Float64Array(rows)
  const stale = new Uint8Array(rows)
  const histograms = found.flatMap(({ points }) => points.map(([, { histogram }]) => histogram))
  let at = 0
  for (const [i, { points }] of found.entries()) {
    for (const [t, { value, isStale }] of points) {
      tMs[at] = t
      values[at] = value
      stale[at++] = isStale ? 1 : 0
    }
    offsets[i + 1] = at
  }
  const samples = { labels: found.map(({ labels }) => labels), offsets, tMs, values, stale }
  const starts = found.flatMap(({ points }) => points.map(([, { startMs = 0 }]) => startMs))
  return {
    ...samples,
    ...(histograms.some((histogram) => histogram !== undefined) && { histograms }),
    ...(starts.some((startMs) => startMs !== 0) && { startsMs: Float64Array.from(starts) }),
  }
}

function checkLimits(series: number, samples: number, context: QueryContext): void {
  const { limits, stats } = context
  stats.series += series
  stats.samples += samples
  stats.rows += samples
  if (series > limits.maxSeries) throw overLimit('series', stats.series, 'maxSeries', limits.maxSeries)
  if (stats.samples > limits.maxSamples) throw overLimit('samples', stats.samples, 'maxSamples', limits.maxSamples)
}

function overLimit(what: string, count: number, name: string, limit: number): StoreError {
  return new StoreError('STORE_LIMIT', `cannot read series: ${count} ${what} selected, limit ${name} is ${limit}`)
}

function readExemplars(
  tenants: Map<string, TenantMetrics>,
  { matchers, range }: SeriesRequest,
  context: QueryContext,
): SeriesExemplars[] {
  const answer: SeriesExemplars[] = []
  for (const series of findSeries(tenants, [matchers], context)) {
    const exemplars = [...series.exemplars.values()]
      .filter(({ tMs }) => tMs >= range.startMs && tMs <= range.endMs)
      .sort((a, b) => a.tMs - b.tMs)
    if (exemplars.length > 0) answer.push({ seriesLabels: series.labels, exemplars })
  }
  return answer
}

function findByIndex(tenants: Map<string, TenantMetrics>, request: IndexRequest, context: QueryContext): StoredSeries[] {
  const { matcherSets, range } = request
  const found = findSeries(tenants, matcherSets, context).filter((series) => touchesDay(series.days, range))
  return mergedByLabels(found)
}

/** Whether the range touches one of the days. */
export function touchesDay(days: ReadonlySet<number>, { startMs, endMs }: TimeRange): boolean {
  for (const day of days) if (day >= sampleDay(startMs) && day <= sampleDay(endMs)) return true
  return false
}

function findSeries(
  tenants: Map<string, TenantMetrics>,
  matcherSets: IndexRequest['matcherSets'],
  context: QueryContext,
): StoredSeries[] {
  throwIfAborted(context)
  const tests = matcherSets.map(compileMatchers)
  return context.tenants
    .flatMap((tenant) => [...(tenants.get(tenant)?.series.values() ?? [])])
    .filter(({ labels }) => labels.length > 0 && (tests.length === 0 || tests.some((test) => test(labels))))
    .sort((a, b) => compareLabels(a.labels, b.labels))
}

/** Series of several tenants with equal labels read as one. */
function mergedByLabels(sorted: readonly StoredSeries[]): StoredSeries[] {
  const merged: StoredSeries[] = []
  for (const series of sorted) {
    const last = merged.at(-1)
    if (last === undefined || compareLabels(last.labels, series.labels) !== 0) merged.push(series)
    else merged[merged.length - 1] = { ...last, points: new Map([...last.points, ...series.points]) }
  }
  return merged
}
