import { expect, it } from 'vitest'
import { isWorthCollecting } from './heap.ts'

const MB = 2 ** 20
const burst = { heldBytes: 250 * MB, liveBytes: 30 * MB, utilization: 0.02, lastHeldBytes: 100 * MB, sinceMs: 60_000 }
const scraping = { ...burst, utilization: 0.1, lastHeldBytes: 240 * MB }

it.each([
  ['after a burst, once it is quiet', burst, true],
  ['after a burst, beside what always goes on', { ...burst, utilization: 0.1 }, true],
  ['not while the thread is busy', { ...burst, utilization: 0.5 }, false],
  ['not soon again for what always goes on', scraping, false],
  ['every now and then for what always goes on', { ...scraping, sinceMs: 3_600_000 }, true],
  ['soon again where nothing goes on', { ...scraping, utilization: 0.01 }, true],
  ['not for little', { ...burst, heldBytes: 100 * MB, lastHeldBytes: 0 }, false],
  ['not again and again for a heap that is in use', { ...burst, heldBytes: 900 * MB, liveBytes: 600 * MB }, false],
])('the heap is collected %s', (_when, state, want) => {
  expect(isWorthCollecting(state)).toBe(want)
})
