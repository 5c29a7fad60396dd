import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeLabelBytes, LabelBytes } from './series.ts'

test('labels of any length and script are read back', () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: 'grapheme', maxLength: 200 }),
    fc.string({ unit: fc.constantFrom('a', 'é', '日', '😀', '\u{d800}'), maxLength: 100 }),
    fc.string({ minLength: 1_000, maxLength: 3_000 }),
  )
  const bytes = new LabelBytes()
  fc.assert(
    fc.property(fc.array(fc.record({ name: text, value: text }), { maxLength: 5 }), (labels) => {
      bytes.clear()
      for (const { name, value } of labels) bytes.add(name, value)
      const want = labels.map(({ name, value }) => ({ name: name.toWellFormed(), value: value.toWellFormed() }))
      expect(decodeLabelBytes(bytes.bytes, 0, bytes.length)).toEqual(want)
    }),
    { numRuns: 500 },
  )
})
