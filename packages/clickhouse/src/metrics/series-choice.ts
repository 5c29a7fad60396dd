import type { Matcher } from '@oriel/model'
import { hash64, StoreError } from '@oriel/store'
import type { Bindings } from '../conditions.ts'
import type { SentTable } from '../engine/client.ts'
import { isWholeMetric } from './selection.ts'
import type { KnownSeries } from './series-cache.ts'

/** Which rows of a sample table to read: by one id, a list, a table sent along, or the whole metric. */
export function chooseSeries(
  { series, matchers }: { readonly series: readonly KnownSeries[]; readonly matchers: readonly Matcher[] },
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

/** Rises with the order of writing: parts are numbered in it, and merges keep the order of equal keys. */
export const RANK = 'toFloat64(_part_index) * 4294967296 + toFloat64(_part_offset) AS rank'

/** What a read of more samples than the query may have rejects with. */
export function tooManySamples(found: number, limit: number): StoreError {
  return new StoreError('STORE_LIMIT', `cannot read series: more than ${found} samples selected, limit maxSamples is ${limit}`)
}

// 100: a list in the statement is parsed as text, 40 bytes an id; above, a binary table is cheaper (2026-11).
const MOST_LISTED = 100
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
