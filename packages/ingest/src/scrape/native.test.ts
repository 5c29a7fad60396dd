import { CUSTOM_BOUNDS_SCHEMA, labelsOf, labelsToRecord } from '@oriel/model'
import type { NativeHistogram } from '@oriel/model'
import { DEFAULT_QUERY_LIMITS, makeQueryStats, openMemoryStore } from '@oriel/store'
import type { QueryContext } from '@oriel/store'
import { expect, test } from 'vitest'
import { encodeFamilies } from '../../../wire/src/prom-proto/testing.ts'
import { openMetricsWriter } from '../metrics.ts'
import { parsePrometheusConfig } from '../prometheus-config.ts'
import { ScrapeCache } from './cache.ts'
import { TargetFamilies } from './families.ts'
import type { HistogramScraping, ScrapeCounts } from './run.ts'
import { ScrapeRun } from './run.ts'

const NOW = Date.UTC(2026, 10, 21)
const [JOB] = parsePrometheusConfig('scrape_configs: [{ job_name: j, static_configs: [{ targets: [t] }] }]').jobs

type Sample = number | 'stale' | NativeHistogram | undefined

function context(): QueryContext {
  return { tenants: ['t'], signal: new AbortController().signal, limits: DEFAULT_QUERY_LIMITS, stats: makeQueryStats() }
}

/** Scrapes one target again and again; a body of text is exposition text, bytes are families. */
function open(forms: Partial<HistogramScraping>) {
  const store = openMemoryStore()
  const writer = openMetricsWriter(store.sink, { now: () => NOW })
  const cache = new ScrapeCache()
  let tMs = NOW
  return {
    scrape: async (body: string | Uint8Array): Promise<ScrapeCounts> => {
      tMs += 1_000
      const options = {
        job: { ...JOB!, ...forms },
        targetLabels: labelsOf({ job: 'j' }),
        tMs: tMs - 60_000,
        families: new TargetFamilies(),
      }
      const { result } = await writer.write('t', (target) => {
        const run = new ScrapeRun(cache, target, options)
        if (typeof body === 'string') run.readText(Buffer.from(body), true)
        else run.readProtobuf(body)
        return run.counts
      })
      return result
    },
    read: async (metric: string): Promise<Record<string, Sample[]>> => {
      const request = { matchers: [{ name: '__name__', op: '=' as const, value: metric }], range: { startMs: 0, endMs: 1e15 } }
      const { labels, offsets, values, stale, histograms } = await store.metrics.samples(request, context())
      const found: Record<string, Sample[]> = {}
      for (const [i, each] of labels.entries()) {
        const { __name__: _name, job: _job, ...rest } = labelsToRecord(each)
        found[JSON.stringify(rest)] = Array.from({ length: offsets[i + 1]! - offsets[i]! }, (_, place) => {
          const at = offsets[i]! + place
          return stale[at] === 1 ? 'stale' : (histograms?.[at] ?? values[at])
        })
      }
      return found
    },
    exemplars: async () =>
      (await store.metrics.exemplars({ matchers: [], range: { startMs: 0, endMs: 1e15 } }, context())).flatMap(
        ({ seriesLabels, exemplars }) => exemplars.map(({ value }) => [labelsToRecord(seriesLabels)['__name__'], value]),
      ),
  }
}

const exemplar = (value: number) => ({
  label: [{ name: 'trace_id', value: `x${value}` }],
  value,
  timestamp: { seconds: NOW / 1_000 - 1 },
})

function family(histogram: object): Uint8Array {
  return encodeFamilies([{ name: 'h', type: 4, metric: [{ label: [{ name: 'a', value: 'b' }], histogram }] }])
}

const NATIVE = { sample_count: 3, sample_sum: 1, schema: 8, positive_span: [{ offset: 0, length: 3 }], positive_delta: [1, 0, 0] }
const KEY = '{"a":"b"}'

test('native histograms of families are stored, go stale, and repeat no exemplar', async () => {
  const { scrape, read, exemplars } = open({ scrapesNativeHistograms: true })
  const first = await scrape(family({ ...NATIVE, exemplars: [exemplar(1), exemplar(2)] }))
  expect(first).toMatchObject({ scraped: 1, kept: 1, added: 1 })
  await scrape(family({ ...NATIVE, exemplars: [exemplar(2), exemplar(3)] }))
  await scrape(encodeFamilies([{ name: 'other', type: 1, metric: [{ gauge: { value: 1 } }] }]))
  const { [KEY]: samples = [] } = await read('h')
  expect(samples).toMatchObject([{ schema: 8, count: 3, positiveBuckets: Float64Array.of(1, 1, 1) }, { count: 3 }, 'stale'])
  expect(await exemplars()).toEqual([
    ['h', 1],
    ['h', 2],
    ['h', 3],
  ])
})

test('a job that wants no native histograms gets buckets', async () => {
  const { scrape, read } = open({})
  expect(await scrape(family(NATIVE))).toMatchObject({ scraped: 3, kept: 3, added: 3 })
  expect(await read('h_count')).toEqual({ [KEY]: [3] })
  expect(await read('h')).toEqual({})
})

test('a histogram is made coarser until it is within its limits, and fails the scrape where it can not be', async () => {
  const limited = open({ scrapesNativeHistograms: true, nativeBucketLimit: 2 })
  await limited.scrape(family(NATIVE))
  // Buckets 0, 1 and 2 of schema 8 are 0 and 1 of schema 7.
  expect((await limited.read('h'))[KEY]).toMatchObject([{ schema: 7, positiveBuckets: Float64Array.of(1, 2) }])
  const growing = open({ scrapesNativeHistograms: true, nativeMinBucketFactor: 1.1 })
  await growing.scrape(family(NATIVE))
  expect((await growing.read('h'))[KEY]).toMatchObject([{ schema: 2, count: 3 }])
  const wide = { ...NATIVE, positive_span: [0, 1, 2].map((offset) => ({ offset: offset * 1e6, length: 1 })) }
  await expect(limited.scrape(family(wide))).rejects.toThrow(/histogram bucket limit exceeded/)
  await expect(limited.scrape(family({ ...NATIVE, sample_count: 9 }))).rejects.toThrow(
    /3 observations found in buckets, but the Count field is 9/,
  )
})

const TEXT = `# TYPE h histogram
h_bucket{a="b",le="1"} 1 # {trace_id="t"} 0.5 ${NOW / 1_000 - 1}
h_bucket{a="b",le="2.5"} 3 # {trace_id="without_time"} 2
h_bucket{a="b",le="+Inf"} 6
h_count{a="b"} 6
h_sum{a="b"} 12.5
h_bucket{a="c",le="+Inf"} 2
h_count{a="c"} 2
h_sum{a="c"} 1
# TYPE other histogram
h_bucket{a="b",le="7"} 1
# TYPE broken histogram
broken_bucket{le="1"} 5
broken_bucket{le="2"} 4
broken_count 5
# EOF
`
const CONVERTED = {
  schema: CUSTOM_BOUNDS_SCHEMA,
  zeroThreshold: 0,
  zeroCount: 0,
  count: 6,
  sum: 12.5,
  positiveSpans: [{ offset: 0, length: 3 }],
  positiveBuckets: Float64Array.of(1, 2, 3),
  negativeSpans: [],
  negativeBuckets: new Float64Array(0),
  customBounds: Float64Array.of(1, 2.5),
  resetHint: 'unknown',
}

test('classic histograms of a text become native ones with their bounds, and those that can not be are lost', async () => {
  const { scrape, read, exemplars } = open({ convertsToNhcb: true })
  // Two histograms, and the bucket that stands under another TYPE.
  expect(await scrape(TEXT)).toMatchObject({ scraped: 3, kept: 3, added: 3 })
  expect(await scrape(TEXT)).toMatchObject({ scraped: 3, kept: 3, added: 0 })
  expect(await read('h')).toMatchObject({ [KEY]: [CONVERTED, CONVERTED], '{"a":"c"}': [{ count: 2 }, { count: 2 }] })
  expect(await read('h_bucket')).toEqual({ '{"a":"b","le":"7.0"}': [1, 1] })
  expect([await read('broken'), await read('broken_count')]).toEqual([{}, {}])
  expect(await exemplars()).toEqual([['h', 0.5]])
})

test('always_scrape_classic_histograms keeps the buckets beside what was made of them', async () => {
  const { scrape, read, exemplars } = open({ convertsToNhcb: true, alwaysScrapesClassic: true })
  expect(await scrape(TEXT)).toMatchObject({ scraped: 14, kept: 14, added: 14 })
  // Exemplars go with what was made of them.
  expect(await exemplars()).toEqual([['h', 0.5]])
  expect((await read('h'))[KEY]).toMatchObject([CONVERTED])
  expect(await read('h_count')).toEqual({ [KEY]: [6], '{"a":"c"}': [2] })
  expect(await read('broken_count')).toEqual({ '{}': [5] })
})

test('a _created line within a histogram that is converted does not part it', async () => {
  const { scrape, read } = open({ convertsToNhcb: true })
  await scrape(
    '# TYPE c counter\nc_created 5\n# TYPE h histogram\nh_count 3\nh_created 5\nh_bucket{le="1"} 1\nh_bucket{le="+Inf"} 3\n# EOF\n',
  )
  expect(await read('h')).toMatchObject({
    '{}': [{ count: 3, customBounds: Float64Array.of(1), positiveBuckets: Float64Array.of(1, 2) }],
  })
  expect([await read('h_created'), await read('c_created')]).toEqual([{}, { '{}': [5] }])
})

test('histograms that were converted go stale when their text does', async () => {
  const { scrape, read } = open({ convertsToNhcb: true })
  await scrape(TEXT)
  await scrape('# EOF\n')
  expect((await read('h'))[KEY]).toMatchObject([CONVERTED, 'stale'])
})
