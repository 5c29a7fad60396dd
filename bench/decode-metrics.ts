// Decoding metrics into columns, alone: `node --conditions=source bench/decode-metrics.ts [filter]`. One thread; samples per CPU-second.
//
// Series are known but for "new series". protobufjs stands beside as the generic way: decoded objects, nothing resolved or stored.
import { compress, decodeRemoteWriteV1, decodeRemoteWriteV2, decompress, OtlpMetricsDecoder } from '@oriel/wire'
import type { OrderedMetricTarget } from '@oriel/wire'
import { DEFAULT_INGEST_LIMITS } from '../packages/ingest/src/limits.ts'
import { OpenMetricBlock } from '../packages/ingest/src/metrics-block.ts'
import { SeriesDictionary } from '../packages/ingest/src/metrics-dictionary.ts'
import { TenantMetrics } from '../packages/ingest/src/metrics-target.ts'
import { parsePrometheusConfig } from '../packages/ingest/src/prometheus-config.ts'
import { ScrapeCache } from '../packages/ingest/src/scrape/cache.ts'
import { TargetFamilies } from '../packages/ingest/src/scrape/families.ts'
import { ScrapeRun } from '../packages/ingest/src/scrape/run.ts'
import { decodeOtlpMetrics, encodeOtlpMetrics, keyValues } from '../packages/wire/src/otlp/metrics-testing.ts'
import { decodeV1, encodeV1, encodeV2 } from '../packages/wire/src/remote-write/testing.ts'
import type { TestSeries } from '../packages/wire/src/remote-write/testing.ts'
import { printDecodeRounds } from './decode.ts'

const filter = process.argv[2] ?? ''
const NOW_MS = Date.now()
// 50 bodies of 2,000 series: 100,000 series, which no processor cache holds.
const BODIES = 50

function seriesOf(body: number, count: number, samples: number): TestSeries[] {
  return Array.from({ length: count }, (_, i) => ({
    labels: {
      __name__: `http_request_duration_seconds_bucket`,
      instance: `10.0.${body}.17:8080`,
      job: 'bench',
      le: String(i % 20),
      method: 'GET',
      path: `/api/v1/orders/${Math.floor(i / 20)}`,
      pod: `orders-7f9c6d5b4-${body}x`,
      status: '200',
    },
    samples: Array.from({ length: samples }, (__, j) => [NOW_MS - 15_000 * (samples - j), i * 1.5 + j] as const),
  }))
}

/** Runs `decode` on a fresh tenant whose block is emptied before it is large, its series taken as stored. */
function run(
  name: string,
  itemsPerPass: number,
  bodies: readonly Uint8Array[],
  decode: (body: Uint8Array, target: OrderedMetricTarget) => void,
): void {
  if (!name.includes(filter)) return
  const target = new TenantMetrics(new SeriesDictionary(DEFAULT_INGEST_LIMITS), Date.now)
  const block = new OpenMetricBlock('bench')
  printDecodeRounds(name, itemsPerPass, bodies, (body) => {
    target.begin(block)
    decode(body, target)
    if (block.samples.rows < 100_000) return
    for (const day of block.series) if ('settle' in day && typeof day.settle === 'function') day.settle(true)
    block.clear()
  })
}

const v1 = Array.from({ length: BODIES }, (_, i) => encodeV1(seriesOf(i, 2_000, 1)))
const v1Snappy = v1.map((body) => compress(body, 'snappy'))
run('remote write 1.0, 2,000 x 1, snappy', 2_000 * BODIES, v1Snappy, (body, target) =>
  decodeRemoteWriteV1(decompress(body, 'snappy'), target),
)
run('remote write 1.0, 2,000 x 1', 2_000 * BODIES, v1, decodeRemoteWriteV1)
run('protobufjs, remote write 1.0, 2,000 x 1', 2_000 * 5, v1.slice(0, 5), decodeV1)
const tall = Array.from({ length: BODIES }, (_, i) => encodeV1(seriesOf(i, 200, 10)))
run('remote write 1.0, 200 x 10', 2_000 * BODIES, tall, decodeRemoteWriteV1)
const v2 = Array.from({ length: BODIES }, (_, i) => encodeV2(seriesOf(i, 2_000, 1)))
run('remote write 2.0, 2,000 x 1', 2_000 * BODIES, v2, decodeRemoteWriteV2)

if ('remote write 1.0, new series'.includes(filter)) {
  const block = new OpenMetricBlock('bench')
  printDecodeRounds('remote write 1.0, new series', 2_000, v1.slice(0, 1), (body) => {
    const target = new TenantMetrics(new SeriesDictionary(DEFAULT_INGEST_LIMITS), Date.now)
    target.begin(block)
    decodeRemoteWriteV1(body, target)
    block.clear()
  })
}

function exposition(body: number, samples: number): Uint8Array {
  let text = '# HELP http_request_duration_seconds Time of requests\n# TYPE http_request_duration_seconds gauge\n'
  for (const { labels, samples: points } of seriesOf(body, samples, 1)) {
    const rest = Object.entries(labels).filter(([name]) => name !== '__name__' && name !== 'instance' && name !== 'job')
    text += `http_request_duration_seconds{${rest.map(([name, value]) => `${name}="${value}"`).join(',')}} ${points[0]![1]}\n`
  }
  return Buffer.from(text)
}

const [job] = parsePrometheusConfig('scrape_configs: [{ job_name: bench }]').jobs
const families = new TargetFamilies()
for (const samples of [2_000, 20_000]) {
  const cache = new ScrapeCache()
  const targetLabels = [
    { name: 'instance', value: 'a:1' },
    { name: 'job', value: 'bench' },
  ]
  const bodies = [exposition(1, samples)]
  run(`exposition text, ${samples} samples as before`, samples, bodies, (body, target) => {
    new ScrapeRun(cache, target, { job: job!, targetLabels, tMs: NOW_MS, families }).readText(body, false)
  })
  const shuffledCache = new ScrapeCache()
  const lines = Buffer.from(bodies[0]!).toString().split('\n').slice(2, -1)
  const shuffled = [lines, lines.toReversed()].map((order) =>
    Buffer.from(`${order.filter((_, i) => i % 2 === 0).join('\n')}\n${order.filter((_, i) => i % 2 === 1).join('\n')}\n`),
  )
  run(`exposition text, ${samples} samples in changing order`, 2 * samples, shuffled, (body, target) => {
    new ScrapeRun(shuffledCache, target, { job: job!, targetLabels, tMs: NOW_MS, families }).readText(body, false)
  })
}

const otlp = Array.from({ length: BODIES }, (_, i) =>
  encodeOtlpMetrics({ 'service.name': `s${i}`, 'host.name': 'h' }, [
    {
      name: 'http.server.active_requests',
      gauge: {
        data_points: Array.from({ length: 1_000 }, (__, j) => ({
          time_unix_nano: `${NOW_MS}000000`,
          as_double: j,
          attributes: keyValues({
            'http.request.method': 'GET',
            'http.route': `/api/v1/orders/${j}`,
            'http.response.status_code': 200,
            'server.address': 'shop',
          }),
        })),
      },
    },
  ]),
)
const decoder = new OtlpMetricsDecoder()
run('OTLP gauge points', 1_000 * BODIES, otlp, (body, target) => decoder.decode(body, target))
run('protobufjs, OTLP gauge points', 1_000 * 5, otlp.slice(0, 5), decodeOtlpMetrics)
const histograms = Array.from({ length: BODIES }, (_, i) =>
  encodeOtlpMetrics({ 'service.name': `s${i}`, 'host.name': 'h' }, [
    {
      name: 'http.server.request.duration',
      unit: 's',
      histogram: {
        aggregation_temporality: 2,
        data_points: Array.from({ length: 100 }, (__, j) => ({
          time_unix_nano: `${NOW_MS}000000`,
          count: 100,
          sum: 5,
          bucket_counts: Array.from({ length: 15 }, () => 7),
          explicit_bounds: Array.from({ length: 14 }, (___, k) => 0.005 * 2 ** k),
          attributes: keyValues({ 'http.request.method': 'GET', 'http.route': `/api/v1/orders/${j}` }),
        })),
      },
    },
  ]),
)
const histogramDecoder = new OtlpMetricsDecoder()
run('OTLP histograms of 15 buckets (samples)', 1_700 * BODIES, histograms, (body, target) =>
  histogramDecoder.decode(body, target),
)
