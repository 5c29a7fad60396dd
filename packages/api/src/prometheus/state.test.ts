import { labelsOf } from '@oriel/model'
import { openMemoryStore } from '@oriel/store'
import { metricBlock, NOON_MS } from '@oriel/store/contract-suite'
import { QueryRunner } from '@oriel/query'
import { afterEach, describe, expect, it } from 'vitest'
import type { RuleGroupView } from '../rules-view.ts'
import type { TestServer } from '../testing/open.ts'
import { openTestServer } from '../testing/open.ts'
import { Notifications } from './notifications.ts'

const GROUPS: readonly RuleGroupView[] = [
  {
    name: 'one',
    file: 'a.yml',
    intervalMs: 60_000,
    limit: 0,
    evaluationMs: 5,
    lastEvaluationMs: 0,
    rules: [
      {
        kind: 'alerting',
        name: 'Down',
        query: 'up == 0',
        labels: labelsOf({ severity: 'page' }),
        annotations: [],
        health: 'ok',
        lastError: '',
        evaluationMs: 2,
        lastEvaluationMs: NOON_MS,
        state: 'firing',
        holdMs: 300_000,
        keepFiringMs: 0,
        alerts: [
          { labels: labelsOf({ alertname: 'Down' }), annotations: [], state: 'firing', activeAtMs: NOON_MS + 1_500, value: 1 },
        ],
      },
    ],
  },
  {
    name: 'two',
    file: 'b.yml',
    intervalMs: 30_000,
    limit: 5,
    evaluationMs: 5,
    lastEvaluationMs: 0,
    rules: [
      {
        kind: 'recording',
        name: 'job:up:sum',
        query: 'sum by (job) (up)',
        labels: [],
        health: 'err',
        lastError: 'bad',
        evaluationMs: 1,
        lastEvaluationMs: NOON_MS,
      },
    ],
  },
]

describe('Prometheus API, the state of the program', () => {
  let server: TestServer | undefined
  afterEach(() => server?.close())

  const rulesServer = () =>
    openTestServer({
      services: { rules: { groups: () => GROUPS, alertmanagers: () => ({ active: ['http://am/api/v2/alerts'], dropped: [] }) } },
    })

  it('shows rules as Prometheus prints them', async () => {
    server = await rulesServer()
    const { body } = await server.json('/api/v1/rules')
    expect(body).toMatchObject({
      data: {
        groups: [
          {
            name: 'one',
            interval: 60,
            lastEvaluation: '0001-01-01T00:00:00Z',
            rules: [
              {
                type: 'alerting',
                duration: 300,
                alerts: [{ value: '1e+00', activeAt: '2026-03-14T12:00:01.5Z' }],
              },
            ],
          },
          { name: 'two', limit: 5, rules: [{ type: 'recording', lastError: 'bad', health: 'err' }] },
        ],
      },
    })
  })

  it('narrows rules by type, name, group, file and label', async () => {
    server = await rulesServer()
    const names = async (query: string): Promise<string[]> => {
      const { text } = await server!.get(`/api/v1/rules?${query}`)
      return [...text.matchAll(/"name":"(\w+)","file"/g)].map(([, name = '']) => name)
    }
    expect(await names('')).toEqual(['one', 'two'])
    expect(await names('type=alert')).toEqual(['one'])
    expect(await names('type=record')).toEqual(['two'])
    expect(await names('rule_name[]=Down')).toEqual(['one'])
    expect(await names('rule_group[]=two')).toEqual(['two'])
    expect(await names('file[]=b.yml')).toEqual(['two'])
    expect(await names(`match[]=${encodeURIComponent('{severity="page"}')}`)).toEqual(['one'])
  })

  it('pages through rule groups, and refuses a token it never gave', async () => {
    server = await rulesServer()
    const { body } = await server.json('/api/v1/rules?group_limit=1')
    expect(body).toMatchObject({ data: { groups: [{ name: 'one' }], groupNextToken: expect.stringMatching(/^[\da-f]{64}$/) } })
    const [, token = ''] = /"groupNextToken":"(\w+)"/.exec(JSON.stringify(body)) ?? []
    const { body: second } = await server.json(`/api/v1/rules?group_limit=1&group_next_token=${token}`)
    expect(second).toEqual({ status: 'success', data: { groups: [expect.objectContaining({ name: 'two' })] } })
    expect(await server.json('/api/v1/rules?group_limit=1&group_next_token=x')).toMatchObject({ status: 400 })
  })

  it('lists alerts and alertmanagers', async () => {
    server = await rulesServer()
    expect((await server.json('/api/v1/alerts')).body).toMatchObject({ data: { alerts: [{ state: 'firing' }] } })
    expect((await server.json('/api/v1/alertmanagers')).body).toEqual({
      status: 'success',
      data: { activeAlertmanagers: [{ url: 'http://am/api/v2/alerts' }], droppedAlertmanagers: [] },
    })
  })

  it('counts what the series of today are made of', async () => {
    server = await openTestServer()
    expect((await server.json('/api/v1/status/tsdb?limit=1')).body).toMatchObject({
      data: {
        headStats: { numSeries: 3, numLabelPairs: 6, chunkCount: 0 },
        seriesCountByMetricName: [{ name: 'up', value: 2 }],
        labelValueCountByLabelName: [{ name: '__name__', value: 2 }],
        memoryInBytesByLabelName: [{ name: '__name__', value: 18 }],
        seriesCountByLabelValuePair: [{ name: 'job=api', value: 3 }],
      },
    })
  })

  it('deletes series for good, when the switch is on', async () => {
    const store = openMemoryStore()
    store.metrics.write([metricBlock('default', [{ labels: { __name__: 'up' }, samples: [[NOON_MS, 1]] }])])
    server = await openTestServer({ services: { runner: new QueryRunner({ source: store }), sink: store.sink } })
    const remove = (path: string) => fetch(`${server?.url}/api/v1/admin/tsdb/${path}`, { method: 'POST' })
    expect((await remove('delete_series')).status).toBe(400)
    expect((await remove('delete_series?match[]=up')).status).toBe(204)
    expect((await remove('clean_tombstones')).status).toBe(204)
    const { body } = await server.json(`/api/v1/query?query=up&time=${NOON_MS / 1_000}`)
    expect(body).toMatchObject({ data: { result: [] } })
    const refused = await remove('snapshot')
    expect([refused.status, await refused.text()]).toEqual([422, expect.stringContaining('Use its BACKUP')])
  })

  it('names a snapshot by its time', async () => {
    const names: string[] = []
    const snapshot = async (name: string) => void names.push(name)
    server = await openTestServer({ services: { snapshot, now: () => NOON_MS } })
    const response = await fetch(`${server.url}/api/v1/admin/tsdb/snapshot?skip_head=true`, { method: 'POST' })
    expect(await response.json()).toEqual({ status: 'success', data: { name: names[0] } })
    expect(names[0]).toMatch(/^20260314T120000Z-[0-9a-f]{16}$/)
  })

  it('refuses the admin paths when the switch is off, as Prometheus does', async () => {
    const prometheus = {
      features: new Set<string>(),
      flags: {},
      isAdminOn: false,
      abilities: {},
      readSampleLimit: 1,
      readFrameBytes: 1,
    }
    server = await openTestServer({ services: { prometheus } })
    const response = await fetch(`${server.url}/api/v1/admin/tsdb/delete_series?match[]=up`, { method: 'PUT' })
    expect([response.status, await response.json()]).toEqual([
      500,
      { status: 'error', errorType: 'unavailable', error: 'admin APIs disabled' },
    ])
  })

  it('sends notifications as they come to whoever listens, until they leave', async () => {
    const notifications = new Notifications({ now: () => NOON_MS })
    notifications.add('first')
    server = await openTestServer({ services: { notifications } })
    expect((await server.json('/api/v1/notifications')).body).toMatchObject({ data: [{ text: 'first', active: true }] })
    const abort = new AbortController()
    const response = await fetch(`${server.url}/api/v1/notifications/live`, { signal: abort.signal })
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    expect((await reader?.read())?.value).toContain('data: {"text":"first"')
    notifications.remove('first')
    expect((await reader?.read())?.value).toContain('"active":false')
    abort.abort()
  })

  it('takes sixteen listeners and no more', () => {
    const notifications = new Notifications()
    for (let i = 0; i < 16; i++) expect(notifications.listen(() => {})).toBeDefined()
    expect(notifications.listen(() => {})).toBeUndefined()
  })

  it('shows our own metrics as JSON of their protobuf', async () => {
    server = await openTestServer({
      services: {
        selfMetrics: () => [
          { kind: 'counter', name: 'a_total', help: 'A.', points: new Map([['', { labels: { x: 'y' }, value: 2 }]]) },
          {
            kind: 'histogram',
            name: 'h',
            help: '',
            buckets: [1],
            points: new Map([['', { labels: {}, counts: Float64Array.of(1, 2), sum: 5, count: 3 }]]),
          },
        ],
      },
    })
    expect((await server.json('/api/v1/status/self_metrics')).body).toEqual({
      status: 'success',
      data: [
        { name: 'a_total', help: 'A.', type: 'COUNTER', metric: [{ label: [{ name: 'x', value: 'y' }], counter: { value: 2 } }] },
        {
          name: 'h',
          type: 'HISTOGRAM',
          metric: [
            {
              histogram: {
                sampleCount: '3',
                sampleSum: 5,
                bucket: [
                  { cumulativeCount: '1', upperBound: 1 },
                  { cumulativeCount: '3', upperBound: 'Infinity' },
                ],
              },
            },
          ],
        },
      ],
    })
    expect((await server.json('/api/v1/status/self_metrics?metric_name_pattern=h')).body).toMatchObject({ data: [{ name: 'h' }] })
  })

  it('tells which features are on', async () => {
    const abilities = { service_discovery_providers: ['static', 'dns'] }
    const settings = { features: new Set(['search-api']), flags: {}, isAdminOn: true, readSampleLimit: 1, readFrameBytes: 1 }
    server = await openTestServer({ services: { prometheus: { ...settings, abilities } } })
    expect((await server.json('/api/v1/features')).body).toMatchObject({
      data: {
        service_discovery_providers: { static: true, dns: true },
        api: { admin: true, search: true },
        promql: { fill: false, duration_expr: true },
        promql_functions: { rate: true, info: false },
        promql_operators: { sum: true, limitk: false },
      },
    })
  })
})
