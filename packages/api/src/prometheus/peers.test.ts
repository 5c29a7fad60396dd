import { NOON_MS } from '@oriel/store/contract-suite'
import { compress, decompress } from '@oriel/wire'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeMessage, encodeRequest } from '../../../wire/src/remote-read/testing.ts'
import type { TestServer } from '../testing/open.ts'
import { openTestServer } from '../testing/open.ts'

let server: TestServer
beforeAll(async () => {
  server = await openTestServer({
    services: {
      prometheusConfig: () => ({ yaml: '', loadedMs: NOON_MS, isGood: true, externalLabels: { region: 'eu', job: 'never' } }),
    },
  })
})
afterAll(() => server.close())

async function read(message: Readonly<Record<string, unknown>>): Promise<Response> {
  const body = Buffer.from(compress(encodeRequest(message), 'snappy'))
  return fetch(`${server.url}/api/v1/read`, { method: 'POST', body, headers: { 'content-type': 'application/x-protobuf' } })
}

const UP = { type: 0, name: '__name__', value: 'up' }
const WHOLE = { start_timestamp_ms: NOON_MS - 300_000, end_timestamp_ms: NOON_MS }

describe('federation', () => {
  it('answers the newest sample of each series by name, with external labels where they are missing', async () => {
    const { text, headers } = await server.get('/federate?match[]=up&match[]=%7B__name__%3D~%22up|requests_total%22%7D')
    expect(headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8; escaping=underscores')
    const at = NOON_MS - 60_000
    expect(text).toBe(
      `# TYPE requests_total untyped\nrequests_total{http_path="/a",job="api",instance="",region="eu"} 70 ${at}\n` +
        `# TYPE up untyped\nup{instance="a:80",job="api",region="eu"} 1 ${at}\nup{instance="b:80",job="api",region="eu"} 0 ${at}\n`,
    )
  })

  it('answers nothing without a selector, and says what is wrong with one in plain text', async () => {
    expect(await server.get('/prometheus/federate')).toMatchObject({ status: 200, text: '' })
    expect(await server.get('/federate?match[]=up{')).toMatchObject({
      status: 400,
      text: '1:4: parse error: unexpected end of input inside braces\n',
    })
  })
})

describe('remote read', () => {
  it('answers samples, with external labels added and asked for', async () => {
    const response = await read({ queries: [{ ...WHOLE, matchers: [UP, { type: 0, name: 'region', value: 'eu' }] }] })
    expect([response.headers.get('content-type'), response.headers.get('content-encoding')]).toEqual([
      'application/x-protobuf',
      'snappy',
    ])
    const body = decompress(new Uint8Array(await response.arrayBuffer()), 'snappy')
    const { results } = decodeMessage('ReadResponse', body)
    const labels = [
      { name: '__name__', value: 'up' },
      { name: 'instance', value: 'a:80' },
      { name: 'job', value: 'api' },
      { name: 'region', value: 'eu' },
    ]
    expect(results).toMatchObject([{ timeseries: [{ labels, samples: [{ value: 1, timestamp: NOON_MS - 60_000 }] }, {}] }])
  })

  it('streams chunks when they are named first', async () => {
    const response = await read({ queries: [{ ...WHOLE, matchers: [UP] }], accepted_response_types: [1, 0] })
    expect(response.headers.get('content-type')).toBe('application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse')
    const body = new Uint8Array(await response.arrayBuffer())
    expect(decodeMessage('ChunkedReadResponse', body.subarray(5, 5 + body[0]!))).toMatchObject({
      chunked_series: [{ chunks: [{ type: 1 }] }],
    })
  })

  it('refuses what it cannot read or answer in plain text', async () => {
    const refusal = async (response: Response): Promise<unknown> => [response.status, await response.text()]
    expect(await refusal(await read({ queries: [], accepted_response_types: [9] }))).toEqual([
      400,
      expect.stringContaining('server does not support any of the requested response types'),
    ])
    const broken = await fetch(`${server.url}/api/v1/read`, { method: 'POST', body: 'no' })
    expect(await refusal(broken)).toEqual([400, expect.stringContaining('not snappy')])
  })

  it('holds to the sample limit where the answer is not streamed', async () => {
    const prometheus = {
      features: new Set<string>(),
      flags: {},
      isAdminOn: false,
      abilities: {},
      readSampleLimit: 1,
      readFrameBytes: 1,
    }
    const small = await openTestServer({ services: { prometheus } })
    const body = Buffer.from(compress(encodeRequest({ queries: [{ ...WHOLE, matchers: [UP] }] }), 'snappy'))
    const response = await fetch(`${small.url}/api/v1/read`, { method: 'POST', body })
    expect([response.status, await response.text()]).toEqual([400, 'exceeded sample limit (1)\n'])
    await small.close()
  })
})
