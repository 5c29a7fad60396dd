import fc from 'fast-check'
import type { MetricMetadata } from '@oriel/model'
import { STALE_HIGH, STALE_LOW } from '@oriel/model'
import type { ExemplarRow, MetricTarget } from '@oriel/wire'
import { decodeLabelBytes } from '@oriel/wire'
import { expect, test } from 'vitest'
import { encodeFamilies } from '../../../wire/src/prom-proto/testing.ts'
import { parsePrometheusConfig } from '../prometheus-config.ts'
import { ScrapeCache } from './cache.ts'
import { TargetFamilies } from './families.ts'
import { ScrapeRun } from './run.ts'

const [job] = parsePrometheusConfig('scrape_configs: [{ job_name: j }]').jobs

/** A target that remembers what it was told. */
class Told implements MetricTarget {
  epoch = 1
  wantsTypes = false
  readonly wantsStarts = false
  readonly metadataOf = new Map<string, MetricMetadata>()
  /** How often metadata was told. */
  metadataCount = 0
  samples: string[] = []
  readonly #names: string[] = []

  series(bytes: Uint8Array, start: number, end: number): number {
    const name = JSON.stringify(decodeLabelBytes(bytes, start, end).map(({ name: label, value }) => [label, value]))
    if (!this.#names.includes(name)) this.#names.push(name)
    return this.#names.indexOf(name)
  }

  sample(ref: number, tMs: number, low: number, high: number): boolean {
    if (low !== STALE_LOW || high !== STALE_HIGH) this.samples.push(`${this.#names[ref]} ${tMs} ${low} ${high}`)
    return true
  }

  metadata(metadata: MetricMetadata): void {
    this.metadataCount++
    this.metadataOf.set(metadata.metric, metadata)
  }

  histogram = (): boolean => true
  readonly exemplars: ExemplarRow[] = []
  exemplar = (_ref: number, exemplar: ExemplarRow): boolean => this.exemplars.push(exemplar) > 0
  start(): void {}
  refuse(): void {}
  describe = (ref: number): string => this.#names[ref] ?? ''
}

function scrape(cache: ScrapeCache, told: Told, text: string, isOpenMetrics = false): void {
  told.samples = []
  new ScrapeRun(cache, told, { job: job!, targetLabels: [], tMs: 1_000, families: new TargetFamilies() }).readText(
    Buffer.from(text),
    isOpenMetrics,
  )
}

test('a target that changes from scrape to scrape is read as if it were met for the first time', () => {
  const family = fc.record({
    name: fc.constantFrom('a', 'b', 'cc', 'd_bucket'),
    type: fc.constantFrom('', 'counter', 'gauge', 'histogram', 'summary'),
    help: fc.constantFrom('', 'of a', 'of b', 'of \\n'),
    comment: fc.constantFrom('', '# a word', '#'),
    series: fc.array(fc.constantFrom('', '{x="1"}', '{x="2"}', '{le="1.0"}', '{quantile="0.5"}', '{x="1",}'), { maxLength: 5 }),
    value: fc.constantFrom('1', '2.5', '1e+06', 'NaN', '1084147098.4807888'),
  })
  const print = (families: readonly (typeof family extends fc.Arbitrary<infer Family> ? Family : never)[]): string =>
    families
      .flatMap(({ name, type, help, comment, series, value }) => [
        ...(help === '' ? [] : [`# HELP ${name} ${help}`]),
        ...(comment === '' ? [] : [comment]),
        ...(type === '' ? [] : [`# TYPE ${name} ${type}`]),
        ...series.map((labels) => `${name}${labels} ${value}`),
      ])
      .join('\n')
  fc.assert(
    fc.property(fc.array(fc.array(family, { maxLength: 6 }), { maxLength: 6 }), (answers) => {
      const [cache, told] = [new ScrapeCache(), new Told()]
      for (const answer of [...answers, ...answers.toReversed()]) {
        const fresh = new Told()
        scrape(new ScrapeCache(), fresh, print(answer))
        scrape(cache, told, print(answer))
        expect(told.samples).toEqual(fresh.samples)
        for (const [metric, metadata] of fresh.metadataOf) expect(told.metadataOf.get(metric)).toEqual(metadata)
      }
    }),
    { numRuns: 500 },
  )
})

test('bounds are written alike under a TYPE line that is as before', () => {
  const [cache, told] = [new ScrapeCache(), new Told()]
  const text = '# TYPE a histogram\na_bucket{le="1"} 1\n'
  scrape(cache, told, text)
  scrape(cache, told, `${text}a_bucket{le="2"} 1\n`)
  expect(told.samples.map((sample) => sample.slice(0, -18))).toEqual([
    '[["__name__","a_bucket"],["le","1.0"]]',
    '[["__name__","a_bucket"],["le","2.0"]]',
  ])
})

test('metadata is told once, and again when it changes, when the store forgot it, and when it was not taken', () => {
  const [cache, told] = [new ScrapeCache(), new Told()]
  const text = '# HELP a of a\n# TYPE a counter\na 1\n# TYPE b gauge\nb 2\n'
  const tells = (body: string): number => {
    const before = told.metadataCount
    scrape(cache, told, body)
    return told.metadataCount - before
  }
  expect([tells(text), tells(text), tells(text)]).toEqual([2, 0, 0])
  expect(tells(text.replace('gauge', 'counter'))).toBe(2)
  expect(told.metadataOf.get('a')).toEqual({ metric: 'a', type: 'counter', help: 'of a', unit: '' })
  expect(told.metadataOf.get('b')).toMatchObject({ type: 'counter' })
  expect(tells(text)).toBe(2)
  told.epoch++
  expect(tells(text)).toBe(2)
  cache.isMetadataTold = false
  expect([tells(text), tells(text)]).toEqual([2, 0])
})

test('a line that one format takes is read anew when the target answers in the other', () => {
  const [cache, told] = [new ScrapeCache(), new Told()]
  scrape(cache, told, '# TYPE a untyped\na 1\n')
  expect(() => scrape(cache, told, '# TYPE a untyped\na 1\n# EOF\n', true)).toThrow(/unknown metric type/)
  scrape(cache, told, '# TYPE a gauge\na 1\n# EOF\n', true)
  expect(told.metadataOf.get('a')).toMatchObject({ type: 'gauge' })
})

test('of two samples of one time the first is kept, also where the target says the time', () => {
  const told = new Told()
  const valuesOf = (text: string, isOpenMetrics: boolean): string[] => {
    scrape(new ScrapeCache(), told, text, isOpenMetrics)
    return told.samples.map((sample) =>
      sample.replace(/^.* (\d+) \d+ (\d+)$/, (_all, tMs, high) => `${tMs} ${ONE_TO_THREE.get(high)}`),
    )
  }
  expect(valuesOf('a 1 5\na 2 5\na 3 6\n', false)).toEqual(['5 1', '6 3'])
  expect(valuesOf('a 1 0.0000000000\na 2 0.0000000001\n# EOF\n', true)).toEqual(['0 1'])
  expect(valuesOf('a 1\na 2\n', false)).toEqual(['1000 1'])
  // One without a time is the second of its series in any case, one with a time is not.
  expect(valuesOf('a 1 5\na 2\n', false)).toEqual(['5 1'])
  expect(valuesOf('a 1\na 2 5\n', false)).toEqual(['1000 1', '5 2'])
})

test('what a target says of its metrics before a line that can not be read holds', () => {
  const families = new TargetFamilies()
  const run = new ScrapeRun(new ScrapeCache(), new Told(), { job: job!, targetLabels: [], tMs: 1_000, families })
  expect(() => run.readText(Buffer.from('# TYPE a gauge\na x\n# TYPE b gauge\n'), false)).toThrow(/no number/)
  expect(families.list()).toEqual([{ metric: 'a', type: 'gauge', help: '', unit: '' }])
})

test('a histogram that is refused counts as exposed', () => {
  const histogram = { sample_count: 9, schema: 0, positive_span: [{ offset: 0, length: 1 }], positive_delta: [1] }
  const body = encodeFamilies([{ name: 'h', type: 4, metric: [{ histogram }] }])
  const native = { ...job!, scrapesNativeHistograms: true }
  const options = { job: native, targetLabels: [], tMs: 1_000, families: new TargetFamilies() }
  const run = new ScrapeRun(new ScrapeCache(), new Told(), options)
  expect(() => run.readProtobuf(body)).toThrow(/the Count field is 9/)
  expect(run.counts).toMatchObject({ scraped: 1, kept: 0, added: 0 })
})

test('an exemplar of more than 128 characters is passed over', () => {
  const told = new Told()
  const line = (value: string): string => `# TYPE a counter\na_total 1 # {trace_id="${value}"} 1\n# EOF\n`
  scrape(new ScrapeCache(), told, line('é'.repeat(121)), true)
  expect(told.exemplars).toEqual([])
  scrape(new ScrapeCache(), told, line('é'.repeat(120)), true)
  expect(told.exemplars).toHaveLength(1)
})

/** The upper words of doubles. */
const ONE_TO_THREE = new Map([
  [String(0x3ff0_0000), 1],
  [String(0x4000_0000), 2],
  [String(0x4008_0000), 3],
])

test('types and units become labels where that is asked for, in place of what the target calls so', () => {
  const told = new Told()
  told.wantsTypes = true
  const cache = new ScrapeCache()
  const text = `# TYPE a_seconds counter
# UNIT a_seconds seconds
a_seconds_total{x="1"} 5
# TYPE b gauge
b{__type__="mine",__unit__="own"} 1
c 2
# TYPE d unknown
d 3
# EOF
`
  const names = (): unknown[] => told.samples.map((sample) => JSON.parse(sample.slice(0, sample.lastIndexOf(']]') + 2)))
  const series = [
    [
      ['__name__', 'a_seconds_total'],
      ['__type__', 'counter'],
      ['__unit__', 'seconds'],
      ['x', '1'],
    ],
    [
      ['__name__', 'b'],
      ['__type__', 'gauge'],
      ['__unit__', 'own'],
    ],
    // As in Prometheus, a type holds until the next one is told.
    [
      ['__name__', 'c'],
      ['__type__', 'gauge'],
    ],
    [['__name__', 'd']],
  ]
  scrape(cache, told, text, true)
  expect(names()).toEqual(series)
  // Another epoch: what they were met as is still known.
  told.epoch++
  scrape(cache, told, text, true)
  expect(names()).toEqual(series)
  // Entries are numbered anew once those before them are forgotten.
  const crowded = new ScrapeCache()
  const passing = Array.from({ length: 10_000 }, (_, n) => `passing{n="${n}"} 1\n`).join('')
  for (const each of [passing + text, text, text]) {
    told.epoch++
    scrape(crowded, told, each, true)
  }
  expect(names()).toEqual(series)
  const body = encodeFamilies([
    { name: 'p', type: 1, unit: 's', metric: [{ label: [{ name: '__unit__', value: 'mine' }], gauge: { value: 3 } }] },
  ])
  told.samples = []
  new ScrapeRun(new ScrapeCache(), told, {
    job: job!,
    targetLabels: [],
    tMs: 1_000,
    families: new TargetFamilies(),
  }).readProtobuf(body)
  expect(names()).toEqual([
    [
      ['__name__', 'p'],
      ['__type__', 'gauge'],
      ['__unit__', 's'],
    ],
  ])
})
