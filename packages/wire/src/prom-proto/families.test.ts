import fc from 'fast-check'
import { expect, test } from 'vitest'
import { WireError } from '../errors.ts'
import { doubleOf } from '../protobuf.ts'
import { decodeLabelBytes } from '../series.ts'
import { decodeFamilies } from './families.ts'
import { encodeFamilies } from './testing.ts'

function read(body: Uint8Array): unknown[] {
  const found: unknown[] = []
  decodeFamilies(body, {
    metadata: ({ metric, type, help, unit }) => found.push(`${metric} ${type} ${help} ${unit}`),
    sample(series, { valueLow, valueHigh, tMs, exemplar }) {
      const labels = decodeLabelBytes(series.bytes, 0, series.length).map(({ name, value }) => `${name}=${value}`)
      const mark =
        exemplar === undefined
          ? []
          : [`${exemplar.labels[0]?.value} ${doubleOf(exemplar.valueLow, exemplar.valueHigh)} ${exemplar.tMs}`]
      found.push([labels.join(), doubleOf(valueLow, valueHigh), ...(tMs === undefined ? [] : [tMs]), ...mark])
    },
  })
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

test('families of every type are read', () => {
  expect(read(BODY)).toEqual([
    'c_total counter C ',
    ['__name__=c_total,a=b', 3, 77, 'x 0.5 2005'],
    'g gauge  s',
    ['__name__=g', -1],
    ['__name__=g,a=b', NaN],
    's summary  ',
    ['__name__=s,quantile=0.5', 1],
    ['__name__=s,quantile=1.0', 2],
    ['__name__=s_count', 4],
    ['__name__=s_sum', 8],
    'h histogram  ',
    ['__name__=h_bucket,le=1.0', 1, 'x 0.5 2005'],
    ['__name__=h_bucket,le=+Inf', 4],
    ['__name__=h_count', 4],
    ['__name__=h_sum', 8],
    'n histogram  ',
    ['__name__=n_bucket,le=+Inf', 9],
    ['__name__=n_count', 9],
    ['__name__=n_sum', 1],
  ])
})

test('a length past the body and a family without a name are refused', () => {
  expect(() => read(Uint8Array.of(5, 1))).toThrow(/5 bytes wanted, 1 left/)
  expect(() => read(Uint8Array.of(0))).toThrow(/has no name/)
})

test('damaged bodies are read or refused with a WireError', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(BODY.length - 1), fc.nat(255)), { maxLength: 5 }), fc.nat(BODY.length), (edits, cut) => {
      const damaged = Uint8Array.from(BODY.subarray(0, BODY.length - (cut % 50)))
      for (const [at, byte] of edits) if (at < damaged.length) damaged[at] = byte
      try {
        read(damaged)
      } catch (error) {
        expect(error).toBeInstanceOf(WireError)
      }
    }),
    { numRuns: 2_000 },
  )
})
