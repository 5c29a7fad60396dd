import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NOON_MS } from '@oriel/store/contract-suite'
import type { TestServer } from '../testing/open.ts'
import { openTestServer } from '../testing/open.ts'

let server: TestServer
const RANGE = `start=${NOON_MS - 300_000}000000&end=${NOON_MS}000000`

beforeAll(async () => {
  server = await openTestServer()
})
afterAll(() => server.close())

describe('Loki API', () => {
  it('answers lines, newest first', async () => {
    const { body } = await server.json(`/loki/api/v1/query_range?query={service_name="auth"}&${RANGE}`)
    const values = [[`${NOON_MS - 20_000}000000`, 'login']]
    expect(body).toMatchObject({
      status: 'success',
      data: { resultType: 'streams', result: [{ stream: { env: 'demo', service_name: 'auth' }, values }] },
    })
  })

  it('keeps structured metadata beside the line when asked to', async () => {
    const { body } = await server.json(`/loki/api/v1/query_range?query={service_name="shop"}|="paid"&${RANGE}`, {
      'x-loki-response-encoding-flags': 'categorize-labels',
    })
    expect(body).toMatchObject({
      data: {
        encodingFlags: ['categorize-labels'],
        result: [
          {
            stream: { env: 'demo', service_name: 'shop' },
            values: [[`${NOON_MS - 60_000}000000`, '{"msg":"paid <b>","ms":12}', { structuredMetadata: { user_id: '42' } }]],
          },
        ],
      },
    })
  })

  it('tells a syntax error in plain text with status 400', async () => {
    const { status, text, headers } = await server.get(`/loki/api/v1/query_range?query={&${RANGE}`)
    expect(status).toBe(400)
    expect(headers.get('content-type')).toContain('text/plain')
    expect(text).toContain('parse error')
  })

  it('refuses a limit of zero in Loki words', async () => {
    const { status, text } = await server.get(`/loki/api/v1/query_range?query={a="b"}&limit=0`)
    expect([status, text.trim()]).toEqual([400, 'limit must be a positive value'])
  })

  it('lists label names and values', async () => {
    expect((await server.json(`/loki/api/v1/labels?${RANGE}`)).body).toEqual({ status: 'success', data: ['env', 'service_name'] })
    const values = await server.json(`/loki/api/v1/label/service_name/values?${RANGE}`)
    expect(values.body).toEqual({ status: 'success', data: ['auth', 'shop'] })
  })

  it('leaves data out when there is no label', async () => {
    expect((await server.json('/loki/api/v1/labels?start=1&end=2')).body).toEqual({ status: 'success' })
  })

  it('lists streams', async () => {
    const { body } = await server.json(`/loki/api/v1/series?match[]={service_name="auth"}&${RANGE}`)
    expect(body).toEqual({ status: 'success', data: [{ env: 'demo', service_name: 'auth' }] })
  })

  it('counts bytes and entries without an envelope', async () => {
    const { body } = await server.json(`/loki/api/v1/index/stats?query={service_name="auth"}&${RANGE}`)
    expect(body).toEqual({ streams: 1, chunks: 1, entries: 1, bytes: 5 })
  })

  it('sums volume by the labels of the matchers', async () => {
    const { body } = await server.json(`/loki/api/v1/index/volume?query={service_name=~".%2B"}&${RANGE}`)
    const at = NOON_MS / 1_000
    expect(body).toMatchObject({
      data: {
        resultType: 'vector',
        result: [
          { metric: { service_name: 'shop' }, value: [at, '39'] },
          { metric: { service_name: 'auth' }, value: [at, '5'] },
        ],
      },
    })
  })

  it('detects labels with their cardinality', async () => {
    const { body } = await server.json(`/loki/api/v1/detected_labels?${RANGE}`)
    expect(body).toEqual({
      detectedLabels: [
        { label: 'env', cardinality: 1 },
        { label: 'service_name', cardinality: 2 },
      ],
    })
  })

  it('tells the build flat', async () => {
    expect((await server.json('/loki/api/v1/status/buildinfo')).body).toMatchObject({ version: '0.1.0', goVersion: '' })
  })

  it('formats a query, and tells one that does not parse in an envelope of its own', async () => {
    const good = await server.json(`/loki/api/v1/format_query?query=${encodeURIComponent('{a="b"}|="x"')}`)
    expect(good).toEqual({ status: 200, body: { status: 'success', data: '{a="b"} |= "x"' } })
    const bad = await server.json('/loki/api/v1/format_query?query={')
    expect(bad).toMatchObject({ status: 400, body: { status: 'invalid-query' } })
  })

  it('keeps tenants apart', async () => {
    expect((await server.json(`/loki/api/v1/labels?${RANGE}`, { 'x-scope-orgid': 'other' })).body).toEqual({ status: 'success' })
  })
})
