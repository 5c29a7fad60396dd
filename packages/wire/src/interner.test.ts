import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ByteTable, Interner } from './interner.ts'

const encoder = new TextEncoder()

test('a table finds what a map finds, whatever the keys', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 4 }), { maxLength: 800 }), (keys) => {
      const table = new ByteTable<number>()
      const map = new Map<string, number>()
      for (const [i, key] of keys.entries()) {
        const known = table.get(key, 0, key.length)
        expect(known).toBe(map.get(key.join()))
        if (known !== undefined) continue
        table.add(key, 0, key.length, i)
        map.set(key.join(), i)
      }
      expect(table.size).toBe(map.size)
    }),
  )
})

test('a full table starts over', () => {
  const table = new ByteTable<string>({ maxEntries: 3 })
  for (const word of ['a', 'b', 'c', 'd']) table.add(encoder.encode(word), 0, 1, word)
  expect([table.size, table.get(encoder.encode('d'), 0, 1), table.get(encoder.encode('a'), 0, 1)]).toEqual([1, 'd', undefined])
  const small = new ByteTable<string>({ maxBytes: 4 })
  small.add(encoder.encode('abc'), 0, 3, 'abc')
  small.add(encoder.encode('de'), 0, 2, 'de')
  expect(small.size).toBe(1)
})

test('interned strings are the text of their bytes, mapped once', () => {
  const mapped: string[] = []
  const interner = new Interner((text) => {
    mapped.push(text)
    return text.toUpperCase()
  })
  const source = encoder.encode('xébx')
  expect([interner.intern(source, 1, 4), interner.intern(source, 1, 4), interner.intern(source, 2, 2)]).toEqual(['ÉB', 'ÉB', ''])
  expect(mapped).toEqual(['éb'])
})
