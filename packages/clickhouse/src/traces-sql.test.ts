import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RedRequest, SpanFilter, TraceSearchRequest } from '@oriel/store'
import { DEFAULT_QUERY_LIMITS, makeQueryStats } from '@oriel/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Params } from './engine/params.ts'
import type { OpenEngine } from './open.ts'
import { openEngine } from './open.ts'
import { exemplarStatement, redStatement } from './traces-red.ts'
import { candidateStatement, matchStatement } from './traces-search.ts'
import { BY_TRACE, factsStatement } from './traces-summary.ts'
import { traceStatement } from './traces.ts'

const CONTEXT = {
  tenants: ['t'],
  signal: new AbortController().signal,
  limits: DEFAULT_QUERY_LIMITS,
  stats: makeQueryStats(),
}

const FILTER: SpanFilter = {
  kind: 'all',
  filters: [
    { kind: 'condition', condition: { kind: 'attribute', scope: 'any', key: 'zone', op: '=', value: 'eu' } },
    { kind: 'condition', condition: { kind: 'traceDuration', op: '>', valueNs: 5n } },
    {
      kind: 'any',
      filters: [
        { kind: 'condition', condition: { kind: 'status', op: '=', value: 'error' } },
        { kind: 'condition', condition: { kind: 'attribute', scope: 'span', key: 'code', op: '>=', value: '500' } },
      ],
    },
  ],
}
const SEARCH: TraceSearchRequest = {
  filter: FILTER,
  range: { startNs: 0n, endNs: 3_600_000_000_000n },
  limit: 20,
  spansPerTrace: 3,
}
const SLICE = { firstNs: 0n, lastNs: 3_599_999_999_999n }
const RED: RedRequest = { groupBy: 'operation', service: 'shop', startMs: 0, endMs: 60_000, stepMs: 15_000 }
const FACTS = {
  rootService: 'shop',
  rootName: 'GET /',
  startNs: 1n,
  durationNs: 9n,
  spanCount: 1,
  errorCount: 0,
  services: new Map([['shop', { spans: 1, errors: 0 }]]),
}

describe('statements for traces', () => {
  let engine: OpenEngine | undefined
  let dataDir = ''
  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'oriel-traces-sql-'))
    engine = openEngine({ dataDir })
    await engine.engine.started
    await engine.client.command(`INSERT INTO spans (tenant, service, name, ts, trace_id, span_id, attributes, arrival)
SELECT 't', 'shop', 'GET /', fromUnixTimestamp64Nano(toInt64(number * 100000000)), toString(number), toString(number),
  map('n', toString(number)), number FROM numbers(36000)`)
  })
  afterAll(async () => {
    await engine?.close()
    rmSync(dataDir, { recursive: true })
  })

  async function plan({ sql, params }: { sql: string; params: Params }): Promise<string> {
    if (engine === undefined) throw new Error('the engine did not open')
    const blocks = await engine.client.query(`EXPLAIN indexes = 1, projections = 1 ${sql}`, { params, settings: BY_TRACE })
    return blocks.flatMap((block) => block.strings('explain')).join('\n')
  }

  it('candidates of a search are traces with a span that passes all but the conditions on whole traces', () => {
    const { sql, params } = candidateStatement(SEARCH, SLICE, 200, CONTEXT)
    expect(sql).toMatchInlineSnapshot(`
      "SELECT trace_id, max(toUnixTimestamp64Nano(ts)) AS newest
      FROM spans
      WHERE tenant = {p0:String} AND ts >= fromUnixTimestamp64Nano({p6:Int64}, 'UTC') AND ts <= fromUnixTimestamp64Nano({p7:Int64}, 'UTC') AND intDiv(toUnixTimestamp64Nano(ts), 1800000000000) BETWEEN {p8:Int64} AND {p9:Int64} AND ((attributes[{p1:String}] = {p2:String} OR (NOT mapContains(attributes, {p3:String}) AND resource IN (SELECT id FROM resources WHERE tenant = {p0:String} AND attributes[{p1:String}] = {p2:String}))) AND 1 AND (status = 2 OR ifNull(toFloat64OrNull(attributes[{p4:String}]) >= {p5:Float64}, 0)))
      GROUP BY trace_id
      ORDER BY newest DESC, trace_id
      LIMIT 200"
    `)
    expect(params).toMatchInlineSnapshot(`
      {
        "p0": "t",
        "p1": "zone",
        "p2": "eu",
        "p3": "zone",
        "p4": "code",
        "p5": 500,
        "p6": 0n,
        "p7": 3599999999999n,
        "p8": 0n,
        "p9": 1n,
      }
    `)
  })

  it('matching spans are those of candidates whose whole traces hold the rest', () => {
    expect(matchStatement(SEARCH, new Map([['abc', FACTS]]), CONTEXT).sql).toMatchInlineSnapshot(`
      "SELECT *, count() OVER (PARTITION BY trace_id) AS matched_count, max(ns) OVER (PARTITION BY trace_id) AS newest_match
      FROM (
        SELECT service, name, toUnixTimestamp64Nano(ts) AS ns, duration, trace_id, span_id, parent_id, trace_state, kind,
        status, status_message, attributes, resource, scope_name, scope_version, flags, events, links
        FROM spans
        WHERE tenant = {p0:String} AND trace_id IN {p7:Array(String)} AND ts >= fromUnixTimestamp64Nano({p8:Int64}, 'UTC') AND ts <= fromUnixTimestamp64Nano({p9:Int64}, 'UTC') AND intDiv(toUnixTimestamp64Nano(ts), 1800000000000) BETWEEN {p10:Int64} AND {p11:Int64} AND ((attributes[{p1:String}] = {p2:String} OR (NOT mapContains(attributes, {p3:String}) AND resource IN (SELECT id FROM resources WHERE tenant = {p0:String} AND attributes[{p1:String}] = {p2:String}))) AND trace_id IN {p4:Array(String)} AND (status = 2 OR ifNull(toFloat64OrNull(attributes[{p5:String}]) >= {p6:Float64}, 0)))
        ORDER BY ns, span_id
        LIMIT 1 BY trace_id, span_id
      )
      ORDER BY trace_id, ns, span_id
      LIMIT 3 BY trace_id"
    `)
  })

  it('facts of traces count every span once', () => {
    expect(factsStatement(['abc'], CONTEXT).sql).toMatchInlineSnapshot(`
      "SELECT trace_id,
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
        WHERE tenant = {p0:String} AND trace_id IN {p1:Array(String)}
        GROUP BY trace_id, service
      )
      GROUP BY trace_id"
    `)
  })

  it('RED counts entry spans once and draws quantiles from sketches', () => {
    expect(redStatement(RED, CONTEXT).sql).toMatchInlineSnapshot(`
      "SELECT service, operation, groupArray(step) AS steps, groupArray(requests) AS requests, groupArray(errors) AS errors,
        groupArray(p50) AS p50s, groupArray(p95) AS p95s, groupArray(p99) AS p99s,
        quantilesDDMerge(0.01, 0.5, 0.95, 0.99)(durations) AS total
      FROM (
        SELECT service, name AS operation, toUInt32(intDiv(toUnixTimestamp64Milli(ts) - {p0:Int64}, {p1:Int64})) AS step,
          uniqExact(cityHash64(trace_id, span_id)) AS requests,
          uniqExactIf(cityHash64(trace_id, span_id), status = 2) AS errors,
          quantilesDDState(0.01, 0.5, 0.95, 0.99)(duration) AS durations,
          finalizeAggregation(durations) AS quantiles,
          quantiles[1] AS p50, quantiles[2] AS p95, quantiles[3] AS p99
        FROM spans
        WHERE tenant = {p2:String} AND ts >= fromUnixTimestamp64Nano({p3:Int64}, 'UTC') AND ts <= fromUnixTimestamp64Nano({p4:Int64}, 'UTC') AND intDiv(toUnixTimestamp64Nano(ts), 1800000000000) BETWEEN {p5:Int64} AND {p6:Int64} AND service = {p7:String} AND (kind IN (2, 5) OR parent_id = '')
        GROUP BY service, operation, step
      )
      GROUP BY service, operation
      ORDER BY service, operation"
    `)
    expect(exemplarStatement(RED, 15_000, 2, CONTEXT).sql).toMatchInlineSnapshot(`
      "SELECT trace_id, span_id, name, t_ms, duration_ms, is_error
      FROM (
        SELECT trace_id, span_id, name, toUnixTimestamp64Milli(ts) AS t_ms, duration / 1e6 AS duration_ms, status = 2 AS is_error,
          intDiv(toUnixTimestamp64Milli(ts) - {p0:Int64}, {p1:Int64}) AS bucket
        FROM spans
        WHERE tenant = {p2:String} AND ts >= fromUnixTimestamp64Nano({p3:Int64}, 'UTC') AND ts <= fromUnixTimestamp64Nano({p4:Int64}, 'UTC') AND intDiv(toUnixTimestamp64Nano(ts), 1800000000000) BETWEEN {p5:Int64} AND {p6:Int64} AND service = {p7:String} AND (kind IN (2, 5) OR parent_id = '')
        ORDER BY is_error DESC, duration DESC
        LIMIT 4 BY bucket
      )
      ORDER BY is_error DESC, duration_ms DESC, span_id"
    `)
  })

  it('a trace is found by the projection, in one granule', async () => {
    expect(await plan(traceStatement('777', CONTEXT))).toMatch(/Projections:\s+Name: by_trace[\s\S]*Marks: 1\s/)
  })

  it('facts of traces are found by the projection too', async () => {
    expect(await plan(factsStatement(['777', '778'], CONTEXT))).toMatch(/Projections:\s+Name: by_trace/)
  })

  it('an attribute equal to a value is looked up in the index of values', async () => {
    const filter: SpanFilter = {
      kind: 'condition',
      condition: { kind: 'attribute', scope: 'span', key: 'n', op: '=', value: '777' },
    }
    const text = await plan(candidateStatement({ ...SEARCH, filter }, SLICE, 20, CONTEXT))
    expect(text).toMatch(/Name: attribute_values[\s\S]*Granules: 1\/4/)
  })

  it('a slice of time reads the granules of its half hours only', async () => {
    const filter: SpanFilter = { kind: 'all', filters: [] }
    const text = await plan(candidateStatement({ ...SEARCH, filter }, { firstNs: 0n, lastNs: 60_000_000_000n }, 20, CONTEXT))
    expect(text).toMatch(/PrimaryKey[\s\S]*intDiv\(toUnixTimestamp64Nano\(ts\), 1800000000000\)[\s\S]*Granules: [23]\/4/)
  })
})
