import { describe, expect, it } from 'vitest'
import { keyName, makeKeyDispatcher, SEQUENCE_MS } from './keys.ts'

function record(): { readonly log: string[]; readonly bind: (...names: string[]) => Record<string, () => void> } {
  const log: string[] = []
  return { log, bind: (...names) => Object.fromEntries(names.map((name) => [name, () => void log.push(name)])) }
}

describe('makeKeyDispatcher', () => {
  it('runs a sequence, and swallows the single key that ends it', () => {
    const { log, bind } = record()
    const keys = makeKeyDispatcher()
    keys.add(bind('g s', 's'))
    expect(keys.press('g', 0)).toBe(true)
    expect(keys.press('s', 100)).toBe(true)
    expect(log).toEqual(['g s'])
  })

  it('swallows a key that continues no sequence', () => {
    const { log, bind } = record()
    const keys = makeKeyDispatcher()
    keys.add(bind('g s', 'x'))
    keys.press('g', 0)
    expect(keys.press('x', 100)).toBe(true)
    expect(log).toEqual([])
    keys.press('x', 200)
    expect(log).toEqual(['x'])
  })

  it('forgets a sequence after its time', () => {
    const { log, bind } = record()
    const keys = makeKeyDispatcher()
    keys.add(bind('g s', 's'))
    keys.press('g', 0)
    keys.press('s', SEQUENCE_MS + 1)
    expect(log).toEqual(['s'])
  })

  it('lets the latest layer win, until it is gone', () => {
    const log: string[] = []
    const keys = makeKeyDispatcher()
    keys.add({ n: () => void log.push('page') })
    const remove = keys.add({ n: () => void log.push('trace') })
    keys.press('n', 0)
    remove()
    keys.press('n', 10)
    expect(log).toEqual(['trace', 'page'])
  })

  it('leaves unbound keys to the browser', () => expect(makeKeyDispatcher().press('a', 0)).toBe(false))
})

it('keyName joins Ctrl and Cmd and ignores modifiers alone', () => {
  const base = { ctrlKey: false, metaKey: false, altKey: false }
  expect(keyName({ ...base, key: 'K', metaKey: true })).toBe('mod+k')
  expect(keyName({ ...base, key: 'Shift' })).toBe('')
  expect(keyName({ ...base, key: 'N' })).toBe('N')
})
