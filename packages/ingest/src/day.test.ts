import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dayOf, isStorable } from './day.ts'

const NS_PER_DAY = 86_400_000_000_000n

function words(ns: bigint): [low: number, high: number] {
  return [Number(ns & 0xffff_ffffn), Number(ns >> 32n)]
}

test('the day of a time is exact over all 64 bits, on both sides of midnight', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 213_503 }), fc.integer({ min: -2, max: 2 }), (day, offsetNs) => {
      const ns = BigInt(day) * NS_PER_DAY + BigInt(offsetNs)
      expect(dayOf(...words(ns))).toBe(Number(ns / NS_PER_DAY))
    }),
    { numRuns: 2_000 },
  )
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (ns) => {
      expect(dayOf(...words(ns))).toBe(Number(ns / NS_PER_DAY))
    }),
  )
})

test('times past 2^63 ns do not fit the store', () => {
  expect(isStorable(words(2n ** 63n - 1n)[1])).toBe(true)
  expect(isStorable(words(2n ** 63n)[1])).toBe(false)
})
