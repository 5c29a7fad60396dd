import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { FoldOp } from './aggregate.ts'
import { makeAccumulator } from './aggregate.ts'
import type { PointColumns, SeriesOut, Windows } from './grid.ts'
import { LastKernel } from './instant.ts'
import { sumFold } from './over-time.ts'
import type { RateKind } from './rate.ts'
import { RateKernel } from './rate.ts'
import { FoldKernel } from './slide.ts'

type Slide = (points: PointColumns, out: SeriesOut) => number

describe('a kernel for many series', () => {
  it('gives each what a kernel of its own gives, whether they share their times or not', () => {
    fc.assert(
      fc.property(series(), windows(), fc.constantFrom<RateKind>('rate', 'increase', 'delta'), (all, of, kind) => {
        const makers: (() => Slide)[] = [
          () => {
            const kernel = new RateKernel(of, kind)
            return (points, out) => kernel.slide(points, 0, points.tMs.length, out)
          },
          () => {
            const kernel = new LastKernel(of)
            return (points, out) => kernel.slide(points, undefined, 0, points.tMs.length, out)
          },
          () => {
            const kernel = new FoldKernel(of, sumFold)
            return (points, out) => kernel.slide(points, 0, points.tMs.length, out)
          },
        ]
        for (const make of makers) {
          const shared = make()
          for (const points of all) expect(slid(shared, points, of)).toEqual(slid(make(), points, of))
        }
      }),
    )
  })
})

describe('an accumulator', () => {
  it('adds rows that are said to be full to the same bits', () => {
    const row = fc.array(fc.oneof(fc.double(), fc.constantFrom(Number.MAX_VALUE, Infinity, NaN)), { minLength: 3, maxLength: 3 })
    const rows = fc.array(fc.record({ values: row, group: fc.nat(1), isFull: fc.boolean() }), { maxLength: 12 })
    fc.assert(
      fc.property(rows, fc.constantFrom<FoldOp>('sum', 'avg', 'min', 'max', 'count', 'stddev'), (all, op) => {
        const [told, untold] = [makeAccumulator(op, [[], []], 3), makeAccumulator(op, [[], []], 3)]
        for (const { values, group, isFull } of all) {
          const present = Uint8Array.of(1, isFull ? 1 : 0, 1)
          told.add(group, Float64Array.from(values), present, 0, isFull)
          untold.add(group, Float64Array.from(values), present, 0)
        }
        expect(told.finish()).toEqual(untold.finish())
      }),
    )
  })
})

function slid(slide: Slide, points: PointColumns, { steps }: Windows): unknown {
  const out = { values: new Float64Array(steps), present: new Uint8Array(steps), at: 0 }
  const filled = slide(points, out)
  expect(filled).toBe(out.present.reduce((sum, one) => sum + one, 0))
  return out
}

/** Series of which some have the times of others. */
function series(): fc.Arbitrary<PointColumns[]> {
  const times = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 20 })
  const values = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 20, maxLength: 20 })
  return fc
    .tuple(fc.array(times, { minLength: 1, maxLength: 3 }), fc.array(fc.tuple(fc.nat(2), values), { maxLength: 8 }))
    .map(([lists, all]) =>
      all.map(([list, of]) => {
        let t = 0
        const tMs = Float64Array.from(lists[list % lists.length]!, (gap) => (t += 1_000 * gap))
        return { tMs, values: Float64Array.from(of.slice(0, tMs.length)) }
      }),
    )
}

function windows(): fc.Arbitrary<Windows> {
  return fc.record({
    firstEndMs: fc.integer({ min: 0, max: 300_000 }),
    stepMs: fc.integer({ min: 1, max: 60_000 }),
    steps: fc.integer({ min: 1, max: 12 }),
    rangeMs: fc.integer({ min: 1, max: 400_000 }),
  })
}
