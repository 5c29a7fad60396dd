import type { TimeRange } from '@oriel/model'
import type { GridRequest, QueryContext } from '@oriel/store'
import { allOf, Bindings, tenantCondition } from '../conditions.ts'
import type { SentTable } from '../engine/client.ts'
import type { Params } from '../engine/params.ts'
import { chooseSeries } from './series-choice.ts'
import { timeConditions } from './selection.ts'
import type { KnownSeries } from './series-cache.ts'

/** A statement with all that goes with it. */
export interface GridStatement {
  readonly sql: string
  readonly params: Params
  readonly table?: SentTable
}

/** What a grid is read from: series that hold the request's matchers, and the time that its windows cover. */
export interface GridRead {
  readonly series: readonly KnownSeries[]
  readonly request: GridRequest
  readonly range: TimeRange
  readonly steps: number
}

/** Counts samples of the series in some hours: column `samples`. */
export function countStatement(
  { series, request }: GridRead,
  hours: readonly number[],
  { tenants }: QueryContext,
): GridStatement {
  const bindings = new Bindings()
  const { conditions, ...table } = chooseSeries({ series, matchers: request.matchers }, bindings)
  const tenant = tenantCondition(tenants, bindings)
  const all = [tenant, ...conditions, `hour IN ${bindings.bind(hours, 'Array(UInt32)')}`]
  return { sql: `SELECT count() AS samples FROM samples WHERE ${allOf(all)}`, params: bindings.params, ...table }
}

/**
 * The samples in pieces, a row each: one series, one hour, and no edge of a window within.
 *
 * Column `n` counts the samples of a piece; `at` (milliseconds since the range's start) and `value` list them, and `rank` which was
 * written later. A plain piece lists its ends only: its time rises strictly, and what a rate would correct or leave out (a falling
 * value, NaN, a staleness marker) is not in it. Whatever is not plain comes whole.
 *
 * `hours` leaves out all others. The groups are a prefix of the sort key, so the engine holds one series and hour at a time.
 */
export function piecesStatement(
  read: GridRead,
  { hasRank, hours }: { readonly hasRank: boolean; readonly hours?: readonly number[] },
  { tenants }: QueryContext,
): GridStatement {
  const { series, request, range } = read
  const bindings = new Bindings()
  const { conditions, ...table } = chooseSeries({ series, matchers: request.matchers }, bindings)
  const offset = `toUnixTimestamp64Milli(t) - ${bindings.bind(range.startMs, 'Int64')}`
  const at = range.endMs - range.startMs <= MOST_U32_MS ? `toUInt32(${offset})` : `toFloat64(${offset})`
  const buckets = bucketsOf(read, `(${offset})`, bindings)
  const all = [tenantCondition(tenants, bindings), ...conditions, ...timeConditions(range, bindings), ...buckets.conditions]
  if (hours !== undefined) all.push(`hour IN ${bindings.bind(hours, 'Array(UInt32)')}`)
  const ends = request.func === 'last' ? (of: string) => `[${of}[-1]]` : (of: string) => `[${of}[1], ${of}[-1]]`
  const outer = [
    'toUInt64(series_id) AS s, toUInt32(length(ats)) AS n',
    `${PLAIN[request.func]} AS plain`,
    `if(plain, ${ends('ats')}, ats) AS at, if(plain, ${ends('vs')}, vs) AS value`,
    ...(hasRank ? [`if(plain, ${ends('ranks')}, ranks) AS rank`] : []),
  ]
  const ranks = hasRank ? `, groupArray(toFloat64(_part_index) * 4294967296 + toFloat64(_part_offset)) AS ranks` : ''
  const sql = `SELECT ${outer.join(', ')} FROM (
  SELECT series_id, groupArray(${at}) AS ats, groupArray(value) AS vs${ranks} FROM samples
  WHERE ${allOf(all)}
  GROUP BY ${['tenant, metric_id, hour, series_id', ...buckets.groups].join(', ')}
)`
  return { sql, params: bindings.params, ...table }
}

/** Groups follow the sort key: what the engine holds stays small however long the range. */
export const IN_ORDER: Readonly<Record<string, number>> = { optimize_aggregation_in_order: 1 }

// 49 days of milliseconds fit 32 bits.
const MOST_U32_MS = 2 ** 32 - 1

// arrayDifference begins with 0: time rises strictly where that is the only 0 and the least. A sum that is not finite tells of NaN
// (markers are), and without infinities a difference below 0 is exactly a falling value.
const RISING = 'n > 2 AND arrayMin(arrayDifference(ats) AS gaps) = 0 AND countEqual(gaps, 0) = 1'
const FINITE = `${RISING} AND isFinite(arraySum(vs))`
const NEVER_FALLING = `${FINITE} AND arrayMin(arrayDifference(vs)) >= 0`
// A function over time needs every sample.
const PLAIN: Readonly<Record<GridRequest['func'], string>> = {
  last: RISING,
  delta: FINITE,
  rate: NEVER_FALLING,
  increase: NEVER_FALLING,
  min_over_time: '0',
  max_over_time: '0',
  sum_over_time: '0',
  avg_over_time: '0',
  count_over_time: '0',
}

/** Groups between the edges of windows. With windows apart, what is in none of them is left out. */
function bucketsOf(
  { request: { stepMs, rangeMs }, steps }: GridRead,
  offset: string,
  bindings: Bindings,
): { readonly groups: readonly string[]; readonly conditions: readonly string[] } {
  if (steps === 1) return { groups: [], conditions: [] }
  const step = bindings.bind(stepMs, 'Int64')
  const groups = [`intDiv(${offset}, ${step})`]
  // Windows begin at multiples of the step, counted from the first one's start, and end so far after one.
  const endMs = rangeMs % stepMs
  if (endMs === 0) return { groups, conditions: [] }
  const isBeforeEnd = `${offset} % ${step} < ${bindings.bind(endMs, 'Int64')}`
  return stepMs > rangeMs ? { groups, conditions: [isBeforeEnd] } : { groups: [...groups, isBeforeEnd], conditions: [] }
}
