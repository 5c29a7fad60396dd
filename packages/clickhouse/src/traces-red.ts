import type { QueryContext, RedRequest, RedSeries, SpanExemplar } from '@oriel/store'
import { exemplarBuckets, redSteps } from '@oriel/store'
import { NS_PER_MS } from '@oriel/model'
import { allOf, Bindings, tenantCondition } from './conditions.ts'
import type { EngineClient } from './engine/client.ts'
import type { NativeBlock } from './native/index.ts'
import { numberLists } from './rows.ts'
import { timeConditions } from './time.ts'

/**
 * RED of entry spans, from the spans themselves.
 *
 * Counts are exact (a span written twice counts once); quantiles come from sketches and are within 1 % of a true duration.
 */
export async function readRed(client: EngineClient, request: RedRequest, context: QueryContext): Promise<RedSeries[]> {
  const { sql, params } = redStatement(request, context)
  const groups = new Map<string, RedSeries>()
  for await (const block of client.stream(sql, { params, context })) addBlock(groups, block, redSteps(request))
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, series]) => series)
}

/** Slow and failed entry spans, by time. */
export async function readRedExemplars(
  client: EngineClient,
  request: RedRequest,
  limit: number,
  context: QueryContext,
): Promise<SpanExemplar[]> {
  const { bucketMs, perBucket } = exemplarBuckets(request, limit)
  const { sql, params } = exemplarStatement(request, bucketMs, perBucket, context)
  const found = new Map<string, SpanExemplar>()
  const taken = new Map<number, number>()
  for (const exemplar of (await client.query(sql, { params, context })).flatMap(exemplarsOf)) {
    const key = `${exemplar.traceId} ${exemplar.spanId}`
    const bucket = Math.floor((exemplar.tMs - request.startMs) / bucketMs)
    const before = taken.get(bucket) ?? 0
    if (found.has(key) || before >= perBucket) continue
    taken.set(bucket, before + 1)
    found.set(key, exemplar)
  }
  return [...found.values()].sort((a, b) => a.tMs - b.tMs).slice(0, limit)
}

function exemplarsOf(block: NativeBlock): SpanExemplar[] {
  const [spanIds, names] = ['span_id', 'name'].map((name) => block.strings(name))
  const [times, durations, errors] = ['t_ms', 'duration_ms', 'is_error'].map((name) => block.numbers(name))
  return block.strings('trace_id').map((traceId, row) => ({
    traceId,
    spanId: spanIds![row]!,
    name: names![row]!,
    tMs: times![row]!,
    durationMs: durations![row]!,
    isError: errors![row] === 1,
  }))
}

// Twice what is wanted is read, so that spans stored twice do not crowd out others.
const WRITTEN_TWICE = 2

/** Spans where a service takes work in: servers, consumers and roots. */
const IS_ENTRY = "(kind IN (2, 5) OR parent_id = '')"

/** The statement for counts and quantiles; exported for the test that pins it. */
export function redStatement(request: RedRequest, context: QueryContext): { sql: string; params: Bindings['params'] } {
  const bindings = new Bindings()
  const group = request.groupBy === 'operation' ? 'service, name' : 'service'
  const sql = `SELECT ${group}${request.groupBy === 'operation' ? '' : ", '' AS name"},
  if(grouping(step) = 0, toInt32(step), -1) AS at,
  uniqExact(trace_id, span_id) AS requests,
  uniqExactIf((trace_id, span_id), status = 2) AS errors,
  arrayMap(ns -> ns / 1e6, quantilesDD(0.01, 0.5, 0.95, 0.99)(duration)) AS quantiles
FROM (
  SELECT service, name, trace_id, span_id, status, duration, ${stepOf(request.startMs, request.stepMs, bindings)} AS step
  FROM spans
  WHERE ${entryCondition(request, context, bindings)}
)
GROUP BY GROUPING SETS ((${group}, step), (${group}))`
  return { sql, params: bindings.params }
}

/** The statement for exemplars; exported for the test that pins it. */
export function exemplarStatement(
  request: RedRequest,
  bucketMs: number,
  perBucket: number,
  context: QueryContext,
): { sql: string; params: Bindings['params'] } {
  const bindings = new Bindings()
  const sql = `SELECT trace_id, span_id, name, t_ms, duration_ms, is_error
FROM (
  SELECT trace_id, span_id, name, toUnixTimestamp64Milli(ts) AS t_ms, duration / 1e6 AS duration_ms, status = 2 AS is_error,
    ${stepOf(request.startMs, bucketMs, bindings)} AS bucket
  FROM spans
  WHERE ${entryCondition(request, context, bindings)}
  ORDER BY is_error DESC, duration DESC
  LIMIT ${WRITTEN_TWICE * perBucket} BY bucket
)
ORDER BY is_error DESC, duration_ms DESC, span_id`
  return { sql, params: bindings.params }
}

function stepOf(startMs: number, stepMs: number, bindings: Bindings): string {
  return `intDiv(toUnixTimestamp64Milli(ts) - ${bindings.bind(startMs, 'Int64')}, ${bindings.bind(stepMs, 'Int64')})`
}

function entryCondition(request: RedRequest, context: QueryContext, bindings: Bindings): string {
  const { service, startMs, stepMs } = request
  const endMs = startMs + redSteps(request) * stepMs
  const window = { firstNs: BigInt(startMs) * NS_PER_MS, lastNs: BigInt(endMs) * NS_PER_MS - 1n }
  return allOf([
    tenantCondition(context.tenants, bindings),
    ...timeConditions(window, bindings),
    ...(service === undefined ? [] : [`service = ${bindings.text(service)}`]),
    IS_ENTRY,
  ])
}

function addBlock(groups: Map<string, RedSeries>, block: NativeBlock, steps: number): void {
  const [services, names] = ['service', 'name'].map((name) => block.strings(name))
  const [places, requests, errors] = ['at', 'requests', 'errors'].map((name) => block.numbers(name))
  const quantiles = numberLists(block, 'quantiles')
  for (let row = 0; row < block.rows; row++) {
    const [service, operation] = [services![row]!, names![row]!]
    const key = `${service}\u{1}${operation}`
    const series = groups.get(key) ?? emptySeries(service, operation, steps)
    const [p50Ms = NaN, p95Ms = NaN, p99Ms = NaN] = quantiles[row]!
    const at = places![row]!
    if (at < 0) {
      const total = { requests: requests![row]!, errors: errors![row]!, p50Ms, p95Ms, p99Ms }
      groups.set(key, { ...series, total })
      continue
    }
    series.requests[at] = requests![row]!
    series.errors[at] = errors![row]!
    series.p50Ms[at] = p50Ms
    series.p95Ms[at] = p95Ms
    series.p99Ms[at] = p99Ms
    groups.set(key, series)
  }
}

function emptySeries(service: string, operation: string, steps: number): RedSeries {
  const absent = () => new Float64Array(steps).fill(NaN)
  return {
    service,
    operation,
    requests: new Float64Array(steps),
    errors: new Float64Array(steps),
    p50Ms: absent(),
    p95Ms: absent(),
    p99Ms: absent(),
    total: { requests: 0, errors: 0, p50Ms: NaN, p95Ms: NaN, p99Ms: NaN },
  }
}
