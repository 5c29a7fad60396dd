import fc from 'fast-check'
import type { MetricMetadata } from '@oriel/model'
import { expect, test } from 'vitest'
import { WireError } from '../errors.ts'
import { doubleOf } from '../protobuf.ts'
import type { ExemplarRow, MetricTarget } from '../series.ts'
import { decodeLabelBytes } from '../series.ts'
import { decodeV1, encodeV1, encodeV2 } from './testing.ts'
import type { TestSeries } from './testing.ts'
import { decodeRemoteWriteV1 } from './v1.ts'
import { decodeRemoteWriteV2 } from './v2.ts'

/** A target that keeps everything as objects. */
class Kept implements MetricTarget {
  readonly epoch = 1
  readonly names: string[] = []
  readonly samples: [series: string, tMs: number, value: number][] = []
  readonly exemplars: [series: string, ExemplarRow][] = []
  readonly told: MetricMetadata[] = []
  readonly refused: [reason: string, count: number, example: string][] = []

  series(bytes: Uint8Array, start: number, end: number): number {
    return this.names.push(JSON.stringify(decodeLabelBytes(bytes, start, end).map(({ name, value }) => [name, value]))) - 1
  }

  sample(ref: number, tMs: number, valueLow: number, valueHigh: number): boolean {
    this.samples.push([this.describe(ref), tMs, doubleOf(valueLow, valueHigh)])
    return true
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
  samples: fc.array(fc.tuple(fc.integer({ min: 0, max: 4e12 }), fc.double({ noNaN: true })), { maxLength: 4 }),
  histograms: fc.nat(2),
})

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
      expect(counts).toEqual({ samples: rows.length, histograms: 0, exemplars: 0 })
      expect(target.refused.length).toBe(wanted.reduce((sum, { histograms = 0 }) => sum + histograms, 0))
    }),
  )
})

test('exemplars and metadata come through in both versions', () => {
  const exemplars = [{ labels: { trace_id: 'x', a: 'b' }, value: 2.5, tMs: 7 }]
  const wanted: TestSeries = {
    labels: { __name__: 'm' },
    samples: [],
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

test('symbols out of the table, an odd number of references and a first symbol that is not empty are refused', () => {
  expect(() => decodeRemoteWriteV2(Uint8Array.of(34, 0, 42, 4, 10, 2, 0, 9), new Kept())).toThrow(/symbol 9 of 1/)
  expect(() => decodeRemoteWriteV2(Uint8Array.of(34, 0, 42, 3, 10, 1, 0), new Kept())).toThrow(/odd number/)
  expect(() => decodeRemoteWriteV2(Uint8Array.of(34, 1, 97), new Kept())).toThrow(/first symbol must be the empty string/)
})

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
