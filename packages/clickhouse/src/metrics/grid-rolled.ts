// Grids from rollups: whole days and hours come thinned, only what the edges of windows cut comes from samples. The same bits.

import { MS_PER_HOUR } from '@oriel/model'
import type { QueryContext } from '@oriel/store'
import { allOf, Bindings, tenantCondition } from '../conditions.ts'
import type { EngineClient } from '../engine/client.ts'
import type { RolledBlocks } from '../rollups/blocks.ts'
import type { PieceGatherer } from './grid-pieces.ts'
import type { GridRead } from './grid-sql.ts'
import { chooseSeries } from './series-choice.ts'

/** Where each hour of a grid's range is read from. */
export interface RolledPlan {
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
export function planRolled(read: GridRead, blocks: RolledBlocks): RolledPlan | undefined {
  const { range } = read
  const [first, last] = [Math.floor(range.startMs / MS_PER_HOUR), Math.floor(range.endMs / MS_PER_HOUR)]
  const total = last - first + 1
  if (total < LEAST_HOURS || total > MOST_HOURS || read.steps > MOST_STEPS) return undefined
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
function cutHours({ request, range, steps }: GridRead, first: number): Uint8Array {
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

/** Reads the rolled-up part of a plan into `gatherer`; false where a series' bucket could not be thinned: then read samples. */
export async function readRolled(
  client: EngineClient,
  read: GridRead,
  plan: RolledPlan,
  { gatherer, context }: { readonly gatherer: PieceGatherer; readonly context: QueryContext },
): Promise<boolean> {
  const kinds = [
    { table: 'rollup_days', column: 'day', hours: 24, buckets: plan.days },
    { table: 'rollup_hours', column: 'hour', hours: 1, buckets: plan.hours },
  ]
  const whole = await Promise.all(kinds.map((kind) => readKind(client, read, kind, { gatherer, context })))
  return whole.every(Boolean)
}

interface RolledKind {
  readonly table: string
  readonly column: string
  readonly hours: number
  readonly buckets: readonly Bucket[]
}

async function readKind(
  client: EngineClient,
  read: GridRead,
  { table, column, hours, buckets }: RolledKind,
  { gatherer, context }: { readonly gatherer: PieceGatherer; readonly context: QueryContext },
): Promise<boolean> {
  if (buckets.length === 0) return true
  const bindings = new Bindings()
  const { conditions, ...sent } = chooseSeries({ series: read.series, matchers: read.request.matchers }, bindings)
  const of = (field: keyof Bucket): number[] => buckets.map((bucket) => bucket[field])
  const all = [
    tenantCondition(context.tenants, bindings),
    ...conditions,
    `${column} IN ${bindings.bind(of('bucket'), 'Array(UInt32)')}`,
    `block IN ${bindings.bind(of('block'), 'Array(UInt64)')}`,
  ]
  const start = `toFloat64(toInt64(${column}) * ${hours * MS_PER_HOUR} - ${bindings.bind(read.range.startMs, 'Int64')})`
  const sql = `SELECT toUInt64(series_id) AS s, samples AS n, arrayMap(ms -> ms + ${start}, at) AS at, value, ordinal, raw
FROM ${table} WHERE ${allOf(all)}`
  for await (const block of client.stream(sql, { params: bindings.params, ...sent, context })) {
    if (block.numbers('raw').some((isRaw) => isRaw === 1)) return false
    gatherer.add(block, { hasRank: false, hasOrdinals: true })
  }
  return true
}
