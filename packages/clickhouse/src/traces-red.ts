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
 * A span written twice counts once: spans are told apart by 64 bits of a hash of both ids, so a count of ten million is off by one
 * with a chance of one in 400,000. Quantiles come from sketches and are within 1 % of a true duration.
 */
export async function readRed(client: EngineClient, request: RedRequest, context: QueryContext): Promise<RedSeries[]> {
  const { sql, params } = redStatement(request, context)
  const blocks = await client.query(sql, { params, context })
  return blocks.flatMap((block) => seriesOf(block, redSteps(request)))
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

const NS_PER_MS_NUMBER = Number(NS_PER_MS)

/** Spans where a service takes work in: servers, consumers and roots. */
const IS_ENTRY = "(kind IN (2, 5) OR parent_id = '')"

/** The statement for counts and quantiles; exported for the test that pins it. */
export function redStatement(request: RedRequest, context: QueryContext): { sql: string; params: Bindings['params'] } {
  const bindings = new Bindings()
  const name = request.groupBy === 'operation' ? 'name' : "''"
  const sql = `SELECT service, operation, groupArray(step) AS steps, groupArray(requests) AS requests, groupArray(errors) AS errors,
  groupArray(p50) AS p50s, groupArray(p95) AS p95s, groupArray(p99) AS p99s,
  quantilesDDMerge(0.01, 0.5, 0.95, 0.99)(durations) AS total
FROM (
  SELECT service, ${name} AS operation, toUInt32(${stepOf(request.startMs, request.stepMs, bindings)}) AS step,
    uniqExact(cityHash64(trace_id, span_id)) AS requests,
    uniqExactIf(cityHash64(trace_id, span_id), status = 2) AS errors,
    quantilesDDState(0.01, 0.5, 0.95, 0.99)(duration) AS durations,
    finalizeAggregation(durations) AS quantiles,
    quantiles[1] AS p50, quantiles[2] AS p95, quantiles[3] AS p99
  FROM spans
  WHERE ${entryCondition(request, context, bindings)}
  GROUP BY service, operation, step
)
GROUP BY service, operation
ORDER BY service, operation`
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

function seriesOf(block: NativeBlock, steps: number): RedSeries[] {
  const operations = block.strings('operation')
  const [places, requests, errors, p50s, p95s, p99s, totals] = [
    'steps',
    'requests',
    'errors',
    'p50s',
    'p95s',
    'p99s',
    'total',
  ].map((name) => numberLists(block, name))
  return block.strings('service').map((service, row) => {
    const series = emptySeries(service, operations[row]!, steps)
    for (const [i, at] of places![row]!.entries()) {
      series.requests[at] = requests![row]![i]!
      series.errors[at] = errors![row]![i]!
      series.p50Ms[at] = p50s![row]![i]! / NS_PER_MS_NUMBER
      series.p95Ms[at] = p95s![row]![i]! / NS_PER_MS_NUMBER
      series.p99Ms[at] = p99s![row]![i]! / NS_PER_MS_NUMBER
    }
    const [p50 = NaN, p95 = NaN, p99 = NaN] = totals![row]!
    return {
      ...series,
      total: {
        requests: sum(requests![row]!),
        errors: sum(errors![row]!),
        p50Ms: p50 / NS_PER_MS_NUMBER,
        p95Ms: p95 / NS_PER_MS_NUMBER,
        p99Ms: p99 / NS_PER_MS_NUMBER,
      },
    }
  })
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
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
