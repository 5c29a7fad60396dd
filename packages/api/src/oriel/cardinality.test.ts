import { NOON_MS } from '@oriel/store/contract-suite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TestServer } from '../testing/open.ts'
import { openTestServer } from '../testing/open.ts'
import { openMemoryStore } from '@oriel/store'

let server: TestServer
const HOUR = Math.floor(NOON_MS / 3_600_000)
const DAY = Math.floor(NOON_MS / 86_400_000)
const RANGE = `from=${NOON_MS - 3_600_000}&to=${NOON_MS}`
const asked: unknown[] = []

const limited = { metric: 'clicks', series: 5, summed: 95, budget: 5, limited: ['user_id'], ruleId: undefined, sender: 'OTLP' }
const answered = { id: 'r', version: 1, author: 'page', atMs: 0, isDeleted: false }

beforeAll(async () => {
  const store = openMemoryStore().cardinality
  server = await openTestServer({
    services: {
      cardinality: {
        store: {
          ...store,
          sizes: async () => ({
            series: 3,
            metrics: [
              { name: 'requests_total', count: 2 },
              { name: 'up', count: 1 },
            ],
          }),
          reduced: async (_metric, { mode, labels }) => (mode === 'drop' && labels.includes('user') ? 1 : 2),
        },
        active: () => ({ series: 6, maxSeries: 10, metrics: [{ ...limited, growth: [{ hour: HOUR - 1, series: 100 }] }] }),
        uses: async () => [
          { tenant: 'default', metric: 'up', isPattern: false, day: DAY - 3 },
          { tenant: 'default', metric: 'u.', isPattern: true, day: DAY - 1 },
        ],
        rules: {
          list: async () => [],
          history: async () => [],
          put: async (tenant, id, change) => {
            asked.push([tenant, id, change])
            return { ...answered, ...change.rule }
          },
          remove: async () => Promise.reject(new Error('unexpected')),
          undo: async () => Promise.reject(new Error('unexpected')),
        },
      },
    },
  })
})
afterAll(() => server.close())

test('what is stored and what arrives come together, the largest first', async () => {
  const { body } = await server.json(`/api/oriel/cardinality?${RANGE}`)
  expect(body).toMatchObject({
    series: 3,
    active: 6,
    maxSeries: 10,
    metrics: [
      { metric: 'clicks', series: 0, active: 5, summed: 95, limited: ['user_id'], sender: 'OTLP' },
      { metric: 'requests_total', series: 2, active: 0 },
      { metric: 'up', lastQueriedMs: (DAY - 1) * 86_400_000 },
    ],
  })
  const [clicks, requests] = Object(body).metrics
  expect(clicks.growth.slice(-3)).toEqual([0, 100, 0])
  expect(requests).not.toHaveProperty('lastQueriedMs')
})

test('a rule is previewed and set', async () => {
  const rule = 'action=drop_labels&metric=requests_total&labels=user'
  expect((await server.json(`/api/oriel/cardinality/preview?${rule}&${RANGE}`)).body).toEqual({
    metrics: ['requests_total'],
    before: 2,
    after: 1,
  })
  const pattern = 'action=drop&pattern=true&metric=.*'
  expect((await server.json(`/api/oriel/cardinality/preview?${pattern}&${RANGE}`)).body).toMatchObject({ before: 3, after: 0 })
  const set = await fetch(`${server.url}/api/oriel/cardinality/rules/r?${rule}`, { method: 'PUT' })
  expect([set.status, await set.json()]).toMatchObject([200, { id: 'r', action: 'drop_labels', labels: ['user'] }])
  expect(asked).toMatchObject([['default', 'r', { author: 'page', rule: { metric: 'requests_total', isPattern: false } }]])
})

test.each([
  ['/api/oriel/cardinality/metric', 400, '"metric"'],
  [`/api/oriel/cardinality/preview?action=x&${RANGE}`, 400, '"action"'],
  ['/api/oriel/cardinality?from=x', 400, '"from"'],
])('%s is refused by name', async (path, status, why) => {
  const found = await server.json(path)
  expect([found.status, Object(found.body).error.message]).toEqual([status, expect.stringContaining(why)])
})
