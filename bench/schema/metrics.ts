// Reads and writes of metrics through the store, engine included: `node --conditions=source bench/schema/metrics.ts [series] [hours]`.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EngineHandle } from '@oriel/clickhouse'
import { openClickhouse } from '@oriel/clickhouse'
import type { Matcher, MetricBlock } from '@oriel/model'
import { labelsOf, makeMetricBlock, MS_PER_DAY, MS_PER_HOUR } from '@oriel/model'
import type { QueryContext, Store } from '@oriel/store'
import { DEFAULT_QUERY_LIMITS, hash64, makeQueryStats, seriesId } from '@oriel/store'

const SERIES = Number(process.argv[2] ?? 10_000)
const HOURS = Number(process.argv[3] ?? 3)
const STEP_MS = 15_000
const METRICS = ['requests_total', 'latency_seconds']
const START_MS = Date.UTC(2026, 10, 20)

interface BenchSeries {
  readonly labels: ReturnType<typeof labelsOf>
  readonly id: Uint32Array
  readonly metricId: bigint
  readonly phaseMs: number
}

function makeSeries(): BenchSeries[] {
  return METRICS.flatMap((metric) =>
    Array.from({ length: SERIES }, (_, i) => {
      const pod = `api-${i % 97}-${(i * 7919) % 65_536}`
      const record = {
        __name__: metric,
        job: `job${i % 20}`,
        instance: `10.0.${i % 250}.7:9090`,
        pod,
        path: `/v1/item/${i % 50}`,
      }
      const labels = labelsOf({ ...record, le: String(i) })
      return { labels, id: seriesId(labels), metricId: hash64(metric), phaseMs: (i * 7_919) % STEP_MS }
    }),
  )
}

/** All series for some steps in one block, as an ingest under load commits them: scrape by scrape. */
function makeBlock(series: readonly BenchSeries[], firstStep: number, steps: number, isFirst: boolean): MetricBlock {
  const block = makeMetricBlock('bench')
  for (let step = firstStep; step < firstStep + steps; step++) {
    for (const [i, { id, metricId, phaseMs }] of series.entries()) {
      block.samples.metricId.pushBigInt(metricId)
      block.samples.seriesId.pushFrom(id, 0)
      block.samples.tMs.pushNumber(START_MS + step * STEP_MS + phaseMs)
      block.samples.values.pushDouble(i % 2 === 0 ? step * (1 + (i % 7)) : Math.round(1e4 * Math.sin(step / 20 + i)) / 1e4)
    }
  }
  if (isFirst) for (const { id, labels } of series) block.series.push({ id, labels, day: Math.floor(START_MS / MS_PER_DAY) })
  return block
}

function context(): QueryContext {
  return { tenants: ['bench'], signal: new AbortController().signal, limits: DEFAULT_QUERY_LIMITS, stats: makeQueryStats() }
}

function engineCpuMs({ pid }: EngineHandle): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return 10 * (Number(fields[11]) + Number(fields[12]))
}

async function measure(name: string, engine: EngineHandle, runs: number, work: () => Promise<number>): Promise<void> {
  await work()
  const times: number[] = []
  const engineBefore = engineCpuMs(engine)
  const nodeBefore = process.cpuUsage()
  let count = 0
  for (let i = 0; i < runs; i++) {
    const before = performance.now()
    count = await work()
    times.push(performance.now() - before)
  }
  const node = process.cpuUsage(nodeBefore)
  times.sort((a, b) => a - b)
  const ms = (value: number) => value.toFixed(1).padStart(8)
  const cpu = `engine cpu ${ms((engineCpuMs(engine) - engineBefore) / runs)}  node cpu ${ms((node.user + node.system) / 1_000 / runs)}`
  console.log(`${name.padEnd(44)} p50 ${ms(times[runs >> 1] ?? 0)}  min ${ms(times[0] ?? 0)}  ${cpu}  -> ${count}`)
}

const equals = (name: string, value: string): Matcher => ({ name, op: '=', value })

async function benchReads(store: Store, engine: EngineHandle, series: readonly BenchSeries[]): Promise<void> {
  const whole = { startMs: START_MS + (HOURS - 1) * MS_PER_HOUR, endMs: START_MS + HOURS * MS_PER_HOUR - 1 }
  const half = { startMs: whole.startMs - MS_PER_HOUR / 2, endMs: whole.endMs - MS_PER_HOUR / 2 }
  const metric = equals('__name__', METRICS[0] ?? '')
  const le = equals('le', '4242')
  const job = equals('job', 'job3')
  const pods: Matcher = { name: 'pod', op: '=~', value: 'api-1[0-9]-.*' }
  for (const [when, range] of Object.entries({ 'whole hour': whole, 'two half hours': half })) {
    const read = async (...matchers: Matcher[]) => (await store.metrics.samples({ matchers, range }, context())).tMs.length
    await measure(`one series, ${when}`, engine, 50, async () => await read(metric, le))
    await measure(`one job (1/20), ${when}`, engine, 10, async () => await read(metric, job))
    await measure(`pods by regex, ${when}`, engine, 10, async () => await read(metric, pods))
    await measure(`all ${SERIES} series, ${when}`, engine, 7, async () => await read(metric))
  }
  const index = { range: whole, limit: 0 }
  let salt = 0
  // A matcher that changes nothing, so that no kept answer serves.
  const fresh = () => ({ name: 'nothing', op: '!=' as const, value: `x${salt++}` })
  const find = async (...matchers: Matcher[]) =>
    (await store.metrics.series({ ...index, matcherSets: [[...matchers, fresh()]] }, context())).length
  await measure('index: one series', engine, 20, async () => await find(metric, le))
  await measure('index: one job', engine, 20, async () => await find(metric, job))
  await measure('index: pods by regex', engine, 20, async () => await find(metric, pods))
  await measure('index: a metric', engine, 10, async () => await find(metric))
  await measure('index: a job without a metric', engine, 10, async () => await find(job))
  await measure(
    'label names',
    engine,
    20,
    async () => (await store.metrics.labelNames({ ...index, matcherSets: [] }, context())).length,
  )
  await measure(
    'label values',
    engine,
    20,
    async () => (await store.metrics.labelValues('pod', { ...index, matcherSets: [] }, context())).length,
  )
  console.log('series', series.length)
}

const dataDir = mkdtempSync(join(tmpdir(), 'oriel-bench-'))
const startedAt = performance.now()
const opened = await openClickhouse({ dataDir })
await opened.engine.started
console.log(`ready after ${(performance.now() - startedAt).toFixed(0)} ms`)
const series = makeSeries()
const steps = (HOURS * MS_PER_HOUR) / STEP_MS
const stepsPerBlock = Math.max(1, Math.round(200_000 / series.length))
const writeStart = performance.now()
for (let step = 0; step < steps; step += stepsPerBlock) {
  await opened.store.sink.writeMetrics([makeBlock(series, step, Math.min(stepsPerBlock, steps - step), step === 0)])
}
const rows = steps * series.length
const writeMs = performance.now() - writeStart
console.log(`wrote ${rows} samples in ${writeMs.toFixed(0)} ms, engine cpu ${engineCpuMs(opened.engine)} ms`)
await benchReads(opened.store, opened.engine, series)
await opened.close()
rmSync(dataDir, { recursive: true })
