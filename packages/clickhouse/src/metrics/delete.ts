import type { DeleteRequest } from '@oriel/store'
import { labelValue, METRIC_NAME } from '@oriel/model'
import { hash64 } from '@oriel/store'
import { allOf, Bindings, tenantCondition } from '../conditions.ts'
import type { EngineClient } from '../engine/client.ts'
import { clampRange, daysOf, seriesConditions, timeConditions } from './selection.ts'

/** Every table that has rows of a series by `series_id` and time. */
const SAMPLE_TABLES = ['samples', 'histograms', 'sample_starts', 'exemplars'] as const

/** Deletes samples; see `Sink.deleteMetrics`. Rows are marked in the parts they lie in, which costs a small file a part. */
export async function deleteSamples(client: EngineClient, { tenant, matchers, range }: DeleteRequest): Promise<void> {
  const bindings = new Bindings()
  const inTime = clampRange(range)
  const of = tenantCondition([tenant], bindings)
  const chosen = allOf([of, ...seriesConditions(daysOf(inTime), [matchers], bindings)])
  const metric = labelValue(
    matchers.filter(({ op }) => op === '='),
    METRIC_NAME,
  )
  const conditions = [
    of,
    // The sort key prunes by it.
    ...(metric === '' ? [] : [`metric_id = ${bindings.bind(hash64(metric), 'UInt64')}`]),
    ...timeConditions(inTime, bindings),
    `series_id IN (SELECT id FROM series WHERE ${chosen})`,
  ]
  const options = { params: bindings.params, settings: WAITING }
  await Promise.all(SAMPLE_TABLES.map((table) => client.command(`DELETE FROM ${table} WHERE ${allOf(conditions)}`, options)))
}

/**
 * Takes series that have no sample left on a day out of the index of that day; whether there were any.
 *
 * Nothing may be written meanwhile, and who writes such a series again must bring it again.
 */
export async function removeEmptySeries(client: EngineClient, { tenant, matchers, range }: DeleteRequest): Promise<boolean> {
  const bindings = new Bindings()
  const days = daysOf(range)
  const of = tenantCondition([tenant], bindings)
  const chosen = allOf([of, ...seriesConditions(days, [matchers], bindings)])
  const hours = [24 * days.first, 24 * days.last + 23].map((hour) => bindings.bind(hour, 'UInt32'))
  const empty = `${chosen} AND (day, id) NOT IN (SELECT intDiv(hour, 24) AS held, series_id FROM samples
WHERE ${of} AND hour >= ${hours[0]} AND hour <= ${hours[1]} AND series_id IN (SELECT id FROM series WHERE ${chosen}) GROUP BY held, series_id)`
  const [found] = await client.query(`SELECT id FROM series WHERE ${empty} LIMIT 1`, { params: bindings.params })
  if (found === undefined || found.rows === 0) return false
  const options = { params: bindings.params, settings: WAITING }
  await client.command(`DELETE FROM series WHERE ${empty}`, options)
  const inDays = allOf([of, ...seriesConditions(days, [], bindings)])
  const held = `SELECT day, name, value FROM series ARRAY JOIN arrayPushBack(mapKeys(labels), '${METRIC_NAME}') AS name,
arrayPushBack(mapValues(labels), toString(metric)) AS value WHERE ${inDays} GROUP BY day, name, value`
  await client.command(`DELETE FROM label_values WHERE ${inDays} AND (day, name, value) NOT IN (${held})`, options)
  return true
}

/** Rewrites the parts that have deleted rows; see `Sink.purgeDeleted`. */
export async function purgeDeleted(client: EngineClient): Promise<void> {
  const options = { settings: WAITING }
  await Promise.all(SAMPLE_TABLES.map((table) => client.command(`ALTER TABLE ${table} APPLY DELETED MASK`, options)))
}

// The statement returns when the rows are gone, not when the work is queued.
const WAITING: Readonly<Record<string, number>> = { lightweight_deletes_sync: 1, mutations_sync: 1 }
