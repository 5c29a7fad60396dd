import type { TimeRange } from '@oriel/model'
import { MS_PER_HOUR, MS_PER_SECOND } from '@oriel/model'
import type { GridRequest, GridSeries, QueryContext } from '@oriel/store'
import { StoreError } from '@oriel/store'
import type { EngineClient } from '../engine/client.ts'
import type { ThinnedSamples } from './grid-pieces.ts'
import { PieceGatherer } from './grid-pieces.ts'
import type { RolledReader } from './grid-rolled.ts'
import type { GridRead } from './grid-sql.ts'
import { countStatement, IN_ORDER, piecesStatement } from './grid-sql.ts'
import { gridValues, isOverTime } from './grid-values.ts'
import { tooManySamples } from './series-choice.ts'
import { clampRange } from './selection.ts'
import type { SeriesIndex } from './series-index.ts'
import { SeriesTable } from './series-table.ts'

/** When grids are offered. */
export interface GridOptions {
  /** `always` is for tests: wherever they are exact, at any cost. */
  readonly offered?: 'whenCheaper' | 'always'
  /** Reads what is rolled up, where anything is. */
  readonly rolled?: RolledReader
}

/**
 * A function over windows of a grid, for which the engine thins the samples. See `MetricSource.grid`.
 *
 * The engine cuts samples at the edges of windows and hands out the ends of each piece, where these are all that the function
 * needs; what is left is evaluated by the same kernels as raw samples, so the answer is the same to the bit. One tenant only.
 */
export async function readGrid(
  client: EngineClient,
  index: SeriesIndex,
  request: GridRequest,
  context: QueryContext,
  { offered = 'whenCheaper', rolled }: GridOptions = {},
): Promise<GridSeries | undefined> {
  const { startMs, endMs, stepMs, rangeMs, offsetMs } = request
  const range = { startMs: startMs - offsetMs - rangeMs + 1, endMs: endMs - offsetMs }
  if (context.tenants.length !== 1 || !isReadable(request, range)) return undefined
  const steps = startMs === endMs ? 1 : Math.floor((endMs - startMs) / stepMs) + 1
  const isAlways = offered === 'always'
  const found = await rolled?.read(index, { request, range, steps }, context)
  if (found !== undefined) return finish(found.thinned, found.read, context, found.places)
  if (isOverTime(request.func)) return undefined
  // Most queries end here, before anything is asked: no series could have so many samples.
  const mostPerSeries = (range.endMs - range.startMs) / MS_PER_SECOND
  if (!isAlways && !isCheaper(request, range, steps, { series: 1, samples: mostPerSeries })) return undefined
  const series = await index.find({ matcherSets: [request.matchers], range, limit: 0 }, context)
  const read = { series, request, range, steps }
  if (!isAlways) {
    if (mostPerSeries * series.length < LEAST_SAMPLES) return undefined
    const samples = await estimateSamples(client, read, context)
    if (samples < LEAST_SAMPLES || !isCheaper(request, range, steps, { series: series.length, samples })) return undefined
  }
  return finish(await readThinned(client, read, context), read, context)
}

/** The grid of the series that have samples: series `i` of the read is number `places[i]` of those that were thinned. */
function finish(
  thinned: ThinnedSamples,
  { series, request, steps }: GridRead,
  context: QueryContext,
  places?: Uint32Array,
): GridSeries | undefined {
  // Found out here and not before: a question of its own would cost every grid, and histograms seldom have enough samples for one.
  if (thinned.hasHistograms) return undefined
  const found = places === undefined ? { rows: thinned.series.map((_, row) => row), of: thinned.series } : rowsAt(thinned, places)
  context.stats.series += found.rows.length
  for (const row of found.rows) context.stats.samples += thinned.offsets[row + 1]! - thinned.offsets[row]!
  return gridValues(thinned, { rows: found.rows, labels: found.of.map((i) => series[i]!.labels) }, request, steps)
}

/** The rows that have the series at these places, and the number of each among them. */
function rowsAt(thinned: ThinnedSamples, places: Uint32Array): { readonly rows: number[]; readonly of: number[] } {
  const rowOf = new Map<number, number>()
  for (const [row, place] of thinned.series.entries()) rowOf.set(place, row)
  const [rows, of]: [number[], number[]] = [[], []]
  for (const [i, place] of places.entries()) {
    const row = rowOf.get(place)
    if (row === undefined) continue
    rows.push(row)
    of.push(i)
  }
  return { rows, of }
}

/** Whether the tables can hold the range, its hours are hours (see `sampleHour`) and its windows lie on whole milliseconds. */
function isReadable({ startMs, endMs, stepMs, rangeMs, offsetMs }: GridRequest, range: TimeRange): boolean {
  if (![startMs, endMs, stepMs, rangeMs, offsetMs].every(Number.isSafeInteger)) return false
  if (endMs < startMs || rangeMs <= 0 || (stepMs <= 0 && endMs > startMs)) return false
  if (range.startMs < 0) return false
  const cut = clampRange(range)
  return cut.startMs === range.startMs && cut.endMs === range.endMs
}

// 200,000: fewer raw samples are evaluated in 30 ms; asking how many there are takes 4.
const LEAST_SAMPLES = 200_000
// CPU of a raw sample and of a piece, measured on 4M samples (bench/schema/grid.ts, 2026-11): that of the engine, and twice ours,
// for which everything else in this process waits. Raw columns read and evaluated: 65 + 2 x 60 ns.
const RAW_NS = 185
// Of those thinned: 80 + 2 x 3 ns in pieces of an hour, 110 + 2 x 6 where windows cut them, for which the engine needs a hash table.
const PIECE_SAMPLE_NS = 86
const CUT_SAMPLE_NS = 122
// Read, and in no window.
const SKIPPED_SAMPLE_NS = 75
const PIECE_NS = 2_500
// A little is no reason to leave the main road: estimates are rough.
const WORTH_RATIO = 0.8

/** Whether thinning in the engine takes less than reading and evaluating raw samples. */
function isCheaper(
  { stepMs, rangeMs }: GridRequest,
  range: TimeRange,
  steps: number,
  { series, samples }: { readonly series: number; readonly samples: number },
): boolean {
  const isApart = steps > 1 && stepMs > rangeMs
  const share = isApart ? rangeMs / stepMs : 1
  const edges = steps === 1 ? 0 : steps * (rangeMs % stepMs === 0 ? 1 : 2)
  const hours = (range.endMs - range.startMs) / MS_PER_HOUR
  const pieces = series * (isApart ? steps * (1 + rangeMs / MS_PER_HOUR) : 1 + hours + edges)
  const sampleNs = share * (steps === 1 ? PIECE_SAMPLE_NS : CUT_SAMPLE_NS) + (1 - share) * SKIPPED_SAMPLE_NS
  return samples * sampleNs + Math.min(pieces, samples) * PIECE_NS < WORTH_RATIO * samples * RAW_NS
}

/** How many samples the range holds, judged by three of its hours. */
async function estimateSamples(client: EngineClient, read: GridRead, context: QueryContext): Promise<number> {
  const { startMs, endMs } = read.range
  const [first, last] = [Math.floor(startMs / MS_PER_HOUR), Math.floor(endMs / MS_PER_HOUR)]
  const hours = [...new Set([Math.min(first + 1, last), Math.floor((first + last) / 2), Math.max(last - 1, first)])]
  const { sql, ...options } = countStatement(read, hours, context)
  const [block] = await client.query(sql, { ...options, context })
  return ((block?.numbers('samples')[0] ?? 0) / hours.length) * ((endMs - startMs) / MS_PER_HOUR)
}

async function readThinned(client: EngineClient, read: GridRead, context: QueryContext): Promise<ThinnedSamples> {
  const table = new SeriesTable(read.series)
  if (!table.isExact) throw new StoreError('STORE_FAILED', 'cannot read series: two of them share 64 bits of their id')
  const thinned = await readPieces(client, table, read, { hasRank: false }, context)
  // As with raw samples: which of two values was written later is asked only where there are two.
  return thinned.hasConflict ? await readPieces(client, table, read, { hasRank: true }, context) : thinned
}

async function readPieces(
  client: EngineClient,
  table: SeriesTable,
  read: GridRead,
  { hasRank }: { readonly hasRank: boolean },
  context: QueryContext,
): Promise<ThinnedSamples> {
  const { maxSamples } = context.limits
  const gatherer = new PieceGatherer(table, read.series.length, read.range.startMs)
  if (read.series.length > 0) {
    const { sql, ...options } = piecesStatement(read, { hasRank }, context)
    for await (const block of client.stream(sql, { ...options, settings: IN_ORDER, context })) {
      gatherer.add(block, { hasRank })
      const samples = context.stats.samples + gatherer.points
      if (samples > maxSamples) throw tooManySamples(samples, maxSamples)
    }
  }
  return gatherer.finish({ keepsStale: read.request.func === 'last' })
}
