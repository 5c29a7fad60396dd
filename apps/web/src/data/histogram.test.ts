import { describe, expect, it } from 'vitest'
import { meanOf, quantileOf, readHistogram } from './histogram.ts'

const histogram = readHistogram({
  count: '10',
  sum: '20',
  buckets: [
    [3, '-0.001', '0.001', '2'],
    [0, '1', '2', '4'],
    [0, '2', '4', '4'],
  ],
})

describe('quantileOf', () => {
  it('interpolates exponentially within a bucket, as its bounds grow', () => {
    expect(quantileOf(histogram, 0.4)).toBeCloseTo(Math.SQRT2)
    expect(quantileOf(histogram, 0.6)).toBeCloseTo(2)
    expect(quantileOf(histogram, 1)).toBe(4)
  })
  it('is linear around zero', () => expect(quantileOf(histogram, 0.1)).toBeCloseTo(0))
  it('stays at the finite bound of an open bucket', () => {
    const open = { count: 2, sum: 2, buckets: [{ lower: 8, upper: Infinity, count: 2 }] }
    expect(quantileOf(open, 0.9)).toBe(8)
  })
  it('is nothing for an empty histogram', () => {
    expect(quantileOf({ count: 0, sum: 0, buckets: [] }, 0.5)).toBeNull()
    expect(quantileOf({ count: NaN, sum: NaN, buckets: [] }, 0.5)).toBeNull()
  })
})

it('meanOf divides the sum, and is nothing where there is none', () => {
  expect(meanOf(histogram)).toBe(2)
  expect(meanOf({ ...histogram, sum: NaN })).toBeNull()
})
