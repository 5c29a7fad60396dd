import { makeLabels } from '@oriel/model'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { FoldOp } from './aggregate.ts'
import { aggregate, aggregateQuantile } from './aggregate.ts'
import { bucketFraction, bucketQuantile, isAlmostEqual } from './buckets.ts'
import type { Grid } from './grid.ts'
import { groupSeries } from './groups.ts'
import { quantileOf } from './quantile.ts'

const LABELS = ['a', 'a', 'b'].map((group, i) =>
  makeLabels([
    ['__name__', 'm'],
    ['g', group],
    ['i', `${i}`],
  ]),
)

describe('aggregate', () => {
  it('groups by the labels named, or by all but those and the name', () => {
    expect(groupSeries(LABELS, ['g'], false)).toEqual({
      groupOf: Uint32Array.of(0, 0, 1),
      labels: [makeLabels([['g', 'a']]), makeLabels([['g', 'b']])],
    })
    expect(groupSeries(LABELS, ['i'], true).labels).toEqual([makeLabels([['g', 'a']]), makeLabels([['g', 'b']])])
    expect(groupSeries([], [], false).labels).toEqual([])
  })

  it('a step without any value in a group has none', () => {
    const { present } = aggregate(
      gridOf([
        [1, undefined],
        [2, undefined],
        [undefined, 4],
      ]),
      groupSeries(LABELS, ['g'], false),
      'sum',
    )
    expect([...present]).toEqual([1, 0, 0, 1])
  })

  it('every operator is that of its definition', () => {
    const value = fc.option(fc.integer({ min: -50, max: 50 }), { nil: undefined })
    fc.assert(
      fc.property(fc.array(fc.array(value, { minLength: 4, maxLength: 4 }), { minLength: 3, maxLength: 3 }), (rows) => {
        const groups = groupSeries(LABELS, [], false)
        for (const op of ['sum', 'avg', 'count', 'min', 'max', 'group', 'stddev', 'stdvar'] as const) {
          const out = aggregate(gridOf(rows), groups, op)
          for (let j = 0; j < 4; j++) {
            const column = rows.flatMap((row) => row[j] ?? [])
            expect(out.present[j]).toBe(column.length > 0 ? 1 : 0)
            if (column.length > 0) expect(out.values[j]).toBeCloseTo(defined(op, column), 9)
          }
        }
      }),
    )
  })

  it('sums are compensated over series', () => {
    const out = aggregate(gridOf([[1e100], [1], [-1e100]]), groupSeries(LABELS, [], false), 'sum')
    expect(out.values[0]).toBe(1)
  })

  it('NaN gives way to any number in min and max', () => {
    const grid = gridOf([[NaN], [3], [5]])
    expect(aggregate(grid, groupSeries(LABELS, [], false), 'min').values[0]).toBe(3)
    expect(aggregate(grid, groupSeries(LABELS, [], false), 'max').values[0]).toBe(5)
  })

  it('quantiles lie between ranks, NaN first', () => {
    expect(quantileOf(0.5, Float64Array.of(4, 1, 3, 2))).toBe(2.5)
    expect(quantileOf(0, Float64Array.of(1, NaN))).toBe(NaN)
    expect(quantileOf(-1, Float64Array.of(1))).toBe(-Infinity)
    expect(aggregateQuantile(gridOf([[1], [3], [5]]), groupSeries(LABELS, [], false), Float64Array.of(1)).values[0]).toBe(5)
  })
})

describe('classic histograms', () => {
  const BUCKETS = [
    { upperBound: 1, count: 10 },
    { upperBound: Infinity, count: 20 },
    { upperBound: 0.5, count: 4 },
  ]

  it('quantiles are linear inside a bucket and stop at the highest bound', () => {
    expect(bucketQuantile(0.25, BUCKETS).value).toBeCloseTo(0.5 + 0.5 / 6, 9)
    expect(bucketQuantile(0.9, BUCKETS).value).toBe(1)
    expect(bucketQuantile(0.1, BUCKETS).value).toBe(0.25)
  })

  it('without observations, +Inf or a quantile there is no number', () => {
    expect(bucketQuantile(0.5, [{ upperBound: 1, count: 3 }]).value).toBe(NaN)
    expect(
      bucketQuantile(0.5, [
        { upperBound: 1, count: 0 },
        { upperBound: Infinity, count: 0 },
      ]).value,
    ).toBe(NaN)
    expect(bucketQuantile(NaN, BUCKETS).value).toBe(NaN)
    expect(bucketQuantile(2, BUCKETS).value).toBe(Infinity)
  })

  it('counts that fall are raised, and it is said by how much', () => {
    const { fix } = bucketQuantile(0.5, [...BUCKETS, { upperBound: 2, count: 7 }])
    expect(fix).toEqual({ minBucket: 2, maxBucket: 2, maxDiff: 3 })
  })

  it('fractions count what lies between two values', () => {
    expect(bucketFraction(0, 1, BUCKETS)).toBe(0.5)
    expect(bucketFraction(0.5, 1, BUCKETS)).toBe(0.3)
    expect(bucketFraction(1, 0, BUCKETS)).toBe(0)
    expect(bucketFraction(NaN, 1, BUCKETS)).toBe(NaN)
  })

  it('numbers are almost equal within a relative error', () => {
    expect(isAlmostEqual(1, 1 + 1e-14)).toBe(true)
    expect(isAlmostEqual(1, 1.001)).toBe(false)
    expect(isAlmostEqual(NaN, NaN)).toBe(true)
    expect(isAlmostEqual(0, 1e-9)).toBe(false)
  })
})

function gridOf(rows: readonly (readonly (number | undefined)[])[]): Grid {
  const steps = rows[0]?.length ?? 0
  return {
    labels: LABELS.slice(0, rows.length),
    steps,
    values: Float64Array.from(rows.flat(), (value) => value ?? 0),
    present: Uint8Array.from(rows.flat(), (value) => (value === undefined ? 0 : 1)),
  }
}

function defined(op: FoldOp, values: readonly number[]): number {
  const sum = values.reduce((a, b) => a + b, 0)
  const mean = sum / values.length
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length
  const by: Record<FoldOp, number> = {
    sum,
    avg: mean,
    count: values.length,
    min: Math.min(...values),
    max: Math.max(...values),
    group: 1,
    stdvar: variance,
    stddev: Math.sqrt(variance),
  }
  return by[op]
}
