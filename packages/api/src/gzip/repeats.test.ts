import { describe, expect, it } from 'vitest'
import { beginText, endOfRepeat, placeBefore, placeBehind } from './repeats.ts'

const TEXT = '"],[1700000015,"12"],[1700000030,"15"],[1700000015,"12"],[1700000030,"19"]'

describe('placeBefore', () => {
  it('knows the long repeat, else the short one', () => {
    const view = begin(TEXT)
    const second = TEXT.indexOf('"]', 1)
    const third = TEXT.indexOf('"]', second + 1)
    expect([placeBefore(view, 0), placeBefore(view, second), placeBefore(view, third)]).toEqual([-1, 0, 0])
    expect(endOfRepeat(view, 0, third)).toBe(TEXT.lastIndexOf('9"'))
  })
  it('knows nothing of a text before, also when places are counted anew', () => {
    for (const between of [0, 2 ** 28, 2 ** 29]) {
      const view = begin(TEXT)
      expect(placeBefore(view, 0)).toBe(-1)
      if (between > 0) beginText(between)
      expect(placeBefore(begin(TEXT), 0)).toBe(-1)
    }
  })
})

describe('placeBehind', () => {
  it('is the place where its eight bytes are the same', () => {
    const view = begin('12345678 12345678 1234567')
    expect([placeBehind(view, 0, 9), placeBehind(view, 0, 8)]).toEqual([0, -1])
  })
})

function begin(text: string): DataView {
  const bytes = new TextEncoder().encode(text)
  beginText(bytes.length)
  return new DataView(bytes.buffer)
}
