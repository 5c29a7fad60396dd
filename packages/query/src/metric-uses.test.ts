import { DEFAULT_FEATURES } from '@oriel/promql'
import type { MetricUse } from '@oriel/store'
import { expect, test } from 'vitest'
import { MetricUses, selectedMetrics } from './metric-uses.ts'

const DAY = 86_400_000

test('the metrics of a query are those its selectors name', () => {
  const check = (text: string, ...want: string[]) =>
    expect(selectedMetrics(text, DEFAULT_FEATURES).map(({ metric, isPattern }) => (isPattern ? `~${metric}` : metric))).toEqual(
      want,
    )
  check('sum(rate(a_total[5m])) / on (x) b{c="d"} offset 5m', 'a_total', 'b')
  check('{__name__="a.b"} or {"c.d"}', 'a.b', 'c.d')
  check('max_over_time(rate({__name__=~"go_.*"}[5m])[1h:])', '~go_.*')
  check('{job="x"} + 1')
  check('sum(')
})

test('uses are stored once a day, and again when the store failed', async () => {
  const stored: MetricUse[][] = []
  let isFailing = true
  let nowMs = 10 * DAY
  const uses = new MetricUses({
    now: () => nowMs,
    store: {
      async noteUse(batch) {
        if (isFailing) throw new Error('away')
        stored.push([...batch])
      },
    },
  })
  const up = [{ metric: 'up', isPattern: false }]
  uses.note(['a', 'b'], up)
  await uses.flush()
  expect(uses.pending('a')).toEqual([{ tenant: 'a', metric: 'up', isPattern: false, day: 10 }])
  isFailing = false
  await uses.flush()
  uses.note(['a'], up)
  await uses.flush()
  nowMs += DAY
  uses.note(['a'], up)
  await uses.close()
  expect(stored.map((batch) => batch.map(({ tenant, day }) => `${tenant} ${day}`))).toEqual([['a 10', 'b 10'], ['a 11']])
})
