import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Matcher, NativeHistogram } from '@oriel/model'
import { labelsToRecord } from '@oriel/model'
import type { GridRequest } from '@oriel/store'
import { DEFAULT_QUERY_LIMITS, makeQueryStats } from '@oriel/store'
import { metricBlock, NOON_MS, STALE } from '@oriel/store/contract-suite'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { EngineClient } from '../engine/client.ts'
import type { MetricStore } from '../metrics.ts'
import { openMetrics } from '../metrics.ts'
import type { OpenEngine } from '../open.ts'
import { openEngine } from '../open.ts'

type Point = readonly [tMs: number, value: number | typeof STALE]

const HISTOGRAM: NativeHistogram = {
  schema: 0,
  zeroThreshold: 0,
  zeroCount: 0,
  count: 1,
  sum: 1,
  positiveSpans: [{ offset: 0, length: 1 }],
  positiveBuckets: Float64Array.of(1),
  negativeSpans: [],
  negativeBuckets: new Float64Array(0),
  customBounds: new Float64Array(0),
  resetHint: 'unknown',
}

const METRIC: Matcher = { name: '__name__', op: '=', value: 'm' }
const BASE: GridRequest = {
  matchers: [METRIC],
  startMs: NOON_MS,
  endMs: NOON_MS + 120_000,
  stepMs: 30_000,
  rangeMs: 60_000,
  offsetMs: 0,
  func: 'rate',
}

function contextOf(tenant: string) {
  return { tenants: [tenant], signal: new AbortController().signal, limits: DEFAULT_QUERY_LIMITS, stats: makeQueryStats() }
}

/** The value of one window, the plain way. Source: Prometheus 3.14 promql/functions.go extrapolatedRate. */
function plainValue(points: readonly Point[], endMs: number, { func, rangeMs }: GridRequest): number | undefined {
  const inside = points.filter(([tMs]) => tMs > endMs - rangeMs && tMs <= endMs)
  if (func === 'last') {
    const last = inside.at(-1)?.[1]
    return last === STALE ? undefined : last
  }
  const fresh = inside.flatMap(([tMs, value]) => (value === STALE ? [] : [{ tMs, value }]))
  const [first, last] = [fresh[0], fresh.at(-1)]
  if (first === undefined || last === undefined || fresh.length < 2) return undefined
  const isCounter = func !== 'delta'
  let increase = last.value - first.value
  if (isCounter)
    for (const [i, { value }] of fresh.entries()) if (i > 0 && value < fresh[i - 1]!.value) increase += fresh[i - 1]!.value
  const sampled = last.tMs - first.tMs
  const average = sampled / (fresh.length - 1)
  const near = (gapMs: number) => (gapMs >= 1.1 * average ? average / 2 : gapMs)
  let before = near(first.tMs - (endMs - rangeMs))
  if (isCounter && increase > 0 && first.value >= 0) before = Math.min(before, sampled * (first.value / increase))
  const stretched = increase * ((sampled + before + near(endMs - last.tMs)) / sampled)
  return func === 'rate' ? stretched / (rangeMs / 1_000) : stretched
}

const OFFSET = '(toUnixTimestamp64Milli(t) - {p1:Int64})'
const COUNT =
  'SELECT count() AS samples FROM samples WHERE tenant = {p1:String} AND metric_id = {p0:UInt64} AND hour IN {p2:Array(UInt32)}'
const PLAIN =
  'n > 2 AND arrayMin(arrayDifference(ats) AS gaps) = 0 AND countEqual(gaps, 0) = 1 AND isFinite(arraySum(vs)) ' +
  'AND arrayMin(arrayDifference(vs)) >= 0'
const THINNED = `SELECT toUInt64(series_id) AS s, toUInt32(length(ats)) AS n, ${PLAIN} AS plain, if(plain, [ats[1], ats[-1]], ats) AS at, if(plain, [vs[1], vs[-1]], vs) AS value FROM (
  SELECT series_id, groupArray(toUInt32(toUnixTimestamp64Milli(t) - {p1:Int64})) AS ats, groupArray(value) AS vs FROM samples
  WHERE tenant = {p2:String} AND metric_id = {p0:UInt64} AND hour >= {p3:UInt32} AND hour <= {p4:UInt32} AND t >= fromUnixTimestamp64Milli({p5:Int64}, 'UTC') AND t <= fromUnixTimestamp64Milli({p6:Int64}, 'UTC')
  GROUP BY tenant, metric_id, hour, series_id
)`

function recording(client: EngineClient, statements: string[]): EngineClient {
  return {
    query: (sql, options) => {
      statements.push(sql)
      return client.query(sql, options)
    },
    stream(sql, options) {
      statements.push(sql)
      return client.stream(sql, options)
    },
    command: (sql, options) => client.command(sql, options),
    insert: (table, pieces, options) => client.insert(table, pieces, options),
    close() {},
  }
}

describe('grids in the engine', () => {
  const statements: string[] = []
  let opened: OpenEngine
  let metrics: MetricStore
  let dataDir: string
  let tenants = 0
  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'oriel-grid-'))
    opened = openEngine({ dataDir })
    metrics = openMetrics(opened.client, { isOnlyWriter: true, grid: { offered: 'always' } })
    await opened.engine.started
  })
  afterAll(async () => {
    await opened.close()
    rmSync(dataDir, { recursive: true })
  })

  async function written(series: Readonly<Record<string, readonly Point[]>>): Promise<string> {
    const tenant = `t${tenants++}`
    const all = Object.entries(series).map(([of, samples]) => ({ labels: { __name__: 'm', of, group: of.slice(0, 1) }, samples }))
    await metrics.write([metricBlock(tenant, all)])
    return tenant
  }

  it('equal windows worked out one by one from raw samples', async () => {
    const point = fc.tuple(
      fc.nat(150),
      fc.oneof({ weight: 9, arbitrary: fc.integer({ min: -5, max: 50 }) }, { weight: 1, arbitrary: fc.constant(STALE) }),
    )
    const points = fc
      .array(point, { minLength: 1, maxLength: 40 })
      .map((all) => [...new Map(all)].sort(([a], [b]) => a - b).map(([s, value]): Point => [NOON_MS - 30_000 + 1_000 * s, value]))
    const request = fc.record({
      func: fc.constantFrom('last' as const, 'rate' as const, 'increase' as const, 'delta' as const),
      stepMs: fc.constantFrom(7_000, 30_000, 12_500),
      rangeMs: fc.constantFrom(5_000, 20_000, 60_000),
      offsetMs: fc.constantFrom(0, 15_000, -10_000),
    })
    await fc.assert(
      fc.asyncProperty(points, points, request, async (a, b, shape) => {
        const tenant = await written({ a, b })
        const wanted = { ...BASE, ...shape }
        const grid = await metrics.source.grid(wanted, contextOf(tenant))
        const want: Record<string, (number | undefined)[]> = {}
        for (const [of, all] of Object.entries({ a, b })) {
          const values: (number | undefined)[] = []
          for (let t = wanted.startMs; t <= wanted.endMs; t += wanted.stepMs)
            values.push(plainValue(all, t - wanted.offsetMs, wanted))
          if (values.some((value) => value !== undefined)) want[of] = values
        }
        expect(grid?.labels.map((labels) => labelsToRecord(labels)['of'])).toEqual(Object.keys(want))
        for (const [i, values] of Object.values(want).entries()) {
          for (const [step, value] of values.entries()) {
            const at = i * values.length + step
            expect(grid?.present[at], `step ${step}`).toBe(value === undefined ? 0 : 1)
            if (value !== undefined) expect(grid?.values[at]).toBeCloseTo(value, 9)
          }
        }
      }),
      { numRuns: 40 },
    )
  }, 120_000)

  it('count two samples of one time once, the later written', async () => {
    const line = (slope: number) => Array.from({ length: 9 }, (_, i): Point => [NOON_MS - 60_000 + i * 15_000, slope * i])
    const tenant = await written({ a: line(1) })
    await metrics.write([metricBlock(tenant, [{ labels: { __name__: 'm', of: 'a', group: 'a' }, samples: line(30) }])])
    const grid = await metrics.source.grid({ ...BASE, endMs: NOON_MS, func: 'delta' }, contextOf(tenant))
    expect([...(grid?.values ?? [])]).toEqual([120])
  })

  it('aggregate over series by labels kept or dropped', async () => {
    const tenant = await written({ a1: [[NOON_MS, 1]], a2: [[NOON_MS, 2]], b1: [[NOON_MS, 10]] })
    const check = async (aggregate: NonNullable<GridRequest['aggregate']>, want: readonly (readonly [string, number])[]) => {
      const grid = await metrics.source.grid({ ...BASE, endMs: NOON_MS, func: 'last', aggregate }, contextOf(tenant))
      const found = grid?.labels.map((labels, i) => [labels.map(({ value }) => value).join(), grid.values[i]])
      expect(found).toEqual(want)
    }
    await check({ op: 'sum', grouping: 'by', labels: ['group'] }, [
      ['a', 3],
      ['b', 10],
    ])
    await check({ op: 'avg', grouping: 'without', labels: ['of'] }, [
      ['a', 1.5],
      ['b', 10],
    ])
    await check({ op: 'max', grouping: 'by', labels: [] }, [['', 10]])
    await check({ op: 'min', grouping: 'by', labels: [] }, [['', 1]])
    await check({ op: 'count', grouping: 'by', labels: [] }, [['', 3]])
  })

  it('are offered by cost: for windows far longer than the time between samples, not for the steps of a dashboard', async () => {
    const all: Record<string, readonly Point[]> = {}
    const startMs = NOON_MS - 86_400_000
    for (let i = 0; i < 40; i++) all[`${i}`] = Array.from({ length: 5_761 }, (_, n): Point => [startMs + n * 15_000, n * i])
    const tenant = await written(all)
    const usual = openMetrics(recording(opened.client, statements), { isOnlyWriter: true })
    const day = { ...BASE, startMs: NOON_MS, endMs: NOON_MS, stepMs: 0, rangeMs: 86_400_000 }
    const dashboard = { ...BASE, startMs, endMs: NOON_MS, stepMs: 60_000, rangeMs: 300_000 }
    statements.length = 0
    const grid = await usual.source.grid({ ...day, aggregate: { op: 'count', grouping: 'by', labels: [] } }, contextOf(tenant))
    expect([...(grid?.values ?? [])]).toEqual([40])
    expect(statements.slice(1)).toEqual([COUNT, THINNED])
    expect(await usual.source.grid(dashboard, contextOf(tenant))).toBeUndefined()
    statements.length = 0
    expect(await usual.source.grid({ ...dashboard, stepMs: 15_000 }, contextOf(tenant))).toBeUndefined()
    expect(statements).toEqual([])
    // Windows apart: what is in none of them stays in the engine.
    const hourly = { ...dashboard, stepMs: 3_600_000, func: 'last' as const }
    expect((await usual.source.grid(hourly, contextOf(tenant)))?.steps).toBe(25)
    expect(statements.at(-1)).toContain(`${OFFSET} % {p2:Int64} < {p3:Int64}\n  GROUP BY`)
    expect(statements.at(-1)).toContain(`series_id, intDiv(${OFFSET}, {p2:Int64})\n)`)
  })

  it.each(['last', 'rate', 'increase', 'delta'] as const)('of %s are not offered over native histograms', async (func) => {
    const samples = Array.from({ length: 9 }, (_, i) => [NOON_MS - 60_000 + i * 15_000, HISTOGRAM] as const)
    const tenant = `t${tenants++}`
    await metrics.write([metricBlock(tenant, [{ labels: { __name__: 'm' }, samples }])])
    expect(await metrics.source.grid({ ...BASE, func }, contextOf(tenant))).toBeUndefined()
  })

  it('are not offered where raw samples are few, nor for several tenants', async () => {
    const tenant = await written({ a: [[NOON_MS, 1]] })
    const usual = openMetrics(opened.client, { isOnlyWriter: true })
    expect(await usual.source.grid(BASE, contextOf(tenant))).toBeUndefined()
    expect(await metrics.source.grid(BASE, { ...contextOf(tenant), tenants: [tenant, 'other'] })).toBeUndefined()
  })
})
