import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PointColumns, SeriesOut, Windows } from './grid.ts'
import { lastInWindows } from './instant.ts'
import { avgFold, changesFold, extremeOverWindows, sumFold, varianceFold } from './over-time.ts'
import type { RateKind } from './rate.ts'
import { rateOverWindows } from './rate.ts'
import { fitLine } from './regression.ts'
import { slideWindows } from './slide.ts'

describe('rateOverWindows', () => {
  it('ignores the point at the window start: windows are open on the left', () => {
    expect(
      rate(
        'increase',
        [
          [0, 5],
          [60, 10],
          [120, 20],
        ],
        { end: 120, range: 120 },
      ),
    ).toBe(20)
  })

  it('stretches the increase to both edges when they are near', () => {
    expect(
      rate(
        'increase',
        [
          [15, 100],
          [30, 110],
          [45, 120],
        ],
        { end: 60, range: 60 },
      ),
    ).toBe(40)
  })

  it('stretches by half a distance only when the edge is far', () => {
    expect(
      rate(
        'increase',
        [
          [100, 100],
          [110, 110],
          [120, 120],
        ],
        { end: 200, range: 200 },
      ),
    ).toBe(30)
  })

  it('does not reach below zero', () => {
    expect(
      rate(
        'increase',
        [
          [30, 1],
          [60, 31],
        ],
        { end: 60, range: 60 },
      ),
    ).toBeCloseTo(31, 9)
  })

  it('adds what a reset took away, for counters only', () => {
    const points: [number, number][] = [
      [0, 100],
      [30, 160],
      [60, 10],
    ]
    expect(rate('increase', points, { end: 60, range: 61 })).toBeCloseTo((70 * 61) / 60, 9)
    expect(rate('delta', points, { end: 60, range: 61 })).toBeCloseTo((-90 * 61) / 60, 9)
  })

  it('needs two points', () => {
    expect(rate('rate', [[30, 1]], { end: 60, range: 60 })).toBeUndefined()
  })

  it('slides to the same bits as walking every window anew', () => {
    fc.assert(
      fc.property(series(), grid(), fc.constantFrom<RateKind>('rate', 'increase', 'delta'), (points, windows, kind) => {
        const out = emptyOut(windows)
        rateOverWindows(points, 0, points.tMs.length, windows, kind, out)
        for (let j = 0; j < windows.steps; j++) {
          const one = { ...windows, firstEndMs: windows.firstEndMs + j * windows.stepMs, steps: 1 }
          expect(valueAt(out, j)).toBe(naiveRate(points, one, kind))
        }
      }),
    )
  })
})

describe('sliding folds', () => {
  it('the greatest and least of each window are those of walking it', () => {
    fc.assert(
      fc.property(series(), grid(), fc.boolean(), (points, windows, isMax) => {
        const out = emptyOut(windows)
        extremeOverWindows(points, 0, points.tMs.length, windows, isMax, out)
        for (let j = 0; j < windows.steps; j++) {
          const inside = windowOf(points, windows, j)
          const numbers = inside.filter((value) => !Number.isNaN(value))
          const best = isMax ? Math.max(...numbers) : Math.min(...numbers)
          expect(valueAt(out, j)).toBe(inside.length === 0 ? undefined : numbers.length === 0 ? NaN : best)
        }
      }),
    )
  })

  it('sums are compensated', () => {
    expect(fold(sumFold, [1e100, 1, -1e100])).toBe(1)
  })

  it('means survive sums that overflow', () => {
    expect(fold(avgFold, [Number.MAX_VALUE, Number.MAX_VALUE, Number.MAX_VALUE])).toBeCloseTo(Number.MAX_VALUE, -295)
    expect(fold(avgFold, [2, 4])).toBe(3)
  })

  it('variance is that of the population', () => {
    expect(fold(varianceFold, [2, 4, 4, 4, 5, 5, 7, 9])).toBe(4)
  })

  it('NaN after NaN is no change', () => {
    expect(fold(changesFold, [1, NaN, NaN, 2, 2])).toBe(2)
  })

  it('a line through exact points is exact', () => {
    const points = { tMs: Float64Array.of(0, 1_000, 3_000), values: Float64Array.of(1, 3, 7) }
    expect(fitLine(points, 0, 3, 0)).toEqual({ slope: 2, intercept: 1 })
  })
})

describe('lastInWindows', () => {
  it('a staleness marker ends a series at once', () => {
    const points = { tMs: Float64Array.of(0, 60_000), values: Float64Array.of(1, NaN) }
    const windows = { firstEndMs: 0, stepMs: 30_000, steps: 4, rangeMs: 300_000 }
    const out = emptyOut(windows)
    lastInWindows(points, Uint8Array.of(0, 1), 0, 2, windows, out)
    expect([0, 1, 2, 3].map((j) => valueAt(out, j))).toEqual([1, 1, undefined, undefined])
  })
})

function rate(kind: RateKind, points: [number, number][], { end, range }: { end: number; range: number }): number | undefined {
  const windows = { firstEndMs: end * 1_000, stepMs: 1, steps: 1, rangeMs: range * 1_000 }
  const out = emptyOut(windows)
  const columns = { tMs: Float64Array.from(points, ([t]) => t * 1_000), values: Float64Array.from(points, ([, value]) => value) }
  rateOverWindows(columns, 0, points.length, windows, kind, out)
  return valueAt(out, 0)
}

function fold(of: Parameters<typeof slideWindows>[4], values: number[]): number | undefined {
  const points = { tMs: Float64Array.from(values, (_, i) => i + 1), values: Float64Array.from(values) }
  const windows = { firstEndMs: values.length, stepMs: 1, steps: 1, rangeMs: values.length }
  const out = emptyOut(windows)
  slideWindows(points, 0, values.length, windows, of, out)
  return valueAt(out, 0)
}

function emptyOut({ steps }: Windows): SeriesOut {
  return { values: new Float64Array(steps), present: new Uint8Array(steps), at: 0 }
}

function valueAt({ values, present }: SeriesOut, j: number): number | undefined {
  return present[j] === 1 ? values[j] : undefined
}

function windowOf({ tMs, values }: PointColumns, { firstEndMs, stepMs, rangeMs }: Windows, j: number): number[] {
  const end = firstEndMs + j * stepMs
  return [...values].filter((_, i) => tMs[i]! > end - rangeMs && tMs[i]! <= end)
}

/** Extrapolation written down once more, straight from its description. */
function naiveRate({ tMs, values }: PointColumns, { firstEndMs: end, rangeMs }: Windows, kind: RateKind): number | undefined {
  const inside = [...tMs.keys()].filter((i) => tMs[i]! > end - rangeMs && tMs[i]! <= end)
  const [first = 0, last = 0] = [inside[0], inside.at(-1)]
  if (inside.length < 2) return undefined
  let increase = values[last]! - values[first]!
  if (kind !== 'delta') for (const i of inside.slice(1)) if (values[i]! < values[i - 1]!) increase += values[i - 1]!
  const sampled = (tMs[last]! - tMs[first]!) / 1_000
  const average = sampled / (inside.length - 1)
  let toStart = (tMs[first]! - (end - rangeMs)) / 1_000
  let toEnd = (end - tMs[last]!) / 1_000
  if (toStart >= average * 1.1) toStart = average / 2
  if (kind !== 'delta' && increase > 0 && values[first]! >= 0) toStart = Math.min(toStart, sampled * (values[first]! / increase))
  if (toEnd >= average * 1.1) toEnd = average / 2
  const factor = (sampled + toStart + toEnd) / sampled
  return increase * (kind === 'rate' ? factor / (rangeMs / 1_000) : factor)
}

function series(): fc.Arbitrary<PointColumns> {
  const value = fc.oneof({ weight: 8, arbitrary: fc.integer({ min: -3, max: 40 }) }, { weight: 1, arbitrary: fc.constant(NaN) })
  return fc.array(fc.tuple(fc.integer({ min: 1, max: 90 }), value), { maxLength: 40 }).map((steps) => {
    let t = 0
    return { tMs: Float64Array.from(steps, ([gap]) => (t += gap * 1_000)), values: Float64Array.from(steps, ([, v]) => v) }
  })
}

function grid(): fc.Arbitrary<Windows> {
  return fc.record({
    firstEndMs: fc.integer({ min: 0, max: 600_000 }),
    stepMs: fc.integer({ min: 1, max: 200_000 }),
    steps: fc.integer({ min: 1, max: 20 }),
    rangeMs: fc.integer({ min: 1, max: 400_000 }),
  })
}
