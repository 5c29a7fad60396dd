import type { Labels, Matcher, SeriesSamples, SeriesScan, TimeRange } from '@oriel/model'
import type { QueryContext, SeriesRequest } from '@oriel/store'
import { StoreError } from '@oriel/store'
import { allOf, Bindings, tenantCondition } from '../conditions.ts'
import type { EngineClient } from '../engine/client.ts'
import type { GatheredSamples } from './gather.ts'
import { Gatherer } from './gather.ts'
import { readHistograms } from './histograms.ts'
import type { SampleJournal } from './journal/journal.ts'
import type { KnownSeries } from './series-cache.ts'
import type { SeriesIndex } from './series-index.ts'
import { chooseSeries, RANK, tooManySamples } from './series-choice.ts'
import { SeriesTable } from './series-table.ts'
import { clampRange, timeConditions } from './selection.ts'
import type { StartReader } from './starts.ts'
import type { RecentWindow } from './window/recent-window.ts'

/** Where samples are read from. */
export interface SampleStores {
  readonly client: EngineClient
  readonly index: SeriesIndex
  readonly starts: StartReader
  /** Recent samples in memory, where there are. */
  readonly window?: RecentWindow
  /** To be told before the engine is asked, where there is one. */
  readonly journal?: SampleJournal
}

/** Raw samples of the series that hold the matchers. See `MetricSource.samples`. */
export async function readSamples(stores: SampleStores, request: SeriesRequest, context: QueryContext): Promise<SeriesSamples> {
  const { matchers } = request
  const range = clampRange(request.range)
  const series = await stores.index.find({ matcherSets: [matchers], range, limit: 0 }, context)
  if (series.length === 0 || range.startMs > range.endMs) return emptySamples()
  const gathered = await gatherSamples(stores, { series, matchers, range }, context)
  const histograms = gathered.hasHistograms && {
    histograms: await readHistograms(stores.client, { series, matchers, range, samples: gathered }, context),
  }
  const startsMs = await stores.starts.read({ series, matchers, range, samples: gathered }, context)
  const samples = { ...withoutEmpty(series, gathered), ...histograms, ...(startsMs !== undefined && { startsMs }) }
  context.stats.series += samples.labels.length
  context.stats.samples += samples.tMs.length
  return samples
}

/** The same series by series, where the window has all of it. See `MetricSource.scan`. */
export async function scanSamples(
  { index, starts, window }: SampleStores,
  { matchers, range: asked }: SeriesRequest,
  context: QueryContext,
): Promise<SeriesScan | undefined> {
  const range = clampRange(asked)
  const [tenant, ...others] = context.tenants
  if (tenant === undefined || others.length > 0 || window?.covers(range.startMs) !== true) return undefined
  if (range.startMs > range.endMs || (await starts.areThereAny())) return undefined
  const series = await index.find({ matcherSets: [matchers], range, limit: 0 }, context)
  // Asked again: some may have been dropped meanwhile.
  if (!window.covers(range.startMs)) return undefined
  const { signal } = context
  const scan = await window.scan({ tenant, series, ...range, checkSamples: samplesChecker(context), signal })
  if (scan === undefined) return undefined
  const { places, decoder } = scan
  const rows = [...series.keys()].filter((i) => places.counts[i]! > 0)
  context.stats.series += rows.length
  context.stats.samples += places.samples
  return { labels: rows.map((row) => series[row]!.labels), samples: places.samples, read: (i) => decoder.read(rows[i]!) }
}

/** Refuses more samples than the query may have. */
function samplesChecker({ limits: { maxSamples }, stats }: QueryContext): (samples: number) => void {
  return (samples) => {
    const total = stats.samples + samples
    if (total > maxSamples) throw tooManySamples(total, maxSamples)
  }
}

/** From the window as far as it reaches, from the engine what is older. */
async function gatherSamples(
  stores: SampleStores,
  request: Omit<RowsRequest, 'hasRank'>,
  context: QueryContext,
): Promise<GatheredSamples> {
  const { window } = stores
  const { series, range } = request
  const [tenant, ...others] = context.tenants
  if (window === undefined || tenant === undefined || others.length > 0) return readEngine(stores, request, context)
  const fromMs = Math.max(range.startMs, window.completeFromMs)
  // A join for the sake of a few samples is dearer than reading them with the rest.
  if (fromMs > range.startMs && range.endMs - fromMs < LEAST_JOINED_MS) return readEngine(stores, request, context)
  const checkSamples = samplesChecker(context)
  // Asked before the engine is: what is dropped from the window meanwhile is still in what it began to read.
  const recent = window.read({ tenant, series, startMs: fromMs, endMs: range.endMs, checkSamples, signal: context.signal })
  if (fromMs === range.startMs) return recent
  recent.catch(() => {})
  const older = await readEngine(stores, { ...request, range: { startMs: range.startMs, endMs: fromMs - 1 } }, context)
  return joinSamples(older, await recent)
}

async function readEngine(
  { client, journal }: SampleStores,
  request: Omit<RowsRequest, 'hasRank'>,
  context: QueryContext,
): Promise<GatheredSamples> {
  await journal?.moved(request.range)
  const gathered = await readRows(client, { ...request, hasRank: false }, context)
  // Two values for one time: which was written later is asked only then, because the answer costs a column as wide as the values.
  return gathered.hasConflict ? readRows(client, { ...request, hasRank: true }, context) : gathered
}

interface RowsRequest {
  readonly series: readonly KnownSeries[]
  readonly matchers: readonly Matcher[]
  readonly range: TimeRange
  readonly hasRank: boolean
}

async function readRows(client: EngineClient, request: RowsRequest, context: QueryContext): Promise<GatheredSamples> {
  const { series, range, hasRank } = request
  const table = new SeriesTable(series)
  if (!table.isExact) throw new StoreError('STORE_FAILED', 'cannot read series: two of them share 64 bits of their id')
  const gatherer = new Gatherer(table, series.length, range.startMs)
  const bindings = new Bindings()
  const chosen = chooseSeries(request, bindings)
  const conditions = [tenantCondition(context.tenants, bindings), ...chosen.conditions, ...timeConditions(range, bindings)]
  const isFew = series.length <= FEW_SERIES
  const sql = `SELECT ${columns(range, hasRank, bindings)} FROM samples
${isFew ? 'PREWHERE' : 'WHERE'} ${allOf(conditions)}`
  const options = {
    params: bindings.params,
    context,
    settings: isFew ? FEW_ROWS : MANY_ROWS,
    ...(chosen.table !== undefined && { table: chosen.table }),
  }
  const { maxSamples } = context.limits
  const before = context.stats.samples
  for await (const block of client.stream(sql, options)) {
    gatherer.add(block, { hasRank })
    if (before + gatherer.rows > maxSamples) throw tooManySamples(before + gatherer.rows, maxSamples)
  }
  return gatherer.finish()
}

// 5 minutes: below, the newest samples cost the engine little beside the others.
const LEAST_JOINED_MS = 300_000
// 16 series: reading them takes less than handing work to other threads, and than asking which condition to read first: all are
// (4.8 to 5.3 ms against 5.4 to 6.1, and 8.4 with the engine's defaults: one series and hour of 183 parts, 2026-11).
const FEW_SERIES = 16
const FEW_ROWS: Readonly<Record<string, number>> = { max_threads: 1, optimize_move_to_prewhere: 0 }
// 262,144 rows a block: fewer, larger pieces to gather; no more memory than 6 MB each.
const MANY_ROWS: Readonly<Record<string, number>> = { max_block_size: 262_144 }
// 49 days of milliseconds fit 32 bits: half the bytes of the time column.
const MOST_U32_MS = 2 ** 32 - 1

function columns({ startMs, endMs }: TimeRange, hasRank: boolean, bindings: Bindings): string {
  const offset = `toUnixTimestamp64Milli(t) - ${bindings.bind(startMs, 'Int64')}`
  const at = endMs - startMs <= MOST_U32_MS ? `toUInt32(${offset})` : `toFloat64(${offset})`
  return `toUInt64(series_id) AS s, ${at} AS at, value${hasRank ? `, ${RANK}` : ''}`
}

/** The samples of the same series, older and newer, as one. */
function joinSamples(older: GatheredSamples, newer: GatheredSamples): GatheredSamples {
  const total = older.tMs.length + newer.tMs.length
  const joined = {
    offsets: new Uint32Array(older.offsets.length),
    tMs: new Float64Array(total),
    values: new Float64Array(total),
    stale: new Uint8Array(total),
    hasHistograms: older.hasHistograms || newer.hasHistograms,
    hasConflict: false,
  }
  let to = 0
  for (let i = 0; i + 1 < older.offsets.length; i++) {
    for (const part of [older, newer]) {
      const start = part.offsets[i]!
      const end = part.offsets[i + 1]!
      joined.tMs.set(part.tMs.subarray(start, end), to)
      joined.values.set(part.values.subarray(start, end), to)
      joined.stale.set(part.stale.subarray(start, end), to)
      to += end - start
    }
    joined.offsets[i + 1] = to
  }
  return joined
}

/** Leaves out series without samples in the range. */
function withoutEmpty(series: readonly KnownSeries[], { offsets, tMs, values, stale }: GatheredSamples): SeriesSamples {
  const labels: Labels[] = []
  const kept = new Uint32Array(series.length + 1)
  for (let i = 0; i < series.length; i++) {
    if (offsets[i] === offsets[i + 1]) continue
    labels.push(series[i]!.labels)
    kept[labels.length] = offsets[i + 1]!
  }
  return { labels, offsets: kept.slice(0, labels.length + 1), tMs, values, stale }
}

function emptySamples(): SeriesSamples {
  return {
    labels: [],
    offsets: new Uint32Array(1),
    tMs: new Float64Array(0),
    values: new Float64Array(0),
    stale: new Uint8Array(0),
  }
}
