import { describe, expect, it } from 'vitest'
import { differences, meanOf, spreadOf } from './difference.ts'

describe('differences', () => {
  it('finds the group with another level', () => {
    const [a, b, odd] = differences([
      [1, 1, 1],
      [1, 1, 1],
      [9, 9, 9],
    ])
    expect([a, b]).toEqual([0, 0])
    expect(odd).toBeGreaterThan(0.5)
  })
  it('finds the group with another shape at the same level', () => {
    const [a, b, odd] = differences([
      [2, 2, 2, 2],
      [2, 2, 2, 2],
      [0, 0, 0, 8],
    ])
    expect(odd).toBeGreaterThan(2 * Math.max(a ?? 0, b ?? 0))
  })
  it('a gap where the others have values is a difference', () => {
    const [whole, , broken] = differences([
      [1, 1, 1, 1],
      [1, 1, 1, 1],
      [1, null, null, 1],
    ])
    expect(broken).toBeGreaterThan(whole ?? 0)
  })
  it('one group, empty groups and zeros are like each other', () => {
    expect(differences([[1, 2, 3]])).toEqual([0])
    expect(differences([[], [null], [0, 0], [0, 0]])).toEqual([0, 0, 0, 0])
  })
  it('is never below 0, above 2 or not a number', () => {
    const groups = [
      [-5, 5, null],
      [1e300, -1e300, 0],
      [0, 0, 1],
    ]
    for (const value of differences(groups)) expect(value >= 0 && value <= 2).toBe(true)
  })
})

it('spreadOf ranks a label that tells something above one that does not', () => {
  const telling = spreadOf([
    [1, 1],
    [10, 10],
  ])
  const silent = spreadOf([
    [5, 5],
    [5.5, 5.5],
  ])
  expect(telling).toBeGreaterThan(silent)
})

it('meanOf leaves gaps out', () => expect([meanOf([1, null, 3]), meanOf([null])]).toEqual([2, null]))
