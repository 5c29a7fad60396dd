import { hash64 } from '@oriel/store'
import { expect, test } from 'vitest'
import { offsetOf } from './offset.ts'

function offsets(intervalMs: number): number[] {
  return Array.from({ length: 20_000 }, (_, i) => offsetOf(`target ${i}`, intervalMs, hash64))
}

test('targets are spread over their interval, in steps of at most 100 ms', () => {
  for (const [intervalMs, stepMs] of [
    [15_000, 100],
    [60_000, 100],
    [1_000, 20],
    [1_010, 20],
    [10, 1],
  ] as const) {
    const all = offsets(intervalMs)
    const counts = new Map<number, number>()
    for (const offset of all) counts.set(offset, (counts.get(offset) ?? 0) + 1)
    const places = Array.from({ length: Math.ceil(intervalMs / stepMs) }, (_, i) => i * stepMs)
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual(places)
    expect(Math.max(...counts.values())).toBeLessThan((2.5 * all.length) / places.length)
  }
})

test('a target keeps its place', () => {
  expect(offsets(15_000)).toEqual(offsets(15_000))
})
