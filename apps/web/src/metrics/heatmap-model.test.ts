import { describe, expect, it } from 'vitest'
import type { PromSeries } from '../data/prometheus.ts'
import { heatmapOf } from './heatmap-model.ts'

const answer = (series: readonly PromSeries[]): Parameters<typeof heatmapOf>[0] => ({
  tMs: [0, 10],
  stepMs: 10,
  series,
  notes: [],
})

describe('heatmapOf', () => {
  it('takes classic buckets apart and adds series up', () => {
    const bucket = (le: string, values: (number | null)[], job: string): PromSeries => ({ labels: { le, job }, values })
    const heatmap = heatmapOf(
      answer([
        bucket('+Inf', [10, null], 'a'),
        bucket('1', [6, 2], 'a'),
        bucket('0.5', [2, 1], 'a'),
        bucket('0.5', [1, 0], 'b'),
        bucket('1', [1, 0], 'b'),
      ]),
    )
    expect(heatmap?.rows).toEqual([
      { lower: 0, upper: 0.5 },
      { lower: 0.5, upper: 1 },
      { lower: 1, upper: Infinity },
    ])
    expect(heatmap?.cells).toEqual([
      [3, 1],
      [4, 1],
      [3, 0],
    ])
    expect(heatmap?.max).toBe(4)
  })

  it('adds native buckets up by their bounds, and never has more rows than lines to draw them on', () => {
    const histograms = [
      { count: 3, sum: 3, buckets: [{ lower: 1, upper: 2, count: 3 }] },
      { count: 1, sum: 1, buckets: [{ lower: 2, upper: 4, count: 1 }] },
    ]
    const two = heatmapOf(answer([{ labels: {}, values: [null, null], histograms }]))
    expect(two?.cells).toEqual([
      [3, 0],
      [0, 1],
    ])
    const buckets = Array.from({ length: 200 }, (_, i) => ({ lower: i, upper: i + 1, count: 1 }))
    const many = heatmapOf(answer([{ labels: {}, values: [null, null], histograms: [{ count: 200, sum: 0, buckets }, null] }]))
    expect(many?.rows.length).toBeLessThanOrEqual(48)
    expect(many?.rows.at(-1)?.upper).toBe(200)
    expect(many?.cells.reduce((sum, [first = 0]) => sum + first, 0)).toBe(200)
  })

  it('is nothing for other answers', () => {
    expect(heatmapOf(answer([]))).toBeUndefined()
    expect(heatmapOf(answer([{ labels: { job: 'a' }, values: [1, 2] }]))).toBeUndefined()
    expect(heatmapOf(answer([{ labels: { le: 'x' }, values: [1, 2] }]))).toBeUndefined()
  })
})
