import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Matcher, SeriesSamples } from '@oriel/model'
import { labelsKey } from '@oriel/model'
import type { GridRequest, GridSeries, MetricSource, QueryContext } from '@oriel/store'
import { DEFAULT_QUERY_LIMITS, makeQueryStats, openMemoryStore } from '@oriel/store'
import { metricBlock } from '@oriel/store/contract-suite'
import type { Grid } from '@oriel/vector'
import { aggregate, groupSeries, lastInWindows, makeGrid, pickRows, rateOverWindows, rowsWithValues } from '@oriel/vector'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { MetricStore } from '../metrics.ts'
import { openMetrics } from '../metrics.ts'
import type { OpenEngine } from '../open.ts'
import { openEngine } from '../open.ts'
import { randomRequest, randomWrites } from './grid-random.ts'
import { isOverTime } from './grid-values.ts'

// 300 cases of three requests take 23 s on a busy machine. GRID_CASES=2000 for a long look.
const CASES = Number(process.env['GRID_CASES'] ?? 300)

describe('grids in the engine', () => {
  let opened: OpenEngine
  let metrics: MetricStore
  let dataDir: string
  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'oriel-grid-exact-'))
    opened = openEngine({ dataDir })
    metrics = openMetrics(opened.client, { isOnlyWriter: true, grid: { offered: 'always' } })
    await opened.engine.started
  })
  afterAll(async () => {
    await opened.close()
    rmSync(dataDir, { recursive: true })
  })

  it('have the bits that evaluation of the raw samples of the plain store has', async () => {
    let cases = 0
    let values = 0
    await fc.assert(
      fc.asyncProperty(randomWrites, fc.array(randomRequest, { minLength: 3, maxLength: 3 }), async (writes, requests) => {
        const metric = `m${cases++}`
        const memory = openMemoryStore()
        for (const write of writes) {
          const series = write.map((samples, i) => ({
            labels: { __name__: metric, of: `${i}`, group: `${i % 2}` },
            samples,
          }))
          const block = metricBlock('t', series)
          if (block.samples.rows === 0) continue
          memory.metrics.write([block])
          await metrics.write([block])
        }
        for (const request of requests) {
          const matchers: Matcher[] = [{ name: '__name__', op: '=', value: metric }]
          const grid = await metrics.source.grid({ ...request, matchers }, contextOf())
          const want = await evaluated(memory.metrics, { ...request, matchers })
          expect(bitsOf(grid)).toEqual(bitsOf(want))
          values += want.present.reduce((sum, one) => sum + one, 0)
        }
      }),
      { numRuns: CASES },
    )
    // Not a test of nothing: most cases have values.
    expect(values).toBeGreaterThan(20 * CASES)
  }, 3_000_000)
})

function contextOf(): QueryContext {
  return { tenants: ['t'], signal: new AbortController().signal, limits: DEFAULT_QUERY_LIMITS, stats: makeQueryStats() }
}

/** The request as the evaluator would answer it, from all raw samples. */
async function evaluated(source: MetricSource, request: GridRequest): Promise<Grid> {
  const { func, matchers, startMs, endMs, stepMs, rangeMs, offsetMs, aggregate: by } = request
  const all = await source.samples({ matchers, range: { startMs: 0, endMs: Number.MAX_SAFE_INTEGER } }, contextOf())
  const steps = Math.floor((endMs - startMs) / stepMs) + 1
  const windows = { firstEndMs: startMs - offsetMs, stepMs, steps, rangeMs }
  const samples = func === 'last' ? all : withoutStale(all)
  const grid = makeGrid(samples.labels, steps)
  for (let i = 0; i < samples.labels.length; i++) {
    const out = { values: grid.values, present: grid.present, at: i * steps }
    const [from, to] = [samples.offsets[i] ?? 0, samples.offsets[i + 1] ?? 0]
    if (func === 'last') lastInWindows(samples, samples.stale, from, to, windows, out)
    else if (isOverTime(func)) throw new Error(`${func} is not thinned`)
    else rateOverWindows(samples, from, to, windows, func, out)
  }
  const found = pickRows(grid, rowsWithValues(grid))
  return by === undefined ? found : aggregate(found, groupSeries(found.labels, by.labels, by.grouping === 'without'), by.op)
}

function withoutStale({ labels, offsets, tMs, values, stale }: SeriesSamples): SeriesSamples {
  const kept = (of: Float64Array) => of.filter((_, i) => stale[i] === 0)
  const before = (end: number) => end - stale.subarray(0, end).reduce((sum, one) => sum + one, 0)
  return { labels, offsets: offsets.map(before), tMs: kept(tMs), values: kept(values), stale: new Uint8Array(tMs.length) }
}

/** Rows by labels, values as bits (any NaN is one), so that -0 and the last digit count. */
function bitsOf(grid: GridSeries | undefined): Record<string, readonly string[]> | undefined {
  if (grid === undefined) return undefined
  const { labels, steps, values, present } = grid
  const bits = new BigUint64Array(values.buffer, values.byteOffset, values.length)
  const cell = (at: number) => (present[at] === 0 ? '' : Number.isNaN(values[at]) ? 'NaN' : `${values[at]} ${bits[at]}`)
  return Object.fromEntries(
    labels.map((of, i) => [labelsKey(of), Array.from({ length: steps }, (_, step) => cell(i * steps + step))]),
  )
}
