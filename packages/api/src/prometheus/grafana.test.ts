import { NOON_MS } from '@oriel/store/contract-suite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TestServer } from '../testing/open.ts'
import { openTestServer } from '../testing/open.ts'

// What Grafana's Prometheus data source asks: "Save & test", the editors, dashboards, the alert list. It posts forms and adds headers.

let server: TestServer
beforeAll(async () => {
  server = await openTestServer()
})
afterAll(() => server.close())

const NOW = NOON_MS / 1_000
const HEADERS = { 'X-Grafana-User': 'admin', 'X-Dashboard-Uid': 'abc', 'X-Panel-Id': '2', 'accept-encoding': 'gzip' }

async function post(path: string, form: Record<string, string>): Promise<unknown> {
  const body = new URLSearchParams(form)
  const response = await fetch(`${server.url}/prometheus/api/v1/${path}`, { method: 'POST', body, headers: HEADERS })
  expect(response.status).toBe(200)
  return response.json()
}

async function get(path: string): Promise<unknown> {
  const { status, body } = await server.json(`/prometheus/api/v1/${path}`, HEADERS)
  expect(status).toBe(200)
  return body
}

describe("Grafana's Prometheus data source", () => {
  it('is told that the data source works', async () => {
    expect(await post('query', { query: '1+1', time: '4' })).toEqual({
      status: 'success',
      data: { resultType: 'scalar', result: [4, '2'] },
    })
    expect(await get('query?query=1%2B1&time=4')).toMatchObject({ status: 'success' })
  })

  it('finds no sign of Mimir or Cortex, which it would treat in another way', async () => {
    const answer = JSON.stringify(await get('status/buildinfo'))
    expect(answer).not.toContain('features')
    expect(answer).not.toContain('application')
  })

  it('draws a panel, with the step in any form', async () => {
    const grid = { start: String(NOW - 300), end: String(NOW) }
    for (const step of ['60', '60s', '1m', '60000ms']) {
      const answer = await post('query_range', { query: 'sum(up)', step, ...grid })
      expect(answer).toMatchObject({ data: { resultType: 'matrix', result: [{ metric: {} }] } })
    }
    expect(await post('query_exemplars', { query: 'requests_total', ...grid })).toEqual({ status: 'success', data: [] })
  })

  it('fills its metric browser and its variables', async () => {
    const range = `start=${NOW - 3_600}&end=${NOW}`
    expect(await post('labels', { start: String(NOW - 3_600), end: String(NOW) })).toMatchObject({
      data: expect.arrayContaining(['__name__', 'job']),
    })
    expect(await get(`label/__name__/values?${range}&limit=40000`)).toMatchObject({ data: ['requests_total', 'up'] })
    expect(await get(`label/instance/values?${range}&match[]=up`)).toMatchObject({ data: ['a:80', 'b:80'] })
    expect(await post('series', { 'match[]': 'up', start: String(NOW - 3_600), end: String(NOW), limit: '40000' })).toMatchObject(
      {
        data: [{ instance: 'a:80' }, { instance: 'b:80' }],
      },
    )
    expect(await get('metadata?limit=5000')).toMatchObject({ status: 'success', data: {} })
    expect(await get('metadata?metric=up')).toMatchObject({ status: 'success' })
  })

  it('lists rules and alerts, of one kind too', async () => {
    expect(await get('rules')).toEqual({ status: 'success', data: { groups: [] } })
    expect(await get('rules?type=alert&exclude_alerts=true')).toEqual({ status: 'success', data: { groups: [] } })
    expect(await get('alerts')).toEqual({ status: 'success', data: { alerts: [] } })
  })

  it('shows what is wrong with a query', async () => {
    const body = new URLSearchParams({ query: 'up{' })
    const response = await fetch(`${server.url}/prometheus/api/v1/query`, { method: 'POST', body, headers: HEADERS })
    expect([response.status, await response.json()]).toEqual([
      400,
      {
        status: 'error',
        errorType: 'bad_data',
        error: 'invalid parameter "query": 1:4: parse error: unexpected end of input inside braces',
      },
    ])
  })
})
