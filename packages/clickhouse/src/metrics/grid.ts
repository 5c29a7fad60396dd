import type { TimeRange } from '@oriel/model'
import { MS_PER_HOUR, MS_PER_SECOND, STALE_HIGH, STALE_LOW } from '@oriel/model'
import type { GridRequest, GridSeries, QueryContext } from '@oriel/store'
import { allOf, Bindings, tenantCondition } from '../conditions.ts'
import type { EngineClient } from '../engine/client.ts'
import type { NativeBlock } from '../native/index.ts'
import { aggregateGrid } from './aggregate-grid.ts'
import { chooseSeries } from './samples.ts'
import { clampRange, timeConditions } from './selection.ts'
import type { KnownSeries } from './series-cache.ts'
import type { SeriesIndex } from './series-index.ts'
import { SeriesTable } from './series-table.ts'

/** When the engine evaluates instead of handing out raw samples. */
export interface GridOptions {
  /** Raw samples, as estimated, from which on a grid is offered; half of the query's `maxSamples` when not given. */
  readonly fromSamples?: number
}

/**
 * A function over windows of a grid, evaluated in the engine. See `MetricSource.grid`.
 *
 * The engine takes 400-800 ns CPU a sample for this (duplicates have to go first), raw columns and their evaluation 150 (2026-11). So
 * a grid is offered only where raw samples would come near the limit of the query, and of memory. One tenant only.
 */
export async function readGrid(
  client: EngineClient,
  index: SeriesIndex,
  request: GridRequest,
  context: QueryContext,
  { fromSamples = context.limits.maxSamples / 2 }: GridOptions = {},
): Promise<GridSeries | undefined> {
  const { startMs, endMs, stepMs, rangeMs, offsetMs } = request
  const range = { startMs: startMs - offsetMs - rangeMs + 1, endMs: endMs - offsetMs }
  const cut = clampRange(range)
  const isWithinTables = cut.startMs === range.startMs && cut.endMs === range.endMs
  if (context.tenants.length !== 1 || stepMs <= 0 || !isWithinTables || range.startMs > range.endMs) return undefined
  // Far below the limit even at a sample a second: not worth asking the index.
  const mostPerSeries = (range.endMs - range.startMs) / MS_PER_SECOND
  if (mostPerSeries * context.limits.maxSeries < fromSamples) return undefined
  const series = await index.find({ matcherSets: [request.matchers], range, limit: 0 }, context)
  if (mostPerSeries * series.length < fromSamples) return undefined
  if ((await estimateSamples(client, { series, matchers: request.matchers, range }, context)) < fromSamples) return undefined
  const steps = Math.floor((endMs - startMs) / stepMs) + 1
  const grid = await readSeriesGrid(client, series, { request, range, steps }, context)
  context.stats.series += grid.labels.length
  return request.aggregate === undefined ? grid : aggregateGrid(grid, request.aggregate)
}

/** How many samples the range holds, judged by three of its hours. */
async function estimateSamples(
  client: EngineClient,
  {
    series,
    matchers,
    range,
  }: { readonly series: readonly KnownSeries[]; readonly matchers: GridRequest['matchers']; readonly range: TimeRange },
  context: QueryContext,
): Promise<number> {
  const [first, last] = [Math.floor(range.startMs / MS_PER_HOUR), Math.floor(range.endMs / MS_PER_HOUR)]
  const hours = [...new Set([Math.min(first + 1, last), Math.floor((first + last) / 2), Math.max(last - 1, first)])]
  const bindings = new Bindings()
  const chosen = chooseSeries({ series, matchers }, bindings)
  const conditions = [
    tenantCondition(context.tenants, bindings),
    ...chosen.conditions,
    `hour IN ${bindings.bind(hours, 'Array(UInt32)')}`,
  ]
  const table = chosen.table === undefined ? {} : { table: chosen.table }
  const sql = `SELECT count() AS samples FROM samples WHERE ${allOf(conditions)}`
  const [block] = await client.query(sql, { params: bindings.params, context, ...table })
  return ((block?.numbers('samples')[0] ?? 0) / hours.length) * (last - first + 1)
}

const FUNCTIONS = {
  last: 'timeSeriesLastToGrid',
  rate: 'timeSeriesRateToGrid',
  increase: 'timeSeriesIncreaseToGrid',
  delta: 'timeSeriesDeltaToGrid',
} as const

// 0x7ff0000000000002. A marker within a window would make a rate NaN, so ranges leave them out; an instant needs to see them.
const NOT_STALE = 'WHERE reinterpretAsUInt64(v) != 9218868437227405314'
const EXPERIMENTAL: Readonly<Record<string, number>> = {
  allow_experimental_time_series_aggregate_functions: 1,
  optimize_aggregation_in_order: 1,
}

interface GridRead {
  readonly request: GridRequest
  readonly range: TimeRange
  readonly steps: number
}

async function readSeriesGrid(
  client: EngineClient,
  series: readonly KnownSeries[],
  { request, range, steps }: GridRead,
  context: QueryContext,
): Promise<GridSeries> {
  const bindings = new Bindings()
  const chosen = chooseSeries({ series, matchers: request.matchers }, bindings)
  const conditions = [tenantCondition(context.tenants, bindings), ...chosen.conditions, ...timeConditions(range, bindings)]
  const { startMs, stepMs, rangeMs, offsetMs, func } = request
  const firstMs = startMs - offsetMs
  if (stepMs > rangeMs) {
    const [first, step, window] = [firstMs, stepMs, rangeMs].map((ms) => bindings.bind(ms, 'Int64'))
    conditions.push(`positiveModulo(${first} - toUnixTimestamp64Milli(t), ${step}) < ${window}`)
  }
  const time = (tMs: number) => bindings.bind(seconds(tMs), "DateTime64(3, 'UTC')")
  const length = (ms: number) => bindings.bind(seconds(ms), 'Decimal64(3)')
  const lastMs = firstMs + (steps - 1) * stepMs
  const windows = `${time(firstMs)}, ${time(lastMs)}, ${length(stepMs)}, ${length(rangeMs)}`
  // Of two values of one time the later written counts: two would change a rate. In the order of the key, this needs no memory.
  const sql = `SELECT toUInt64(series_id) AS s, ${FUNCTIONS[func]}(${windows})(t, v) AS grid FROM (
  SELECT series_id, t, argMax(value, toFloat64(_part_index) * 4294967296 + toFloat64(_part_offset)) AS v FROM samples
  WHERE ${allOf(conditions)}
  GROUP BY tenant, metric_id, hour, series_id, t
) ${func === 'last' ? '' : NOT_STALE}
GROUP BY series_id`
  const grids = new GridRows(series, steps)
  const table = chosen.table === undefined ? {} : { table: chosen.table }
  for await (const block of client.stream(sql, { params: bindings.params, settings: EXPERIMENTAL, context, ...table }))
    grids.add(block)
  return grids.finish()
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(3)
}

/** Rows of the answer in the order of the series, without those that have no value at all. */
class GridRows {
  readonly #series: readonly KnownSeries[]
  readonly #table: SeriesTable
  readonly #steps: number
  readonly #rows: ({ readonly values: Float64Array; readonly present: Uint8Array } | undefined)[]

  constructor(series: readonly KnownSeries[], steps: number) {
    this.#series = series
    this.#table = new SeriesTable(series)
    this.#steps = steps
    this.#rows = series.map(() => undefined)
  }

  add(block: NativeBlock): void {
    const ids = block.words('s')
    const { items } = block.lists('grid')
    if (items.kind !== 'nullable' || items.values.kind !== 'number') return
    const values = Float64Array.from(items.values.values)
    const words = wordsOf(items.values.values)
    for (let row = 0; row < block.rows; row++) {
      const place = this.#table.find(ids[2 * row]!, ids[2 * row + 1]!)
      if (place < 0) continue
      const from = row * this.#steps
      const present = new Uint8Array(this.#steps)
      for (let step = 0; step < this.#steps; step++) {
        const isStale = words[2 * (from + step)] === STALE_LOW && words[2 * (from + step) + 1] === STALE_HIGH
        present[step] = items.isNull[from + step] === 0 && !isStale ? 1 : 0
      }
      if (!present.includes(1)) continue
      this.#rows[place] = { values: values.slice(from, from + this.#steps), present }
    }
  }

  finish(): GridSeries {
    const found = this.#rows.flatMap((row, i) => (row === undefined ? [] : [{ ...row, labels: this.#series[i]!.labels }]))
    const values = new Float64Array(found.length * this.#steps).fill(NaN)
    const present = new Uint8Array(values.length)
    for (const [i, row] of found.entries()) {
      present.set(row.present, i * this.#steps)
      for (let step = 0; step < this.#steps; step++) {
        if (row.present[step] === 1) values[i * this.#steps + step] = row.values[step]!
      }
    }
    return { labels: found.map(({ labels }) => labels), steps: this.#steps, values, present }
  }
}

function wordsOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint32Array {
  return new Uint32Array(buffer, byteOffset, byteLength / 4)
}
