import { expect, it } from 'vitest'
import type { PromMatrix } from '../data/prometheus.ts'
import { mergeMatrices } from './merge.ts'

const matrix = (startMs: number, values: readonly (number | null)[], more: Partial<PromMatrix> = {}): PromMatrix => ({
  tMs: values.map((_, i) => startMs + i * 10),
  stepMs: 10,
  series: [{ labels: { __name__: 'up' }, values }],
  notes: [],
  ...more,
})

it('answers of different moments share the grid that holds both', () => {
  const merged = mergeMatrices(
    [
      { letter: 'A', matrix: matrix(100, [1, 2, 3]) },
      { letter: 'B', matrix: matrix(110, [5, 6, 7]) },
    ],
    'p50',
  )
  expect(merged.tMs).toEqual([100, 110, 120, 130])
  expect(merged.lines.map(({ name, values }) => [name, values])).toEqual([
    ['A  up', [1, 2, 3, null]],
    ['B  up', [null, 5, 6, 7]],
  ])
})

it('an answer with another step waits for its own, and no answer makes no line', () => {
  const other = { ...matrix(100, [1]), stepMs: 20 }
  expect(
    mergeMatrices(
      [
        { letter: '', matrix: matrix(100, [1]) },
        { letter: '', matrix: other },
      ],
      'p50',
    ).lines,
  ).toHaveLength(1)
  expect(mergeMatrices([], 'p50')).toMatchObject({ tMs: [], lines: [] })
})

it('a native histogram is drawn as what was asked of it', () => {
  const histogram = { count: 4, sum: 8, buckets: [{ lower: 1, upper: 4, count: 4 }] }
  const answer = matrix(100, [null, null], { series: [{ labels: {}, values: [null, null], histograms: [histogram, null] }] })
  const valuesFor = (line: string): unknown => mergeMatrices([{ letter: '', matrix: answer }], line).lines[0]?.values
  expect(valuesFor('avg')).toEqual([2, null])
  expect(valuesFor('count')).toEqual([4, null])
  expect(valuesFor('p50')).toEqual([2, null])
  expect(mergeMatrices([{ letter: '', matrix: answer }], '').hasHistograms).toBe(true)
})
