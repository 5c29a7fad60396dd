import { NOON_MS } from '@oriel/store/contract-suite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TestServer } from '../testing/open.ts'
import { openTestServer, TRACE_ID } from '../testing/open.ts'

let server: TestServer
const RANGE = `from=${NOON_MS - 120_000}&to=${NOON_MS}`

beforeAll(async () => {
  server = await openTestServer({
    services: {
      health: async () => ({ isReady: false, checks: [{ name: 'engine', isGood: false, message: 'engine is starting' }] }),
    },
  })
})
afterAll(() => server.close())

async function finds(parameters: string, count: number): Promise<void> {
  const { status, body } = await server.json(`/api/oriel/traces?${RANGE}&${parameters}`)
  expect([status, Object(body).traces?.length ?? body]).toEqual([200, count])
}

describe('our own API', () => {
  it('answers RED of services on the grid, null where there were no spans', async () => {
    const { body } = await server.json(`/api/oriel/services?${RANGE}&step=60000`)
    expect(body).toMatchObject({
      startMs: NOON_MS - 120_000,
      stepMs: 60_000,
      services: [{ service: 'shop', requests: [0, 1], errors: [0, 1], p50Ms: [null, 1_500], total: { requests: 1, errors: 1 } }],
    })
  })

  it('answers one service with operations and exemplars', async () => {
    const { body } = await server.json(`/api/oriel/services/shop?${RANGE}&step=60000`)
    expect(body).toMatchObject({
      red: { service: 'shop' },
      operations: [{ operation: 'POST /pay' }],
      exemplars: [{ traceId: TRACE_ID, isError: true, durationMs: 1_500 }],
    })
  })

  it('leaves red out for a service without entry spans', async () => {
    const { body } = await server.json(`/api/oriel/services/nobody?${RANGE}`)
    expect(body).toMatchObject({ operations: [], exemplars: [] })
    expect(body).not.toHaveProperty('red')
  })

  it('answers a trace with times as text', async () => {
    const { body } = await server.json(`/api/oriel/traces/${TRACE_ID}`)
    expect(body).toMatchObject({
      traceId: TRACE_ID,
      spans: [{ name: 'POST /pay', startNs: `${NOON_MS - 60_000}000000`, durationNs: '1500000000' }, { name: 'charge' }],
    })
  })

  it('answers 404 with a code for a trace that is not stored', async () => {
    expect(await server.json('/api/oriel/traces/ffff')).toMatchObject({
      status: 404,
      body: { error: { code: 'TRACE_NOT_FOUND' } },
    })
  })

  it('finds traces by parameters and by chips', async () => {
    await finds('', 1)
    await finds('service=shop&operation=POST%20/pay&status=error&minDuration=1s&maxDuration=2s', 1)
    await finds('minDuration=2s', 0)
    await finds(`f=${encodeURIComponent('http.response.status_code|=|500')}`, 1)
    await finds(`f=${encodeURIComponent('http.response.status_code|>|499')}`, 1)
    await finds(`f=${encodeURIComponent('http.response.status_code|>|500')}`, 0)
    await finds(`f=${encodeURIComponent('service|=~|str.*')}`, 1)
    await finds(`f=${encodeURIComponent('http.response.status_code|exists|')}`, 1)
    await finds(`f=${encodeURIComponent('no.such.key|exists')}`, 0)
    await finds(`q=${encodeURIComponent('{ name = "charge" }')}`, 1)
  })

  it('tells where a TraceQL text is wrong', async () => {
    const { status, body } = await server.json(`/api/oriel/traces?${RANGE}&q=${encodeURIComponent('{ status = }')}`)
    expect(status).toBe(400)
    expect(body).toMatchObject({ error: { position: { start: expect.any(Number), end: expect.any(Number) } } })
  })

  it('lists queries that run and that ended, of one tenant or of all, and answers 404 for one that has gone', async () => {
    await server.get('/prometheus/api/v1/query?query=1&time=60')
    const { body } = await server.json('/api/oriel/queries')
    expect(body).toMatchObject({ running: [], slow: [], slowMs: 1_000 })
    const times = { startMs: 60_000, endMs: 60_000 }
    expect(Object(body).recent[0]).toMatchObject({ language: 'promql', text: '1', outcome: 'ok', times, stats: { series: 0 } })
    const other = { headers: { 'x-scope-orgid': 'other' } }
    expect(await (await fetch(`${server.url}/api/oriel/queries`, other)).json()).toMatchObject({ recent: [] })
    const all = await (await fetch(`${server.url}/api/oriel/queries?all=true`, other)).json()
    expect(Object(all).recent[0]).toMatchObject({ text: '1', tenant: 'default' })
    const gone = await fetch(`${server.url}/api/oriel/queries/none`, { method: 'DELETE' })
    expect([gone.status, await gone.json()]).toEqual([404, { isCancelled: false }])
  })

  it('tells what retention would delete', async () => {
    expect((await server.json('/api/oriel/retention')).body).toEqual({
      days: [{ dayMs: 20_000 * 86_400_000, samples: 5 }],
      expired: [{ tenant: 'default', match: '', keepMs: 86_400_000, beforeMs: 20_002 * 86_400_000, samples: 3 }],
    })
  })

  it('explains a query operator by operator, and refuses one that it cannot read with its place', async () => {
    const { body } = await server.json(`/api/oriel/explain?query=${encodeURIComponent('1 + 2')}&from=0&to=60000&step=15000`)
    expect(body).toMatchObject({
      steps: 5,
      // What is the same at every step is worked out once.
      tree: { name: '+', how: 'evaluated', values: 1, children: [{ name: '1', how: 'constant' }, { name: '2' }] },
      stats: { rows: 0 },
    })
    const instant = await server.json('/api/oriel/explain?query=vector(1)&time=60000')
    expect(instant.body).toMatchObject({ steps: 1, tree: { name: 'vector', series: 1 } })
    const bad = await server.json('/api/oriel/explain?query=sum(')
    expect([bad.status, Object(bad.body).error.position]).toMatchObject([400, { start: expect.any(Number) }])
  })

  it('names the parameter that it cannot read', async () => {
    const { status, body } = await server.json('/api/oriel/services?from=yesterday')
    expect([status, Object(body).error.code]).toEqual([400, 'API_BAD_PARAMETER'])
    expect(Object(body).error.message).toContain('"from"')
  })
})

describe('health', () => {
  it('is alive but not ready while the engine starts, and says why', async () => {
    expect((await server.get('/-/healthy')).status).toBe(200)
    expect((await server.json('/health')).body).toEqual({ status: 'healthy' })
    const ready = await server.get('/-/ready')
    expect([ready.status, ready.text]).toEqual([503, 'Service Unavailable: engine: engine is starting\n'])
    expect(await server.json('/health/ready')).toMatchObject({ status: 503, body: { checks: { engine: { status: 'failed' } } } })
  })
})
