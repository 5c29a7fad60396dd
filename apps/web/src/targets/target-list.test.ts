import { expect, test } from 'vitest'
import type { ActiveTarget, Targets } from '../data/targets.ts'
import { changesOf, poolsOf, ruleText } from './target-list.ts'

function target(pool: string, instance: string, health: ActiveTarget['health'], lastError = ''): ActiveTarget {
  return {
    discoveredLabels: { __address__: instance },
    labels: { instance, job: pool },
    scrapePool: pool,
    scrapeUrl: `http://${instance}/metrics`,
    lastError,
    lastScrape: '2026-11-21T12:00:00Z',
    lastScrapeDuration: 0.01,
    health,
    scrapeInterval: '15s',
    scrapeTimeout: '10s',
  }
}

const TARGETS: Targets = {
  activeTargets: [
    target('node', 'a:1', 'up'),
    target('node', 'b:1', 'down', 'connection refused'),
    target('api', 'c:1', 'unknown'),
  ],
  droppedTargets: [{ scrapePool: 'node', discoveredLabels: { __address__: 'd:1' } }],
  droppedTargetCounts: { node: 7, api: 0, quiet: 3 },
}
const ALL = { state: '', pool: '', find: '' } as const

test('pools stand by name, what is down first, dropped targets only when asked for', () => {
  const pools = poolsOf(TARGETS, ALL)
  expect(
    pools.map(({ name, rows, up, active, dropped }) => [name, rows.map(({ address }) => address), up, active, dropped]),
  ).toEqual([
    ['api', ['http://c:1/metrics'], 0, 1, 0],
    ['node', ['http://b:1/metrics', 'http://a:1/metrics'], 1, 2, 7],
    ['quiet', [], 0, 0, 3],
  ])
  const dropped = poolsOf(TARGETS, { ...ALL, state: 'dropped' })
  expect(dropped.flatMap(({ rows }) => rows.map(({ address }) => address))).toEqual(['d:1'])
})

test('a filter narrows by pool, state, and words in address, labels and error', () => {
  const found = (
    filter: Partial<typeof ALL> | { readonly find?: string; readonly pool?: string; readonly state?: 'up' | 'down' },
  ) => poolsOf(TARGETS, { ...ALL, ...filter }).flatMap(({ rows }) => rows.map(({ labels }) => labels['instance']))
  expect(found({ find: 'REFUSED b:1' })).toEqual(['b:1'])
  expect(found({ find: 'job="api"' })).toEqual(['c:1'])
  expect(found({ pool: 'node', state: 'up' })).toEqual(['a:1'])
  expect(found({ find: 'nothing' })).toEqual([])
})

test('what a rule changed is told by name', () => {
  expect(changesOf({ a: '1', b: '2', c: '3' }, { a: '1', b: 'x', d: '4' })).toEqual([
    { name: 'b', before: '2', after: 'x' },
    { name: 'c', before: '3', after: undefined },
    { name: 'd', before: undefined, after: '4' },
  ])
})

test('a rule is told without what every rule says', () => {
  const rule = { source_labels: ['a', 'b'], separator: ';', regex: 'x.*', replacement: '$1', action: 'keep' }
  expect(ruleText(rule)).toBe('action: keep  source_labels: [a, b]  regex: x.*')
})
