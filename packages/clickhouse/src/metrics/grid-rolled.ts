// Grids from rollups: whole days and hours come thinned, only what the edges of windows cut comes from samples. The same bits.

import { METRIC_NAME, MS_PER_HOUR } from '@oriel/model'
import type { QueryContext } from '@oriel/store'
import { allOf, Bindings, tenantCondition } from '../conditions.ts'
import type { EngineClient } from '../engine/client.ts'
import type { NativeBlock } from '../native/index.ts'
import type { RolledBlocks } from '../rollups/blocks.ts'
import { LACKS } from '../rollups/thin.ts'
import type { ThinnedSamples } from './grid-pieces.ts'
import { PieceGatherer } from './grid-pieces.ts'
import type { GridRead } from './grid-sql.ts'
import { IN_ORDER, piecesStatement } from './grid-sql.ts'
import { chooseSeries, tooManySamples } from './series-choice.ts'
import type { SeriesIndex } from './series-index.ts'
import { SeriesTable } from './series-table.ts'
import type { ChosenSeries } from './shared-reads.ts'
import { SharedReads } from './shared-reads.ts'

/** The samples that a grid needs, from rollups: series `i` of the read is number `places[i]` there. */
export interface RolledRead {
  readonly read: GridRead
  readonly thinned: ThinnedSamples
  readonly places: Uint32Array
}

/** Reads grids from rollups. Grids of one query over the same windows of one metric are read together. */
export class RolledReader {
  readonly #client: EngineClient
  readonly #blocks: RolledBlocks
  readonly #shared = new SharedReads<Rolled>()

  constructor(client: EngineClient, blocks: RolledBlocks) {
    this.#client = client
    this.#blocks = blocks
  }

  /** Undefined where too little is rolled up, or some of that could not be thinned: then the samples must be read. */
  async read(index: SeriesIndex, asked: AskedGrid, context: QueryContext): Promise<RolledRead | undefined> {
    const plan = planRolled(asked, this.#blocks)
    if (plan === undefined) return undefined
    const { request, range } = asked
    const find = async (): Promise<ChosenSeries> => {
      const series = await index.find({ matcherSets: [request.matchers], range, limit: 0 }, context)
      return { series, matchers: request.matchers }
    }
    const found = find()
    const { read, places } = await this.#shared.join(context, keyOf(request), found, ({ series, matchers }) =>
      readPlan(this.#client, { ...asked, request: { ...request, matchers }, series }, plan, context),
    )
    // Which of two values of one time was written later is asked on the other road, which leaves histograms too.
    if (read.thinned.hasConflict || read.thinned.hasHistograms || places.some((place) => read.unthinned.has(place)))
      return undefined
    const { series } = await found
    return series.length === 0 ? undefined : { read: { ...asked, series }, thinned: read.thinned, places }
  }
}

/** A grid whose series are not known yet. */
type AskedGrid = Omit<GridRead, 'series'>

interface Rolled {
  readonly thinned: ThinnedSamples
  /** Series of which not all could be thinned. */
  readonly unthinned: ReadonlySet<number>
}

/** What reads must have in common to be one. */
function keyOf({ matchers, startMs, endMs, stepMs, rangeMs, offsetMs, func }: GridRead['request']): string {
  const metric = matchers.filter(({ name, op }) => name === METRIC_NAME && op === '=')
  return JSON.stringify([metric, startMs, endMs, stepMs, rangeMs, offsetMs, func === 'increase' ? 'rate' : func])
}

/** Where each hour of a grid's range is read from. */
interface RolledPlan {
  /** Rewrites of days and hours to read, and the buckets they are of. */
  readonly days: readonly Bucket[]
  readonly hours: readonly Bucket[]
  /** Hours whose samples are read. */
  readonly rawHours: readonly number[]
}

interface Bucket {
  readonly bucket: number
  readonly block: number
}

// Below half of the range, the samples that are read anyway cost what there is to save.
const LEAST_SHARE = 0.5

/** Plans a grid over rollups; undefined where too little of it is rolled up, or lies between the edges of windows. */
function planRolled(read: AskedGrid, blocks: RolledBlocks): RolledPlan | undefined {
  const { range } = read
  const [first, last] = [Math.floor(range.startMs / MS_PER_HOUR), Math.floor(range.endMs / MS_PER_HOUR)]
  const total = last - first + 1
  if (read.request.func === 'last' || total < LEAST_HOURS || total > MOST_HOURS || read.steps > MOST_STEPS) return undefined
  const isCut = cutHours(read, first)
  const [days, hours, rawHours]: [Bucket[], Bucket[], number[]] = [[], [], []]
  for (let hour = first; hour <= last; hour++) {
    const day = Math.floor(hour / 24)
    const dayBlock = hour % 24 === 0 && hour + 23 <= last && !isAnyCut(isCut, hour - first) ? blocks.dayBlock(day) : undefined
    if (dayBlock !== undefined) {
      days.push({ bucket: day, block: dayBlock })
      hour += 23
      continue
    }
    const block = isCut[hour - first] === 1 ? undefined : blocks.hourBlock(hour)
    if (block === undefined) rawHours.push(hour)
    else hours.push({ bucket: hour, block })
  }
  return total - rawHours.length < LEAST_SHARE * total ? undefined : { days, hours, rawHours }
}

// 6 hours: shorter ranges are in memory or read in tens of milliseconds.
const LEAST_HOURS = 6
// 20 years, and as many steps as a range query may have.
const MOST_HOURS = 175_200
const MOST_STEPS = 11_000

/** Hours that hold an edge of a window: samples at or before it are on one side, later ones on the other. */
function cutHours({ request, range, steps }: AskedGrid, first: number): Uint8Array {
  const isCut = new Uint8Array(Math.floor(range.endMs / MS_PER_HOUR) - first + 1)
  const mark = (edgeMs: number): void => {
    // The last millisecond of an hour leaves nothing of it behind.
    if ((edgeMs + 1) % MS_PER_HOUR === 0) return
    const hour = Math.floor(edgeMs / MS_PER_HOUR) - first
    if (hour >= 0 && hour < isCut.length) isCut[hour] = 1
  }
  for (let step = 0; step < steps; step++) {
    const endMs = request.startMs - request.offsetMs + step * request.stepMs
    mark(endMs)
    mark(endMs - request.rangeMs)
  }
  return isCut
}

function isAnyCut(isCut: Uint8Array, from: number): boolean {
  for (let i = from; i < from + 24; i++) if (isCut[i] === 1) return true
  return false
}

async function readPlan(client: EngineClient, read: GridRead, plan: RolledPlan, context: QueryContext): Promise<Rolled> {
  const { series, range } = read
  const table = new SeriesTable(series)
  const gatherer = new PieceGatherer(table, series.length, range.startMs)
  const unthinned = new Set<number>()
  if (series.length > 0 && table.isExact) {
    const into: ReadInto = { table, gatherer, unthinned, context }
    await Promise.all([
      readKind(client, read, { table: 'rollup_days', column: 'day', hours: 24, buckets: plan.days }, into),
      readKind(client, read, { table: 'rollup_hours', column: 'hour', hours: 1, buckets: plan.hours }, into),
      readRawHours(client, read, plan.rawHours, into),
    ])
  } else for (let place = 0; place < series.length; place++) unthinned.add(place)
  return { thinned: gatherer.finish({ keepsStale: false }), unthinned }
}

interface ReadInto {
  readonly table: SeriesTable
  readonly gatherer: PieceGatherer
  readonly unthinned: Set<number>
  readonly context: QueryContext
}

interface RolledKind {
  readonly table: string
  readonly column: string
  readonly hours: number
  readonly buckets: readonly Bucket[]
}

async function readKind(
  client: EngineClient,
  { series, request, range }: GridRead,
  { table, column, hours, buckets }: RolledKind,
  { table: places, gatherer, unthinned, context }: ReadInto,
): Promise<void> {
  if (buckets.length === 0) return
  const bindings = new Bindings()
  const { conditions, ...sent } = chooseSeries({ series, matchers: request.matchers }, bindings)
  const of = (field: keyof Bucket): number[] => buckets.map((bucket) => bucket[field])
  const all = [
    tenantCondition(context.tenants, bindings),
    ...conditions,
    `${column} IN ${bindings.bind(of('bucket'), 'Array(UInt32)')}`,
    `block IN ${bindings.bind(of('block'), 'Array(UInt64)')}`,
  ]
  const { at, value, most } = POINTS[request.func]
  const begin = `toFloat64(toInt64(${column}) * ${hours * MS_PER_HOUR} - ${bindings.bind(range.startMs, 'Int64')})`
  const sql = `SELECT toUInt64(series_id) AS s, samples AS n, ${begin} AS begin, ${at} AS at, ${value} AS value, lacks FROM ${table} WHERE ${allOf(all)}`
  for await (const block of client.stream(sql, { params: bindings.params, ...sent, settings: SMALL, context })) {
    noteUnthinned(block, most, places, unthinned)
    gatherer.add(block, { hasRank: false, hasBegin: true })
    checkPoints(gatherer, context)
  }
}

// A row for hundreds of samples: what other threads could take is less than it costs to hand it over, and most of what the sort key
// leaves is wanted (bench/rollups.ts, 2026-11: 5.8 ms of CPU for 29,000 rows instead of 11).
const SMALL: Readonly<Record<string, number>> = { max_threads: 1, optimize_move_to_prewhere: 0 }

// What a bucket tells of its samples to each function: its points, or one that stands for all, and what the points may lack for that.
const LAST_AT = 'arraySlice(`point.at`, -1)'
// As many as the list of times has: a bucket that tells nothing has none.
const standing = (of: string): string => `arrayMap(ms -> ${of}, ${LAST_AT})`
const OWN = { at: '`point.at`', value: '`point.value`' }
const POINTS = {
  last: { ...OWN, most: LACKS.nothing },
  rate: { ...OWN, most: LACKS.nothing },
  increase: { ...OWN, most: LACKS.nothing },
  delta: { ...OWN, most: LACKS.falls },
  min_over_time: { at: LAST_AT, value: standing('least'), most: LACKS.falls },
  max_over_time: { at: LAST_AT, value: standing('greatest'), most: LACKS.falls },
  sum_over_time: { at: LAST_AT, value: standing('total'), most: LACKS.falls },
  avg_over_time: { at: LAST_AT, value: standing('total'), most: LACKS.falls },
  count_over_time: { at: LAST_AT, value: standing('total'), most: LACKS.falls },
} satisfies Readonly<Record<GridRead['request']['func'], unknown>>

function noteUnthinned(block: NativeBlock, most: number, places: SeriesTable, unthinned: Set<number>): void {
  const ids = block.words('s')
  const lacks = block.numbers('lacks')
  for (let row = 0; row < block.rows; row++) if (lacks[row]! > most) unthinned.add(places.find(ids[2 * row]!, ids[2 * row + 1]!))
}

function checkPoints({ points }: PieceGatherer, { limits: { maxSamples }, stats }: QueryContext): void {
  if (stats.samples + points > maxSamples) throw tooManySamples(stats.samples + points, maxSamples)
}

/** What rollups leave: hours that an edge of a window cuts, and those that are not rolled up. */
async function readRawHours(
  client: EngineClient,
  read: GridRead,
  hours: readonly number[],
  { gatherer, context }: ReadInto,
): Promise<void> {
  if (hours.length === 0) return
  const { sql, ...options } = piecesStatement(read, { hasRank: false, hours }, context)
  for await (const block of client.stream(sql, { ...options, settings: IN_ORDER, context })) {
    gatherer.add(block, { hasRank: false })
    checkPoints(gatherer, context)
  }
}
