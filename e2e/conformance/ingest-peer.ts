// What we make of scrapes and OTLP metrics against what Prometheus makes of them: the same targets, configuration and bodies, then every
// series with its last value compared. Run: ORIEL_PEERS_DIR=<folder with bin/> node --conditions=source e2e/conformance/ingest-peer.ts
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo, Server } from 'node:net'
import { createServer as createSocket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openMetricsWriter, openScraper, parsePrometheusConfig } from '@oriel/ingest'
import type { MetricsWriter } from '@oriel/ingest'
import { labelsToRecord } from '@oriel/model'
import { DEFAULT_QUERY_LIMITS, makeQueryStats, openMemoryStore } from '@oriel/store'
import type { Store } from '@oriel/store'
import { DEFAULT_OTLP_SETTINGS } from '@oriel/wire'
import { encodeOtlpMetrics, keyValues } from '../../packages/wire/src/otlp/metrics-testing.ts'
import { encodeFamilies } from '../../packages/wire/src/prom-proto/testing.ts'

const binary = join(process.env['ORIEL_PEERS_DIR'] ?? '', 'bin', 'prometheus')
// 10 s: Prometheus takes up new targets after five, then scrapes every second.
const SCRAPING_MS = 10_000

const TEXT = `# HELP h A "histogram" \\n here
# TYPE h histogram
h_bucket{le="0.1",a="x\\\\y\\"z\\n"} 1
h_bucket{le="1"} 2
h_bucket{le="1000000"} 2
h_bucket{le="1e-7"} 2
h_bucket{le="+Inf"} 3
h_sum 2.5e-3
h_count 3
# TYPE s summary
s{quantile="0.50"} NaN
s{quantile="1"} -Inf
s_sum +Inf
s_count 0
# TYPE g gauge
g{job="mine",instance="there",exported_job="z"} 1
g{le="1"} 2
g 3
{"dotted.name","odd label"="v"} 4
empty{a=""} 6
tmp_drop 1
map_me{__x="1"} 7
utf8{a="é日本"} 8
`

// Left out on purpose: a target that exposes `up` itself. Prometheus then stores the target's value, we store ours.
// The unit stands in the last family: to Prometheus 3.14 it holds for all that follow, as a label too, which is a plain defect.
const OPEN_METRICS = `# TYPE i info
i_info{version="1"} 1
# TYPE st stateset
st{st="on"} 1
st{st="off"} 0
# TYPE gh gaugehistogram
gh_bucket{le="1"} 3
gh_bucket{le="+Inf"} 4
gh_gcount 4
gh_gsum -2.5
# TYPE told gauge
told{__type__="counter",__unit__="mine"} 1
# TYPE h histogram
h_bucket{le="5"} 3
h_bucket{le="+Inf"} 4
h_count 4
h_sum 9
# HELP c_seconds Counted
# TYPE c_seconds counter
# UNIT c_seconds seconds
c_seconds_total{a="b"} 17 # {trace_id="abc"} 0.5
c_seconds_created{a="b"} 1.5e9
# EOF
`

const FAMILIES = encodeFamilies([
  { name: 'pc_total', type: 0, metric: [{ label: [{ name: 'a', value: 'b' }], counter: { value: 3 } }] },
  { name: 'ps', type: 2, metric: [{ summary: { sample_count: 4, sample_sum: 8, quantile: [{ quantile: 0.99, value: 2 }] } }] },
  {
    name: 'ph',
    type: 4,
    metric: [{ histogram: { sample_count: 4, sample_sum: 8, bucket: [{ cumulative_count: 1, upper_bound: 1 }] } }],
  },
])

const ANSWERS: Readonly<Record<string, readonly [type: string, body: string | Uint8Array]>> = {
  '/text': ['text/plain; version=0.0.4', TEXT],
  '/open': ['application/openmetrics-text; version=1.0.0; charset=utf-8', OPEN_METRICS],
  '/proto': ['application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited', FAMILIES],
}

function configuration(port: number): string {
  const target = `static_configs: [{ targets: ['127.0.0.1:${port}'], labels: { env: dev, __meta_x: y } }]`
  return `
global: { scrape_interval: 1s, scrape_timeout: 900ms }
scrape_configs:
  - job_name: relabelled
    metrics_path: /text
    ${target}
    relabel_configs:
      - { source_labels: [__meta_x], target_label: copied, regex: '(.)', replacement: 'c-$1' }
      - { source_labels: [__address__], action: hashmod, modulus: 7, target_label: shard }
      - { regex: 'en(v)', action: labelmap, replacement: 'lm_$1' }
    metric_relabel_configs:
      - { source_labels: [__name__], regex: tmp_.*, action: drop }
      - { source_labels: [__name__], regex: '(?P<all>(s)_(sum|count))', target_label: '\${3}_label', replacement: '$2x$$\${all}$9' }
      - { source_labels: [a], action: uppercase, target_label: upper }
  - { job_name: honored, metrics_path: /text, honor_labels: true, ${target} }
  - { job_name: open, metrics_path: /open, ${target} }
  - { job_name: proto, metrics_path: /proto, scrape_protocols: [PrometheusProto], ${target} }
`
}

/** Metrics of every kind under names and units that translation must change. */
function otlpBodies(tNs: string): Uint8Array[] {
  const attributes = keyValues({
    'a.b': 'x',
    a_b: 'y',
    '1x': 'd',
    _p: 'q',
    __z: 'r',
    n: 3.5,
    t: true,
    job: 'ignored',
    'é.x': 'u',
    'a..b': 'w',
  })
  const point = { time_unix_nano: tNs, attributes }
  const units = ['', '1', 's', 'By', 'By/s', '{cat}', '1/s', 'm/h', '/s', 'foo bar/baz', '%', 'KBy', 'm/{x}', 'requests']
  const names = [
    'x',
    'http.server.duration',
    'a-b__c',
    '9lives',
    'x_seconds_total',
    'y.ratio',
    'total',
    'é.z',
    'bytes.read',
    'per_second',
  ]
  const metrics = names.flatMap((name) =>
    units.flatMap((unit) => [
      { name, unit, gauge: { data_points: [{ ...point, as_int: 5 }] } },
      {
        name: `c.${name}`,
        unit,
        sum: { aggregation_temporality: 2, is_monotonic: true, data_points: [{ ...point, as_double: 5.5 }] },
      },
      { name: `u.${name}`, unit, sum: { aggregation_temporality: 2, data_points: [{ ...point, as_double: -5.5 }] } },
      {
        name: `h.${name}`,
        unit,
        histogram: {
          aggregation_temporality: 2,
          data_points: [{ ...point, count: 5, sum: 2, bucket_counts: [1, 1, 3], explicit_bounds: [1e-7, 2.5] }],
        },
      },
      {
        name: `s.${name}`,
        unit,
        summary: { data_points: [{ ...point, count: 5, sum: 2, quantile_values: [{ quantile: 0.5, value: 1 }] }] },
      },
    ]),
  )
  const resources = [
    { 'service.name': 'shop', 'service.namespace': 'ns', 'service.instance.id': 'i', 'host.name': 'h', 'os.type': 'linux' },
    { 'service.name': 'only' },
    { 'host.name': 'nojob' },
    {},
  ]
  return resources.map((resource) => encodeOtlpMetrics(resource, metrics))
}

/** Deltas of every kind that classic series come of, in the order of sending: some late, some of an earlier start, one with other bounds. */
function deltaBodies(nowMs: number): Uint8Array[] {
  const deltas = [
    { atS: -6, startS: -9, of: 1 },
    { atS: -5, startS: -6, of: 2 },
    { atS: -5, startS: -6, of: 40 },
    { atS: -4, startS: -20, of: 80 },
    { atS: -3, startS: -5, of: 3 },
    { atS: -2, startS: -3, of: 4, bounds: [1, 3] },
    { atS: -1, startS: -2, of: 5, bounds: [1, 3], hasNoSum: true },
  ]
  return deltas.flatMap(({ atS, startS, of, bounds = [1, 2], hasNoSum = false }, i) => {
    const ns = (s: number): string => `${nowMs + 1_000 * s}000000`
    const attributes = [keyValues({ a: 'x', b: 'y' }), keyValues({ b: 'y', a: 'x' })][i % 2]
    const point = { time_unix_nano: ns(atS), start_time_unix_nano: ns(startS), attributes }
    const sum = { aggregation_temporality: 1, data_points: [{ ...point, as_int: of }] }
    const histogram = {
      ...point,
      count: 3 * of,
      bucket_counts: [of, 0, 2 * of],
      explicit_bounds: bounds,
      ...(!hasNoSum && { sum: of / 2 }),
    }
    const metrics = [
      { name: 'd.counter', unit: 's', sum: { ...sum, is_monotonic: true } },
      { name: 'd.updown', sum: { ...sum, data_points: [{ ...point, as_double: 0.5 - of }] } },
      { name: 'd.histogram', histogram: { aggregation_temporality: 1, data_points: [histogram] } },
    ]
    return [encodeOtlpMetrics({ 'service.name': 'deltas' }, metrics)]
  })
}

/** Labels in order and the value; values that depend on the moment are left out. */
function lineOf(labels: Readonly<Record<string, string>>, value: number): string {
  const isMoment = /^(scrape_duration_seconds|scrape_series_added)$/.test(labels['__name__'] ?? '')
  return `${JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))} ${isMoment ? '' : value}`
}

async function ourSeries(store: Store): Promise<Set<string>> {
  const context = { tenants: ['t'], signal: new AbortController().signal, limits: DEFAULT_QUERY_LIMITS, stats: makeQueryStats() }
  const every = { matchers: [{ name: '__name__', op: '!=' as const, value: '' }], range: { startMs: 0, endMs: 1e15 } }
  const { labels, offsets, values } = await store.metrics.samples(every, context)
  return new Set(labels.map((series, i) => lineOf(labelsToRecord(series), values[offsets[i + 1]! - 1]!)))
}

interface MatrixAnswer {
  readonly data: {
    readonly result: readonly { readonly metric: Record<string, string>; readonly values: readonly [number, string][] }[]
  }
}

async function theirSeries(base: string): Promise<Set<string>> {
  const response = await fetch(`${base}/api/v1/query?query=${encodeURIComponent('{__name__!=""}[1m]')}`)
  const answer: MatrixAnswer = JSON.parse(await response.text())
  return new Set(
    answer.data.result.map(({ metric, values }) => lineOf(metric, Number(values.at(-1)![1].replace('Inf', 'Infinity')))),
  )
}

async function sendOtlp(base: string, writer: MetricsWriter, hasDeltas: boolean): Promise<void> {
  const nowMs = Date.now()
  const deltas = hasDeltas ? deltaBodies(nowMs) : []
  for (const body of [...otlpBodies(`${nowMs - 1_000}000000`), ...deltas]) {
    const headers = { 'content-type': 'application/x-protobuf' }
    const answer = await fetch(`${base}/api/v1/otlp/v1/metrics`, { method: 'POST', headers, body: Buffer.from(body) })
    if (!answer.ok) throw new Error(`Prometheus answered ${answer.status}: ${await answer.text()}`)
    const { rejected, reason } = await writer.writeOtlp('t', body)
    if (rejected > 0 && !deltas.includes(body)) throw new Error(`we refused ${rejected} points: ${reason}`)
  }
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address: AddressInfo | string | null = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function freePort(): Promise<number> {
  const server = createSocket()
  const port = await listen(server)
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function untilReady(base: string): Promise<void> {
  for (let i = 0; i < 150; i++) {
    const isReady = await fetch(`${base}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    )
    if (isReady) return
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  throw new Error('Prometheus did not get ready within 30 s')
}

/** Both with these of Prometheus's feature flags. Counts what agrees and what does not. */
async function compare(features: readonly string[]): Promise<{ readonly passed: number; readonly failed: number }> {
  const targets = createServer((request, response) => {
    const [type, body] = ANSWERS[request.url ?? ''] ?? ['text/plain', '']
    response.setHeader('content-type', type).end(body)
  })
  const directory = mkdtempSync(join(tmpdir(), 'oriel-ingest-peer-'))
  const yaml = configuration(await listen(targets))
  writeFileSync(join(directory, 'prometheus.yml'), yaml)
  const base = `http://127.0.0.1:${await freePort()}`
  const args = [
    `--config.file=${directory}/prometheus.yml`,
    `--storage.tsdb.path=${directory}/data`,
    '--web.enable-otlp-receiver',
    `--enable-feature=${features.join(',')}`,
  ]
  const peer = spawn(binary, [...args, `--web.listen-address=${new URL(base).host}`, '--log.level=error'], { stdio: 'inherit' })
  const store = openMemoryStore()
  const writer = openMetricsWriter(store.sink, { hasTypeLabels: features.includes('type-and-unit-labels') })
  const isSumming = features.includes('otlp-deltatocumulative')
  writer.setOtlp({ ...DEFAULT_OTLP_SETTINGS, deltas: isSumming ? 'summed' : 'refused' })
  const scraper = openScraper({ config: parsePrometheusConfig(yaml, 'prometheus.yml', { features }), writer, tenant: 't' })
  try {
    await untilReady(base)
    await sendOtlp(base, writer, isSumming)
    await new Promise((resolve) => setTimeout(resolve, SCRAPING_MS))
    const [theirs, ours] = [await theirSeries(base), await ourSeries(store)]
    const missing = [...theirs].filter((line) => !ours.has(line))
    const extra = [...ours].filter((line) => !theirs.has(line))
    for (const line of missing) console.log(`only in Prometheus: ${line}`)
    for (const line of extra) console.log(`only in Oriel: ${line}`)
    return { passed: theirs.size - missing.length, failed: missing.length + extra.length }
  } finally {
    await scraper.close()
    await writer.close()
    targets.closeAllConnections()
    targets.close()
    peer.kill('SIGTERM')
    await new Promise((resolve) => peer.once('exit', resolve))
    rmSync(directory, { recursive: true, force: true })
  }
}

const ROUNDS: readonly (readonly string[])[] = [[], ['extra-scrape-metrics', 'otlp-deltatocumulative'], ['type-and-unit-labels']]

async function main(): Promise<void> {
  let [passed, failed] = [0, 0]
  for (const features of ROUNDS) {
    const counts = await compare(features)
    passed += counts.passed
    failed += counts.failed
  }
  console.log(`ingest-peer: ${passed} passed, ${failed} failed`)
  if (failed > 0) process.exitCode = 1
}

if (existsSync(binary)) await main()
else console.log(`ingest-peer: skipped, no ${binary}`)
