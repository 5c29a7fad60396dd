import fc from 'fast-check'
import { LabelBytes } from '@oriel/wire'
import { expect, test } from 'vitest'
import { fieldEnd } from './label-table.ts'
import { SeriesGeneration } from './metrics-dictionary.ts'
import { hashBytes } from './metrics-hash.ts'

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length)

test('series are told apart by their bytes, whatever form these have', () => {
  // Tags and lengths more often than not: fields that end early, late, within each other.
  const byte = fc.constantFrom(0x0a, 0x0a, 0, 1, 2, 3, 4, 0x12, 0x80, 0xff)
  const series = fc.uint8Array({ maxLength: 14 }).chain((some) => fc.tuple(fc.constant(some), fc.array(byte, { maxLength: 14 })))
  fc.assert(
    fc.property(fc.array(series, { maxLength: 60 }), (all) => {
      const generation = new SeriesGeneration()
      const known = new Map<string, number>()
      for (const bytes of all.flatMap(([some, form]) => [Uint8Array.from(form), some, Uint8Array.from([...form, ...some])])) {
        const view = viewOf(bytes)
        // One hash for all: only the bytes are left to tell them apart.
        const ref = generation.find(view, 0, bytes.length, 7)
        expect(ref).toBe(known.get(bytes.join()) ?? -1)
        if (ref === -1) known.set(bytes.join(), generation.add(view, 0, bytes.length, 7))
      }
    }),
    { numRuns: 300 },
  )
})

test('a label is held once, however many series have it', () => {
  const generation = new SeriesGeneration()
  const value = 'v'.repeat(1_000)
  const labels = new LabelBytes()
  for (let i = 0; i < 10_000; i++) {
    labels.clear()
    labels.add('i', String(i))
    labels.add('long', value)
    const view = viewOf(labels.bytes)
    generation.add(view, 0, labels.length, hashBytes(view, 0, labels.length))
  }
  expect(generation.byteLength).toBeLessThan(10_000 * 50)
  expect(generation.labelsOf(9_999)).toEqual([
    { name: 'i', value: '9999' },
    { name: 'long', value },
  ])
})

test('a label field ends by its own length, also a long one, and never past the series', () => {
  const labels = new LabelBytes()
  labels.add('a', 'x'.repeat(300))
  const end = labels.length
  labels.add('b', 'y')
  const view = viewOf(labels.bytes)
  expect(fieldEnd(view, 0, labels.length)).toBe(end)
  expect(fieldEnd(view, end, labels.length)).toBe(labels.length)
  expect(fieldEnd(view, 0, end - 1)).toBe(end - 1)
})
