import type { Clock, Labels } from '@oriel/model'
import { labelsOf, NS_PER_MS } from '@oriel/model'
import type { IndexRequest, LogSource, QueryContext } from '@oriel/store'
import { RETRY_WINDOW_MS } from '@oriel/store'
import { allOf, Bindings, tenantCondition } from './conditions.ts'
import type { EngineClient } from './engine/client.ts'
import { readLogGrid } from './logs-grid.ts'
import { readRecords } from './logs-records.ts'
import { indexCondition, openStreamIndex } from './streams.ts'
import { timeConditions } from './time.ts'

/** Reads logs from the engine. See `LogSource`. */
export function openLogSource(client: EngineClient): LogSource {
  const index = openStreamIndex(client)
  return {
    records: (request, context) => readRecords(client, index, request, context),
    grid: (request, context) => readLogGrid(client, index, request, context),
    streams: (request, context) => index.streams(request, context),
    labelNames: (request, context) => index.labelNames(request, context),
    labelValues: (label, request, context) => index.labelValues(label, request, context),
    volume: (request, context) => readVolume(client, request, context),
  }
}

/** Ids of requests that brought rows of `table` in the retry window; 0 stands for none and is left out. */
export async function readRecentRequests(
  client: EngineClient,
  table: 'logs' | 'spans',
  { now }: { readonly now: Clock },
): Promise<ReadonlySet<bigint>> {
  const since = BigInt(now() - RETRY_WINDOW_MS) * NS_PER_MS
  const sql = `SELECT DISTINCT request FROM ${table} WHERE arrival >= {since:UInt64} AND request != 0`
  const ids = new Set<bigint>()
  for await (const block of client.stream(sql, { params: { since } })) for (const id of block.bigints('request')) ids.add(id)
  return ids
}

async function readVolume(
  client: EngineClient,
  request: IndexRequest,
  context: QueryContext,
): Promise<{ labels: Labels; bytes: number; records: number }[]> {
  const bindings = new Bindings()
  const { startMs, endMs } = request.range
  const window = { firstNs: BigInt(startMs) * NS_PER_MS, lastNs: BigInt(endMs) * NS_PER_MS }
  const condition = allOf([tenantCondition(context.tenants, bindings), ...timeConditions(window, bindings)])
  const sql = `SELECT any(labels) AS stream_labels, sum(stream_bytes) AS bytes, sum(stream_records) AS records
FROM (
  SELECT stream, sum(length(body)) AS stream_bytes, count() AS stream_records FROM logs
  WHERE ${condition}
  GROUP BY stream
) AS counted
INNER JOIN (
  SELECT stream, any(labels) AS labels FROM streams
  WHERE ${indexCondition(request, context, bindings)}
  GROUP BY stream
) AS known USING stream
GROUP BY stream
ORDER BY bytes DESC, toString(mapSort(stream_labels))
LIMIT ${request.limit > 0 ? request.limit : context.limits.maxSeries}`
  const blocks = await client.query(sql, { params: bindings.params, context })
  return blocks.flatMap((block) => {
    const bytes = block.numbers('bytes')
    const records = block.numbers('records')
    return block
      .maps('stream_labels')
      .map((labels, row) => ({ labels: labelsOf(labels), bytes: bytes[row]!, records: records[row]! }))
  })
}
