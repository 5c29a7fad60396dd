import { expect, it } from 'vitest'
import type { PlacedDot } from './chart-data.ts'
import { summarize, thinDots, yRange } from './chart-data.ts'
import { sparkPaths } from './sparkline.tsx'

const dot = (xPx: number, yPx: number, isError = false): PlacedDot => ({
  xPx,
  yPx,
  isError,
  tMs: xPx,
  value: 100 - yPx,
  href: `/${xPx}/${yPx}`,
  label: '',
})

it('thinDots keeps an error over a slower success that it would overlap', () => {
  expect(thinDots([dot(10, 10), dot(20, 20, true)]).map(({ isError }) => isError)).toEqual([true])
})

it('thinDots leaves 24 px between the centres of any two', () => {
  const kept = thinDots(Array.from({ length: 500 }, (_, i) => dot((i * 37) % 400, (i * 91) % 150, i % 7 === 0)))
  expect(kept.length).toBeGreaterThan(20)
  for (const a of kept)
    for (const b of kept)
      if (a !== b) expect(Math.max(Math.abs(a.xPx - b.xPx), Math.abs(a.yPx - b.yPx))).toBeGreaterThanOrEqual(24)
})

it('summarize says range and last value of each series', () => {
  const series = [
    { label: 'p95', values: [null, 3, 1, 2], color: '' },
    { label: 'p99', values: [null], color: '' },
  ]
  expect(summarize('Duration', series, (value) => `${value} ms`)).toBe('Duration. p95: 1 ms to 3 ms, last 2 ms; p99: no data')
})

it('sparkPaths breaks the line at gaps', () => {
  const { line } = sparkPaths([1, 2, null, 1], { width: 30, height: 10, floor: 0 })
  expect(line.match(/M/g)).toHaveLength(2)
})

it('yRange keeps zero in view, goes below it for negative values, and is never flat', () => {
  expect(yRange(50, 100, 0)).toEqual([0, 108])
  expect(yRange(-100, 50, 0)).toEqual([-108, 54])
  expect(yRange(null, null, 0)).toEqual([0, 1])
  expect(yRange(0, 0, 0.5)).toEqual([0, 0.54])
})
