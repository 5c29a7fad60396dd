import type { Labels, Matcher, SeriesSamples, TimeRange } from '@oriel/model'
import type { QueryContext, SeriesRequest } from '@oriel/store'
import { hash64, StoreError } from '@oriel/store'
import { allOf, Bindings, tenantCondition } from '../conditions.ts'
import type { EngineClient, SentTable } from '../engine/client.ts'
import type { GatheredSamples } from './gather.ts'
import { Gatherer } from './gather.ts'
import { readHistograms } from './histograms.ts'
import type { KnownSeries } from './series-cache.ts'
import type { SeriesIndex } from './series-index.ts'
import { SeriesTable } from './series-table.ts'
import { clampRange, isWholeMetric, timeConditions } from './selection.ts'

/** Raw samples of the series that hold the matchers. See `MetricSource.samples`. */
export async function readSamples(
  client: EngineClient,
  index: SeriesIndex,
  request: SeriesRequest,
  context: QueryContext,
): Promise<SeriesSamples> {
  const range = clampRange(request.range)
  const series = await index.find({ matcherSets: [request.matchers], range, limit: 0 }, context)
  if (series.length === 0 || range.startMs > range.endMs) return emptySamples()
  const read = (hasRank: boolean) => readRows(client, { series, matchers: request.matchers, range, hasRank }, context)
  let gathered = await read(false)
  // Two values for one time: which was written later is asked only then, because the answer costs a column as wide as the values.
  if (gathered.hasConflict) gathered = await read(true)
  const { matchers } = request
  const histograms = gathered.hasHistograms && {
    histograms: await readHistograms(client, { series, matchers, range, samples: gathered }, context),
  }
  const samples = { ...withoutEmpty(series, gathered), ...histograms }
  context.stats.series += samples.labels.length
  context.stats.samples += samples.tMs.length
  return samples
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
  const sql = `SELECT ${columns(range, hasRank, bindings)} FROM samples
WHERE ${allOf(conditions)}`
  const options = {
    params: bindings.params,
    context,
    settings: series.length <= FEW_SERIES ? ONE_THREAD : MANY_ROWS,
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

/** Which rows of `samples` to read: by one id, a list, a table sent along, or the whole metric. */
export function chooseSeries(
  { series, matchers }: Pick<RowsRequest, 'series' | 'matchers'>,
  bindings: Bindings,
): { readonly conditions: readonly string[]; readonly table?: SentTable } {
  const metrics = [...new Set(series.map(({ metric }) => metric))].map(hash64)
  const conditions: string[] = []
  if (metrics.length === 1) conditions.push(`metric_id = ${bindings.bind(metrics[0]!, 'UInt64')}`)
  else if (metrics.length <= MOST_LISTED) conditions.push(`metric_id IN ${bindings.bind(metrics, 'Array(UInt64)')}`)
  else conditions.push('metric_id IN (SELECT metric_id FROM chosen)')
  if (metrics.length === 1 && isWholeMetric(matchers)) return { conditions }
  if (series.length === 1)
    return { conditions: [...conditions, `series_id = ${bindings.bind(bigintOf(series[0]!.id), 'UInt128')}`] }
  if (series.length <= MOST_LISTED && metrics.length <= MOST_LISTED) {
    const ids = bindings.bind(
      series.map(({ id }) => bigintOf(id)),
      'Array(UInt128)',
    )
    return { conditions: [...conditions, `series_id IN ${ids}`] }
  }
  return { conditions: [...conditions, 'series_id IN (SELECT series_id FROM chosen)'], table: sentSeries(series) }
}

// 100: a list in the statement is parsed as text, 40 bytes an id; above, a binary table is cheaper (2026-11).
const MOST_LISTED = 100
// 16 series: reading them takes less than handing work to other threads.
const FEW_SERIES = 16
const ONE_THREAD: Readonly<Record<string, number>> = { max_threads: 1 }
// 262,144 rows a block: fewer, larger pieces to gather; no more memory than 6 MB each.
const MANY_ROWS: Readonly<Record<string, number>> = { max_block_size: 262_144 }
// 49 days of milliseconds fit 32 bits: half the bytes of the time column.
const MOST_U32_MS = 2 ** 32 - 1

/** Rises with the order of writing: parts are numbered in it, and merges keep the order of equal keys. */
export const RANK = 'toFloat64(_part_index) * 4294967296 + toFloat64(_part_offset) AS rank'

function columns({ startMs, endMs }: TimeRange, hasRank: boolean, bindings: Bindings): string {
  const offset = `toUnixTimestamp64Milli(t) - ${bindings.bind(startMs, 'Int64')}`
  const at = endMs - startMs <= MOST_U32_MS ? `toUInt32(${offset})` : `toFloat64(${offset})`
  return `toUInt64(series_id) AS s, ${at} AS at, value${hasRank ? `, ${RANK}` : ''}`
}

function sentSeries(series: readonly KnownSeries[]): SentTable {
  const rows = new Uint8Array(ROW_BYTES * series.length)
  const view = new DataView(rows.buffer)
  const metricIds = new Map<string, bigint>()
  for (const [i, { id, metric }] of series.entries()) {
    let metricId = metricIds.get(metric)
    if (metricId === undefined) metricIds.set(metric, (metricId = hash64(metric)))
    view.setBigUint64(ROW_BYTES * i, metricId, true)
    for (let word = 0; word < 4; word++) view.setUint32(ROW_BYTES * i + 8 + 4 * word, id[word]!, true)
  }
  return { name: 'chosen', structure: 'metric_id UInt64, series_id UInt128', rows }
}

const ROW_BYTES = 24

function bigintOf(id: Uint32Array): bigint {
  return (BigInt(id[3]!) << 96n) | (BigInt(id[2]!) << 64n) | (BigInt(id[1]!) << 32n) | BigInt(id[0]!)
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

/** What a read of more samples than the query may have rejects with. */
export function tooManySamples(found: number, limit: number): StoreError {
  return new StoreError('STORE_LIMIT', `cannot read series: more than ${found} samples selected, limit maxSamples is ${limit}`)
}
