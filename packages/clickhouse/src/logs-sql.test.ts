import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LogRequest } from '@oriel/store'
import { DEFAULT_QUERY_LIMITS, makeQueryStats } from '@oriel/store'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Bindings } from './conditions.ts'
import { wholeWords } from './logs-filter.ts'
import { gridStatement } from './logs-grid.ts'
import { sliceStatement } from './logs-records.ts'
import type { OpenEngine } from './open.ts'
import { openEngine } from './open.ts'

const CONTEXT = {
  tenants: ['t'],
  signal: new AbortController().signal,
  limits: DEFAULT_QUERY_LIMITS,
  stats: makeQueryStats(),
}

const REQUEST: LogRequest = {
  matchers: [{ name: 'service_name', op: '=', value: 'api' }],
  lineFilters: [{ op: '|=', patterns: ['status=500 user'] }],
  metadataMatchers: [{ name: 'trace_id', op: '=', value: 'abc' }],
  range: { startNs: 0n, endNs: 3_600_000_000_000n },
  direction: 'backward',
  limit: 100,
}
const SLICE = { firstNs: 0n, lastNs: 3_599_999_999_999n }

describe('statements for logs', () => {
  let engine: OpenEngine | undefined
  let dataDir = ''
  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'oriel-logs-sql-'))
    engine = openEngine({ dataDir })
    await engine.engine.started
    await engine.client.command(`INSERT INTO logs (tenant, service, stream, ts, body, trace_id, arrival)
SELECT 't', 'api', number % 3, fromUnixTimestamp64Nano(toInt64(number * 100000000)), concat('line ', toString(number), ' of many'),
  toString(number), number FROM numbers(36000)`)
  })
  afterAll(async () => {
    await engine?.close()
    rmSync(dataDir, { recursive: true })
  })

  async function rows(column: string, sql: string, params: Bindings['params'] = {}): Promise<string[]> {
    if (engine === undefined) throw new Error('the engine did not open')
    const blocks = await engine.client.query(sql, { params })
    return blocks.flatMap((block) => block.strings(column))
  }

  it('a read of records filters by tenant, time, stream, metadata and line, and sorts by time and arrival', () => {
    const { sql, params } = sliceStatement(REQUEST, SLICE, 100, CONTEXT)
    expect(sql).toMatchInlineSnapshot(`
      "SELECT toString(stream) AS stream_id, toUnixTimestamp64Nano(ts) AS ns, body,
        level, severity, severity_text, scope_name, scope_version, trace_id, span_id, attributes
      FROM logs
      WHERE tenant = {p5:String} AND ts >= fromUnixTimestamp64Nano({p6:Int64}, 'UTC') AND ts <= fromUnixTimestamp64Nano({p7:Int64}, 'UTC') AND intDiv(toUnixTimestamp64Nano(ts), 1800000000000) BETWEEN {p8:Int64} AND {p9:Int64} AND (service, stream) IN (SELECT service, stream FROM streams WHERE tenant = {p2:String} AND day >= {p3:Date32} AND day <= {p4:Date32} AND (labels[{p0:String}] = {p1:String})) AND trace_id = {p10:String} AND ((hasToken(body, {p12:String}) AND position(body, {p11:String}) > 0))
      ORDER BY ts DESC, arrival DESC
      LIMIT 100"
    `)
    expect(params).toMatchInlineSnapshot(`
      {
        "p0": "service_name",
        "p1": "api",
        "p10": "abc",
        "p11": "status=500 user",
        "p12": "500",
        "p2": "t",
        "p3": "1970-01-01",
        "p4": "1970-01-01",
        "p5": "t",
        "p6": 0n,
        "p7": 3599999999999n,
        "p8": 0n,
        "p9": 1n,
      }
    `)
  })

  it('a grid counts by group and by the first and last step whose window holds the record', () => {
    const grid = {
      ...REQUEST,
      startMs: 0,
      endMs: 60_000,
      stepMs: 15_000,
      rangeMs: 60_000,
      offsetMs: 0,
      count: 'bytes' as const,
      by: ['env', 'detected_level'],
    }
    const { sql, params } = gridStatement({ ...grid, lineFilters: [], metadataMatchers: [] }, CONTEXT)
    expect(sql).toMatchInlineSnapshot(`
      "WITH toUnixTimestamp64Nano(ts) - {p9:Int64} AS x
      SELECT [labels_by[1], if(level != '', toString(level), labels_by[2])] AS group,
        toUInt32(greatest(0, intDiv(x + {p7:Int64} - 1, {p7:Int64}))) AS low,
        toUInt32(least(4, intDiv(x + {p8:Int64} - 1, {p7:Int64}))) AS high,
        count() AS records,
        sum(length(body)) AS amount
      FROM logs
      LEFT JOIN (SELECT stream, any([labels[{p0:String}], labels[{p1:String}]]) AS labels_by FROM streams
        WHERE tenant = {p4:String} AND day >= {p5:Date32} AND day <= {p6:Date32} AND (labels[{p2:String}] = {p3:String}) GROUP BY stream) AS stream_index USING stream
      WHERE tenant = {p15:String} AND ts >= fromUnixTimestamp64Nano({p16:Int64}, 'UTC') AND ts <= fromUnixTimestamp64Nano({p17:Int64}, 'UTC') AND intDiv(toUnixTimestamp64Nano(ts), 1800000000000) BETWEEN {p18:Int64} AND {p19:Int64} AND (service, stream) IN (SELECT service, stream FROM streams WHERE tenant = {p12:String} AND day >= {p13:Date32} AND day <= {p14:Date32} AND (labels[{p10:String}] = {p11:String})) AND low <= high
      GROUP BY group, low, high"
    `)
    expect(params).toMatchInlineSnapshot(`
      {
        "p0": "env",
        "p1": "detected_level",
        "p10": "service_name",
        "p11": "api",
        "p12": "t",
        "p13": "1970-01-01",
        "p14": "1970-01-01",
        "p15": "t",
        "p16": 0n,
        "p17": 60000000000n,
        "p18": 0n,
        "p19": 0n,
        "p2": "service_name",
        "p3": "api",
        "p4": "t",
        "p5": "1970-01-01",
        "p6": "1970-01-01",
        "p7": 15000000000n,
        "p8": 60000000000n,
        "p9": 0n,
      }
    `)
  })

  async function indexesUsed(change: Partial<LogRequest>, slice = SLICE): Promise<string> {
    const { sql, params } = sliceStatement(
      { ...REQUEST, matchers: [], lineFilters: [], metadataMatchers: [], ...change },
      slice,
      10,
      CONTEXT,
    )
    return (await rows('explain', `EXPLAIN indexes = 1 ${sql}`, params)).join('\n')
  }

  it('whole words of a line filter are looked up in the index of words', async () => {
    expect(await indexesUsed({ lineFilters: [{ op: '|=', patterns: ['line 77 of'] }] })).toContain('body_words')
  })

  it('a trace id is looked up in its index', async () => {
    expect(await indexesUsed({ metadataMatchers: [{ name: 'trace_id', op: '=', value: '77' }] })).toContain('trace_ids')
  })

  it('a slice of time reads the granules of its half hours only', async () => {
    const plan = await indexesUsed({}, { firstNs: 0n, lastNs: 60_000_000_000n })
    expect(plan).toMatch(
      /PrimaryKey[\s\S]*tenant[\s\S]*intDiv\(toUnixTimestamp64Nano\(ts\), 1800000000000\)[\s\S]*Granules: 3\/4/,
    )
  })

  it('the look for recent requests skips granules by arrival', async () => {
    const plan = await rows(
      'explain',
      'EXPLAIN indexes = 1 SELECT DISTINCT request FROM logs WHERE arrival >= 35000 AND request != 0',
    )
    expect(plan.join('\n')).toMatch(/Name: arrivals[\s\S]*Granules: 2\/4/)
  })

  it('words taken from a line filter are words of every line that contains it', async () => {
    const character = fc.constantFrom('a', 'B', '7', ' ', '-', '_', '/', 'é', '世', "'", '\\', '\n')
    const text = fc.string({ unit: character, maxLength: 12 })
    const cases = fc.sample(fc.tuple(text, text, text), 300)
    for (const [before, pattern, after] of cases) {
      const words = wholeWords(pattern)
      if (words.length === 0) continue
      const bindings = new Bindings()
      const body = bindings.text(before + pattern + after)
      const tests = words.map((word) => `hasToken(${body}, ${bindings.text(word)})`)
      const [found] = await rows('found', `SELECT toString(${tests.join(' + ')}) AS found`, bindings.params)
      expect(found, JSON.stringify([before, pattern, after])).toBe(String(words.length))
    }
  })

  it('the index of words hides no line from a filter whose words it holds', async () => {
    const character = fc.constantFrom('a', 'B', '7', ' ', '-', '_', 'é', '世', "'", '\n')
    const lines = fc.sample(fc.string({ unit: character, minLength: 6, maxLength: 16 }), 25)
    for (const [i, line] of lines.entries()) {
      // One insert a line makes one part, and one granule with a filter of its own.
      await engine?.client.command(
        "INSERT INTO logs (tenant, ts, body) SELECT {tenant:String}, toDateTime64(1, 9, 'UTC'), {line:String}",
        {
          params: { tenant: `words-${i}`, line },
        },
      )
      const request: LogRequest = {
        ...REQUEST,
        matchers: [],
        metadataMatchers: [],
        lineFilters: [{ op: '|=', patterns: [line.slice(1, -1)] }],
      }
      const { sql, params } = sliceStatement(request, SLICE, 10, { ...CONTEXT, tenants: [`words-${i}`] })
      expect(await rows('body', sql, params), JSON.stringify(line)).toEqual([line])
    }
  })
})
