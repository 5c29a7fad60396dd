import type { EndedQueryAnswer } from '@oriel/contract'
import { expect, it } from 'vitest'
import { costsByText, isWanted, reopenQuery } from './query-costs.ts'

const entry = (change: Partial<EndedQueryAnswer>): EndedQueryAnswer => ({
  id: 'a',
  language: 'promql',
  text: 'up',
  tenant: 'default',
  origin: 'prometheus',
  startedMs: 0,
  elapsedMs: 10,
  queuedMs: 0,
  outcome: 'ok',
  stats: { rows: 1, bytes: 2, engineMs: 3, series: 4, samples: 5 },
  ...change,
})

it('costsByText adds up the runs of a text and keeps the newest', () => {
  const newest = entry({ id: 'b', elapsedMs: 30, outcome: 'QUERY_TIMEOUT' })
  const costs = costsByText([newest, entry({}), entry({ language: 'logql' })])
  expect(costs).toHaveLength(2)
  expect(costs[0]).toMatchObject({ runs: 2, failures: 1, totalMs: 40, maxMs: 30, samples: 10, bytes: 4, last: newest })
})

it('a range query opens over its own range, an instant one at the end of half an hour', () => {
  expect(reopenQuery(entry({ times: { startMs: 1_000, endMs: 2_000 } }))).toBe('/explore/metrics?from=1000&to=2000&q=up')
  expect(reopenQuery(entry({ times: { startMs: 1_800_001, endMs: 1_800_001 } }))).toBe('/explore/metrics?from=1&to=1800001&q=up')
  expect(reopenQuery(entry({ language: 'logql', text: '{a="b"}' }))).toContain('/logs?q=')
  expect(reopenQuery(entry({ language: 'traceql', text: 'jaeger {}' }))).toBeUndefined()
  expect(reopenQuery(entry({ language: 'lookup' }))).toBeUndefined()
})

it('isWanted narrows by language, tenant and any part of text or origin', () => {
  const wanted = (language: string, tenant: string, find: string): boolean => isWanted(entry({}), { language, tenant, find })
  expect([wanted('', '', ''), wanted('promql', 'default', 'UP'), wanted('', '', 'prom')]).toEqual([true, true, true])
  expect([wanted('logql', '', ''), wanted('', 'other', ''), wanted('', '', 'down')]).toEqual([false, false, false])
})
