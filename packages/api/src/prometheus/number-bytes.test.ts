import { printNumber } from '@oriel/syntax'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MOST_NUMBER_BYTES, putNumber } from './number-bytes.ts'

describe('putNumber', () => {
  it('prints quotients, as rates are, with the fewest digits that read back', () => {
    const quotient = fc.tuple(fc.integer({ min: 1 }), fc.integer({ min: 1 })).map(([one, other]) => one / other)
    fc.assert(fc.property(quotient, check), { numRuns: 20_000 })
  })
  it('prints numbers of any bits between 1e-7 and 1e16', () => {
    const bits = fc.double({ min: 1e-7, max: 1e16, noNaN: true })
    fc.assert(fc.property(bits, check), { numRuns: 20_000 })
  })
  it('prints decimals of any length', () => {
    const decimal = fc
      .tuple(fc.maxSafeInteger(), fc.integer({ min: 0, max: 22 }))
      .map(([digits, decimals]) => digits / 10 ** decimals)
    fc.assert(fc.property(decimal, check), { numRuns: 20_000 })
  })
  it('prints powers of two and ten, their halves and what is next to them', () => {
    for (let power = -70; power < 70; power++) {
      for (const value of [2 ** power, 1.5 * 2 ** power, 10 ** (power / 4), 5 ** (power / 4), 2 ** power + 0.5]) {
        const bits = new BigInt64Array(Float64Array.of(value).buffer)
        for (let step = -3n; step <= 3n; step++) check(new Float64Array(BigInt64Array.of(bits[0]! + step).buffer)[0]!)
      }
    }
  })
})

function check(value: number): void {
  const bytes = Buffer.alloc(MOST_NUMBER_BYTES)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  for (const signed of [value, -value]) {
    expect(bytes.toString('latin1', 0, putNumber(view, 0, Float64Array.of(signed), 0))).toBe(printNumber(signed))
  }
}
