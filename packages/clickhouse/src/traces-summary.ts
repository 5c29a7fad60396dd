import type { TraceSummary } from '@oriel/model'
import type { QueryContext } from '@oriel/store'
import { Bindings, tenantCondition } from './conditions.ts'
import type { EngineClient } from './engine/client.ts'
import { numberLists } from './rows.ts'

/** What a summary says of the whole stored trace. */
export type TraceFacts = Omit<TraceSummary, 'traceId' | 'matched' | 'matchedCount'>

/** Settings of statements that select by trace id: the projection is used however small the table is, not from a million rows on. */
export const BY_TRACE: Readonly<Record<string, number>> = { min_table_rows_to_use_projection_index: 0 }

/** The facts of traces by id; unknown ids are left out. */
export async function readTraceFacts(
  client: EngineClient,
  ids: readonly string[],
  context: QueryContext,
): Promise<Map<string, TraceFacts>> {
  const { sql, params } = factsStatement(ids, context)
  const facts = new Map<string, TraceFacts>()
  for (const block of await client.query(sql, { params, context, settings: BY_TRACE })) {
    const [traceIds, rootServices, rootNames] = ['trace_id', 'root_service', 'root_name'].map((name) => block.strings(name))
    const [starts, ends] = ['start_ns', 'end_ns'].map((name) => block.bigints(name))
    const services = block.stringLists('services')
    const spans = numberLists(block, 'span_counts')
    const errors = numberLists(block, 'error_counts')
    for (const [row, traceId] of (traceIds ?? []).entries()) {
      const counts = services[row]!.map((service, i) => [service, { spans: spans[row]![i]!, errors: errors[row]![i]! }] as const)
      facts.set(traceId, {
        rootService: rootServices![row]!,
        rootName: rootNames![row]!,
        startNs: starts![row]!,
        durationNs: ends![row]! - starts![row]!,
        spanCount: counts.reduce((sum, [, count]) => sum + count.spans, 0),
        errorCount: counts.reduce((sum, [, count]) => sum + count.errors, 0),
        services: new Map(counts),
      })
    }
  }
  return facts
}

/** The statement; exported for the test that pins it. */
export function factsStatement(ids: readonly string[], { tenants }: QueryContext): { sql: string; params: Bindings['params'] } {
  const bindings = new Bindings()
  const tenant = tenantCondition(tenants, bindings)
  const wanted = bindings.bind(ids, 'Array(String)')
  const sql = `SELECT trace_id,
  toUnixTimestamp64Nano(min(start)) AS start_ns,
  max(end_at) AS end_ns,
  argMinIf(toString(service), first_root, roots > 0) AS root_service,
  argMinIf(root_names, first_root, roots > 0) AS root_name,
  groupArray(toString(service)) AS services,
  groupArray(toUInt32(spans)) AS span_counts,
  groupArray(toUInt32(errors)) AS error_counts
FROM (
  SELECT trace_id, service, min(ts) AS start, max(toUnixTimestamp64Nano(ts) + toInt64(duration)) AS end_at,
    uniqExact(span_id) AS spans, uniqExactIf(span_id, status = 2) AS errors,
    minIf((ts, span_id), parent_id = '') AS first_root, argMinIf(toString(name), (ts, span_id), parent_id = '') AS root_names,
    countIf(parent_id = '') AS roots
  FROM spans
  WHERE ${tenant} AND trace_id IN ${wanted}
  GROUP BY trace_id, service
)
GROUP BY trace_id`
  return { sql, params: bindings.params }
}
