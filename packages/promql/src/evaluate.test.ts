import type { Labels } from '@oriel/model'
import { compileMatchers, labelsKey } from '@oriel/model'
import type { GridRequest, GridSeries, MetricSource, QueryContext, SeriesRequest } from '@oriel/store'
import { DEFAULT_QUERY_LIMITS, makeQueryStats, openMemoryStore } from '@oriel/store'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PromqlResult } from './evaluate.ts'
import { DEFAULT_FEATURES } from './features.ts'
import { evaluate, printNote } from './evaluate.ts'
import { blockOf } from './testing/load.ts'
import { parseSeriesLine } from './testing/series.ts'

describe('evaluate', () => {
  it('a query for one moment answers a vector, a range a matrix sorted by labels', async () => {
    const source = sourceOf(['up{job="b"} 1 2 3', 'up{job="a"} 4 _ 6'])
    const moment = await evaluate(source, { expr: 'up', startMs: 60_000, endMs: 60_000, stepMs: 0 }, contextOf())
    expect(moment).toMatchObject({ kind: 'vector', tMs: 60_000, values: Float64Array.of(4, 2) })
    const range = await evaluate(
      source,
      { expr: 'up', startMs: 0, endMs: 120_000, stepMs: 60_000, lookbackMs: 60_000 },
      contextOf(),
    )
    expect(range).toMatchObject({
      kind: 'matrix',
      startMs: 0,
      stepMs: 60_000,
      steps: 3,
      present: Uint8Array.of(1, 0, 1, 1, 1, 1),
    })
    expect(range.kind === 'matrix' && range.labels.map((labels) => labels[1]?.value)).toEqual(['a', 'b'])
  })

  it('the same selector is read once, over all the time its uses need', async () => {
    const { source, requests } = watched(sourceOf(['x 0+1x20']))
    await evaluate(source, { expr: 'x + x offset 1m + rate(x[5m])', startMs: 600_000, endMs: 600_000, stepMs: 0 }, contextOf())
    expect(requests.map(({ range }) => range)).toEqual([{ startMs: 240_001, endMs: 600_000 }])
  })

  it('uses far apart in time are read apart', async () => {
    const { source, requests } = watched(sourceOf(['x 0+1x20']))
    await evaluate(source, { expr: 'x - x offset 1w', startMs: 604_800_000, endMs: 604_860_000, stepMs: 60_000 }, contextOf())
    expect(requests.map(({ range }) => range)).toEqual([
      { startMs: 604_500_001, endMs: 604_860_000 },
      { startMs: -299_999, endMs: 60_000 },
    ])
  })

  it('a query over its sample limit fails and names the limit', async () => {
    const context = { ...contextOf(), limits: { ...DEFAULT_QUERY_LIMITS, maxSamples: 100 } }
    const query = { expr: 'x', startMs: 0, endMs: 1_000_000, stepMs: 1_000 }
    await expect(evaluate(sourceOf(['x 0+1x20']), query, context)).rejects.toMatchObject({
      code: 'QUERY_LIMIT',
      message: /too many samples.*limit maxSamples is 100/,
    })
  })

  it('a cancelled query fails as cancelled', async () => {
    const context = { ...contextOf(), signal: AbortSignal.abort('gone') }
    const query = { expr: '1 + 1', startMs: 0, endMs: 0, stepMs: 0 }
    await expect(evaluate(sourceOf([]), query, context)).rejects.toMatchObject({ code: 'QUERY_CANCELLED' })
  })

  it('a query whose time is over fails and names the limit', async () => {
    let nowMs = 0
    const context = { ...contextOf(), limits: { ...DEFAULT_QUERY_LIMITS, timeoutMs: 100 } }
    const query = { expr: 'x + x', startMs: 0, endMs: 60_000, stepMs: 1_000 }
    await expect(evaluate(sourceOf(['x 1']), query, context, { now: () => (nowMs += 60) })).rejects.toMatchObject({
      code: 'QUERY_CANCELLED',
      message: 'query timed out in expression evaluation: limit timeoutMs is 100',
    })
  })

  it('without delayed removal, names go at once and duplicates are found', async () => {
    const source = sourceOf(['a{x="1"} 1', 'b{x="1"} 2'])
    const at = { startMs: 0, endMs: 0, stepMs: 0 }
    await expect(evaluate(source, { expr: 'abs({x="1"})', ...at }, contextOf())).rejects.toThrow(
      'vector cannot contain metrics with the same labelset',
    )
    const replaced = 'label_replace(abs({x="1"}), "y", "$1", "__name__", "(.*)")'
    await expect(evaluate(source, { expr: replaced, ...at }, contextOf())).rejects.toThrow('same labelset')
    const later = await evaluate(
      source,
      { expr: replaced, ...at, features: { ...EXPERIMENTAL, delayedNameRemoval: true } },
      contextOf(),
    )
    expect(later.kind === 'vector' && later.labels.map((labels) => labels.map(({ value }) => value).join())).toEqual([
      '1,a',
      '1,b',
    ])
  })

  it('notes have the place in the text', async () => {
    const expr = 'sum(rate(x[5m]))'
    const { infos } = await evaluate(sourceOf(['x 0+1x20']), { expr, startMs: 600_000, endMs: 600_000, stepMs: 0 }, contextOf())
    expect(infos.map((info) => printNote(expr, info))).toEqual([
      'PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "x" (1:10)',
    ])
  })
})

describe('grids from the engine', () => {
  it('answer what raw samples answer, notes included', async () => {
    const value = fc.oneof(fc.integer({ min: 0, max: 50 }).map(String), fc.constantFrom('_', 'stale', 'NaN'))
    const values = fc.array(value, { minLength: 1, maxLength: 30 }).map((all) => all.join(' '))
    const query = fc.record({
      expr: fc.constantFrom(...PUSHABLE),
      startMs: fc.nat(900_000),
      stepMs: fc.integer({ min: 1_000, max: 200_000 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.tuple(values, values, values), query, async ([a, b, c], { expr, startMs, stepMs }) => {
        const source = sourceOf([`x{g="1",i="a"} ${a}`, `x{g="1",i="b"} ${b}`, `x{g="2",i="c"} ${c}`])
        const times = { startMs, endMs: startMs + 10 * stepMs, stepMs }
        const raw = await evaluate(source, { expr, ...times }, contextOf())
        const pushed = await evaluate(withGrids(source), { expr, ...times }, contextOf())
        expect(comparable(pushed)).toEqual(comparable(raw))
      }),
      { numRuns: 300 },
    )
  })

  it('are asked for what they are for, and not for what they would answer otherwise', async () => {
    const asked: GridRequest[] = []
    const source: MetricSource = { ...sourceOf(['x 1']), grid: async (request) => void asked.push(request) }
    const query = { startMs: 600_000, endMs: 900_000, stepMs: 60_000 }
    const check = async (expr: string, want: Partial<GridRequest>[]) => {
      asked.length = 0
      await evaluate(source, { expr, ...query }, contextOf())
      expect(asked).toMatchObject(want)
      expect(asked.length).toBe(want.length)
    }
    await check('sum by (g) (rate(x[5m]))', [
      { func: 'rate', rangeMs: 300_000, aggregate: { op: 'sum', grouping: 'by', labels: ['g'] } },
    ])
    await check('max without (i) (x offset 1m)', [{ func: 'last', rangeMs: 300_000, offsetMs: 60_000 }])
    await check('sum(increase(x[1h])) / 2', [{ func: 'increase', aggregate: { op: 'sum', grouping: 'by', labels: [] } }])
    await check('max_over_time(rate(x[5m])[10m:2m])', [{ func: 'rate', startMs: 120_000, endMs: 840_000, stepMs: 120_000 }])
    await check('irate(x[5m])', [])
    await check('sum by (__name__) (rate(x[5m]))', [{ func: 'rate' }])
    expect(asked[0]?.aggregate).toBeUndefined()
    await check('rate(x[5m] @ 60)', [])
    await check('sum(rate({g="1"}[5m]))', [])
    await check('timestamp(x)', [])
  })
})

const PUSHABLE = [
  'x',
  'rate(x[5m])',
  'increase(x[3m])',
  'sum by (g) (rate(x[5m]))',
  'sum without (i) (x)',
  'avg(delta(x[4m]))',
  'count by (g) (x offset 2m)',
  'max(increase(x[10m])) - min(x)',
  // Not at a value that rates of whole numbers come to: their last bit differs.
  'rate(x[5m]) > 0.10003',
  'max_over_time(sum(rate(x[2m]))[10m:1m])',
] as const

const EXPERIMENTAL = { ...DEFAULT_FEATURES, experimentalFunctions: true }

function sourceOf(lines: readonly string[]): MetricSource {
  const store = openMemoryStore()
  const series = lines.map(parseSeriesLine)
  store.metrics.write([blockOf({ kind: 'load', line: 1, stepMs: 60_000, withNhcb: false, series, startTimes: [] }, 'test')])
  return store.metrics
}

function contextOf(): QueryContext {
  return { tenants: ['test'], signal: new AbortController().signal, limits: DEFAULT_QUERY_LIMITS, stats: makeQueryStats() }
}

function watched(source: MetricSource): { source: MetricSource; requests: SeriesRequest[] } {
  const requests: SeriesRequest[] = []
  const samples: MetricSource['samples'] = (request, context) => {
    requests.push(request)
    return source.samples(request, context)
  }
  return { source: { ...source, samples }, requests }
}

/** The result in a form that tells no difference in the last bits, which another order of adding makes. */
function comparable(result: PromqlResult): unknown {
  if (result.kind !== 'matrix') throw new Error(`expected a matrix, got ${result.kind}`)
  const { labels, steps, values, present, warnings, infos } = result
  const rows = labels.map((of, i) => {
    const cells = Array.from({ length: steps }, (_, j) => i * steps + j)
    return [labelsKey(of), cells.map((at) => (present[at] === 1 ? Number(values[at]!.toPrecision(12)) : undefined))]
  })
  return { rows, warnings, infos }
}

/** A source that offers every grid it is asked for, worked out window by window from raw samples. */
function withGrids(source: MetricSource): MetricSource {
  return { ...source, grid: async (request, context) => naiveGrid(source, request, context) }
}

async function naiveGrid(source: MetricSource, request: GridRequest, context: QueryContext): Promise<GridSeries> {
  const { matchers, startMs, endMs, stepMs, rangeMs, offsetMs, aggregate } = request
  const range = { startMs: Math.max(0, startMs - offsetMs - rangeMs), endMs: Math.max(0, endMs - offsetMs) }
  const samples = await source.samples({ matchers, range }, context)
  const steps = Math.floor((endMs - startMs) / stepMs) + 1
  const groups = new Map<string, { labels: Labels; cells: number[][] }>()
  for (const [i, labels] of samples.labels.entries()) {
    expect(compileMatchers(matchers)(labels)).toBe(true)
    const of = aggregate === undefined ? labels : groupLabels(labels, aggregate)
    const group = groups.get(labelsKey(of)) ?? { labels: of, cells: Array.from({ length: steps }, () => []) }
    groups.set(labelsKey(of), group)
    const points = Array.from({ length: samples.offsets[i + 1]! - samples.offsets[i]! }, (_, p) => p + samples.offsets[i]!).map(
      (p) => ({
        tMs: samples.tMs[p]!,
        value: samples.values[p]!,
        isStale: samples.stale[p] === 1,
      }),
    )
    for (let j = 0; j < steps; j++) {
      const end = startMs + j * stepMs - offsetMs
      const value = naiveValue(
        points.filter(({ tMs }) => tMs > end - rangeMs && tMs <= end),
        end,
        request,
      )
      if (value !== undefined) group.cells[j]!.push(value)
    }
  }
  const rows = [...groups.values()]
  const cells = rows.flatMap(({ cells: of }) => of)
  return {
    labels: rows.map(({ labels }) => labels),
    steps,
    values: Float64Array.from(cells, (all) => (all.length === 0 ? NaN : combine(all, aggregate?.op))),
    present: Uint8Array.from(cells, (all) => (all.length === 0 ? 0 : 1)),
  }
}

function groupLabels(labels: Labels, { grouping, labels: names }: NonNullable<GridRequest['aggregate']>): Labels {
  return labels.filter(({ name }) => (grouping === 'by' ? names.includes(name) : name !== '__name__' && !names.includes(name)))
}

interface NaivePoint {
  readonly tMs: number
  readonly value: number
  readonly isStale: boolean
}

function naiveValue(inside: readonly NaivePoint[], endMs: number, { func, rangeMs }: GridRequest): number | undefined {
  if (func === 'last') return inside.at(-1)?.isStale === false ? inside.at(-1)?.value : undefined
  const points = inside.filter(({ isStale }) => !isStale)
  const [first, last] = [points[0], points.at(-1)]
  if (first === undefined || last === undefined || points.length < 2) return undefined
  const isCounter = func !== 'delta'
  const increase = last.value - first.value + (isCounter ? lostToResets(points) : 0)
  const sampled = last.tMs - first.tMs
  const average = sampled / (points.length - 1)
  const near = (gap: number) => (gap >= average * 1.1 ? average / 2 : gap)
  let before = near(first.tMs - (endMs - rangeMs))
  if (isCounter && increase > 0 && first.value >= 0) before = Math.min(before, (sampled * first.value) / increase)
  const stretched = (increase * (sampled + before + near(endMs - last.tMs))) / sampled
  return func === 'rate' ? stretched / (rangeMs / 1_000) : stretched
}

function lostToResets(points: readonly NaivePoint[]): number {
  let lost = 0
  for (let i = 1; i < points.length; i++) if (points[i]!.value < points[i - 1]!.value) lost += points[i - 1]!.value
  return lost
}

function combine(values: readonly number[], op: NonNullable<GridRequest['aggregate']>['op'] = 'sum'): number {
  const numbers = values.filter((value) => !Number.isNaN(value))
  const sum = values.reduce((a, b) => a + b, 0)
  switch (op) {
    case 'sum':
      return sum
    case 'avg':
      return sum / values.length
    case 'count':
      return values.length
    case 'min':
      return numbers.length === 0 ? NaN : Math.min(...numbers)
    case 'max':
      return numbers.length === 0 ? NaN : Math.max(...numbers)
  }
}
