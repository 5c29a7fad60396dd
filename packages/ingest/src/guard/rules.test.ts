import { silentTelemetry } from '@oriel/model'
import { openMemoryStore } from '@oriel/store'
import { expect, test } from 'vitest'
import { openMetricsWriter } from '../metrics.ts'
import { encodeV1 } from '../../../wire/src/remote-write/testing.ts'
import { CardinalityGuard } from './cardinality.ts'
import type { RuleText } from './rule-text.ts'
import { openSeriesRules } from './rules.ts'

const NOW = Date.UTC(2026, 10, 21, 12)
const DROP: RuleText = { action: 'drop', metric: 'debug_.*', isPattern: true, labels: [] }

test('a rule is in force at once, after a restart, and not after it was taken back; every version stays', async () => {
  const store = openMemoryStore({ now: () => NOW })
  const open = async () => {
    const guard = new CardinalityGuard(silentTelemetry)
    const rules = openSeriesRules(store.state, guard)
    await rules.load()
    const writer = openMetricsWriter(store.sink, { now: () => NOW, guard })
    const body = encodeV1([{ labels: { __name__: 'debug_x' }, samples: [[NOW, 1]] }])
    return {
      guard,
      rules,
      isDropped: async () => {
        await writer.writeRemoteWrite('t', body, 1)
        return guard.active('t', 9).metrics.some(({ metric, series }) => metric === 'debug_x' && series === 0)
      },
    }
  }
  const first = await open()
  expect(await first.isDropped()).toBe(false)
  expect(await first.rules.put('t', 'r1', { rule: DROP, author: 'ann' })).toMatchObject({ ...DROP, id: 'r1', version: 1 })
  expect(await first.isDropped()).toBe(true)
  const second = await open()
  expect(await second.isDropped()).toBe(true)
  expect(await second.rules.list('other')).toEqual([])
  expect(await second.rules.remove('t', 'r1', 'bob')).toMatchObject({ version: 2, isDeleted: true })
  expect(await second.isDropped()).toBe(false)
  expect(await second.rules.undo('t', 'r1', 'ann')).toMatchObject({ ...DROP, version: 3 })
  expect(await second.isDropped()).toBe(true)
  expect(await second.rules.undo('t', 'r1', 'ann')).toMatchObject({ version: 4, isDeleted: true })
  expect((await second.rules.history('t', 'r1')).map(({ author }) => author)).toEqual(['ann', 'ann', 'bob', 'ann'])
})

test.each<[string, string, Partial<RuleText>, string]>([
  ['no metric', 'r', { metric: '' }, 'it names no metric'],
  ['a bad pattern', 'r', { metric: '(' }, 'cannot compile regex "("'],
  ['labels with drop', 'r', { labels: ['a'] }, 'labels mean nothing'],
  ['no label to drop', 'r', { action: 'drop_labels' }, 'it names no label to drop'],
  ['a bound', 'r', { action: 'drop_labels', labels: ['le'] }, 'without the label le its series mean nothing'],
  ['an empty label', 'r', { action: 'keep_labels', labels: [''] }, 'a label has no name'],
  ['a bad id', 'a/b', {}, 'its id may have letters'],
])('a rule with %s is refused and changes nothing', async (_what, id, change, why) => {
  const store = openMemoryStore()
  const rules = openSeriesRules(store.state, new CardinalityGuard(silentTelemetry))
  await expect(rules.put('t', id, { rule: { ...DROP, ...change }, author: 'ann' })).rejects.toThrow(why)
  await expect(rules.remove('t', 'r', 'ann')).rejects.toMatchObject({ code: 'STORE_NOT_FOUND' })
  expect(await rules.list('t')).toEqual([])
})
