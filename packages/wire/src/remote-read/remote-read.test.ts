import type { NativeHistogram, SeriesSamples } from '@oriel/model'
import { CUSTOM_BOUNDS_SCHEMA, labelsOf } from '@oriel/model'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crc32c } from '../crc32c.ts'
import { WireError } from '../errors.ts'
import { encodeHistogramChunk } from './histogram-chunk.ts'
import { decodeReadRequest } from './request.ts'
import { encodeReadFrames, encodeReadResponse } from './response.ts'
import { decodeMessage, encodeRequest, readHistogramChunk, readXorChunk } from './testing.ts'
import { encodeXorChunk } from './xor-chunk.ts'

const STALE_BITS = 0x7ff0_0000_0000_0002n

function bitsOf(value: number): bigint {
  return new BigUint64Array(Float64Array.of(value).buffer)[0]!
}

function samplesOf(points: readonly (readonly [tMs: number, value: number | NativeHistogram | 'stale'])[]): SeriesSamples {
  return {
    labels: [labelsOf({ __name__: 'm', a: 'b' })],
    offsets: Uint32Array.of(0, points.length),
    tMs: Float64Array.from(points, ([tMs]) => tMs),
    values: Float64Array.from(points, ([, value]) => (typeof value === 'number' ? value : NaN)),
    stale: Uint8Array.from(points, ([, value]) => (value === 'stale' ? 1 : 0)),
    histograms: points.map(([, value]) => (typeof value === 'object' ? value : undefined)),
  }
}

const HISTOGRAM: NativeHistogram = {
  schema: 3,
  zeroThreshold: 2 ** -128,
  zeroCount: 1,
  count: 6,
  sum: 12.5,
  positiveSpans: [
    { offset: -2, length: 2 },
    { offset: 3, length: 1 },
  ],
  positiveBuckets: Float64Array.of(1, 2, 1),
  negativeSpans: [{ offset: 0, length: 1 }],
  negativeBuckets: Float64Array.of(1),
  customBounds: new Float64Array(0),
  resetHint: 'unknown',
}
const CUSTOM: NativeHistogram = {
  ...HISTOGRAM,
  schema: CUSTOM_BOUNDS_SCHEMA,
  zeroThreshold: 0,
  zeroCount: 0,
  positiveSpans: [{ offset: 0, length: 3 }],
  negativeSpans: [],
  negativeBuckets: new Float64Array(0),
  customBounds: Float64Array.of(0.005, 1.5, 1e9),
}

describe('remote read', () => {
  it('reads a request as clients write it', () => {
    const body = encodeRequest({
      queries: [
        {
          start_timestamp_ms: 1_000,
          end_timestamp_ms: -5,
          matchers: [
            { type: 0, name: '__name__', value: 'up' },
            { type: 3, name: 'a', value: 'b|c' },
          ],
          hints: { step_ms: 5, func: 'rate' },
        },
      ],
      accepted_response_types: [1, 0, 7],
    })
    expect(decodeReadRequest(body)).toEqual({
      queries: [
        {
          startMs: 1_000,
          endMs: -5,
          matchers: [
            { name: '__name__', op: '=', value: 'up' },
            { name: 'a', op: '!~', value: 'b|c' },
          ],
        },
      ],
      accepted: ['chunks', 'samples', 'unknown'],
    })
    expect(decodeReadRequest(new Uint8Array(0))).toEqual({ queries: [], accepted: [] })
  })

  it('refuses a matcher of a kind that is none, and survives any damage', () => {
    expect(() => decodeReadRequest(encodeRequest({ queries: [{ matchers: [{ type: 9 }] }] }))).toThrow('type 9 is none')
    const body = encodeRequest({ queries: [{ start_timestamp_ms: 1, matchers: [{ type: 1, name: 'n', value: 'v' }] }] })
    fc.assert(
      fc.property(fc.nat(body.length - 1), fc.nat(255), (at, byte) => {
        const damaged = Uint8Array.from(body)
        damaged[at] = byte
        try {
          decodeReadRequest(damaged)
        } catch (error) {
          expect(error).toBeInstanceOf(WireError)
        }
      }),
    )
  })

  it('makes XOR chunks that a reader takes apart to the bit', () => {
    const value = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(0, 1, 1, -0, NaN, Infinity))
    const gap = fc.oneof(fc.constant(15_000), fc.integer({ min: 1, max: 20_000 }), fc.integer({ min: 1, max: 2 ** 42 }))
    fc.assert(
      fc.property(fc.array(fc.tuple(gap, value, fc.boolean()), { minLength: 1, maxLength: 150 }), (steps) => {
        let tMs = -7
        const samples = samplesOf(steps.map(([gapMs, each, isStale]) => [(tMs += gapMs), isStale ? 'stale' : each]))
        const want = [...samples.tMs].map((t, i) => [t, samples.stale[i] === 1 ? STALE_BITS : bitsOf(samples.values[i]!)])
        expect(readXorChunk(encodeXorChunk(samples, 0, steps.length))).toEqual(want)
      }),
    )
  })

  it('makes the bytes that Prometheus makes', () => {
    // Golden: chunkenc.NewXORChunk with the same three appends, Prometheus 3.14.
    const samples = samplesOf([
      [1_000, 1],
      [16_000, 1],
      [31_000, 2.5],
    ])
    expect(Buffer.from(encodeXorChunk(samples, 0, 3)).toString('hex')).toBe(GOLDEN_XOR)
  })

  it('makes histogram chunks that a reader takes apart, of the bytes that Prometheus makes', () => {
    const later = { ...HISTOGRAM, count: 8, sum: 0.1, positiveBuckets: Float64Array.of(2, 2, 2) }
    const bytes = encodeHistogramChunk([
      { tMs: 1_000, histogram: HISTOGRAM },
      { tMs: 16_000, histogram: later },
      { tMs: 30_999, histogram: later },
    ])
    expect(Buffer.from(bytes).toString('hex')).toBe(GOLDEN_HISTOGRAMS)
    const chunk = readHistogramChunk(bytes)
    expect(chunk).toEqual({
      flags: 0,
      schema: 3,
      zeroThreshold: 2 ** -128,
      spans: [
        [
          [-2, 2],
          [3, 1],
        ],
        [[0, 1]],
      ],
      bounds: [],
      points: [
        { tMs: 1_000, numbers: [6, 1, 12.5, 1, 2, 1, 1] },
        { tMs: 16_000, numbers: [8, 1, 0.1, 2, 2, 2, 1] },
        { tMs: 30_999, numbers: [8, 1, 0.1, 2, 2, 2, 1] },
      ],
    })
    const custom = encodeHistogramChunk([{ tMs: 5, histogram: { ...CUSTOM, resetHint: 'gauge' } }])
    expect(Buffer.from(custom).toString('hex')).toBe(GOLDEN_CUSTOM)
    expect(readHistogramChunk(custom)).toMatchObject({
      flags: 0b1100_0000,
      schema: CUSTOM_BOUNDS_SCHEMA,
      bounds: [0.005, 1.5, 1e9],
    })
  })

  it('answers samples and histograms of a series', () => {
    const body = encodeReadResponse([
      samplesOf([
        [1, 2.5],
        [2, 'stale'],
        [3, HISTOGRAM],
      ]),
    ])
    expect(decodeMessage('ReadResponse', body)).toMatchObject({
      results: [
        {
          timeseries: [
            {
              labels: [
                { name: '__name__', value: 'm' },
                { name: 'a', value: 'b' },
              ],
              samples: [
                { value: 2.5, timestamp: 1 },
                { value: NaN, timestamp: 2 },
              ],
              histograms: [{ count_float: 6, sum: 12.5, schema: 3, positive_counts: [1, 2, 1], timestamp: 3 }],
            },
          ],
        },
      ],
    })
  })

  it('cuts chunks at 120 samples, where the kind changes, and where a counter starts again', () => {
    const floats = Array.from({ length: 130 }, (_, i) => [i + 1, i] as const)
    const smaller = { ...HISTOGRAM, positiveBuckets: Float64Array.of(0, 2, 1) }
    const samples = samplesOf([...floats, [200, HISTOGRAM], [201, HISTOGRAM], [202, smaller], [203, CUSTOM], [204, 1]])
    const [frame, ...rest] = [...encodeReadFrames(samples, 3, 1_000_000)]
    expect(rest).toEqual([])
    const { chunked_series: series, query_index: index } = openFrame(frame!)
    expect(index).toBe(3)
    expect(series).toMatchObject([
      {
        chunks: [
          { min_time_ms: 1, max_time_ms: 120, type: 1 },
          { min_time_ms: 121, max_time_ms: 130, type: 1 },
          { min_time_ms: 200, max_time_ms: 201, type: 3 },
          { min_time_ms: 202, max_time_ms: 202, type: 3 },
          { min_time_ms: 203, max_time_ms: 203, type: 3 },
          { min_time_ms: 204, max_time_ms: 204, type: 1 },
        ],
      },
    ])
  })

  it('splits a long series over frames', () => {
    const samples = samplesOf(Array.from({ length: 500 }, (_, i) => [i * 15_000, Math.sqrt(i)] as const))
    const frames = [...encodeReadFrames(samples, 0, 100)].map(openFrame)
    expect(frames).toHaveLength(5)
    for (const { chunked_series: series } of frames) expect(series).toMatchObject([{ labels: [{ name: '__name__' }, {}] }])
  })
})

/** Length, checksum and message of a frame. */
function openFrame(frame: Uint8Array): Record<string, unknown> {
  let [size, at] = [0, 0]
  for (; frame[at]! >= 0x80; at++) size += (frame[at]! & 0x7f) * 128 ** at
  size += frame[at]! * 128 ** at
  const message = frame.subarray(at + 5)
  expect(message.length).toBe(size)
  expect(new DataView(frame.buffer, frame.byteOffset).getUint32(at + 1)).toBe(crc32c(message))
  return decodeMessage('ChunkedReadResponse', message)
}

const GOLDEN_XOR = '0003d00f3ff00000000000009875309bffd0'
const GOLDEN_HISTOGRAMS =
  '000300749ca568ce3178fa10060000000000000ffc000000000000100a4000000000000ffc00000000000010000000000000000ffc0000000000000ffc' +
  '0000000000003e0ea63507d87eff21333333333337097ffd84bffeb800'
const GOLDEN_CUSTOM =
  '0001c000ee5c664ede5dd20e6e6b2800000006150060000000000000000000000000000100a4000000000000ffc000000000000100000000000000' +
  '00ffc0000000000000'
