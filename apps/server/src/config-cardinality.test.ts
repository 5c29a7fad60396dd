import { expect, test } from 'vitest'
import { makeConfig } from './config.ts'
import { parseConfig } from './config-file.ts'

const policyOf = (text: string) => makeConfig([parseConfig(text, '/o.yaml')]).cardinality

test('budgets are read for everybody, for metrics and for tenants', () => {
  const { fallback, tenants } = policyOf(`
cardinality:
  max_series: 1000
  metrics:
    - { match: '{__name__=~"debug_.*"}', max_series: 10 }
    - { match: up, max_series: 0 }
  tenants:
    team-a: { max_series_per_metric: 5 }
`)
  expect(fallback).toEqual({
    maxSeries: 1_000,
    maxSeriesPerMetric: 200_000,
    metrics: [
      { matchers: [{ name: '__name__', op: '=~', value: 'debug_.*' }], maxSeries: 10 },
      { matchers: [{ name: '__name__', op: '=', value: 'up' }], maxSeries: 0 },
    ],
  })
  expect(tenants.get('team-a')).toEqual({ ...fallback, maxSeriesPerMetric: 5 })
})

test.each([
  ['cardinality: { max_series: -1 }', 'cardinality.max_series (/o.yaml:1)'],
  ['cardinality: { metrics: 3 }', 'cardinality.metrics (/o.yaml:1): it must be a list'],
  ['cardinality: { metrics: [{ match: up }] }', 'every entry needs match and max_series'],
  ['cardinality: { metrics: [{ match: "{job=\'a\'}", max_series: 1 }] }', 'match __name__ alone'],
  ['cardinality: { metrics: [{ match: "{__name__=~\'(\'}", max_series: 1 }] }', 'cannot compile regex'],
  ['cardinality: { metrics: [{ match: "a b", max_series: 1 }] }', "neither a metric's name nor a selector"],
  ['cardinality: { tenants: { a: { max_sries: 1 } } }', 'a: unknown key max_sries'],
])('%s is refused by name', (text, why) => {
  expect(() => policyOf(text)).toThrow(why)
})
