// PromQL over days, from rollups: what the plain store answers.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { OpenClickhouse } from '@oriel/clickhouse'
import { openClickhouse } from '@oriel/clickhouse'
import { labelsKey, MS_PER_DAY, MS_PER_HOUR } from '@oriel/model'
import { evaluate } from '@oriel/promql'
import type { MetricSource, QueryContext } from '@oriel/store'
import { DEFAULT_QUERY_LIMITS, makeQueryStats, openMemoryStore } from '@oriel/store'
import type { TestSeries } from '@oriel/store/contract-suite'
import { metricBlock } from '@oriel/store/contract-suite'
import { afterAll, beforeAll, expect, test } from 'vitest'

const START = Date.UTC(2026, 10, 1)
const NOW = START + 3 * MS_PER_DAY + 2.3 * MS_PER_HOUR
const STEP_MS = 60_000
const SAMPLES = Math.floor((NOW - START) / STEP_MS)

/** Buckets of two instances' latencies, as histograms of Prometheus expose them. One instance starts again at the second day. */
const BUCKETS: readonly TestSeries[] = ['0.1', '0.5', '2.5', '+Inf'].flatMap((le, bucket) =>
  ['a', 'b'].map((instance) => ({
    labels: { __name__: 'latency_seconds_bucket', le, instance },
    samples: Array.from({ length: SAMPLES }, (_, i) => {
      const since = instance === 'b' && i >= 2_000 ? i - 2_000 : i
      return [START + i * STEP_MS, since * (3 * bucket + 1) + Math.floor((since * (7 - bucket)) / 9)] as const
    }),
  })),
)

/** Whole numbers: their sums have one answer in any order. */
const GAUGE: TestSeries = {
  labels: { __name__: 'queue_length', instance: 'a' },
  samples: Array.from({ length: SAMPLES }, (_, i) => [START + i * STEP_MS, (i * 7_919) % 1_009] as const),
}

const memory = openMemoryStore()
let opened: OpenClickhouse
let dataDir: string

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'oriel-rolled-'))
  opened = await openClickhouse({ dataDir, clock: () => NOW, windowBytes: 0 })
  const block = metricBlock('t', [...BUCKETS, GAUGE])
  memory.metrics.write([block])
  await opened.store.sink.writeMetrics([block])
  await opened.rollups?.run()
}, 60_000)
afterAll(async () => {
  await opened.close()
  rmSync(dataDir, { recursive: true })
})

test.each([
  'histogram_quantile(0.9, sum by (le) (rate(latency_seconds_bucket[2d])))',
  'histogram_quantile(0.5, increase(latency_seconds_bucket{instance="b"}[40h]))',
  'sum(rate(latency_seconds_bucket{le="0.5"}[2d])) / sum(rate(latency_seconds_bucket{le="+Inf"}[2d]))',
  'min_over_time(queue_length[2d])',
  'max by (instance) (max_over_time(queue_length[2d] offset 3h))',
  'sum_over_time(queue_length[2d])',
  'avg_over_time(queue_length[2d])',
  'count_over_time({__name__="queue_length"}[2d]) + 1',
])('%s reads rollups and answers what all samples do', async (expr) => {
  const [rolled, raw] = [contextOf(), contextOf()]
  const read = await ask(opened.store.metrics, expr, rolled)
  expect(read).toEqual(await ask(memory.metrics, expr, raw))
  expect(Object.keys(read)).not.toHaveLength(0)
  expect(rolled.stats.samples).toBeLessThan(raw.stats.samples / 5)
})

async function ask(source: MetricSource, expr: string, context: QueryContext): Promise<Record<string, number>> {
  const result = await evaluate(source, { expr, startMs: NOW, endMs: NOW, stepMs: 0 }, context)
  if (result.kind !== 'vector') throw new Error(`expected a vector, got ${result.kind}`)
  return Object.fromEntries(result.labels.map((labels, i) => [labelsKey(labels), result.values[i]!]))
}

function contextOf(): QueryContext {
  return { tenants: ['t'], signal: new AbortController().signal, limits: DEFAULT_QUERY_LIMITS, stats: makeQueryStats() }
}
