import { describe, expect, it } from 'vitest'
import { makeArrivals } from './logs-write.ts'

function valuesOf(column: { readonly length: number; at(row: number): bigint }): bigint[] {
  return Array.from({ length: column.length }, (_, row) => column.at(row))
}

describe('places in the order of arrival', () => {
  it('are the nanoseconds of the commit, rising by one a row', () => {
    expect(valuesOf(makeArrivals(() => 5)(3))).toEqual([5_000_000n, 5_000_001n, 5_000_002n])
  })

  it('go on rising when the clock stands still or goes back', () => {
    let nowMs = 1_000
    const arrivals = makeArrivals(() => nowMs)
    const first = valuesOf(arrivals(2))
    nowMs = 1
    expect(valuesOf(arrivals(2))).toEqual([first[1]! + 1n, first[1]! + 2n])
  })

  it('carry over the border between their two words', () => {
    const column = makeArrivals(() => 4_294)(1_000_000)
    expect(column.at(967_295)).toBe(0xffff_ffffn)
    expect(column.at(967_296)).toBe(0x1_0000_0000n)
  })
})
