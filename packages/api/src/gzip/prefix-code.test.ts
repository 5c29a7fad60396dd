import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { COUNT_SHIFT } from './bits.ts'
import { canonicalCode, codeLengths } from './prefix-code.ts'

describe('codeLengths', () => {
  it('gives the shortest code', () => {
    expect([...codeLengths(Int32Array.of(45, 13, 12, 16, 9, 5), 15)]).toEqual([1, 3, 3, 3, 4, 4])
    expect([...codeLengths(Int32Array.of(7, 9), 15)]).toEqual([1, 1])
  })
  it('gives no longer length than allowed, and lengths that fill a code exactly', () => {
    const counts = fc.array(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 500_000 })), {
      minLength: 2,
      maxLength: 286,
    })
    fc.assert(fc.property(counts, (all) => checkFull(codeLengths(Int32Array.from(all), 11), 11)))
    const fibonacci = [1, 1]
    while (fibonacci.length < 30) fibonacci.push(fibonacci.at(-1)! + fibonacci.at(-2)!)
    checkFull(codeLengths(Int32Array.from(fibonacci), 11), 11)
  })
})

describe('canonicalCode', () => {
  it('numbers codes as the example of RFC 1951, 3.2.2 does', () => {
    const entries = canonicalCode(Uint8Array.of(3, 3, 3, 3, 3, 2, 4, 4))
    expect(Array.from(entries, textOf)).toEqual(['010', '011', '100', '101', '110', '00', '1110', '1111'])
  })
  it('has nothing for a symbol without a length', () => {
    expect([...canonicalCode(Uint8Array.of(1, 0, 1))]).toEqual([1 << COUNT_SHIFT, 0, 1 | (1 << COUNT_SHIFT)])
  })
})

function checkFull(lengths: Uint8Array, most: number): void {
  expect(Math.max(...lengths)).toBeLessThanOrEqual(most)
  expect(lengths.reduce((sum, length) => sum + 2 ** -length, 0)).toBe(1)
}

/** The first bit first. */
function textOf(entry: number): string {
  return Array.from({ length: entry >> COUNT_SHIFT }, (_, i) => (entry >> i) & 1).join('')
}
