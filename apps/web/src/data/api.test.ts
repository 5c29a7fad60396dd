import { expect, it } from 'vitest'
import { readTiming } from './api.ts'

it('readTiming reads times and counts, and nothing from nothing', () => {
  expect([...readTiming('total;dur=12.5, rows;desc="2048", cache;desc="hit"')]).toEqual([
    ['total', 12.5],
    ['rows', 2_048],
  ])
  expect(readTiming('').size).toBe(0)
})
