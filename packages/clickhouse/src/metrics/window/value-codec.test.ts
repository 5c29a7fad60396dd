import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ByteSink, decodeValues, encodeValues, makeValueColumn } from './value-codec.ts'

const MARKERS = [0x7ff0_0000_0000_0002n, 0x7ff8_0068_6973_746fn, 0x7ff8_0000_0000_0001n, 0xfff8_0000_0000_0000n]

const bits = fc.oneof(
  fc.constantFrom(...MARKERS),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc
    .oneof(
      fc.double(),
      fc.float(),
      fc.constantFrom(0, -0, Infinity, -Infinity, 0.1, 1e300, 5e-324, 2 ** 53, -(2 ** 53), 2 ** 52, 4_503_599_627_370_495.5),
      fc.integer({ min: -1_000_000, max: 1_000_000 }).chain((n) => fc.constantFrom(n, n / 10, n / 1_000, n / 1e6, n * 2 ** 33)),
    )
    .map(bitsOf),
)
const alike = fc
  .tuple(fc.integer({ min: -1e9, max: 1e9 }), fc.array(fc.integer({ min: -300, max: 70_000 })), fc.constantFrom(1, 10, 1_000))
  .map(([first, steps, scale]) => {
    let sum = first
    return [first, ...steps.map((step) => (sum += step))].map((value) => bitsOf(value / scale))
  })
const chunk = fc.oneof(
  fc.array(bits, { minLength: 1, maxLength: 300 }),
  alike,
  fc.array(fc.float().map(bitsOf), { minLength: 1 }),
)

it('values come back to the bit, whatever they are', () => {
  fc.assert(
    fc.property(fc.array(chunk, { minLength: 1, maxLength: 4 }), (chunks) => {
      const sink = new ByteSink()
      const starts = chunks.map((values) => {
        const start = sink.length
        encodeValues(sink, { values: new Float64Array(words(values).buffer), words: words(values) }, 0, values.length)
        return start
      })
      const bytes = sink.finish()
      const view = new DataView(bytes.buffer)
      for (const [i, values] of chunks.entries()) {
        const column = makeValueColumn(values.length + 3)
        decodeValues(bytes, view, starts[i]!, values.length, column, 2)
        expect(column.words.slice(4, 4 + 2 * values.length)).toEqual(words(values))
      }
    }),
    { numRuns: 500 },
  )
})

it('a counter takes a byte or two a sample, a gauge with three decimals as well, a value that stays none', () => {
  const size = (values: readonly number[]): number => {
    const sink = new ByteSink()
    const column = makeValueColumn(values.length)
    column.values.set(values)
    encodeValues(sink, column, 0, values.length)
    return sink.length
  }
  const random = Array.from({ length: 60 }, (_, i) => (i * 7_919) % 1_000)
  let total = 1e9
  expect(size(random.map((step) => (total += step)))).toBeLessThan(20 + 2 * 60)
  expect(size(random.map((step) => step / 1_000))).toBeLessThan(20 + 2 * 60)
  expect(size(random.map((step) => step / 64))).toBeLessThan(20 + 4 * 60)
  expect(size(random.map(() => 0.123_456_789))).toBe(10)
})

function bitsOf(value: number): bigint {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  return view.getBigUint64(0)
}

function words(values: readonly bigint[]): Uint32Array {
  return Uint32Array.from(values.flatMap((value) => [Number(value & 0xffff_ffffn), Number(value >> 32n)]))
}
