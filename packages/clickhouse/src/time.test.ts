import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Bindings } from './conditions.ts'
import type { NsWindow } from './time.ts'
import { firstSlice, restAfter, timeConditions, windowOf } from './time.ts'

function slicesOf(range: NsWindow, sizeNs: bigint, direction: 'forward' | 'backward'): NsWindow[] {
  const slices: NsWindow[] = []
  for (let rest: NsWindow | undefined = range; rest !== undefined;) {
    const slice = firstSlice(rest, sizeNs, direction)
    slices.push(slice)
    rest = restAfter(rest, slice, direction)
  }
  return slices
}

describe('slices of time', () => {
  it('hold every nanosecond of a range once, in the direction of reading', () => {
    const range = fc
      .tuple(fc.bigInt(0n, 1_000n), fc.bigInt(1n, 1_000n))
      .map(([startNs, lengthNs]) => ({ startNs, endNs: startNs + lengthNs }))
    fc.assert(
      fc.property(range, fc.bigInt(1n, 400n), fc.constantFrom('forward', 'backward'), ({ startNs, endNs }, sizeNs, direction) => {
        const slices = slicesOf(windowOf({ startNs, endNs }), sizeNs, direction)
        const inTime = direction === 'forward' ? slices : slices.toReversed()
        let nextNs = startNs
        for (const { firstNs, lastNs } of inTime) {
          expect(firstNs).toBe(nextNs)
          expect(lastNs - firstNs < sizeNs).toBe(true)
          nextNs = lastNs + 1n
        }
        expect(nextNs).toBe(endNs)
      }),
    )
  })

  it('an endless range is cut to what the engine can hold', () => {
    const bindings = new Bindings()
    timeConditions({ firstNs: -5n, lastNs: 2n ** 70n }, bindings)
    expect(bindings.params).toEqual({ p0: 0n, p1: 2n ** 63n - 1n, p2: 0n, p3: (2n ** 63n - 1n) / 1_800_000_000_000n })
  })
})
