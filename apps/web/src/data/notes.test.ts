import { expect, it } from 'vitest'
import { endOfWord, offsetOf, readNotes } from './notes.ts'

it('a note loses its prefix and its place becomes an offset', () => {
  const query = 'rate(up[5m])'
  const told = 'PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "up" (1:6)'
  expect(readNotes(query, { infos: [told], warnings: ['results truncated due to limit'] })).toEqual([
    { severity: 'warning', message: 'results truncated due to limit' },
    {
      severity: 'info',
      message: 'metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "up"',
      offset: 5,
    },
  ])
  expect(endOfWord(query, 5)).toBe(7)
})

it('columns count UTF-8 bytes, lines from 1, and places outside the text are none', () => {
  expect(offsetOf('a + b', 1, 5)).toBe(4)
  expect(offsetOf('{a="é"} + b', 1, 12)).toBe(10)
  expect(offsetOf('a +\nb', 2, 1)).toBe(4)
  expect(offsetOf('a', 3, 1)).toBeUndefined()
  expect(offsetOf('abc', 1, 40)).toBeUndefined()
})
