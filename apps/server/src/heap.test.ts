import { expect, it } from 'vitest'
import { isWorthCollecting } from './heap.ts'

const MB = 2 ** 20

it.each([
  ['after a burst, once it is quiet', { heldBytes: 250 * MB, liveBytes: 30 * MB, utilization: 0.02, sinceMs: Infinity }, true],
  ['not while the thread is busy', { heldBytes: 250 * MB, liveBytes: 30 * MB, utilization: 0.5, sinceMs: Infinity }, false],
  [
    'not soon again while something goes on',
    { heldBytes: 250 * MB, liveBytes: 30 * MB, utilization: 0.1, sinceMs: 60_000 },
    false,
  ],
  ['soon again where nothing goes on', { heldBytes: 250 * MB, liveBytes: 30 * MB, utilization: 0.01, sinceMs: 60_000 }, true],
  ['not for little', { heldBytes: 100 * MB, liveBytes: 30 * MB, utilization: 0, sinceMs: Infinity }, false],
  [
    'not again and again for a heap that is in use',
    { heldBytes: 900 * MB, liveBytes: 600 * MB, utilization: 0, sinceMs: Infinity },
    false,
  ],
])('the heap is collected %s', (_when, state, want) => {
  expect(isWorthCollecting(state)).toBe(want)
})
