import { expect, test } from 'vitest'
import { makeConfig } from './config.ts'
import { parseConfig } from './config-file.ts'
import { printConfig } from './print-config.ts'

const policyOf = (text: string) => makeConfig([parseConfig(text, '/o.yaml')]).retention
const DAY = 86_400_000

test('everything is kept unless a time is said', () => {
  expect(policyOf('')).toEqual({ fallback: { keepMs: 0, rules: [] }, tenants: new Map() })
})

test('times are read for everybody, for selectors and for tenants', () => {
  const { fallback, tenants } = policyOf(`
retention:
  default: 15d
  metrics:
    - { match: '{__name__=~"debug_.*", job="x"}', keep: 2d }
    - { match: slo_requests_total, keep: forever }
  tenants:
    team-a: { default: forever, metrics: [] }
    team-b: { default: 7d }
`)
  expect(fallback).toEqual({
    keepMs: 15 * DAY,
    rules: [
      {
        keepMs: 2 * DAY,
        matchers: [
          { name: '__name__', op: '=~', value: 'debug_.*' },
          { name: 'job', op: '=', value: 'x' },
        ],
      },
      { keepMs: 0, matchers: [{ name: '__name__', op: '=', value: 'slo_requests_total' }] },
    ],
  })
  expect(tenants.get('team-a')).toEqual({ keepMs: 0, rules: [] })
  expect(tenants.get('team-b')).toEqual({ keepMs: 7 * DAY, rules: fallback.rules })
})

test('what is printed reads back as the same', () => {
  const text = `
cardinality: { max_series: 7, metrics: [{ match: up, max_series: 1 }], tenants: { a: { max_series: 3 } } }
retention: { metrics: [{ match: up, keep: 36h }], tenants: { a: { default: 7d } } }
rollups: false`
  const config = makeConfig([parseConfig(text, '/o.yaml')])
  const again = makeConfig([parseConfig(printConfig(config), '/p.yaml')])
  expect([again.cardinality, again.retention, again.isRollingUp]).toEqual([config.cardinality, config.retention, false])
})

test.each([
  ['retention: { default: soon }', 'retention.default (/o.yaml:1)'],
  ['retention: { metrics: { a: b } }', 'it must be a list'],
  ['retention: { metrics: [{ match: up }] }', 'every entry needs match and keep'],
  ['retention: { metrics: [{ match: up, keep: -1d }] }', 'neither a duration such as 15d nor forever'],
  ['retention: { metrics: [{ match: up, kep: 1d }] }', 'unknown key kep'],
  ['retention: { tenants: { a: { metrics: 1 } } }', 'a: it must be a list'],
])('%s is refused by name', (text, why) => {
  expect(() => policyOf(text)).toThrow(why)
})
