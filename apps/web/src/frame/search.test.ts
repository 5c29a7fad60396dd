import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parseSearch, readSearch, stringifySearch } from './search.ts'

it('keeps epochs as plain text, as Grafana writes them', () => {
  expect(stringifySearch({ from: '1700001816364', to: 'now' })).toBe('?from=1700001816364&to=now')
  expect(parseSearch('?from=1700001816364')).toEqual({ from: '1700001816364' })
})

it('repeats the key of an array', () => {
  const text = stringifySearch({ f: ['a|=|1', 'b|exists|'] })
  expect(text).toBe('?f=a|%3D|1&f=b|exists|')
  expect(parseSearch(text)).toEqual({ f: ['a|=|1', 'b|exists|'] })
})

it('leaves out what is absent or empty', () =>
  expect(stringifySearch({ q: undefined, find: '', sel: 'span:a:b' })).toBe('?sel=span:a:b'))

it('comes back as it went out, whatever the text', () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1 })
  fc.assert(
    fc.property(text, text, (q, find) => {
      expect(readSearch(parseSearch(stringifySearch({ q, find })))).toEqual({ q, find })
    }),
  )
})

it('drops keys that mean nothing here and takes the last of a repeated one', () => {
  expect(readSearch({ from: ['now-1h', 'now-2h'], evil: 'x', f: 'a|=|b' })).toEqual({ from: 'now-2h', f: ['a|=|b'] })
})
