import { NOON_MS } from '@oriel/store/contract-suite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TestServer } from '../testing/open.ts'
import { openTestServer, TRACE_ID } from '../testing/open.ts'

let server: TestServer
const RANGE = `start=${NOON_MS - 600_000}000&end=${NOON_MS}000`

beforeAll(async () => {
  server = await openTestServer()
})
afterAll(() => server.close())

const TRACE = {
  traceID: TRACE_ID,
  spans: [
    {
      spanID: 'b7ad6b7169203331',
      operationName: 'POST /pay',
      references: [],
      startTime: (NOON_MS - 60_000) * 1_000,
      duration: 1_500_000,
      processID: 'p1',
    },
    {
      operationName: 'charge',
      references: [{ refType: 'CHILD_OF', traceID: TRACE_ID, spanID: 'b7ad6b7169203331' }],
      processID: 'p2',
    },
  ],
  processes: { p1: { serviceName: 'shop' }, p2: { serviceName: 'stripe' } },
}

describe('Jaeger API', () => {
  it('lists services and operations', async () => {
    expect((await server.json('/jaeger/api/services')).body).toMatchObject({ data: ['shop', 'stripe'], total: 2, errors: null })
    expect((await server.json('/jaeger/api/services/shop/operations')).body).toMatchObject({ data: ['POST /pay'] })
    const operations = await server.json('/jaeger/api/operations?service=stripe&spanKind=client')
    expect(operations.body).toMatchObject({ data: [{ name: 'charge', spanKind: 'client' }] })
  })

  it('answers a trace with processes apart', async () => {
    expect((await server.json(`/jaeger/api/traces/${TRACE_ID}`)).body).toMatchObject({ data: [TRACE], errors: null })
  })

  it('tells kind, status and scope as tags', async () => {
    const { body } = await server.json(`/api/traces/${TRACE_ID}`)
    const tags = Object(body).data[0].spans[0].tags
    expect(tags).toContainEqual({ key: 'span.kind', type: 'string', value: 'server' })
    expect(tags).toContainEqual({ key: 'error', type: 'bool', value: true })
    expect(tags).toContainEqual({ key: 'otel.status_code', type: 'string', value: 'ERROR' })
    expect(tags).toContainEqual({ key: 'otel.status_description', type: 'string', value: 'declined' })
  })

  it('finds whole traces by service, tags and duration', async () => {
    const tags = encodeURIComponent('{"http.response.status_code":"500"}')
    const search = `service=shop&operation=POST%20/pay&tags=${tags}&minDuration=1s`
    expect((await server.json(`/jaeger/api/traces?${search}&${RANGE}`)).body).toMatchObject({ data: [TRACE] })
    expect((await server.json(`/jaeger/api/traces?service=nobody&${RANGE}`)).body).toMatchObject({ data: [] })
  })

  it('finds the error tag that Jaeger shows for a failed span', async () => {
    const tags = encodeURIComponent('{"error":"true"}')
    expect((await server.json(`/jaeger/api/traces?service=shop&tags=${tags}&${RANGE}`)).body).toMatchObject({ data: [{}] })
  })

  it('tells failures in its envelope', async () => {
    const missing = await server.json('/jaeger/api/traces/ffff')
    expect(missing).toMatchObject({ status: 404, body: { errors: [{ code: 404, msg: 'trace not found' }] } })
    expect(await server.json('/jaeger/api/traces')).toMatchObject({ status: 400, body: { errors: [{ code: 400 }] } })
  })

  it('answers api_v3 in OTLP JSON with ids in hexadecimal', async () => {
    const { body } = await server.json(`/jaeger/api/v3/traces/${TRACE_ID}`)
    expect(body).toMatchObject({ result: { resourceSpans: [{ scopeSpans: [{ spans: [{ traceId: TRACE_ID }] }] }, {}] } })
    expect((await server.json('/jaeger/api/v3/services')).body).toEqual({ services: ['shop', 'stripe'] })
  })

  it('reads snake case and unencoded zones in api_v3', async () => {
    const [from, to] = [NOON_MS - 600_000, NOON_MS].map((tMs) => new Date(tMs).toISOString().replace('Z', '+00:00'))
    const { body } = await server.json(
      `/jaeger/api/v3/traces?query.service_name=shop&query.start_time_min=${from}&query.start_time_max=${to}`,
    )
    expect(body).toMatchObject({ result: { resourceSpans: [{}, {}] } })
    const none = await server.json(
      `/jaeger/api/v3/traces?query.service_name=no&query.start_time_min=${from}&query.start_time_max=${to}`,
    )
    expect(none).toEqual({ status: 404, body: { error: { httpCode: 404, message: 'No traces found' } } })
  })
})
