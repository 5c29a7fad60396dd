// Grids thinned in the engine against raw samples evaluated here: `node --conditions=source bench/schema/grid.ts [series] [days]`.
//
// Grids are offered whenever they are exact, so that the cost model's constants (packages/clickhouse/src/metrics/grid.ts) can be
// checked on both sides of where it changes its mind. CPU of the engine and of this process, not wall time; a sample is a raw one.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openClickhouse } from '@oriel/clickhouse'
import { labelsOf, makeMetricBlock, MS_PER_DAY } from '@oriel/model'
import { evaluate } from '@oriel/promql'
import type { MetricSource, QueryContext } from '@oriel/store'
import { DEFAULT_QUERY_LIMITS, hash64, makeQueryStats, seriesId } from '@oriel/store'

const SERIES = Number(process.argv[2] ?? 100)
const DAYS = Number(process.argv[3] ?? 7)
const SCRAPE_MS = 15_000
const START_MS = Date.UTC(2026, 10, 2)
const END_MS = START_MS + DAYS * MS_PER_DAY
const METRIC = 'http_requests_total'
const RUNS = 3

const MINUTE = 60_000
const RANGE = `${DAYS}d`
const QUERIES: readonly (readonly [expr: string, stepMs: number])[] = [
  [`1 - (sum(rate(${METRIC}{status=~"5.."}[${RANGE}])) / sum(rate(${METRIC}[${RANGE}]))) / (1 - 0.999)`, 0],
  [`sum by (status) (increase(${METRIC}[${RANGE}]))`, 0],
  [`sum(rate(${METRIC}[1h]))`, 60 * MINUTE],
  [`sum(rate(${METRIC}[1h]))`, 30 * MINUTE],
  [`sum(rate(${METRIC}[1h]))`, 10 * MINUTE],
  [`sum(rate(${METRIC}[5m]))`, 5 * MINUTE],
  [`sum(rate(${METRIC}[5m]))`, 60 * MINUTE],
  [`sum(rate(${METRIC}[4m]))`, 2 * MINUTE],
  [`sum(${METRIC})`, 60 * MINUTE],
  [`sum(${METRIC})`, 10 * MINUTE],
]

const dataDir = mkdtempSync(join(tmpdir(), 'oriel-bench-'))
const opened = await openClickhouse({ dataDir, grid: { offered: 'always' } })
const { store, engine } = opened
await engine.started
await write()
const raw: MetricSource = { ...store.metrics, grid: async () => undefined }
for (const [expr, stepMs] of QUERIES) {
  const samples = await countSamples(expr, stepMs)
  const cells: string[] = []
  for (const source of [raw, store.metrics]) {
    const { engineMs, nodeMs } = await cpuOf(source, expr, stepMs)
    const ns = ((engineMs + nodeMs) * 1e6) / samples
    cells.push(`engine ${engineMs.toFixed(0)} + here ${nodeMs.toFixed(0)} ms (${ns.toFixed(0)} ns a sample)`)
  }
  console.log(`${expr} step ${stepMs / MINUTE} min, ${samples} samples\n  raw  ${cells[0]}\n  grid ${cells[1]}`)
}
await opened.close()
rmSync(dataDir, { recursive: true })

async function write(): Promise<void> {
  const series = Array.from({ length: SERIES }, (_, i) => {
    const labels = labelsOf({ __name__: METRIC, status: i % 10 === 0 ? '500' : '200', instance: `i${i}`, job: 'api' })
    return { labels, id: seriesId(labels), phaseMs: (i * 7_919) % SCRAPE_MS, perScrape: 1 + (i % 17) }
  })
  const metricId = hash64(METRIC)
  const scrapesPerBlock = 960
  for (let fromMs = START_MS; fromMs < END_MS; fromMs += scrapesPerBlock * SCRAPE_MS) {
    const block = makeMetricBlock('bench')
    for (const { id, labels, phaseMs, perScrape } of series) {
      for (let i = 0; i < scrapesPerBlock; i++) {
        const tMs = fromMs + i * SCRAPE_MS + phaseMs
        block.samples.metricId.pushBigInt(metricId)
        block.samples.seriesId.pushFrom(id, 0)
        block.samples.tMs.pushNumber(tMs)
        block.samples.values.pushDouble(((tMs - phaseMs - START_MS) / SCRAPE_MS) * perScrape)
      }
      block.series.push({ id, labels, day: Math.floor(fromMs / MS_PER_DAY) })
    }
    await store.sink.writeMetrics([block])
  }
}

function contextOf(): QueryContext {
  return { tenants: ['bench'], signal: new AbortController().signal, limits: DEFAULT_QUERY_LIMITS, stats: makeQueryStats() }
}

async function run(source: MetricSource, expr: string, stepMs: number, context: QueryContext): Promise<void> {
  const firstMs = expr.includes(`[${RANGE}]`) ? END_MS : START_MS + 60 * MINUTE
  await evaluate(source, { expr, startMs: firstMs, endMs: END_MS, stepMs }, context)
}

async function countSamples(expr: string, stepMs: number): Promise<number> {
  const context = contextOf()
  await run(raw, expr, stepMs, context)
  return context.stats.samples
}

async function cpuOf(source: MetricSource, expr: string, stepMs: number): Promise<{ engineMs: number; nodeMs: number }> {
  await run(source, expr, stepMs, contextOf())
  const engineBefore = engineCpuMs()
  const before = process.cpuUsage()
  for (let i = 0; i < RUNS; i++) await run(source, expr, stepMs, contextOf())
  const { user, system } = process.cpuUsage(before)
  return { engineMs: (engineCpuMs() - engineBefore) / RUNS, nodeMs: (user + system) / 1_000 / RUNS }
}

function engineCpuMs(): number {
  const fields = readFileSync(`/proc/${engine.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return 10 * (Number(fields[11]) + Number(fields[12]))
}
