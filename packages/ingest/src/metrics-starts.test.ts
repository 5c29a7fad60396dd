import type { NativeHistogram } from '@oriel/model'
import { labelsOf, METRIC_NAME } from '@oriel/model'
import { DEFAULT_QUERY_LIMITS, makeQueryStats, openMemoryStore } from '@oriel/store'
import { expect, test } from 'vitest'
import { encodeFamilies } from '../../wire/src/prom-proto/testing.ts'
import { encodeOtlpMetrics } from '../../wire/src/otlp/metrics-testing.ts'
import { encodeV2 } from '../../wire/src/remote-write/testing.ts'
import type { StartMode } from './metrics-target.ts'
import { openMetricsWriter } from './metrics.ts'
import { parsePrometheusConfig } from './prometheus-config.ts'
import { ScrapeCache } from './scrape/cache.ts'
import { TargetFamilies } from './scrape/families.ts'
import { ScrapeRun } from './scrape/run.ts'

const NOW = Date.UTC(2026, 10, 21, 12)
const START = NOW - 60_000
const [JOB] = parsePrometheusConfig('scrape_configs: [{ job_name: j, static_configs: [{ targets: [t] }] }]').jobs

type Row = readonly [tMs: number, value: number | string, startMs: number]

function open(starts: StartMode) {
  const store = openMemoryStore()
  const writer = openMetricsWriter(store.sink, { now: () => NOW, starts })
  const cache = new ScrapeCache()
  return {
    writer,
    scrape: async (body: string | Uint8Array, tMs = NOW): Promise<void> => {
      const options = {
        job: { ...JOB!, scrapesNativeHistograms: true },
        targetLabels: labelsOf({ job: 'j' }),
        tMs,
        families: new TargetFamilies(),
      }
      await writer.write('t', (target) => {
        const run = new ScrapeRun(cache, target, options)
        if (typeof body === 'string') run.readText(Buffer.from(body), true)
        else run.readProtobuf(body)
      })
    },
    /** Rows of a metric: time, value (a histogram as its count and schema), start. */
    read: async (metric: string): Promise<Row[]> => {
      const { tMs, values, histograms, startsMs } = await store.metrics.samples(
        { matchers: [{ name: METRIC_NAME, op: '=', value: metric }], range: { startMs: 0, endMs: 2 * NOW } },
        { tenants: ['t'], signal: new AbortController().signal, limits: DEFAULT_QUERY_LIMITS, stats: makeQueryStats() },
      )
      return Array.from(tMs, (t, at) => {
        const histogram = histograms?.[at]
        const value = histogram === undefined ? values[at]! : `${histogram.count} of schema ${histogram.schema}`
        return [t, value, startsMs?.[at] ?? 0]
      })
    },
  }
}

const HISTOGRAM: NativeHistogram = {
  schema: 3,
  zeroThreshold: 0.5,
  zeroCount: 2,
  count: 2,
  sum: 0.25,
  positiveSpans: [],
  positiveBuckets: new Float64Array(0),
  negativeSpans: [],
  negativeBuckets: new Float64Array(0),
  customBounds: new Float64Array(0),
  resetHint: 'unknown',
}

const REMOTE = encodeV2([
  { labels: { [METRIC_NAME]: 'c' }, samples: [[NOW, 5]], startsMs: new Map([[NOW, START]]) },
  {
    labels: { [METRIC_NAME]: 'h' },
    samples: [],
    histograms: [{ tMs: NOW, isInteger: true, histogram: HISTOGRAM }],
    startsMs: new Map([[NOW, START]]),
  },
])

test('starts of remote write 2.0 are passed over, stored, or written as zeros, as the flags say', async () => {
  for (const [mode, counter, histogram] of [
    ['ignored', [[NOW, 5, 0]], [[NOW, '2 of schema 3', 0]]],
    ['stored', [[NOW, 5, START]], [[NOW, '2 of schema 3', START]]],
    [
      'zeros',
      [
        [START, 0, 0],
        [NOW, 5, 0],
      ],
      [
        [START, '0 of schema 3', 0],
        [NOW, '2 of schema 3', 0],
      ],
    ],
  ] as const) {
    const { writer, read } = open(mode)
    const { written, accepted } = await writer.writeRemoteWrite('t', REMOTE, 2)
    expect([accepted, written]).toEqual([2, { samples: 1, histograms: 1, exemplars: 0 }])
    expect([await read('c'), await read('h')]).toEqual([counter, histogram])
  }
})

test('a zero is written once, not among later samples, and not for a start that is no start', async () => {
  const { writer, read } = open('zeros')
  const send = (tMs: number, startMs: number) =>
    writer.writeRemoteWrite(
      't',
      encodeV2([{ labels: { [METRIC_NAME]: 'c' }, samples: [[tMs, tMs - NOW + 100_000]], startsMs: new Map([[tMs, startMs]]) }]),
      2,
    )
  await send(NOW, NOW)
  await send(NOW + 1, START)
  await send(NOW + 2, NOW - 5)
  // A restart of the counter.
  await send(NOW + 9, NOW + 5)
  expect((await read('c')).map(([tMs, value]) => [tMs - NOW, value])).toEqual([
    [0, 100_000],
    [1, 100_001],
    [2, 100_002],
    [5, 0],
    [9, 100_009],
  ])
})

test('a start of over an hour ago gets no zero: nobody saw what was counted since', async () => {
  const hourMs = 3_600_000
  for (const [startMs, want] of [
    [NOW - hourMs, 2],
    [NOW - hourMs - 1, 1],
  ] as const) {
    const { writer, read } = open('zeros')
    const series = { labels: { [METRIC_NAME]: 'c' }, samples: [[NOW, 5]] as const, startsMs: new Map([[NOW, startMs]]) }
    await writer.writeRemoteWrite('t', encodeV2([series]), 2)
    expect(await read('c')).toHaveLength(want)
  }
})

const TEXT = `# TYPE c counter
c_total{a="b"} 7
c_created{a="b"} ${START / 1_000}
c_total{a="c"} 8
# TYPE h histogram
h_bucket{le="+Inf"} 3
h_count 3
h_sum 1
h_created ${START / 1_000 + 0.25}
# TYPE g gauge
g_created 5
# EOF
`

test('starts of OpenMetrics are its _created lines, which are no series then', async () => {
  const { scrape, read } = open('stored')
  await scrape(TEXT, NOW - 1_000)
  await scrape(TEXT)
  expect(await read('c_total')).toEqual([
    [NOW - 1_000, 7, START],
    [NOW, 7, START],
    [NOW - 1_000, 8, 0],
    [NOW, 8, 0],
  ])
  for (const metric of ['h_bucket', 'h_count', 'h_sum'])
    expect((await read(metric)).map(([, , at]) => at - START)).toEqual([250, 250])
  expect([await read('c_created'), await read('h_created')]).toEqual([[], []])
  expect((await read('g_created')).length).toBe(2)
})

test('a start is of series of its metric alone, and bounds tell them apart where they are none', async () => {
  const { scrape, read } = open('stored')
  const startS = START / 1_000
  await scrape(
    `# TYPE c counter\nc_total 1\nc_total{le="1"} 2\nother_total 3\nc_created ${startS}\nc_created{le="1"} ${startS + 1}\n# EOF\n`,
  )
  expect((await read('c_total')).map(([, value, startMs]) => [value, startMs])).toEqual([
    [1, START],
    [2, START + 1_000],
  ])
  expect(await read('other_total')).toEqual([[NOW, 3, 0]])
})

test('without a flag _created lines are series like any other', async () => {
  const { scrape, read } = open('ignored')
  await scrape(TEXT)
  expect(await read('c_created')).toEqual([[NOW, START / 1_000, 0]])
})

test('starts of protobuf families and of OTLP are stored', async () => {
  const { scrape, read, writer } = open('stored')
  const start_timestamp = { seconds: START / 1_000 }
  await scrape(
    encodeFamilies([
      { name: 'p', type: 0, metric: [{ counter: { value: 3, start_timestamp } }] },
      { name: 'n', type: 4, metric: [{ histogram: { sample_count: 1, zero_count: 1, start_timestamp } }] },
    ]),
  )
  const point = { time_unix_nano: `${NOW}000000`, start_time_unix_nano: `${START}000000` }
  await writer.writeOtlp(
    't',
    encodeOtlpMetrics({}, [
      { name: 'o', sum: { aggregation_temporality: 2, is_monotonic: true, data_points: [{ ...point, as_int: 1 }] } },
      { name: 'e', exponential_histogram: { aggregation_temporality: 2, data_points: [{ ...point, count: 1, zero_count: 1 }] } },
    ]),
  )
  for (const metric of ['p', 'n', 'o_total', 'e']) expect((await read(metric)).map(([, , at]) => at)).toEqual([START])
})
