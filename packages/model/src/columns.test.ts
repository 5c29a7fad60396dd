import fc from 'fast-check'
import { expect, test } from 'vitest'
import { F64Column, STALE_HIGH, STALE_LOW, U128Column, U64Column } from './columns.ts'
import { BytesColumn, DictColumn, MapColumn } from './text-columns.ts'

test('a 64-bit column keeps every unsigned value through growth', () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { maxLength: 3_000 }), (values) => {
      const column = new U64Column()
      for (const value of values) column.pushBigInt(value)
      expect(values.every((value, row) => column.at(row) === value)).toBe(true)
      expect(column.words.length).toBe(2 * values.length)
    }),
    { numRuns: 20 },
  )
})

test('milliseconds pushed as a number are exact', () => {
  const column = new U64Column()
  for (const value of [0, 1, 2 ** 32 - 1, 2 ** 32, 1_795_228_714_448, Number.MAX_SAFE_INTEGER]) column.pushNumber(value)
  expect(Array.from({ length: 6 }, (_, row) => Number(column.at(row)))).toEqual([
    0,
    1,
    2 ** 32 - 1,
    2 ** 32,
    1_795_228_714_448,
    Number.MAX_SAFE_INTEGER,
  ])
})

test('a staleness marker keeps its bits and an ordinary NaN is not taken for one', () => {
  const column = new F64Column()
  column.push(STALE_LOW, STALE_HIGH)
  column.pushDouble(Number.NaN)
  column.pushDouble(-0)
  expect([column.isStaleAt(0), column.isStaleAt(1)]).toEqual([true, false])
  expect([...column.words.subarray(0, 2)]).toEqual([STALE_LOW, STALE_HIGH])
  expect(Object.is(column.doubleAt(2), -0)).toBe(true)
})

test('strings come back as they went in, whatever their length and script', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 60 })), (texts) => {
      const column = new BytesColumn()
      for (const text of texts) column.pushString(text)
      expect(texts.map((_, row) => column.stringAt(row))).toEqual(texts)
    }),
  )
})

test('bytes are copied, so the source may be reused', () => {
  const source = new TextEncoder().encode('a rather long body that is copied by one call')
  const column = new BytesColumn()
  column.pushBytes(source, 0, source.length)
  column.pushBytes(source, 2, 8)
  source.fill(0)
  expect([column.stringAt(0), column.stringAt(1)]).toEqual(['a rather long body that is copied by one call', 'rather'])
})

test('cutting back forgets the rows of a request that failed half-way', () => {
  const map = new MapColumn()
  map.pushRecord({ method: 'GET' })
  map.keys.push('half')
  map.values.pushString('done')
  map.truncate(1)
  map.pushRecord({ status: '200', path: '/' })
  expect([map.recordAt(0), map.recordAt(1)]).toEqual([{ method: 'GET' }, { status: '200', path: '/' }])
})

test('a dictionary holds each string once and index 0 is the empty string', () => {
  const column = new DictColumn()
  for (const value of ['info', '', 'error', 'info']) column.push(value)
  expect(column.dictionary).toEqual(['', 'info', 'error'])
  expect([...column.rows]).toEqual([1, 0, 2, 1])
})

test('128-bit values are copied word by word', () => {
  const column = new U128Column()
  const ids = Uint32Array.of(1, 2, 3, 4, 5, 6, 7, 8)
  column.pushFrom(ids, 1)
  column.pushFrom(ids, 0)
  expect([...column.words]).toEqual([5, 6, 7, 8, 1, 2, 3, 4])
})
