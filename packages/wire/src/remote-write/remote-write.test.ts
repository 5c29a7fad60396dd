import fc from 'fast-check'
import type { MetricMetadata, NativeHistogram } from '@oriel/model'
import { expect, test } from 'vitest'
import { WireError } from '../errors.ts'
import { histogramCase } from '../histogram/testing.ts'
import { doubleOf } from '../protobuf.ts'
import type { ExemplarRow, OrderedMetricTarget } from '../series.ts'
import { decodeLabelBytes } from '../series.ts'
import { decodeV1, encodeV1, encodeV2 } from './testing.ts'
import type { TestSeries } from './testing.ts'
import { decodeRemoteWriteV1 } from './v1.ts'
import { decodeRemoteWriteV2 } from './v2.ts'

/** A target that keeps everything as objects. */
class Kept implements OrderedMetricTarget {
  readonly epoch = 1
  readonly wantsStarts = true
  wantsTypes = false
  readonly starts: [series: string, tMs: number, startMs: number][] = []
  readonly names: string[] = []
  readonly samples: [series: string, tMs: number, value: number][] = []
  readonly histograms: [series: string, tMs: number, histogram: NativeHistogram][] = []
  readonly exemplars: [series: string, ExemplarRow][] = []
  readonly told: MetricMetadata[] = []
  readonly refused: [reason: string, count: number, example: string][] = []

  nextEnd(): number {
    return -1
  }

  takeNext(): number {
    return -1
  }

  series(bytes: Uint8Array, start: number, end: number): number {
    return this.names.push(JSON.stringify(decodeLabelBytes(bytes, start, end).map(({ name, value }) => [name, value]))) - 1
  }

  sample(ref: number, tMs: number, valueLow: number, valueHigh: number): boolean {
    this.samples.push([this.describe(ref), tMs, doubleOf(valueLow, valueHigh)])
    return true
  }

  histogram(ref: number, tMs: number, histogram: NativeHistogram): boolean {
    this.histograms.push([this.describe(ref), tMs, histogram])
    return true
  }

  start(ref: number, tMs: number, startMs: number): void {
    this.starts.push([this.describe(ref), tMs, startMs])
  }

  exemplar(ref: number, exemplar: ExemplarRow): boolean {
    this.exemplars.push([this.describe(ref), exemplar])
    return true
  }

  metadata(metadata: MetricMetadata): void {
    this.told.push(metadata)
  }

  describe(ref: number): string {
    return this.names[ref] ?? ''
  }

  refuse(reason: string, count: number, example: () => string): void {
    this.refused.push([reason, count, example()])
  }
}

const series: fc.Arbitrary<TestSeries> = fc.record({
  labels: fc.dictionary(fc.string({ minLength: 1 }), fc.string({ unit: 'grapheme', minLength: 1 }), {
    minKeys: 1,
    noNullPrototype: true,
  }),
  samples: fc.array(fc.tuple(fc.integer({ min: 0, max: 4e12 }), fc.double({ noNaN: true })), { minLength: 1, maxLength: 4 }),
  histograms: fc.array(histogramCase, { maxLength: 2 }),
})

const EMPTY: NativeHistogram = {
  schema: 0,
  zeroThreshold: 0,
  zeroCount: 0,
  count: 0,
  sum: 0,
  positiveSpans: [],
  positiveBuckets: new Float64Array(0),
  negativeSpans: [],
  negativeBuckets: new Float64Array(0),
  customBounds: new Float64Array(0),
  resetHint: 'unknown',
}

const versions = [
  { version: 1, encode: encodeV1, decode: decodeRemoteWriteV1 },
  { version: 2, encode: encodeV2, decode: decodeRemoteWriteV2 },
] as const

test.each(versions)('version $version reads what protobufjs wrote', ({ encode, decode }) => {
  fc.assert(
    fc.property(fc.array(series, { maxLength: 5 }), (wanted) => {
      const target = new Kept()
      const counts = decode(encode(wanted), target)
      const rows = wanted.flatMap(({ labels, samples }) =>
        samples.map(([tMs, value]) => [JSON.stringify(Object.entries(labels)), tMs, value]),
      )
      expect(target.samples).toEqual(rows)
      const histograms = wanted.flatMap(({ labels, histograms: sent = [] }) =>
        sent.map(({ tMs, histogram }) => [JSON.stringify(Object.entries(labels)), tMs, histogram]),
      )
      expect(target.refused).toEqual([])
      expect(target.histograms).toEqual(histograms)
      expect(counts).toEqual({ samples: rows.length, histograms: histograms.length, exemplars: 0 })
    }),
  )
})

test('exemplars and metadata come through in both versions', () => {
  const exemplars = [{ labels: { trace_id: 'x', a: 'b' }, value: 2.5, tMs: 7 }]
  const wanted: TestSeries = {
    labels: { __name__: 'm' },
    samples: [[7, 1]],
    exemplars,
    metadata: { type: 1, help: 'Help', unit: 'seconds' },
  }
  const first = new Kept()
  decodeRemoteWriteV1(encodeV1([wanted], [{ type: 2, metric_family_name: 'g', help: 'h', unit: 'u' }]), first)
  const second = new Kept()
  decodeRemoteWriteV2(encodeV2([wanted]), second)
  for (const { exemplars: found } of [first, second])
    expect(found[0]![1]).toMatchObject({
      tMs: 7,
      labels: [
        { name: 'trace_id', value: 'x' },
        { name: 'a', value: 'b' },
      ],
    })
  expect(first.told).toEqual([{ metric: 'g', type: 'gauge', help: 'h', unit: 'u' }])
  expect(second.told).toEqual([{ metric: 'm', type: 'counter', help: 'Help', unit: 'seconds' }])
})

test('the bytes of a version 1 body are those of the specification', () => {
  // { up{j="x"} 1 @1000 }: series 0a, label 0a, sample 12 with value 09 and timestamp 10.
  const body = Uint8Array.from(
    Buffer.from('0a260a0e0a085f5f6e616d655f5f120275700a060a016a120178' + '120c09000000000000f03f10e807', 'hex'),
  )
  const target = new Kept()
  decodeRemoteWriteV1(body, target)
  expect(target.samples).toEqual([['[["__name__","up"],["j","x"]]', 1_000, 1]])
})

test('an exemplar whose label is no UTF-8 is refused alone', () => {
  const body = encodeV1([
    { labels: { __name__: 'm' }, samples: [[5, 6]], exemplars: [{ labels: { zz: 'v' }, value: 1, tMs: 2 }] },
  ])
  body[Buffer.from(body).indexOf('zz')] = 0xff
  const target = new Kept()
  expect(decodeRemoteWriteV1(body, target)).toEqual({ samples: 1, histograms: 0, exemplars: 0 })
  expect(target.refused[0]![0]).toBe('an exemplar has a label that is not UTF-8')
})

test('a label after samples is refused by name', () => {
  const body = Uint8Array.from([10, 8, 18, 2, 16, 1, 10, 2, 10, 0])
  expect(() => decodeRemoteWriteV1(body, new Kept())).toThrow(/a label comes after samples/)
})

test('a series or exemplar with references outside of the symbols, or an odd number of them, is refused and the rest is kept', () => {
  const good = encodeV2([{ labels: { __name__: 'good' }, samples: [[5, 6]] }])
  const check = (bytes: readonly number[], reason: string, samples = 1): void => {
    const target = new Kept()
    expect(decodeRemoteWriteV2(Uint8Array.from([...good, ...bytes]), target)).toEqual({ samples, histograms: 0, exemplars: 0 })
    expect(target.refused.map(([told, count]) => [told, count])).toEqual([[reason, 1]])
  }
  check([42, 6, 10, 2, 0, 9, 18, 0], 'a series has label references outside of the symbols')
  check([42, 5, 10, 1, 0, 18, 0], 'a series has an odd number of label references')
  check([42, 10, 10, 2, 1, 2, 18, 0, 42, 2, 24, 9], 'a series has metadata outside of the symbols')
  check([42, 10, 10, 2, 1, 2, 18, 0, 34, 2, 8, 9], 'an exemplar has label references outside of the symbols', 2)
})

test('a version 2 series without a sample or histogram is refused, its exemplars and metadata too', () => {
  const exemplars = [{ labels: { trace_id: 'x' }, value: 1, tMs: 2 }]
  const target = new Kept()
  decodeRemoteWriteV2(
    encodeV2([{ labels: { __name__: 'm' }, samples: [], exemplars, metadata: { type: 1, help: 'h', unit: '' } }]),
    target,
  )
  expect([target.exemplars, target.told]).toEqual([[], []])
  expect(target.refused[0]!.slice(0, 2)).toEqual(['TimeSeries must contain at least one sample or histogram', 1])
})

test('a first symbol that is not empty is refused', () => {
  expect(() => decodeRemoteWriteV2(Uint8Array.of(34, 1, 97), new Kept())).toThrow(/first symbol must be the empty string/)
})

test.each(versions)(
  'a version $version histogram that is stale becomes a staleness marker, a bad one is told with its numbers',
  (version) => {
    const { encode, decode } = version
    const histogram = { ...EMPTY, positiveSpans: [{ offset: 3, length: 2 }], positiveBuckets: Float64Array.of(1, 2) }
    const bad: NativeHistogram = { ...EMPTY, count: 5, sum: 1, zeroCount: 3, zeroThreshold: 1 }
    const body = encode([
      {
        labels: { __name__: 'm' },
        samples: [],
        histograms: [
          { tMs: 1, isInteger: true, histogram: bad },
          { tMs: 2, isInteger: false, histogram: { ...histogram, schema: 9, customBounds: new Float64Array(0) } },
          { tMs: 3, isInteger: true, histogram: { ...EMPTY, sum: 12_345.5 } },
        ],
      },
    ])
    // protobufjs would write another NaN.
    const marker = Buffer.from([2, 0, 0, 0, 0, 0, 0xf0, 0x7f])
    const number = Buffer.alloc(8)
    number.writeDoubleLE(12_345.5)
    body.set(marker, Buffer.from(body).indexOf(number))
    const target = new Kept()
    decode(body, target)
    expect(target.samples.map(([, tMs, value]) => [tMs, value])).toEqual([[3, NaN]])
    expect(target.histograms.map(([, tMs, { schema }]) => [tMs, schema])).toEqual([[2, 8]])
    expect(target.refused).toEqual([
      [
        "histogram's observation count should equal the number of observations found in the buckets (in absence of NaN)",
        1,
        `3 observations found in buckets, but the Count field is 5: histogram's observation count should equal the number of observations found in the buckets (in absence of NaN) for series [["__name__","m"]]`,
      ],
    ])
  },
)

test.each(versions)('damaged version $version bodies are read or refused with a WireError', ({ encode, decode }) => {
  const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 5 })
  fc.assert(
    fc.property(fc.array(series, { minLength: 1, maxLength: 3 }), edits, fc.nat(), (wanted, changes, cut) => {
      const body = encode(wanted)
      const damaged = Uint8Array.from(body.subarray(0, body.length - (cut % Math.min(body.length, 10))))
      for (const [at, byte] of changes) if (damaged.length > 0) damaged[at % damaged.length] = byte
      try {
        decode(damaged, new Kept())
      } catch (error) {
        expect(error).toBeInstanceOf(WireError)
      }
    }),
    { numRuns: 600 },
  )
})

test.each(versions)('random bytes are no version $version body, or an empty one, and never worse', ({ decode }) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      try {
        decode(bytes, new Kept())
      } catch (error) {
        expect(error).toBeInstanceOf(WireError)
      }
    }),
    { numRuns: 2_000 },
  )
})

test('protobufjs agrees on what a body holds', () => {
  const body = encodeV1([{ labels: { __name__: 'a' }, samples: [[5, 6]] }])
  expect(decodeV1(body)).toMatchObject({ timeseries: [{ samples: [{ value: 6, timestamp: 5 }] }] })
})

test('type and unit of version 2 become labels where that is asked for, in place of what the sender calls so', () => {
  const labels = { __name__: 'm', __type__: 'mine', a: 'b' }
  const namesOf = (metadata: { type: number; help: string; unit: string }): unknown => {
    const target = new Kept()
    target.wantsTypes = true
    decodeRemoteWriteV2(encodeV2([{ labels, samples: [[1, 2]], metadata }]), target)
    return Object.fromEntries(JSON.parse(target.names[0] ?? ''))
  }
  expect(namesOf({ type: 1, help: 'h', unit: 'seconds' })).toEqual({
    __name__: 'm',
    __type__: 'counter',
    __unit__: 'seconds',
    a: 'b',
  })
  expect(namesOf({ type: 0, help: 'h', unit: '' })).toEqual(labels)
})
