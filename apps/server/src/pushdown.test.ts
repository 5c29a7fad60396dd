// PromQL over the engine with grids at any cost, over the engine's raw samples, and over the plain store: one answer, to the bit.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { OpenClickhouse } from '@oriel/clickhouse'
import { openClickhouse } from '@oriel/clickhouse'
import { labelsKey } from '@oriel/model'
import type { PromqlResult } from '@oriel/promql'
import { evaluate } from '@oriel/promql'
import type { MetricSource, QueryContext } from '@oriel/store'
import { DEFAULT_QUERY_LIMITS, makeQueryStats, openMemoryStore } from '@oriel/store'
import { metricBlock, NOON_MS, STALE } from '@oriel/store/contract-suite'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

type Point = readonly [tMs: number, value: number | typeof STALE]

/** `M` stands for the metric. */
const QUERIES = [
  'M',
  'rate(M[5m])',
  'increase(M[2h])',
  'delta(M[7m] offset 3m)',
  'sum by (g) (rate(M[10m]))',
  'sum(rate(M[5m])) / sum(rate(M[3h]))',
  '1 - (sum(rate(M{g="0"}[4h])) / sum(rate(M[4h]))) / (1 - 0.999)',
  'avg without (i) (M offset -1m)',
  'stddev(rate(M[5m]))',
  'topk(1, increase(M[20m]))',
  'max_over_time(sum(rate(M[4m]))[30m:90s])',
  'count by (g) (M) + on (g) min by (g) (delta(M[9m]))',
  'absent(M{i="nothing"}) or M',
] as const

const series = fc
  .array(
    fc.oneof(
      {
        weight: 5,
        arbitrary: fc.tuple(
          fc.integer({ min: 1, max: 80 }),
          fc.constantFrom(15_000, 60_000),
          fc.double({ min: 0, max: 9, noNaN: true }),
        ),
      },
      fc.constantFrom<'reset' | 'gap' | typeof STALE | number>('reset', 'gap', STALE, NaN),
    ),
    { minLength: 1, maxLength: 7 },
  )
  .map((turns) => {
    const points: Point[] = []
    let tMs = NOON_MS - 3_600_000
    let value = 0
    for (const turn of turns) {
      if (turn === 'reset') value = 0
      else if (turn === 'gap') tMs += 1_500_000
      else if (!Array.isArray(turn)) points.push([(tMs += 15_000), turn])
      else for (let i = 0; i < turn[0]; i++) points.push([(tMs += turn[1]), (value += turn[2])])
    }
    return points
  })

describe('PromQL over grids from the engine', () => {
  let opened: OpenClickhouse
  let dataDir: string
  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'oriel-pushdown-'))
    opened = await openClickhouse({ dataDir, grid: { offered: 'always' } })
    await opened.engine.started
  })
  afterAll(async () => {
    await opened.close()
    rmSync(dataDir, { recursive: true })
  })

  it('answers what raw samples answer, to the bit', async () => {
    let cases = 0
    let grids = 0
    const times = fc.record({
      startMs: fc.integer({ min: -3_600, max: 7_200 }).map((seconds) => NOON_MS + 1_000 * seconds),
      stepMs: fc.constantFrom(500, 15_000, 60_000, 1_234_567, 3_600_000),
      more: fc.constantFrom(0, 1, 12),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(series, { minLength: 1, maxLength: 4 }), times, async (all, { startMs, stepMs, more }) => {
        const metric = `m${cases++}_total`
        const block = metricBlock(
          't',
          all.map((samples, i) => ({ labels: { __name__: metric, i: `${i}`, g: `${i % 2}` }, samples })),
        )
        const memory = openMemoryStore()
        memory.metrics.write([block])
        await opened.store.sink.writeMetrics([block])
        const { metrics } = opened.store
        const counting: MetricSource = {
          ...metrics,
          grid: async (request, context) => {
            grids++
            return await metrics.grid(request, context)
          },
        }
        const raw: MetricSource = { ...metrics, grid: async () => undefined }
        for (const query of QUERIES) {
          const expr = query.replaceAll('M', metric)
          const ask = async (source: MetricSource) =>
            comparable(
              await evaluate(source, { expr, startMs, endMs: startMs + more * stepMs, stepMs: more && stepMs }, contextOf()),
            )
          const want = await ask(memory.metrics)
          expect(await ask(counting), `${expr} with grids`).toEqual(want)
          expect(await ask(raw), `${expr} without`).toEqual(want)
        }
      }),
      { numRuns: Number(process.env['GRID_CASES'] ?? 25) },
    )
    expect(grids).toBeGreaterThan(10 * cases)
  }, 600_000)
})

function contextOf(): QueryContext {
  return { tenants: ['t'], signal: new AbortController().signal, limits: DEFAULT_QUERY_LIMITS, stats: makeQueryStats() }
}

function comparable(result: PromqlResult): unknown {
  if (result.kind !== 'vector' && result.kind !== 'matrix') throw new Error(`expected series, got ${result.kind}`)
  const { values } = result
  const { steps, present } = result.kind === 'matrix' ? result : { steps: 1, present: new Uint8Array(values.length).fill(1) }
  // Object.is tells -0 and every bit but those of NaN; a vector's order is free.
  const rows = result.labels.map((labels, i) => [
    labelsKey(labels),
    Array.from({ length: steps }, (_, step) => (present[i * steps + step] === 1 ? values[i * steps + step] : undefined)),
  ])
  return { rows: Object.fromEntries(rows), warnings: result.warnings, infos: result.infos }
}
