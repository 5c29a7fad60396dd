import { expect, it } from 'vitest'
import { isWorthCollecting } from './heap.ts'

const MB = 2 ** 20

it.each([
  ['after a burst, once it is quiet', { heldBytes: 250 * MB, liveBytes: 30 * MB, utilization: 0.02 }, true],
  ['not while the thread is busy', { heldBytes: 250 * MB, liveBytes: 30 * MB, utilization: 0.5 }, false],
  ['not while scraping goes on', { heldBytes: 250 * MB, liveBytes: 30 * MB, utilization: 0.1 }, false],
  ['not for little', { heldBytes: 100 * MB, liveBytes: 30 * MB, utilization: 0 }, false],
  ['not again and again for a heap that is in use', { heldBytes: 900 * MB, liveBytes: 600 * MB, utilization: 0 }, false],
])('the heap is collected %s', (_when, state, want) => {
  expect(isWorthCollecting(state)).toBe(want)
})
