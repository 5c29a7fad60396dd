import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CUSTOM_BOUNDS_SCHEMA } from '@oriel/model'
import { WireError } from '../errors.ts'
import { doubleOf } from '../protobuf.ts'
import { decodeLabelBytes } from '../series.ts'
import type { FamilySink, HistogramForms } from './families.ts'
import { CLASSIC_ONLY, decodeFamilies } from './families.ts'
import { encodeFamilies } from './testing.ts'

function read(body: Uint8Array, forms?: Partial<HistogramForms>): unknown[] {
  const found: unknown[] = []
  const sink: FamilySink = {
    metadata: ({ metric, type, help, unit }) => found.push(`${metric} ${type} ${help} ${unit}`),
    histogram(series, draft, { exemplars, ...sample }) {
      const labels = decodeLabelBytes(series.bytes, 0, series.length).map(({ name, value }) => `${name}=${value}`)
      found.push([
        labels.join(),
        draft.finish(),
        sample,
        exemplars.map((exemplar) => doubleOf(exemplar.valueLow, exemplar.valueHigh)),
      ])
    },
    sample(series, { valueLow, valueHigh, tMs, startMs, exemplar }) {
      const labels = decodeLabelBytes(series.bytes, 0, series.length).map(({ name, value }) => `${name}=${value}`)
      const mark =
        exemplar === undefined
          ? []
          : [`${exemplar.labels[0]?.value} ${doubleOf(exemplar.valueLow, exemplar.valueHigh)} ${exemplar.tMs}`]
      const start = startMs === 0 ? [] : [`since ${startMs}`]
      found.push([labels.join(), doubleOf(valueLow, valueHigh), ...(tMs === undefined ? [] : [tMs]), ...mark, ...start])
    },
  }
  decodeFamilies(body, sink, { ...CLASSIC_ONLY, ...forms })
  return found
}

const label = [{ name: 'a', value: 'b' }]
const exemplar = { label: [{ name: 'trace_id', value: 'x' }], value: 0.5, timestamp: { seconds: 2, nanos: 5_000_000 } }
const BODY = encodeFamilies([
  { name: 'c_total', help: 'C', type: 0, metric: [{ label, counter: { value: 3, exemplar }, timestamp_ms: 77 }] },
  { name: 'g', type: 1, unit: 's', metric: [{ gauge: { value: -1 } }, { label, gauge: { value: NaN } }] },
  {
    name: 's',
    type: 2,
    metric: [
      {
        summary: {
          sample_count: 4,
          sample_sum: 8,
          quantile: [
            { quantile: 0.5, value: 1 },
            { quantile: 1, value: 2 },
          ],
        },
      },
    ],
  },
  {
    name: 'h',
    type: 4,
    metric: [{ histogram: { sample_count: 4, sample_sum: 8, bucket: [{ cumulative_count: 1, upper_bound: 1, exemplar }] } }],
  },
  { name: 'n', type: 4, metric: [{ histogram: { sample_count: 9, sample_sum: 1, schema: 3 } }] },
])
const ALL_FORMS = { scrapesNativeHistograms: true, alwaysScrapesClassic: true, convertsToNhcb: true }

test('families of every type are read', () => {
  expect(read(BODY)).toEqual([
    'c_total counter C ',
    ['__name__=c_total,a=b', 3, 77, 'x 0.5 2005'],
    'g gauge  s',
    ['__name__=g', -1],
    ['__name__=g,a=b', NaN],
    's summary  ',
    ['__name__=s_count', 4],
    ['__name__=s_sum', 8],
    ['__name__=s,quantile=0.5', 1],
    ['__name__=s,quantile=1.0', 2],
    'h histogram  ',
    ['__name__=h_count', 4],
    ['__name__=h_sum', 8],
    ['__name__=h_bucket,le=1.0', 1, 'x 0.5 2005'],
    ['__name__=h_bucket,le=+Inf', 4],
    'n histogram  ',
    ['__name__=n_count', 9],
    ['__name__=n_sum', 1],
    ['__name__=n_bucket,le=+Inf', 9],
  ])
})

const timeless = { label: [], value: 7 }
const NATIVE = {
  sample_count: 6,
  sample_sum: 2.5,
  schema: 2,
  zero_threshold: 0.01,
  zero_count: 1,
  positive_span: [
    { offset: -1, length: 2 },
    { offset: 0, length: 1 },
  ],
  positive_delta: [1, -1, 4],
  start_timestamp: { seconds: 3 },
}
const BUCKETS = {
  bucket: [
    { cumulative_count: 2, upper_bound: 1, exemplar },
    { cumulative_count: 5, upper_bound: 2, exemplar: timeless },
  ],
}
const finished = {
  schema: 2,
  zeroThreshold: 0.01,
  zeroCount: 1,
  count: 6,
  sum: 2.5,
  positiveSpans: [
    { offset: -1, length: 1 },
    { offset: 1, length: 1 },
  ],
  positiveBuckets: Float64Array.of(1, 4),
  negativeSpans: [],
  negativeBuckets: new Float64Array(0),
  customBounds: new Float64Array(0),
  resetHint: 'unknown',
}
const AT = { tMs: undefined, startMs: 3_000 }
const classic = [
  ['__name__=h_count', 6, 'since 3000'],
  ['__name__=h_sum', 2.5, 'since 3000'],
  ['__name__=h_bucket,le=1.0', 2, 'x 0.5 2005', 'since 3000'],
  ['__name__=h_bucket,le=2.0', 5, 'undefined 7 undefined', 'since 3000'],
  ['__name__=h_bucket,le=+Inf', 6, 'since 3000'],
]

function histograms(fields: object, forms: Partial<HistogramForms>, type = 4): unknown[] {
  return read(encodeFamilies([{ name: 'h', type, metric: [{ histogram: fields }] }]), forms).slice(1)
}

test('a native histogram is taken compact, with exemplars that have a time, and beside its buckets where these are wanted too', () => {
  const native = ['__name__=h', finished, AT, [0.5]]
  expect(histograms({ ...NATIVE, ...BUCKETS }, { scrapesNativeHistograms: true })).toEqual([native])
  expect(histograms({ ...NATIVE, ...BUCKETS }, { scrapesNativeHistograms: true, alwaysScrapesClassic: true })).toEqual([
    native,
    ...classic,
  ])
  expect(histograms({ ...NATIVE, ...BUCKETS }, {})).toEqual(classic)
  const own = { ...exemplar, value: 9 }
  expect(histograms({ ...NATIVE, ...BUCKETS, exemplars: [timeless, own] }, { scrapesNativeHistograms: true })).toEqual([
    ['__name__=h', finished, AT, [9]],
  ])
})

test('floats are told by their counts, gauges by their type, and a span alone makes a native histogram', () => {
  const float = { sample_count_float: 2.5, sample_sum: 1, positive_span: [{ offset: 3, length: 1 }], positive_count: [2.5] }
  expect(histograms(float, { scrapesNativeHistograms: true }, 5)).toMatchObject([
    ['__name__=h', { count: 2.5, positiveBuckets: Float64Array.of(2.5), resetHint: 'gauge' }, {}, []],
  ])
  expect(histograms({ positive_span: [{ offset: 0, length: 0 }] }, { scrapesNativeHistograms: true })).toMatchObject([
    ['__name__=h', { count: 0, positiveSpans: [] }, {}, []],
  ])
})

test('a histogram without native form becomes one with the bounds of its buckets', () => {
  const converted = ['__name__=h', { ...finished, ...CUSTOM }, { tMs: undefined, startMs: 0 }, [0.5]]
  const fields = { sample_count: 6, sample_sum: 2.5, ...BUCKETS }
  expect(histograms(fields, { convertsToNhcb: true })).toEqual([converted])
  expect(histograms(fields, { convertsToNhcb: true, alwaysScrapesClassic: true })).toHaveLength(6)
  expect(
    histograms({ ...fields, bucket: [{ cumulative_count_float: 0.5, upper_bound: 1 }] }, { convertsToNhcb: true }),
  ).toMatchObject([['__name__=h', { positiveBuckets: Float64Array.of(0.5, 5.5), customBounds: Float64Array.of(1) }, {}, []]])
})

const CUSTOM = {
  schema: CUSTOM_BOUNDS_SCHEMA,
  zeroThreshold: 0,
  zeroCount: 0,
  positiveSpans: [{ offset: 0, length: 3 }],
  positiveBuckets: Float64Array.of(2, 3, 1),
  customBounds: Float64Array.of(1, 2),
}

test('a histogram whose parts do not fit fails the whole body', () => {
  const forms = { scrapesNativeHistograms: true, convertsToNhcb: true }
  expect(() => histograms({ ...NATIVE, positive_delta: [1] }, forms)).toThrow(
    /histogram "h": positive side: spans require 3 buckets, have 1/,
  )
  const falling = [
    { cumulative_count: 3, upper_bound: 1 },
    { cumulative_count: 2, upper_bound: 2 },
  ]
  expect(() => histograms({ bucket: falling }, forms)).toThrow(/histogram "h": count is not cumulative: 2 < 3/)
})

test('what a family is of decides which part of its metrics is read; one without metrics says nothing', () => {
  expect(
    read(
      encodeFamilies([
        { name: 'x', type: 0, metric: [{ gauge: { value: 5 } }] },
        { name: 'y', help: 'Y', type: 1 },
      ]),
    ),
  ).toEqual(['x counter  ', ['__name__=x', 0]])
  expect(() => read(encodeFamilies([{ name: 'x', type: 9, metric: [{}] }]))).toThrow(/unknown metric type for metric "x": 9/)
})

test('a length past the body and a family without a name are refused', () => {
  expect(() => read(Uint8Array.of(5, 1))).toThrow(/5 bytes wanted, 1 left/)
  expect(() => read(encodeFamilies([{ metric: [{}] }]))).toThrow(/has no name/)
})

const NATIVE_BODY = encodeFamilies([{ name: 'h', type: 4, metric: [{ histogram: { ...NATIVE, ...BUCKETS } }] }])

test('damaged bodies are read or refused with a WireError', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(BODY.length + 100), fc.nat(255)), { maxLength: 5 }),
      fc.nat(BODY.length),
      (edits, cut) => {
        const whole = Buffer.concat([NATIVE_BODY, BODY])
        const damaged = Uint8Array.from(whole.subarray(0, whole.length - (cut % 50)))
        for (const [at, byte] of edits) if (at < damaged.length) damaged[at] = byte
        try {
          read(damaged, ALL_FORMS)
        } catch (error) {
          expect(error).toBeInstanceOf(WireError)
        }
      },
    ),
    { numRuns: 2_000 },
  )
})
