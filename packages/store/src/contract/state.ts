import { expect } from 'vitest'
import type { Fact } from './fixtures.ts'

/** What every store promises of our own state. */
export const STATE_FACTS: readonly Fact[] = [
  {
    title: 'the newest version of an entry counts, and all versions are kept',
    async run({ store: { state }, tenant }) {
      const named = { tenant, kind: 'rule', id: 'a' }
      expect(await state.put({ ...named, author: 'ann', body: '{"x":1}' })).toMatchObject({ version: 1, isDeleted: false })
      await state.put({ ...named, author: 'bob', body: '{"x":"ä\\n"}' })
      await state.put({ ...named, id: 'b', author: 'ann', body: '{}' })
      await state.put({ ...named, kind: 'other', author: 'ann', body: '{}' })
      expect((await state.list('rule', tenant)).map(({ id, version, author, body }) => [id, version, author, body])).toEqual([
        ['a', 2, 'bob', '{"x":"ä\\n"}'],
        ['b', 1, 'ann', '{}'],
      ])
      expect((await state.history(tenant, 'rule', 'a')).map(({ version, author }) => [version, author])).toEqual([
        [2, 'bob'],
        [1, 'ann'],
      ])
    },
  },
  {
    title: 'a deleted entry is gone from the list, stays in the history, and may come again',
    async run({ store: { state }, tenant }) {
      const named = { tenant, kind: 'rule', id: 'a', author: 'ann' }
      await state.put({ ...named, body: '{}' })
      expect(await state.put(named)).toMatchObject({ version: 2, isDeleted: true, body: '' })
      expect(await state.list('rule', tenant)).toEqual([])
      expect((await state.list('rule')).filter((entry) => entry.tenant === tenant)).toEqual([])
      await state.put({ ...named, body: '{"again":true}' })
      expect((await state.history(tenant, 'rule', 'a')).map(({ isDeleted }) => isDeleted)).toEqual([false, true, false])
      expect(await state.list('rule', tenant)).toHaveLength(1)
    },
  },
  {
    title: 'a change based on another version is refused and changes nothing',
    async run({ store: { state }, tenant }) {
      const named = { tenant, kind: 'rule', id: 'a', author: 'ann' }
      await state.put({ ...named, body: '{"n":1}', ifVersion: 0 })
      const failure = await state.put({ ...named, body: '{"n":2}', ifVersion: 0 }).catch((error: unknown) => error)
      expect(failure).toMatchObject({ code: 'STORE_CONFLICT' })
      expect(await state.list('rule', tenant)).toMatchObject([{ version: 1, body: '{"n":1}' }])
    },
  },
  {
    title: 'changes made at the same time get versions one after the other',
    async run({ store: { state }, tenant }) {
      const named = { tenant, kind: 'rule', id: 'a', author: 'ann' }
      const made = await Promise.all([1, 2, 3, 4].map((n) => state.put({ ...named, body: String(n) })))
      expect(made.map(({ version }) => version)).toEqual([1, 2, 3, 4])
    },
  },
]
