// Real Prometheus servers that read from ours: one whose queries go through remote read, and one that
// federates. Both must answer what ours does. Run: ORIEL_PEERS_DIR=<folder with bin/> node --conditions=source <this file>
import { pause, startOriel } from '../oriel.ts'
import { hasPeers, startPrometheus } from '../prometheus.ts'
import { sendUntilAcknowledged } from '../senders.ts'
import { compress } from '@oriel/wire'
import { encodeV1 } from '../../packages/wire/src/remote-write/testing.ts'
import type { TestSeries } from '../../packages/wire/src/remote-write/testing.ts'

// Five and a half hours: more than one chunk, frame and head block.
const STEPS = 1_300
const STEP_MS = 15_000

function seriesOf(nowMs: number): TestSeries[] {
  const at = (step: number) => nowMs - (STEPS - 1 - step) * STEP_MS
  const samples = (value: (step: number) => number) =>
    Array.from({ length: STEPS }, (_, step) => [at(step), value(step)] as const)
  return [
    { labels: { job: 'test', __name__: 'counter_total', i: '0' }, samples: samples((step) => (step % 400) * 3) },
    { labels: { job: 'test', __name__: 'gauge', i: '0' }, samples: samples((step) => Math.sin(step / 50) * 1e6) },
    { labels: { job: 'test', __name__: 'gauge', i: '1' }, samples: samples((step) => (step % 7 === 0 ? NaN : step / 3)) },
    {
      labels: { job: 'test', __name__: 'gauge', i: '2', other: 'é' },
      samples: samples((step) => 2 ** (step % 60)).filter((_, step) => step % 11 !== 0),
    },
    { labels: { job: 'test', __name__: 'native', i: '0' }, samples: [], histograms: histogramsOf(at) },
  ]
}

function histogramsOf(at: (step: number) => number): NonNullable<TestSeries['histograms']> {
  return Array.from({ length: STEPS }, (_, step) => {
    const n = (step % 500) + 1
    const buckets = Float64Array.of(n, 2 * n, 3 * n)
    const histogram = {
      schema: 2,
      zeroThreshold: 0.001,
      zeroCount: n,
      count: 7 * n,
      sum: 12.5 * n,
      positiveSpans: [
        { offset: 0, length: 2 },
        { offset: 3, length: 1 },
      ],
      positiveBuckets: buckets,
      negativeSpans: [],
      negativeBuckets: new Float64Array(0),
      customBounds: new Float64Array(0),
      resetHint: 'unknown' as const,
    }
    return { tMs: at(step), isInteger: true, histogram }
  })
}

const QUERIES = [
  'counter_total',
  'rate(counter_total[5m])',
  'gauge',
  'avg_over_time(gauge[10m])',
  'sum by (other) (gauge)',
  'gauge{i=~"0|2"}',
  'gauge offset 1h',
  'max_over_time(gauge[1h:1m])',
  'changes(gauge[30m])',
  'native',
  'rate(native[5m])',
  'histogram_quantile(0.9, rate(native[10m]))',
  'histogram_count(native)',
]

type Check = (what: string, theirs: unknown, ours: unknown) => void

async function ask(base: string, path: string): Promise<unknown> {
  const response = await fetch(`${base}/api/v1/${path}`)
  const answer: unknown = await response.json()
  return answer
}

async function compareQueries(
  name: string,
  urls: readonly [theirs: string, ours: string],
  nowS: number,
  check: Check,
): Promise<void> {
  for (const query of QUERIES) {
    const text = encodeURIComponent(query)
    for (const path of [
      `query?time=${nowS}&query=${text}`,
      `query_range?start=${nowS - 18_000}&end=${nowS}&step=97&query=${text}`,
      `query_range?start=${nowS - 600}&end=${nowS}&step=15&query=${text}`,
    ]) {
      check(`${name}: ${path}`, await ask(urls[0], path), await ask(urls[1], path))
    }
  }
}

async function main(): Promise<void> {
  const oriel = await startOriel()
  const opened: { close: () => Promise<void> }[] = [oriel]
  let [passed, failed] = [0, 0]
  const check: Check = (what, theirs, ours) => {
    if (JSON.stringify(theirs) === JSON.stringify(ours)) {
      passed++
      return
    }
    failed++
    console.log(`  ${what}\n    there ${JSON.stringify(theirs).slice(0, 400)}\n    here  ${JSON.stringify(ours).slice(0, 400)}`)
  }
  try {
    const nowMs = Math.floor(Date.now() / STEP_MS) * STEP_MS
    const body = new Uint8Array(compress(encodeV1(seriesOf(nowMs)), 'snappy'))
    const headers = {
      'content-type': 'application/x-protobuf',
      'content-encoding': 'snappy',
      'x-prometheus-remote-write-version': '0.1.0',
    }
    await sendUntilAcknowledged(oriel.http, { path: '/api/v1/write', headers, body })
    const read = await startPrometheus(`remote_read: [{ url: '${oriel.http}/api/v1/read', read_recent: true }]`)
    opened.push(read)
    // Prometheus names chunks first, so that is what it gets.
    await compareQueries('remote read', [read.http, oriel.http], nowMs / 1_000, check)
    await federate(oriel.http, opened, check)
  } finally {
    for (const { close } of opened.reverse()) await close()
  }
  console.log(`prometheus-readers: ${passed} passed, ${failed} failed`)
  if (failed > 0) process.exitCode = 1
}

/** Scrapes /federate for a few seconds and compares what was taken over with what we hold at that time. */
async function federate(ours: string, opened: { close: () => Promise<void> }[], check: Check): Promise<void> {
  const reader = await startPrometheus(`
global: { scrape_interval: 1s, scrape_timeout: 1s }
scrape_configs:
  - job_name: federate
    honor_labels: true
    metrics_path: /federate
    scrape_native_histograms: true
    params: { 'match[]': ['{__name__=~"gauge|counter_total|native"}'] }
    static_configs: [{ targets: ['${new URL(ours).host}'] }]
`)
  opened.push(reader)
  await pause(9_000)
  for (const query of ['gauge', 'counter_total', 'native']) {
    const time = Math.floor(Date.now() / 1_000)
    const path = `query?time=${time}&query=${encodeURIComponent(query)}`
    check(`federation: ${query}`, await ask(reader.http, path), await ask(ours, path))
  }
  check('federation: up', await ask(reader.http, 'query?query=sum(up)&time=0'), await ask(ours, 'query?query=sum(up)&time=0'))
}

if (hasPeers('prometheus-readers', 'prometheus')) await main()
