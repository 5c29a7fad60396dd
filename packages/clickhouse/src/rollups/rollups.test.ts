import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MS_PER_DAY, MS_PER_HOUR, silentTelemetry } from '@oriel/model'
import type { GridRequest, OverTime } from '@oriel/store'
import { DEFAULT_QUERY_LIMITS, makeQueryStats } from '@oriel/store'
import type { TestSeries } from '@oriel/store/contract-suite'
import { metricBlock, STALE } from '@oriel/store/contract-suite'
import type { WindowFold } from '@oriel/vector'
import { avgFold, countFold, makeGrid, slideWindows, sumFold } from '@oriel/vector'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { MetricStore } from '../metrics.ts'
import { openMetrics } from '../metrics.ts'
import { openEngine } from '../open.ts'
import type { Rollups } from './rollups.ts'
import { openRollups } from './rollups.ts'

// Four days and a piece of a fifth, a sample a minute with some jitter.
const START = Date.UTC(2026, 10, 1)
const NOW = START + 4 * MS_PER_DAY + 5.5 * MS_PER_HOUR
const STEP_MS = 60_000
const TENANT = 't'

interface Opened {
  /** With rollups, and without. */
  readonly metrics: MetricStore
  readonly plain: MetricStore
  readonly rollups: Rollups
  close(): Promise<void>
}

let dataDir: string
let opened: Opened

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'oriel-rollups-'))
  opened = await open()
  await opened.metrics.write([metricBlock(TENANT, [...SERIES, ...GAUGES])])
  await opened.rollups.run()
})
afterAll(async () => {
  await opened.close()
  rmSync(dataDir, { recursive: true })
})

async function open(): Promise<Opened> {
  const engine = openEngine({ dataDir })
  const { client } = engine
  await engine.engine.started
  const rollups = openRollups(client, { now: () => NOW, telemetry: silentTelemetry })
  await rollups.start()
  return {
    metrics: openMetrics(client, { isOnlyWriter: true, rollups }),
    plain: openMetrics(client, { isOnlyWriter: false, grid: { offered: 'always' } }),
    rollups,
    async close() {
      await rollups.close()
      await engine.close()
    },
  }
}

/** Deterministic noise in [0, 1). */
function noise(seed: number): number {
  const x = Math.sin(seed * 12.9898) * 43_758.5453
  return x - Math.floor(x)
}

function counter(of: number, { resets = [], gaps = [] }: { resets?: number[]; gaps?: number[] } = {}): TestSeries {
  const samples: [number, number | typeof STALE][] = []
  let value = 1_000 * of
  for (let i = 0, tMs = START + 1_000 * of; tMs < NOW; i++, tMs += STEP_MS) {
    value = resets.includes(i) ? noise(i) : value + Math.floor(10 * noise(i * of + of)) / 3
    if (gaps.includes(i)) samples.push([tMs, STALE])
    // Of series 0, some samples lie on the edges of hours.
    else samples.push([of === 0 ? tMs : tMs + Math.floor(900 * noise(i)), value])
  }
  return { labels: { __name__: 'c', of: String(of) }, samples }
}

/** Values of a gauge: below and above zero, both zeros, and parts that no sum of doubles keeps. */
const GAUGES: readonly TestSeries[] = [
  (i: number) => noise(i) - 0.5,
  (i: number) => Math.floor(1_000 * noise(i)),
  (i: number) => [0, -0, 1e-9 * noise(i)][i % 3]!,
  (i: number) => 1e12 * noise(i) + 0.1,
].map((valueAt, of) => ({
  labels: { __name__: 'g', of: String(of) },
  samples: Array.from({ length: 5 * 1_440 }, (_, i) => [START + 1_000 * of + i * STEP_MS, valueAt(i)] as const),
}))

const SERIES = [
  counter(0),
  counter(1),
  counter(2, { resets: [100, 101, 1_500, 3_000] }),
  counter(3, { gaps: [50, 51, 52, 2_000], resets: [53] }),
  counter(4, { gaps: Array.from({ length: 1_500 }, (_, i) => 1_000 + i) }),
]

const request = (change: Partial<GridRequest>): GridRequest => ({
  matchers: [{ name: '__name__', op: '=', value: 'c' }],
  startMs: NOW,
  endMs: NOW,
  stepMs: 1,
  rangeMs: 3 * MS_PER_DAY,
  offsetMs: 0,
  func: 'rate',
  ...change,
})

function context() {
  const { signal } = new AbortController()
  return { tenants: [TENANT], signal, limits: DEFAULT_QUERY_LIMITS, stats: makeQueryStats() }
}

/** Holds the rolled-up answer to the one from samples, bit by bit, and says how many points it was made of. */
async function same(asked: GridRequest): Promise<number> {
  const own = context()
  const rolled = await opened.metrics.source.grid(asked, own)
  const raw = await opened.plain.source.grid(asked, context())
  expect(rolled?.labels).toEqual(raw?.labels)
  expect(rolled?.present).toEqual(raw?.present)
  expect(new BigUint64Array(rolled!.values.buffer)).toEqual(new BigUint64Array(raw!.values.buffer))
  return own.stats.samples
}

test.each<[string, Partial<GridRequest>]>([
  ['a rate up to now', {}],
  [
    'an increase over whole days, edges on midnight',
    { func: 'increase', startMs: START + 4 * MS_PER_DAY, endMs: START + 4 * MS_PER_DAY },
  ],
  ['a delta', { func: 'delta', offsetMs: 77_777 }],
  ['a sum', { aggregate: { op: 'sum', grouping: 'by', labels: [] } }],
  ['steps of a day', { startMs: START + 2 * MS_PER_DAY - 1, endMs: NOW, stepMs: MS_PER_DAY, rangeMs: 2 * MS_PER_DAY }],
  ['steps of 7 hours that overlap', { startMs: START + MS_PER_DAY, endMs: NOW, stepMs: 7 * MS_PER_HOUR, rangeMs: MS_PER_DAY }],
  ['windows apart', { startMs: START + MS_PER_DAY, endMs: NOW, stepMs: MS_PER_DAY, rangeMs: 20 * MS_PER_HOUR }],
])('%s from rollups is the same to the bit', async (_title, change) => {
  const points = await same(request(change))
  expect(points).toBeLessThan(8_000)
})

test.each<[OverTime, WindowFold]>([
  ['min_over_time', (points, lo, hi) => points.values.subarray(lo, hi).reduce((a, b) => (b < a ? b : a))],
  ['max_over_time', (points, lo, hi) => points.values.subarray(lo, hi).reduce((a, b) => (b > a ? b : a))],
  ['count_over_time', countFold],
  ['sum_over_time', sumFold],
  ['avg_over_time', avgFold],
])('%s from rollups: exact, or within the bound that it states', async (func, fold) => {
  for (const change of [{}, { startMs: START + 2 * MS_PER_DAY, endMs: NOW, stepMs: 7 * MS_PER_HOUR, rangeMs: MS_PER_DAY }]) {
    const asked = request({ ...change, func, matchers: [{ name: '__name__', op: '=', value: 'g' }] })
    const own = context()
    const rolled = await opened.metrics.source.grid(asked, own)
    expect(own.stats.samples).toBeLessThan(6_000)
    const raw = await fromSamples(asked, fold)
    expect(rolled?.labels).toEqual(raw.labels)
    expect(rolled?.present).toEqual(raw.present)
    const isSummed = func === 'sum_over_time' || func === 'avg_over_time'
    for (const [at, value] of rolled!.values.entries()) {
      // The second gauge has whole numbers.
      const isExact = !isSummed || Math.floor(at / raw.steps) === 1
      if (isExact) expect(bitsOf(value)).toBe(bitsOf(raw.values[at]!))
      else
        expect(Math.abs(value - raw.values[at]!)).toBeLessThanOrEqual(
          2 ** -50 * (raw.absolute[at]! / (func === 'avg_over_time' ? raw.counts[at]! : 1)),
        )
    }
  }
})

const bitsOf = (value: number): bigint | undefined => new BigUint64Array(Float64Array.of(value).buffer)[0]

/** The request evaluated over all samples, with the sum of the absolute values and the number of each window. */
async function fromSamples(asked: GridRequest, fold: WindowFold) {
  const range = { startMs: asked.startMs - asked.rangeMs + 1, endMs: asked.endMs }
  const samples = await opened.plain.source.samples({ matchers: asked.matchers, range }, context())
  const steps = asked.startMs === asked.endMs ? 1 : Math.floor((asked.endMs - asked.startMs) / asked.stepMs) + 1
  const windows = { firstEndMs: asked.startMs, stepMs: asked.stepMs, steps, rangeMs: asked.rangeMs }
  const slide = (of: WindowFold) => {
    const grid = makeGrid(samples.labels, steps)
    for (const row of samples.labels.keys())
      slideWindows(samples, samples.offsets[row]!, samples.offsets[row + 1]!, windows, of, { ...grid, at: row * steps })
    return grid
  }
  const absolute = slide((points, lo, hi) => points.values.subarray(lo, hi).reduce((sum, value) => sum + Math.abs(value), 0))
  return { ...slide(fold), absolute: absolute.values, counts: slide(countFold).values }
}

test('delta of gauges from rollups is the same to the bit', async () => {
  const points = await same(request({ func: 'delta', matchers: [{ name: '__name__', op: '=', value: 'g' }] }))
  expect(points).toBeLessThan(2_000)
})

test('grids of one query over the same windows are read together, and each is the same to the bit', async () => {
  const asked = [request({}), request({ matchers: [...request({}).matchers, { name: 'of', op: '=~', value: '[23]' }] })]
  const apart = await Promise.all(asked.map((one) => rowsRead([one])))
  expect(await rowsRead(asked)).toBe(apart[0])
  expect(apart[1]).toBeGreaterThan(0)
})

/** Rows that the grids of one query make the engine go through. */
async function rowsRead(asked: readonly GridRequest[]): Promise<number> {
  const own = context()
  const answers = await Promise.all(asked.map((one) => opened.metrics.source.grid(one, own)))
  for (const [i, one] of asked.entries()) {
    const raw = await opened.plain.source.grid(one, context())
    expect(answers[i]?.labels).toEqual(raw?.labels)
    expect(new BigUint64Array(answers[i]!.values.buffer)).toEqual(new BigUint64Array(raw!.values.buffer))
  }
  return own.stats.rows
}

test('hours and days are rolled up once, and known after a restart', async () => {
  expect(opened.rollups.blocks.hasDay(Math.floor(START / MS_PER_DAY))).toBe(true)
  await opened.close()
  opened = await open()
  await opened.rollups.run()
  const { blocks } = opened.rollups
  expect(blocks.dayBlock(Math.floor(START / MS_PER_DAY))! % 65_536).toBe(1)
  expect(blocks.hasHour(Math.floor(NOW / MS_PER_HOUR))).toBe(false)
  expect(blocks.hasHour(Math.floor(NOW / MS_PER_HOUR) - 1)).toBe(true)
  await same(request({}))
})

test('late samples count at once, and what they change is rolled up again; so it is after a restart', async () => {
  const late = START + MS_PER_DAY + 90 * 60_000 + 13
  await opened.metrics.write([metricBlock(TENANT, [{ labels: { __name__: 'c', of: '1' }, samples: [[late, 5]] }])])
  const day = Math.floor(late / MS_PER_DAY)
  expect([opened.rollups.blocks.hasDay(day), opened.rollups.blocks.hasHour(Math.floor(late / MS_PER_HOUR))]).toEqual([
    false,
    false,
  ])
  await same(request({}))
  await opened.close()
  opened = await open()
  await same(request({}))
  await opened.rollups.run()
  expect(opened.rollups.blocks.dayBlock(day)! % 65_536).toBe(2)
  await same(request({}))
})

test('deleted samples are gone from rollups too', async () => {
  const range = { startMs: START + 2 * MS_PER_DAY, endMs: START + 2 * MS_PER_DAY + 5 * MS_PER_HOUR }
  await opened.metrics.delete({ tenant: TENANT, matchers: [{ name: 'of', op: '=', value: '2' }], range })
  await same(request({}))
  await opened.rollups.run()
  await same(request({}))
})

test('a gauge, and a time with two values, are read as they are', async () => {
  const gauge: TestSeries = {
    labels: { __name__: 'c', of: 'gauge' },
    samples: Array.from({ length: 4 * 1_440 }, (_, i) => [START + i * STEP_MS, noise(i)] as const),
  }
  await opened.metrics.write([metricBlock(TENANT, [gauge])])
  await opened.rollups.run()
  const answered = await opened.metrics.source.grid(request({ func: 'delta' }), context())
  if (answered !== undefined) await same(request({ func: 'delta' }))
  const one = request({
    matchers: [
      { name: '__name__', op: '=', value: 'c' },
      { name: 'of', op: '=', value: '1' },
    ],
  })
  await same(one)
})
