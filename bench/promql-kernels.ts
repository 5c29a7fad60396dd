// How fast PromQL evaluates once its samples are in memory: 10,000 series x 240 samples, range queries of 240 steps.
//
// Run: node --conditions=source bench/promql-kernels.ts. Nothing is read from a disk or a network: this is the price of evaluation
// alone. CPU time of the process (garbage collection included), medians of interleaved rounds after a warm-up.
import type { Labels, SeriesSamples } from '@oriel/model'
import { makeLabels } from '@oriel/model'
import { evaluate } from '@oriel/promql'
import type { MetricSource } from '@oriel/store'
import { DEFAULT_QUERY_LIMITS, makeQueryStats } from '@oriel/store'
import { median } from './measure.ts'

const SERIES = 10_000
const SAMPLES = 240
const STEPS = 240
const SCRAPE_MS = 15_000
const ROUNDS = 9

const QUERIES = [
  'requests_total',
  'rate(requests_total[5m])',
  'sum by (service) (rate(requests_total[5m]))',
  'sum(rate(requests_total[5m]))',
  'avg_over_time(requests_total[5m])',
  'max_over_time(requests_total[5m])',
  'quantile(0.9, requests_total)',
  'histogram_quantile(0.99, sum by (le, service) (rate(requests_total[5m])))',
  'requests_total / on (instance) group_left requests_total{instance="never"}',
  'requests_total * 2 > 100',
  'topk(5, requests_total)',
] as const

const samples = makeSamples()
const source: MetricSource = {
  samples: async () => samples,
  scan: async () => undefined,
  lastChange: () => undefined,
  grid: async () => undefined,
  series: async () => [],
  labelNames: async () => [],
  labelValues: async () => [],
  metadata: async () => [],
  exemplars: async () => [],
  cardinality: async () => {
    throw new Error('not asked by queries')
  },
}

const times = new Map<string, number[]>(QUERIES.map((query) => [query, []]))
for (let round = 0; round <= ROUNDS; round++) {
  for (const query of QUERIES) {
    const before = process.cpuUsage()
    await run(query)
    const { user, system } = process.cpuUsage(before)
    if (round > 0) times.get(query)?.push((user + system) / 1_000)
  }
}
console.log(
  `| query, ${SERIES} series x ${SAMPLES} samples x ${STEPS} steps | CPU ms (median) | min..max | input samples per CPU-s |`,
)
console.log('|---|---|---|---|')
for (const [query, all] of times) {
  const ms = median(all)
  const rate = ((SERIES * SAMPLES) / ms / 1_000).toFixed(0)
  console.log(`| ${query} | ${ms.toFixed(1)} | ${Math.min(...all).toFixed(1)}..${Math.max(...all).toFixed(1)} | ${rate}M |`)
}
console.log(`\nRSS ${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MB`)

async function run(expr: string): Promise<void> {
  const query = { expr, startMs: SCRAPE_MS, endMs: STEPS * SCRAPE_MS, stepMs: SCRAPE_MS }
  const limits = { ...DEFAULT_QUERY_LIMITS, maxSamples: 1e9 }
  await evaluate(source, query, { tenants: ['bench'], signal: new AbortController().signal, limits, stats: makeQueryStats() })
}

/** Counters of 100 services and 12 buckets that rise unevenly and restart now and then. */
function makeSamples(): SeriesSamples {
  const labels: Labels[] = []
  const offsets = new Uint32Array(SERIES + 1)
  const tMs = new Float64Array(SERIES * SAMPLES)
  const values = new Float64Array(SERIES * SAMPLES)
  let random = 42
  for (let i = 0; i < SERIES; i++) {
    const le = i % 12 === 11 ? '+Inf' : String(2 ** (i % 12))
    labels.push(
      makeLabels(Object.entries({ __name__: 'requests_total', service: `s${i % 100}`, instance: `i${i}`, le, job: 'bench' })),
    )
    let value = 0
    for (let p = i * SAMPLES; p < (i + 1) * SAMPLES; p++) {
      random = (random * 1_103_515_245 + 12_345) % 2 ** 31
      value = random % 1_000 === 0 ? 0 : value + (random % 100)
      tMs[p] = (p - i * SAMPLES + 1) * SCRAPE_MS
      values[p] = value
    }
    offsets[i + 1] = (i + 1) * SAMPLES
  }
  return { labels, offsets, tMs, values, stale: new Uint8Array(SERIES * SAMPLES) }
}
