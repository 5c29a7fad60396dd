import { NOON_MS } from '@oriel/store/contract-suite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TestServer } from '../testing/open.ts'
import { openTestServer, TRACE_ID } from '../testing/open.ts'

let server: TestServer
const NOW = NOON_MS / 1_000
const RANGE = `start=${NOW - 600}&end=${NOW}`

beforeAll(async () => {
  server = await openTestServer()
})
afterAll(() => server.close())

describe('Tempo API', () => {
  it('echoes', async () => {
    const { status, text } = await server.get('/tempo/api/echo')
    expect([status, text]).toEqual([200, 'echo'])
  })

  it('answers a trace as proto JSON with ids in base64', async () => {
    const { body } = await server.json(`/tempo/api/traces/${TRACE_ID}`)
    const span = { traceId: Buffer.from(TRACE_ID, 'hex').toString('base64'), name: 'POST /pay', kind: 'SPAN_KIND_SERVER' }
    const status = { code: 'STATUS_CODE_ERROR', message: 'declined' }
    const [first, second] = Object.values(Object(body).batches)
    expect(first).toMatchObject({
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] },
      scopeSpans: [{ scope: { name: 'contract' }, spans: [{ ...span, status }] }],
    })
    expect(second).toMatchObject({
      scopeSpans: [{ spans: [{ name: 'charge', startTimeUnixNano: `${NOON_MS - 59_000}000000` }] }],
    })
  })

  it('answers a trace as protobuf when asked to', async () => {
    const { headers } = await server.get(`/tempo/api/v2/traces/${TRACE_ID}`, { accept: 'application/protobuf' })
    expect(headers.get('content-type')).toBe('application/protobuf')
    const response = await fetch(`${server.url}/tempo/api/traces/${TRACE_ID}`, { headers: { accept: 'application/protobuf' } })
    const bytes = new Uint8Array(await response.arrayBuffer())
    expect(Buffer.from(bytes).includes(Buffer.from(TRACE_ID, 'hex'))).toBe(true)
    expect(Buffer.from(bytes).includes('POST /pay')).toBe(true)
  })

  it('answers at the root to those who ask for protobuf', async () => {
    const { headers } = await server.get(`/api/traces/${TRACE_ID}`, { accept: 'application/protobuf' })
    expect(headers.get('content-type')).toBe('application/protobuf')
  })

  it('says at the end of the text that a trace is not found', async () => {
    const { status, text } = await server.get('/tempo/api/traces/0')
    expect(status).toBe(404)
    expect(text.endsWith('trace not found')).toBe(true)
  })

  it('refuses an id that is none', async () => {
    expect((await server.get('/tempo/api/traces/xyz')).status).toBe(400)
  })

  const found = { traceID: TRACE_ID.replace(/^0+/, ''), rootServiceName: 'shop', rootTraceName: 'POST /pay', durationMs: 1_500 }

  it('finds traces by TraceQL', async () => {
    const q = encodeURIComponent('{ status = error }')
    const { body } = await server.json(`/tempo/api/search?q=${q}&${RANGE}`)
    expect(body).toMatchObject({
      traces: [{ ...found, spanSets: [{ matched: 1, spans: [{ spanID: 'b7ad6b7169203331', durationNanos: '1500000000' }] }] }],
    })
  })

  it('finds traces by tags and durations', async () => {
    const tags = encodeURIComponent('service.name=stripe')
    expect((await server.json(`/tempo/api/search?tags=${tags}&${RANGE}`)).body).toMatchObject({ traces: [found] })
    expect((await server.json(`/tempo/api/search?minDuration=2s&${RANGE}`)).body).toMatchObject({ traces: [] })
  })

  it('tells a TraceQL error in plain text', async () => {
    const { status, headers } = await server.get(`/tempo/api/search?q=${encodeURIComponent('{ status = }')}&${RANGE}`)
    expect(status).toBe(400)
    expect(headers.get('content-type')).toContain('text/plain')
  })

  it('lists tags by scope, and in one list', async () => {
    const { body } = await server.json(`/tempo/api/v2/search/tags?${RANGE}`)
    expect(body).toMatchObject({
      scopes: [
        { name: 'resource', tags: ['service.name'] },
        { name: 'span', tags: ['http.response.status_code'] },
        { name: 'intrinsic' },
      ],
    })
    const { body: flat } = await server.json(`/tempo/api/search/tags?${RANGE}`)
    expect(flat).toMatchObject({ tagNames: ['http.response.status_code', 'service.name'] })
  })

  it('lists values of a scoped tag and of intrinsics', async () => {
    const values = await server.json(`/tempo/api/v2/search/tag/resource.service.name/values?${RANGE}`)
    expect(values.body).toMatchObject({
      tagValues: [
        { type: 'string', value: 'shop' },
        { type: 'string', value: 'stripe' },
      ],
    })
    const names = await server.json(`/tempo/api/v2/search/tag/name/values?${RANGE}`)
    expect(names.body).toMatchObject({ tagValues: [{ value: 'POST /pay' }, { value: 'charge' }] })
    const statuses = await server.json(`/tempo/api/v2/search/tag/status/values?${RANGE}`)
    expect(statuses.body).toMatchObject({ tagValues: [{ type: 'keyword', value: 'unset' }, {}, {}] })
  })
})
