import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Matcher } from '@oriel/model'
import { labelsToRecord } from '@oriel/model'
import { DEFAULT_QUERY_LIMITS, makeQueryStats } from '@oriel/store'
import { metricBlock, NOON_MS } from '@oriel/store/contract-suite'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { EngineClient } from './engine/client.ts'
import type { MetricStore } from './metrics.ts'
import { openMetrics } from './metrics.ts'
import type { OpenEngine } from './open.ts'
import { openEngine } from './open.ts'

const CONTEXT = {
  tenants: ['t'],
  signal: new AbortController().signal,
  limits: DEFAULT_QUERY_LIMITS,
  stats: makeQueryStats(),
}
const RANGE = { startMs: NOON_MS, endMs: NOON_MS + 3_600_000 }
const UP: Matcher = { name: '__name__', op: '=', value: 'up' }
const SERIES = Array.from({ length: 150 }, (_, i) => ({
  labels: { __name__: 'up', A: 'x', job: `job${i}`, zone: 'eu' },
  samples: [[NOON_MS + i, i] as const],
}))

describe('statements for metrics', () => {
  let opened: OpenEngine
  let metrics: MetricStore
  let dataDir: string
  const statements: string[] = []
  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'oriel-metrics-sql-'))
    opened = openEngine({ dataDir })
    const recording: EngineClient = {
      query: (sql, options) => opened.client.query(sql, options),
      stream(sql, options) {
        statements.push(sql)
        return opened.client.stream(sql, options)
      },
      command: (sql, options) => opened.client.command(sql, options),
      insert: (table, pieces, options) => opened.client.insert(table, pieces, options),
      close() {},
    }
    metrics = openMetrics(recording, { isOnlyWriter: true })
    await metrics.write([metricBlock('t', SERIES)])
  })
  afterAll(async () => {
    await opened.close()
    rmSync(dataDir, { recursive: true })
  })
  beforeEach(() => {
    statements.length = 0
  })

  const read = async (...matchers: Matcher[]) => await metrics.source.samples({ matchers, range: RANGE }, CONTEXT)
  const INDEX = `SELECT id, metric, labels FROM series
WHERE tenant = {p0:String} AND day >= {p1:UInt32} AND day <= {p2:UInt32} AND `
  const TIMES = (p: number) =>
    `hour >= {p${p}:UInt32} AND hour <= {p${p + 1}:UInt32} ` +
    `AND t >= fromUnixTimestamp64Milli({p${p + 2}:Int64}, 'UTC') AND t <= fromUnixTimestamp64Milli({p${p + 3}:Int64}, 'UTC')`
  const COLUMNS = (p: number) =>
    `SELECT toUInt64(series_id) AS s, toUInt32(toUnixTimestamp64Milli(t) - {p${p}:Int64}) AS at, value FROM samples\nWHERE `

  it('read a whole metric without naming its series', async () => {
    const { labels, values } = await read(UP)
    expect(labels).toHaveLength(150)
    expect(labelsToRecord(labels[0] ?? [])).toEqual({ A: 'x', __name__: 'up', job: 'job0', zone: 'eu' })
    expect(values).toHaveLength(150)
    expect(statements).toEqual([
      `${INDEX}(metric = {p3:String})\nLIMIT 1 BY id\nLIMIT 500001`,
      `${COLUMNS(6)}tenant = {p1:String} AND metric_id = {p0:UInt64} AND ${TIMES(2)}`,
    ])
  })

  it('read one series by its id', async () => {
    const { values } = await read(UP, { name: 'job', op: '=', value: 'job7' })
    expect([...values]).toEqual([7])
    expect(statements[0]).toContain('(metric = {p3:String} AND labels[{p4:String}] = {p5:String})')
    expect(statements[1]).toContain('metric_id = {p0:UInt64} AND series_id = {p1:UInt128}')
  })

  it('read a few series by a list, and many by a table sent along', async () => {
    expect((await read(UP, { name: 'job', op: '=~', value: 'job1.' })).labels).toHaveLength(10)
    expect(statements[0]).toContain('match(labels[{p4:String}], {p5:String})')
    expect(statements[1]).toContain('series_id IN {p1:Array(UInt128)}')
    statements.length = 0
    expect((await read(UP, { name: 'job', op: '!=', value: 'job1' })).labels).toHaveLength(149)
    expect(statements[1]).toContain('series_id IN (SELECT series_id FROM chosen)')
  })

  it('ask the index once for one question, until a series is added', async () => {
    const ask = async () => (await read(UP, { name: 'job', op: '=~', value: 'job9|job999' })).labels.length
    expect([await ask(), await ask()]).toEqual([1, 1])
    expect(statements.filter((sql) => sql.includes('FROM series\n'))).toHaveLength(1)
    await metrics.write([metricBlock('t', [{ labels: { __name__: 'up', job: 'job999' }, samples: [[NOON_MS, 1]] }])])
    expect(await ask()).toBe(2)
    expect(statements.filter((sql) => sql.includes('FROM series\n'))).toHaveLength(2)
  })

  it('ask which of two values was written later only where there are two', async () => {
    const labels = { __name__: 'twice' }
    await metrics.write([metricBlock('t', [{ labels, samples: [[NOON_MS, 1]] }])])
    await metrics.write([metricBlock('t', [{ labels, samples: [[NOON_MS, 1]] }])])
    await read({ ...UP, value: 'twice' })
    expect(statements.filter((sql) => sql.includes('rank'))).toHaveLength(0)
    await metrics.write([metricBlock('t', [{ labels, samples: [[NOON_MS, 2]] }])])
    expect([...(await read({ ...UP, value: 'twice' })).values]).toEqual([2])
    expect(statements.filter((sql) => sql.includes('AS rank'))).toHaveLength(1)
  })

  it('answer names and values without matchers from the small table', async () => {
    const everything = { matcherSets: [], range: RANGE, limit: 0 }
    expect(await metrics.source.labelNames(everything, CONTEXT)).toEqual(['A', '__name__', 'job', 'zone'])
    expect(await metrics.source.labelValues('zone', everything, CONTEXT)).toEqual(['eu'])
    expect(statements).toEqual([
      'SELECT name FROM label_values WHERE tenant = {p0:String} AND day >= {p1:UInt32} AND day <= {p2:UInt32} GROUP BY name ORDER BY name',
      'SELECT value FROM label_values WHERE tenant = {p0:String} AND day >= {p1:UInt32} AND day <= {p2:UInt32} AND name = {p3:String} GROUP BY value ORDER BY value',
    ])
  })

  it('prune by every part of the sort key that a question names', async () => {
    const hour = Math.floor(NOON_MS / 3_600_000)
    const sql = `EXPLAIN indexes = 1 SELECT value FROM samples
WHERE tenant = 't' AND hour >= ${hour} AND hour <= ${hour} AND metric_id = 1 AND series_id = 2`
    const plan = (await opened.client.query(sql)).flatMap((block) => block.strings('explain').map((line) => line.trim()))
    const primaryKey = plan.slice(plan.indexOf('PrimaryKey') + 2)
    expect(primaryKey.slice(0, 4)).toEqual(['tenant', 'metric_id', 'hour', 'series_id'])
    expect(plan).toContain('intDiv(hour, 24)')
  })
})
