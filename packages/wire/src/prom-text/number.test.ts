import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readDouble } from './number.ts'

const encoder = new TextEncoder()
const view = new DataView(new ArrayBuffer(8))

function read(text: string): number {
  const words = { valueLow: 0, valueHigh: 0 }
  const bytes = encoder.encode(` ${text} `)
  readDouble(bytes, 1, bytes.length - 1, words)
  view.setUint32(0, words.valueLow, true)
  view.setUint32(4, words.valueHigh, true)
  return view.getFloat64(0, true)
}

function check(text: string): void {
  expect(read(text), text).toBe(Number(text))
}

test('numbers are the nearest double, however they are printed', () => {
  const digits = fc.integer({ min: 0, max: 20 })
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), digits, (value, count) => {
      check(String(value))
      check(value.toExponential())
      // Rounded up, the largest are too large.
      if (Math.abs(value) < 1e308) check(value.toExponential(count))
      if (Math.abs(value) < 1e21) check(value.toFixed(count))
    }),
    { numRuns: 5_000 },
  )
})

test('numbers of 16 to 19 digits are the nearest double, with any power', () => {
  const mantissas = fc.bigInt({ min: 10n ** 15n, max: 10n ** 19n })
  fc.assert(
    fc.property(mantissas, fc.integer({ min: -30, max: 30 }), (mantissa, power) => {
      check(`${mantissa}e${power}`)
      check(`-0.000${mantissa}e${power}`)
      const text = String(mantissa)
      check(`${text.slice(0, 7)}.${text.slice(7)}`)
    }),
    { numRuns: 20_000 },
  )
})

test('the middle between two doubles, and what lies beside it, is rounded right', () => {
  // The middles between neighbours from 2^53 on end in .5, .25 and so on as they get smaller; all have up to 19 digits.
  for (let bits = 47; bits <= 60; bits++) {
    const step = 2n ** BigInt(Math.max(0, bits - 53))
    const places = Math.max(0, 53 - bits)
    for (let i = 0n; i < 50n; i++) {
      const base = 2n ** BigInt(bits) + 12_345n * i * step
      const middle = step > 1n ? `${base + step / 2n}` : `${base}.${String(5n ** BigInt(places + 1)).padStart(places + 1, '0')}`
      for (const text of [middle, `${middle}${middle.includes('.') ? '' : '.'}1`]) check(text)
      check(`${middle.slice(0, -1)}4`)
      check(`${middle.slice(0, -1)}6`)
    }
  }
})

test('signs, points and zeros stand where they may', () => {
  for (const text of ['0', '-0', '0.0', '-.5', '5.', '+1', '00012.50', '0e9', '1e0', '1E+05', '1e-07', '.1e1']) check(text)
  expect(Object.is(read('-0'), -0)).toBe(true)
})

test('what is no number is refused', () => {
  for (const text of ['', '-', '.', '-.', 'e1', '1e', '1e+', '1e1.0', '1.2.3', '0x1p2', '1_000', '1e309', '--1', '1-'])
    expect(() => read(text), text).toThrow(/no number/)
})
