import { expect, it } from 'vitest'
import type { Rule, RuleGroup } from '../data/rules.ts'
import { countRules, filterGroups, whenOf } from './rule-filter.ts'

const base = { labels: { team: 'a' }, health: 'ok', evaluationTime: 0, lastEvaluation: '2026-01-01T00:00:00Z' } as const
const record: Rule = { ...base, type: 'recording', name: 'job:up:sum', query: 'sum by (job) (up)' }
const alert = (name: string, state: 'firing' | 'pending' | 'inactive'): Rule => ({
  ...base,
  type: 'alerting',
  name,
  query: 'up == 0',
  state,
  duration: 0,
  keepFiringFor: 0,
  annotations: {},
  alerts: [],
})
const group = (name: string, ...rules: Rule[]): RuleGroup => ({
  name,
  file: `/etc/${name}.yml`,
  rules,
  interval: 60,
  limit: 0,
  evaluationTime: 0,
  lastEvaluation: '',
})
const groups = [group('a', record, alert('Down', 'firing')), group('b', { ...alert('Slow', 'pending'), health: 'err' })]

function names(filter: Partial<Parameters<typeof filterGroups>[1]>): string[] {
  return filterGroups(groups, { type: '', state: '', find: '', ...filter }).flatMap(({ rules }) => rules.map(({ name }) => name))
}

it('rules are narrowed by type, state, health and words of name, query, labels, group and file', () => {
  expect(names({})).toEqual(['job:up:sum', 'Down', 'Slow'])
  expect(names({ type: 'recording' })).toEqual(['job:up:sum'])
  expect(names({ state: 'firing' })).toEqual(['Down'])
  expect(names({ state: 'failing' })).toEqual(['Slow'])
  expect(names({ find: 'SUM job' })).toEqual(['job:up:sum'])
  expect(names({ find: 'b.yml' })).toEqual(['Slow'])
  expect(names({ find: 'team=a up' })).toEqual(['job:up:sum', 'Down', 'Slow'])
})

it('rules are counted by state', () => {
  expect(countRules(groups)).toEqual({ rules: 3, firing: 1, pending: 1, failing: 1 })
})

it("Go's zero time is never", () => {
  expect(whenOf('0001-01-01T00:00:00Z')).toBeUndefined()
  expect(whenOf('2026-01-01T00:00:00Z')).toBe(Date.UTC(2026, 0))
})
