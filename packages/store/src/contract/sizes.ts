import { expect } from 'vitest'
import type { TimeRange } from '@oriel/model'
import { MS_PER_DAY } from '@oriel/model'
import { contextFor, metricBlock, NOON_MS } from './fixtures.ts'
import type { Fact, FactInput, TestSeries } from './fixtures.ts'

const TODAY: TimeRange = { startMs: NOON_MS, endMs: NOON_MS + 3_600_000 }
const TWO_DAYS: TimeRange = { startMs: NOON_MS - MS_PER_DAY, endMs: NOON_MS }
const MONTH: TimeRange = { startMs: NOON_MS - 30 * MS_PER_DAY, endMs: NOON_MS + 3_600_000 }
const DAY = Math.floor(NOON_MS / MS_PER_DAY)

const at = (tMs: number, labels: Readonly<Record<string, string>>): TestSeries => ({ labels, samples: [[tMs, 1]] })

async function write({ store, tenant }: FactInput): Promise<void> {
  const users = ['u1', 'u2', 'u3'].map((user) => at(NOON_MS, { __name__: 'requests', path: '/', user }))
  const old = at(NOON_MS - MS_PER_DAY, { __name__: 'requests', path: '/old' })
  await store.sink.writeMetrics([metricBlock(tenant, [...users, old, at(NOON_MS, { __name__: 'up', path: '/' })])])
  await store.sink.writeMetrics([metricBlock(tenant, [at(NOON_MS - MS_PER_DAY, { __name__: 'up', path: '/' })])])
}

/** What every store promises of the counts that a page shows. */
export const SIZE_FACTS: readonly Fact[] = [
  {
    title: 'metrics are counted by their series in the days of the range',
    async run(input) {
      await write(input)
      const { cardinality } = input.store
      const context = contextFor(input.tenant)
      expect(await cardinality.sizes({ range: TODAY, limit: 10 }, context)).toEqual({
        series: 4,
        metrics: [
          { name: 'requests', count: 3 },
          { name: 'up', count: 1 },
        ],
      })
      expect(await cardinality.sizes({ range: TWO_DAYS, limit: 1 }, context)).toEqual({
        series: 5,
        metrics: [{ name: 'requests', count: 4 }],
      })
      expect(await cardinality.sizes({ range: TWO_DAYS, limit: 1 }, contextFor('nobody'))).toEqual({ series: 0, metrics: [] })
    },
  },
  {
    title: 'labels are counted by their values, pairs by their series',
    async run(input) {
      await write(input)
      const context = contextFor(input.tenant)
      expect(await input.store.cardinality.labels({ range: TODAY, limit: 2 }, context)).toEqual([
        { name: 'user', count: 3 },
        { name: '__name__', count: 2 },
      ])
      expect(await input.store.cardinality.pairs({ range: TODAY, limit: 2 }, context)).toEqual({
        sampledBy: 1,
        pairs: [
          { name: 'path', value: '/', count: 4 },
          { name: '__name__', value: 'requests', count: 3 },
        ],
      })
    },
  },
  {
    title: 'a metric is taken apart by label and day, and what it would be without labels is counted',
    async run(input) {
      await write(input)
      const { cardinality } = input.store
      const context = contextFor(input.tenant)
      expect(await cardinality.metric('requests', { range: TODAY, limit: 1 }, context)).toEqual({
        series: 3,
        labels: [
          { name: 'user', values: 3, top: [{ value: 'u1', series: 1 }] },
          { name: 'path', values: 1, top: [{ value: '/', series: 3 }] },
        ],
      })
      expect(await cardinality.days('requests', TODAY, context)).toEqual([{ day: DAY, series: 3 }])
      expect(await cardinality.days('requests', MONTH, context)).toEqual([
        { day: DAY - 1, series: 1 },
        { day: DAY, series: 3 },
      ])
      expect((await cardinality.metric('requests', { range: TWO_DAYS, limit: 9 }, context)).series).toBe(4)
      expect(await cardinality.metric('none', { range: TODAY, limit: 1 }, context)).toEqual({ series: 0, labels: [] })
      const reduced = (mode: 'drop' | 'keep', ...labels: string[]) =>
        cardinality.reduced('requests', { mode, labels }, { range: TWO_DAYS, limit: 1 }, context)
      expect(await Promise.all([reduced('drop', 'user'), reduced('keep', 'user'), reduced('drop'), reduced('keep')])).toEqual([
        2, 4, 4, 1,
      ])
    },
  },
  {
    title: 'the last day that a metric was queried on is known',
    async run({ store: { cardinality }, tenant }) {
      const use = { tenant, metric: 'up', isPattern: false }
      await cardinality.noteUse([
        { ...use, day: 20 },
        { ...use, metric: 'go_.*', isPattern: true, day: 3 },
      ])
      await cardinality.noteUse([{ ...use, day: 19 }])
      await cardinality.noteUse([])
      expect(await cardinality.uses(tenant, 4)).toEqual([{ ...use, day: 20 }])
      expect(await cardinality.uses(tenant, 3)).toHaveLength(2)
    },
  },
]
