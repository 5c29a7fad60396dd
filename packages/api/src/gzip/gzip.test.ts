import { gunzipSync, gzipSync } from 'node:zlib'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { printMatrix } from '../prometheus/print.ts'
import { Gzip } from './gzip.ts'

const SPECIAL = [0, -0, 1, -1, NaN, Infinity, -Infinity, 1e21, 5e-324, 1.7976931348623157e308, -2.5e-10, 0.1, 1e9, 123_456_789]

describe('Gzip', () => {
  it('is undone by zlib, whatever the bytes and wherever they are cut', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 3_000 }),
      fc.string({ unit: 'binary', maxLength: 1_000 }).map((text) => Buffer.from(text)),
      // Few different bytes: repeats of every kind.
      fc
        .array(fc.constantFrom('"', 'ab', '1', '"],[1700000015,"', '0.25', '"x":"'), { maxLength: 2_000 })
        .map((parts) => Buffer.from(parts.join(''))),
    )
    fc.assert(fc.property(fc.array(bytes, { maxLength: 6 }), check), { numRuns: 400 })
  })

  it('is undone for matrices of any values, times and labels', () => {
    const value = fc.oneof(fc.constantFrom(...SPECIAL), fc.double(), fc.integer(), fc.constant(7))
    const labels = fc.array(fc.record({ name: fc.string(), value: fc.string({ unit: 'grapheme' }) }), { maxLength: 4 })
    const series = fc.record({
      labels,
      values: fc.array(value, { minLength: 1, maxLength: 300 }),
      startMs: fc.constantFrom(1_700_000_000_000, 0, -5_500, 1_700_000_000_123),
      stepMs: fc.constantFrom(15_000, 1, 60_000),
    })
    const matrix = fc.array(series, { maxLength: 20 }).map((all) =>
      all.map((one) => ({
        labels: one.labels,
        tMs: Float64Array.from(one.values, (_, i) => one.startMs + i * one.stepMs),
        values: Float64Array.from(one.values),
      })),
    )
    fc.assert(
      fc.property(matrix, (all) => check([...printMatrix(all, 0)])),
      { numRuns: 200 },
    )
  })

  it('is undone over many blocks, where what an answer is like changes on the way', () => {
    const constant = printed(300, 241, () => 1)
    const counters = printed(600, 241, (s, i) => s * 1_000 + i * (1 + (s % 97)))
    const ratios = printed(600, 241, (s, i) => (i + 1) / (s + 3))
    const long = printed(2, 11_000, (s, i) => i * (s + 1))
    const huge = Buffer.from(JSON.stringify({ label: 'é€😀'.repeat(100_000), other: 'x'.repeat(400_000) }))
    const noise = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => Math.imul(i, 2_654_435_761) >>> 24))
    check([constant, ratios, huge, counters, noise, long, constant])
  })

  it('writes repeats of any length, near and far', () => {
    for (let length = 1; length < 600; length++)
      check([Buffer.from(`"${'ab'.repeat(length).slice(0, length)}"begin"${'ab'.repeat(length)}`)])
    for (const gap of [32_700, 32_740, 32_745, 32_750, 32_767, 32_768, 32_800]) {
      const between = Uint8Array.from({ length: gap }, (_, i) => 35 + ((Math.imul(i, 2_654_435_761) >>> 16) % 60))
      check([Buffer.concat([Buffer.from('"a text that comes twice'), between, Buffer.from('"a text that comes twice')])])
    }
  })

  it('is not disturbed by others that work between its pieces', () => {
    const texts = [printed(40, 241, (s, i) => s * i), printed(40, 241, (s, i) => i / (s + 7))]
    const zips = texts.map(() => new Gzip())
    const out: Uint8Array[][] = texts.map(() => [])
    for (let at = 0; at < 200_000; at += 10_000) {
      zips.forEach((zip, i) => out[i]!.push(zip.add(texts[i]!.subarray(at, at + 10_000))))
    }
    zips.forEach((zip, i) => out[i]!.push(zip.end()))
    texts.forEach((text, i) => expect(gunzipSync(Buffer.concat(out[i]!)).equals(text.subarray(0, 200_000))).toBe(true))
  })

  it('makes counters and rates smaller than level 1 of zlib', () => {
    const counters = printed(300, 241, (s, i) => i * (1 + ((s * 7_919) % 97)) + ((s * 31 + i * 17) % (1 + ((s * 7_919) % 97))))
    const rates = printed(300, 241, (s, i) => ((s * 31 + i * 17) % 97) / 285 + 1 / (s + i + 3))
    for (const text of [counters, rates]) expect(zip([text]).length).toBeLessThan(gzipSync(text, { level: 1 }).length)
  })

  it('adds little to what cannot be made smaller', () => {
    const noise = Buffer.from(fc.sample(fc.uint8Array({ minLength: 100_000, maxLength: 100_000 }), { numRuns: 1, seed: 1 })[0]!)
    expect(zip([noise]).length).toBeLessThan(1.2 * noise.length)
  })
})

function check(pieces: readonly Uint8Array[]): void {
  const want = Buffer.concat(pieces)
  // Within an `expect` for the answer itself a difference of megabytes would be printed.
  expect(gunzipSync(zip(pieces)).equals(want)).toBe(true)
}

function zip(pieces: readonly Uint8Array[]): Buffer {
  const gzip = new Gzip()
  return Buffer.concat([...pieces.map((piece) => gzip.add(piece)), gzip.end()])
}

function printed(series: number, steps: number, valueAt: (series: number, step: number) => number): Buffer {
  const tMs = Float64Array.from({ length: steps }, (_, i) => 1_773_489_600_000 + i * 15_000)
  const all = Array.from({ length: series }, (_, s) => ({
    labels: [
      { name: '__name__', value: 'http_requests_total' },
      { name: 'i', value: String(s) },
    ],
    tMs,
    values: Float64Array.from(tMs, (_t, i) => valueAt(s, i)),
  }))
  return Buffer.concat([...printMatrix(all, 0)])
}
