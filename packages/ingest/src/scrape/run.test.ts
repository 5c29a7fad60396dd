import fc from 'fast-check'
import type { MetricMetadata } from '@oriel/model'
import { STALE_HIGH, STALE_LOW } from '@oriel/model'
import type { MetricTarget } from '@oriel/wire'
import { decodeLabelBytes } from '@oriel/wire'
import { expect, test } from 'vitest'
import { parsePrometheusConfig } from '../prometheus-config.ts'
import { ScrapeCache } from './cache.ts'
import { TargetFamilies } from './families.ts'
import { ScrapeRun } from './run.ts'

const [job] = parsePrometheusConfig('scrape_configs: [{ job_name: j }]').jobs

/** A target that remembers what it was told. */
class Told implements MetricTarget {
  epoch = 1
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
  exemplar = (): boolean => true
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
