// The queries of the teaching texts, verbatim, over HTTP: PromQL against a real Prometheus that was fed the same samples, LogQL against
// numbers that follow from how the lines were made. `ORIEL_PEERS_DIR/bin/prometheus`; without it the PromQL part is skipped.
import type { Contender } from '../bench/contenders.ts'
import { startPrometheus } from '../bench/contenders.ts'
import { startOriel } from './oriel.ts'
import { getJson, isRecord, lokiValue } from './read-back.ts'
import { remoteWrite, sendUntilAcknowledged } from './senders.ts'

const STEP_MS = 15_000
const SAMPLES = 4 * 60 * 2 // two hours
const QUANTILES = ['0.50', '0.95', '0.99']
const ERRORS_30D = 'sum(rate(http_requests_total{status=~"5.."}[30d]))'

const PROMQL: readonly string[] = [
  'http_requests_total{status=~"2.."}',
  'http_requests_total{status!~"2.."}',
  'http_requests_total[5m]',
  'http_requests_total[1h]',
  'rate(http_requests_total[5m])',
  'irate(http_requests_total[5m])',
  'increase(http_requests_total[1h])',
  'delta(memory_bytes_used[10m])',
  'sum(rate(http_requests_total[5m])) by (service)',
  'sum(rate(http_requests_total[5m])) without (instance)',
  'avg(memory_bytes_used) by (node)',
  'max(cpu_usage_percent)',
  'count(up == 1) by (job)',
  'sum(rate(http_requests_total{status=~"5.."}[5m])) by (service) / sum(rate(http_requests_total[5m])) by (service)',
  'rate(http_requests_total{status=~"5.."}[5m]) / rate(http_requests_total[5m])',
  ...QUANTILES.map((q) => `histogram_quantile(${q}, sum(rate(http_request_duration_seconds_bucket[5m])) by (le))`),
  ...QUANTILES.map((q) => `histogram_quantile(${q}, sum(rate(http_request_duration_seconds_bucket[5m])) by (le, service))`),
  'histogram_quantile(0.99, rate(http_request_duration_seconds_bucket[5m]))',
  'rate(kube_pod_container_status_restarts_total[15m]) * 60 * 15 > 0',
  `1 - ( ${ERRORS_30D} / sum(rate(http_requests_total[30d])) ) / (1 - 0.999)`,
]

let passed = 0
let failed = 0
let skipped = 0
const endMs = Math.floor((Date.now() - 120_000) / STEP_MS) * STEP_MS
const oriel = await startOriel()
const prometheus = await startPrometheus()
await promql()
await logql()
await prometheus?.close()
await oriel.close()
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
process.exit(failed === 0 ? 0 : 1)

async function promql(): Promise<void> {
  if (prometheus === undefined) {
    skipped += PROMQL.length
    return
  }
  for (let i = SAMPLES; i >= 0; i--) await sendSamples([oriel.http, prometheus.http], SAMPLES - i, endMs - i * STEP_MS)
  for (const query of PROMQL) {
    const [ours, theirs] = [await instant(oriel.http, query), await instant(prometheus.http, query)]
    compare(`${query} (now)`, ours, theirs)
    if (query.endsWith(']')) continue
    compare(`${query} (range)`, await range(oriel.http, query), await range(prometheus.http, query))
  }
}

/** One round of every metric that the texts name: counters with resets, gauges, a histogram, `up`. */
async function sendSamples(bases: readonly Contender['http'][], tick: number, tMs: number): Promise<void> {
  const sinceReset = tick % 317
  const requests = ['gateway', 'order', 'payment'].flatMap((service, s) => [
    ...['200', '404', '500'].map((status, k) =>
      remoteWrite('http_requests_total', {
        series: 2,
        tMs,
        value: sinceReset * (10 - 3 * k) + s,
        labels: { service, status, method: 'GET', endpoint: '/api', instance: `${service}-0` },
      }),
    ),
    ...['0.05', '0.1', '0.5', '1', '+Inf'].map((le, k) =>
      remoteWrite('http_request_duration_seconds_bucket', {
        series: 1,
        tMs,
        value: tick * (k + 1) * (s + 1),
        labels: { service, le },
      }),
    ),
    remoteWrite('memory_bytes_used', {
      series: 2,
      tMs,
      value: 1e8 + 1e6 * Math.sin(tick / 20 + s),
      labels: { node: `node-${s}` },
    }),
    remoteWrite('cpu_usage_percent', { series: 1, tMs, value: 50 + 40 * Math.cos(tick / 15 + s), labels: { node: `node-${s}` } }),
    remoteWrite('up', { series: 1, tMs, value: tick % 50 === 0 ? 0 : 1, labels: { job: service } }),
    remoteWrite('kube_pod_container_status_restarts_total', {
      series: 1,
      tMs,
      value: Math.floor(tick / 40) * s,
      labels: { namespace: 'shop', pod: service },
    }),
  ])
  for (const base of bases) await Promise.all(requests.map((request) => sendUntilAcknowledged(base, request)))
}

async function logql(): Promise<void> {
  const nowNs = BigInt(Date.now()) * 1_000_000n
  const api = { app: 'api', job: 'api', service: 'api', namespace: 'production' }
  const payment = { app: 'payment-service', job: 'payment-service', namespace: 'production', level: 'error' }
  await pushJson(api, 30, () => ({ message: 'GET /health status=200', level: 'info', status_code: 200 }), nowNs)
  await pushJson(api, 7, () => ({ message: 'upstream status=503', level: 'error', status_code: 503 }), nowNs + 1_000n)
  await pushJson(
    api,
    12,
    (i) => ({ message: 'order', level: i % 3 === 0 ? 'error' : 'info', status_code: i % 4 === 0 ? 500 : 200 }),
    nowNs + 2_000n,
  )
  await pushJson(payment, 10, (i) => ({ level: 'error', duration: i < 4 ? '1.5s' : '20ms' }), nowNs)
  const counts: readonly (readonly [string, number])[] = [
    ['{namespace="production", app="payment-service"}', 10],
    ['{app="api"} |= "error"', 7 + 4],
    ['{app="api"} != "health"', 7 + 12],
    ['{app="api"} |~ "status=5.."', 7],
    ['{app="api"} | json | level="error"', 7 + 4],
    ['{app="api"} | json | status_code >= 500', 7 + 3],
    ['{job="payment-service"} | json | level="error" | duration > 1s', 4],
  ]
  for (const [query, want] of counts) compare(query, String(await countLines(query)), String(want))
  const values: readonly (readonly [string, number])[] = [
    ['sum(count_over_time({app="api"} |= "error" [5m]))', 11],
    ['sum(rate({app="api"} [5m]))', 49 / 300],
    ['sum(rate({app="api"} | json | level="error" [5m])) by (service) / sum(rate({app="api"} [5m])) by (service)', 11 / 49],
    ['sum(sum(count_over_time({job="payment-service"}[5m])) by (level))', 10],
  ]
  for (const [query, want] of values) compare(query, (await lokiValue(oriel.http, query)).toPrecision(12), want.toPrecision(12))
  const quantile = await getJson(
    `${oriel.http}/loki/api/v1/query?${new URLSearchParams({ query: 'histogram_quantile(0.99, sum(rate({job="api"}[5m])) by (le))' }).toString()}`,
  )
  compare('histogram_quantile in LogQL is accepted', String(isRecord(quantile) && quantile['status']), 'success')
}

async function pushJson(
  labels: Record<string, string>,
  lines: number,
  make: (i: number) => object,
  nowNs: bigint,
): Promise<void> {
  const values = Array.from({ length: lines }, (_, i) => [String(nowNs - 50_000_000_000n + BigInt(i)), JSON.stringify(make(i))])
  const body = new TextEncoder().encode(JSON.stringify({ streams: [{ stream: labels, values }] }))
  await sendUntilAcknowledged(oriel.http, { path: '/loki/api/v1/push', headers: { 'content-type': 'application/json' }, body })
}

async function countLines(query: string): Promise<number> {
  const answer = await getJson(
    `${oriel.http}/loki/api/v1/query_range?${new URLSearchParams({ query, limit: '1000' }).toString()}`,
  )
  const streams =
    isRecord(answer) && isRecord(answer['data']) && Array.isArray(answer['data']['result']) ? answer['data']['result'] : []
  return streams
    .filter(isRecord)
    .reduce((sum, stream) => sum + (Array.isArray(stream['values']) ? stream['values'].length : 0), 0)
}

function instant(base: string, query: string): Promise<string> {
  return ask(`${base}/api/v1/query?${new URLSearchParams({ query, time: String(endMs / 1_000) }).toString()}`)
}

function range(base: string, query: string): Promise<string> {
  return ask(
    `${base}/api/v1/query_range?${new URLSearchParams({ query, start: String((endMs - 3_600_000) / 1_000), end: String(endMs / 1_000), step: '60' }).toString()}`,
  )
}

/** The result as text that can be compared: series in order of their labels; every digit counts. */
async function ask(url: string): Promise<string> {
  const answer = await getJson(url)
  const result = isRecord(answer) && isRecord(answer['data']) ? answer['data']['result'] : undefined
  if (!Array.isArray(result)) return JSON.stringify(result)
  return result
    .filter(isRecord)
    .map(
      ({ metric, value, values }) =>
        `${JSON.stringify(isRecord(metric) ? Object.entries(metric).sort(([a], [b]) => (a < b ? -1 : 1)) : metric)} ${JSON.stringify(value ?? values)}`,
    )
    .sort((a, b) => (a < b ? -1 : 1))
    .join('\n')
}

function compare(title: string, ours: string, theirs: string): void {
  if (ours === theirs && ours !== '') {
    passed++
    return
  }
  failed++
  const place = Array.from(ours).findIndex((character, i) => character !== theirs[i])
  console.log(
    `FAIL ${title}\n  ours   ${ours.slice(Math.max(0, place - 80), place + 120)}\n  theirs ${theirs.slice(Math.max(0, place - 80), place + 120)}`,
  )
}
