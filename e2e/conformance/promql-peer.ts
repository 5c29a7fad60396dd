// Our PromQL beside a real Prometheus: the same samples, the same queries, the answers compared number by number.
//
// Run: ORIEL_PEERS_DIR=<folder with bin/prometheus and bin/promtool> node --conditions=source e2e/conformance/promql-peer.ts [-v]
// Samples are backfilled into Prometheus with promtool and held in the memory store on our side. An answer passes when it has the
// same series and points and every number is equal to the last printed digit; those equal to 1e-9 are counted apart.
import type { ChildProcess } from 'node:child_process'
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Labels } from '@oriel/model'
import { labelsOf, makeMetricBlock, MS_PER_DAY } from '@oriel/model'
import { DEFAULT_FEATURES, evaluate } from '@oriel/promql'
import type { PromqlResult } from '@oriel/promql'
import { DEFAULT_QUERY_LIMITS, hash64, makeQueryStats, openMemoryStore, seriesId } from '@oriel/store'
import { printNumber, printSeries } from '@oriel/syntax'

const bin = join(process.env['ORIEL_PEERS_DIR'] ?? '', 'bin')
const isVerbose = process.argv.includes('-v')
const FEATURES = { ...DEFAULT_FEATURES, experimentalFunctions: true }
// 2023-11-15T00:00:00Z: far from now, so that nothing depends on when the run is; a multiple of Prometheus's two-hour blocks.
const START_MS = 1_700_006_400_000
const SCRAPE_MS = 15_000
const SAMPLES = 480
// 1e-9: floating-point functions differ in the last digits between Go and V8.
const CLOSE = 1e-9

interface Series {
  readonly labels: Labels
  readonly points: readonly (readonly [tMs: number, value: number])[]
}

/** Series labels printed as one text, and the points as the API prints them. */
type Answer = Map<string, readonly (readonly [tSeconds: number, value: string])[]>

async function main(): Promise<void> {
  const series = makeSeries()
  const directory = mkdtempSync(join(tmpdir(), 'oriel-promql-peer-'))
  let prometheus: ChildProcess | undefined
  try {
    const port = await freePort()
    prometheus = startPrometheus(directory, series, port)
    const address = `http://127.0.0.1:${port}`
    await waitReady(address)
    await compareAll(address, series)
  } finally {
    const ended = new Promise((resolve) => prometheus?.once('exit', resolve) ?? resolve(undefined))
    prometheus?.kill('SIGTERM')
    await ended
    rmSync(directory, { recursive: true, force: true })
  }
}

async function compareAll(address: string, series: readonly Series[]): Promise<void> {
  const store = storeOf(series)
  const counts = { passed: 0, close: 0, failed: 0 }
  for (const expr of queries()) {
    for (const times of TIMES) {
      const [theirs, ours] = await Promise.all([askPrometheus(address, expr, times), askOurs(store, expr, times)])
      const difference = compare(theirs, ours)
      if (difference.kind === 'equal') counts.passed++
      else if (difference.kind === 'close') counts.close++
      else counts.failed++
      if (difference.kind === 'different' || (isVerbose && difference.kind === 'close')) {
        console.log(`  ${difference.kind}: ${expr} ${JSON.stringify(times)}\n      ${difference.text}`)
      }
    }
  }
  const { passed, close, failed } = counts
  console.log(`promql-peer: ${passed + close} passed (${passed} to the last digit, ${close} within ${CLOSE}), ${failed} failed`)
  if (failed > 0) process.exitCode = 1
}

interface Times {
  readonly startMs: number
  readonly endMs: number
  readonly stepMs: number
}

const TIMES: readonly Times[] = [
  { startMs: START_MS + 3_600_000, endMs: START_MS + 3_600_000, stepMs: 0 },
  { startMs: START_MS + 600_000, endMs: START_MS + 6_600_000, stepMs: 60_000 },
  { startMs: START_MS - 300_000 + 7, endMs: START_MS + 8_000_000 + 7, stepMs: 173_000 },
]

function queries(): string[] {
  const ranges = 'rate increase delta irate idelta deriv changes resets sum_over_time avg_over_time min_over_time max_over_time'
  const more = 'count_over_time last_over_time first_over_time stddev_over_time stdvar_over_time present_over_time mad_over_time'
  const math = 'abs ceil floor exp sqrt ln log2 log10 sin cos tan asin acos atan sinh cosh tanh rad deg sgn timestamp'
  const time = 'minute hour day_of_week day_of_month day_of_year days_in_month month year'
  const aggregations = [
    'sum',
    'avg',
    'min',
    'max',
    'count',
    'group',
    'stddev',
    'stdvar',
    'quantile(0.9,',
    'topk(2,',
    'bottomk(2,',
  ]
  const operators = ['+', '-', '*', '/', '%', '^', 'atan2', '==', '!=', '>', '<', '>=', '<=', '> bool', 'and', 'or', 'unless']
  return [
    ...`${ranges} ${more}`
      .split(' ')
      .flatMap((name) => [`${name}(requests_total[5m])`, `${name}(gauge[7m13s])`, `${name}(gauge[10m:47s])`]),
    ...math.split(' ').map((name) => `${name}(gauge)`),
    ...time.split(' ').map((name) => `${name}(gauge2 * 1e9)`),
    ...aggregations.flatMap((op) => {
      const call = (inner: string) => (op.endsWith(',') ? `${op} ${inner})` : `${op}(${inner})`)
      return [call('gauge'), call('rate(requests_total[2m])'), ...(op.includes('k(') ? [] : [`${call('gauge')} + 0`])]
    }),
    ...['sum', 'avg', 'max', 'count'].flatMap((op) => [
      `${op} by (service) (gauge)`,
      `${op} without (instance) (rate(requests_total[5m]))`,
    ]),
    ...operators.flatMap((op) => [`gauge ${op} on (service, instance) gauge2`, `gauge ${op} ignoring (none) gauge2`]),
    ...operators.slice(0, 14).flatMap((op) => [`gauge ${op} 2.5`, `2.5 ${op} gauge`]),
    ...HAND_WRITTEN,
  ]
}

const HAND_WRITTEN = [
  'quantile_over_time(0.7, gauge[5m])',
  'predict_linear(gauge[10m], 600)',
  'double_exponential_smoothing(gauge[10m], 0.3, 0.6)',
  'absent(nothing{a="b", c=~"d"})',
  'absent_over_time(gauge{service="s0"}[1m])',
  'histogram_quantile(0.9, rate(latency_bucket[5m]))',
  'histogram_quantile(0.5, sum by (le) (rate(latency_bucket[5m])))',
  'histogram_fraction(0.1, 0.7, sum by (le) (rate(latency_bucket[5m])))',
  'count_values("v", round(gauge, 20))',
  'label_replace(gauge, "x", "$1-$2", "service", "(.)(.*)")',
  'label_join(gauge, "x", "/", "service", "instance")',
  'clamp(gauge, -10, 30)',
  'round(gauge, 0.3)',
  'scalar(gauge{service="s0",instance="i0"}) + vector(time())',
  'sum by (service) (rate(requests_total[5m])) / on (service) group_left sum by (service) (gauge)',
  'rate(requests_total[5m]) / on (service) group_left sum by (service) (rate(requests_total[5m]))',
  'gauge offset 5m - gauge offset -90s',
  `gauge @ ${START_MS / 1_000 + 1_000}`,
  'rate(requests_total[5m] @ end())',
  'max_over_time(rate(requests_total[1m])[10m:])',
  'avg_over_time(sum(gauge)[15m:90s] offset 2m)',
  '-gauge ^ 2',
  'sum(gauge) > bool 0',
  'limit_ratio(0.5, gauge)',
  'sum by (service) (gauge) or gauge2',
  'ts_of_max_over_time(gauge[5m])',
]

/** Series of every kind: even counters, counters with resets and gaps, gauges of all sizes, NaN, a classic histogram. */
function makeSeries(): Series[] {
  let state = 1
  const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
  const series: Series[] = []
  const add = (labels: Record<string, string>, next: (i: number) => number | undefined) => {
    const points: [number, number][] = []
    for (let i = 0; i < SAMPLES; i++) {
      const value = next(i)
      if (value !== undefined) points.push([START_MS + i * SCRAPE_MS + Math.floor(random() * 300), value])
    }
    series.push({ labels: labelsOf(labels), points })
  }
  for (let s = 0; s < 3; s++) {
    for (let i = 0; i < 3; i++) {
      const at = { service: `s${s}`, instance: `i${i}` }
      let total = 0
      add({ __name__: 'requests_total', ...at }, () => {
        total = random() < 0.02 ? 0 : total + Math.floor(random() * 20)
        return random() < 0.1 * i ? undefined : total
      })
      add({ __name__: 'gauge', ...at }, () => (random() < 0.01 ? NaN : (random() - 0.4) * 10 ** (2 * s)))
      add({ __name__: 'gauge2', ...at }, (n) => (n % 100 > 80 && i === 1 ? undefined : Math.round(random() * 10)))
    }
  }
  const counts = [0, 0, 0, 0]
  for (const [b, le] of ['0.1', '0.5', '1', '+Inf'].entries()) {
    add({ __name__: 'latency_bucket', le }, () => (counts[b] = counts[b]! + (b + 1) * 5 + Math.floor(random() * 3)))
  }
  return series
}

function storeOf(series: readonly Series[]): ReturnType<typeof openMemoryStore> {
  const store = openMemoryStore()
  const block = makeMetricBlock('test')
  for (const { labels, points } of series) {
    const id = seriesId(labels)
    const metricId = hash64(labels.find(({ name }) => name === '__name__')?.value ?? '')
    for (const [tMs, value] of points) {
      block.samples.metricId.pushBigInt(metricId)
      block.samples.seriesId.pushFrom(id, 0)
      block.samples.tMs.pushNumber(tMs)
      block.samples.values.pushDouble(value)
    }
    for (const day of new Set(points.map(([tMs]) => Math.floor(tMs / MS_PER_DAY)))) block.series.push({ id, labels, day })
  }
  store.metrics.write([block])
  return store
}

function startPrometheus(directory: string, series: readonly Series[], port: number): ChildProcess {
  const lines = series.flatMap(({ labels, points }) =>
    points.map(
      ([tMs, value]) => `${printSeries(labels).replaceAll(', ', ',')} ${printNumber(value)} ${(tMs / 1_000).toFixed(3)}`,
    ),
  )
  writeFileSync(join(directory, 'samples.txt'), `${lines.join('\n')}\n# EOF\n`)
  writeFileSync(join(directory, 'prometheus.yml'), 'global:\n  scrape_interval: 1h\n')
  const data = join(directory, 'data')
  execFileSync(join(bin, 'promtool'), ['tsdb', 'create-blocks-from', 'openmetrics', join(directory, 'samples.txt'), data], {
    stdio: 'pipe',
  })
  const options = [
    `--config.file=${join(directory, 'prometheus.yml')}`,
    `--storage.tsdb.path=${data}`,
    '--storage.tsdb.retention.time=100y',
    `--web.listen-address=127.0.0.1:${port}`,
    '--enable-feature=promql-experimental-functions',
    '--log.level=error',
  ]
  return spawn(join(bin, 'prometheus'), options, { stdio: 'ignore' })
}

async function waitReady(address: string): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    const isReady = await fetch(`${address}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    )
    if (isReady) return
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  throw new Error('Prometheus did not become ready in a minute')
}

async function askPrometheus(address: string, query: string, { startMs, endMs, stepMs }: Times): Promise<Answer | string> {
  const isInstant = startMs === endMs
  const times = isInstant
    ? { time: String(startMs / 1_000) }
    : { start: String(startMs / 1_000), end: String(endMs / 1_000), step: String(stepMs / 1_000) }
  const response = await fetch(`${address}/api/v1/${isInstant ? 'query' : 'query_range'}`, {
    method: 'POST',
    body: new URLSearchParams({ query, ...times }),
  })
  const body: unknown = await response.json()
  return readAnswer(body)
}

/** The API's answer as text by series, or its error. */
function readAnswer(body: unknown): Answer | string {
  if (typeof body !== 'object' || body === null) return 'no answer'
  if ('error' in body) return String(body.error)
  const data: unknown = 'data' in body ? body.data : undefined
  const answer: Answer = new Map()
  if (typeof data !== 'object' || data === null || !('result' in data) || !Array.isArray(data.result)) return 'no result'
  if ('resultType' in data && data.resultType === 'scalar') {
    answer.set('{}', [[Number(data.result[0]), String(data.result[1])]])
    return answer
  }
  for (const { metric, value, values } of data.result) {
    const points: [number, string][] = values ?? [value]
    answer.set(printSeries(labelsOf(metric)), points)
  }
  return answer
}

async function askOurs(store: ReturnType<typeof openMemoryStore>, expr: string, times: Times): Promise<Answer | string> {
  const context = {
    tenants: ['test'],
    signal: new AbortController().signal,
    limits: DEFAULT_QUERY_LIMITS,
    stats: makeQueryStats(),
  }
  try {
    return printed(await evaluate(store.metrics, { expr, ...times, features: FEATURES }, context))
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function printed(result: PromqlResult): Answer {
  const answer: Answer = new Map()
  switch (result.kind) {
    case 'scalar':
      answer.set('{}', [[result.tMs / 1_000, printNumber(result.value)]])
      break
    case 'vector':
      for (const [i, labels] of result.labels.entries()) {
        answer.set(printSeries(labels), [[result.tMs / 1_000, printNumber(result.values[i] ?? NaN)]])
      }
      break
    case 'matrix':
      for (const [i, labels] of result.labels.entries()) {
        const cells = Array.from({ length: result.steps }, (_, j) => j).filter((j) => result.present[i * result.steps + j] === 1)
        const points = cells.map((j) => {
          return [(result.startMs + j * result.stepMs) / 1_000, printNumber(result.values[i * result.steps + j] ?? NaN)] as const
        })
        answer.set(printSeries(labels), points)
      }
      break
    case 'ranges':
    case 'string':
      throw new Error(`no comparison for ${result.kind}`)
  }
  return answer
}

interface Difference {
  readonly kind: 'equal' | 'close' | 'different'
  readonly text: string
}

function compare(theirs: Answer | string, ours: Answer | string): Difference {
  if (typeof theirs === 'string' || typeof ours === 'string') {
    const isSame = typeof theirs === 'string' && typeof ours === 'string'
    return { kind: isSame ? 'equal' : 'different', text: `theirs ${textOf(theirs)}, ours ${textOf(ours)}` }
  }
  let closest: Difference = { kind: 'equal', text: '' }
  for (const labels of new Set([...theirs.keys(), ...ours.keys()])) {
    const [a = [], b = []] = [theirs.get(labels), ours.get(labels)]
    if (a.length !== b.length) return { kind: 'different', text: `${labels} has ${a.length} points there, ${b.length} here` }
    for (const [i, [tSeconds, value]] of a.entries()) {
      const [ourSeconds, ourValue] = b[i] ?? [NaN, 'none']
      const text = `${labels} at ${tSeconds}: theirs ${value}, ours ${ourValue} at ${ourSeconds}`
      if (tSeconds !== ourSeconds) return { kind: 'different', text }
      if (value === ourValue) continue
      const [x, y] = [Number(value), Number(ourValue)]
      if (!(Math.abs(x - y) <= CLOSE * Math.max(Math.abs(x), Math.abs(y)))) return { kind: 'different', text }
      closest = { kind: 'close', text }
    }
  }
  return closest
}

function textOf(answer: Answer | string): string {
  return typeof answer === 'string' ? `error ${answer}` : `${answer.size} series`
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (typeof address !== 'object' || address === null) throw new Error('no free port')
  return address.port
}

if (process.env['ORIEL_PEERS_DIR'] === undefined || !existsSync(join(bin, 'prometheus'))) {
  console.log('promql-peer: skipped, ORIEL_PEERS_DIR does not hold bin/prometheus')
} else {
  await main()
}
