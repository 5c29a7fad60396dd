import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TestServer } from '../testing/open.ts'
import { openTestServer } from '../testing/open.ts'
import type { Answer, Api, Exchange } from './exchange.ts'
import { jsonAnswer, jsonPieces } from './exchange.ts'
import { renderPlain } from './handler.ts'
import { Router } from './router.ts'

let server: TestServer
let isGone: Promise<void>
let leave: () => void

beforeAll(async () => {
  isGone = new Promise((resolve) => {
    leave = resolve
  })
  const api: Api = {
    name: 'test',
    renderFailure: renderPlain,
    routes: [
      { methods: ['GET'], path: '/large', handle: () => jsonPieces(manyPieces()) },
      { methods: ['GET'], path: '/matrix', handle: () => ({ ...jsonPieces(manyPieces()), isMatrix: true }) },
      { methods: ['GET'], path: '/small/:bytes', handle: smallMatrix },
      { methods: ['GET', 'POST'], path: '/echo/:name', handle: ({ params, query }) => jsonAnswer({ params, query: [...query] }) },
      { methods: ['GET'], path: '/broken', handle: () => Promise.reject(new Error('secret detail')) },
      {
        methods: ['GET'],
        path: '/slow',
        handle: ({ signal }) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => {
              leave()
              reject(new Error('gone'))
            })
          }),
      },
    ],
  }
  server = await openTestServer({ mounts: [{ base: '/test', api }], cors: { origins: ['https://page.example'] } })
})

afterAll(() => server.close())

describe('http handler', () => {
  it('reads parameters of the query string, then of a form body', async () => {
    const response = await fetch(`${server.url}/test/echo/a%2Fb?x=1`, { method: 'POST', body: new URLSearchParams({ x: '2' }) })
    expect(await response.json()).toEqual({
      params: { name: 'a/b' },
      query: [
        ['x', '1'],
        ['x', '2'],
      ],
    })
  })

  it('refuses a body that is no form', async () => {
    const response = await fetch(`${server.url}/test/echo/a`, {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json' },
    })
    expect(response.status).toBe(415)
  })

  it('refuses a form above the limit', async () => {
    const body = new URLSearchParams({ x: 'a'.repeat(5 * 2 ** 20) })
    for (let round = 0; round < 5; round++) {
      const response = await fetch(`${server.url}/test/echo/a`, { method: 'POST', body })
      expect(response.status).toBe(413)
      expect(await response.json()).toMatchObject({ error: { code: 'API_TOO_LARGE' } })
      // The connection is still good for the next request.
      expect((await server.get('/test/echo/a')).status).toBe(200)
    }
  })

  it('answers an unknown path as JSON', async () => {
    expect(await server.json('/nothing')).toMatchObject({ status: 404, body: { error: { code: 'API_NOT_FOUND' } } })
  })

  it('names the allowed methods', async () => {
    const response = await fetch(`${server.url}/test/large`, { method: 'DELETE' })
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe('GET, HEAD, OPTIONS')
  })

  it('answers OPTIONS without a body', async () => {
    const response = await fetch(`${server.url}/test/large`, { method: 'OPTIONS', headers: { origin: 'https://page.example' } })
    expect(response.status).toBe(204)
    expect(response.headers.get('access-control-allow-origin')).toBe('https://page.example')
  })

  it('gives no CORS header to another origin', async () => {
    const { headers } = await server.get('/test/echo/a', { origin: 'https://other.example' })
    expect(headers.get('access-control-allow-origin')).toBe(null)
  })

  it('answers HEAD with the length and no body', async () => {
    const response = await fetch(`${server.url}/test/echo/a`, { method: 'HEAD', headers: { 'accept-encoding': 'identity' } })
    expect(response.headers.get('content-length')).toBe(String('{"params":{"name":"a"},"query":[]}'.length))
    expect(await response.text()).toBe('')
  })

  it('streams a large answer, compressed or not, to the same text', async () => {
    const plain = await server.get('/test/large', { 'accept-encoding': 'identity' })
    const zipped = await server.get('/test/large', { 'accept-encoding': 'gzip' })
    expect(plain.headers.get('content-encoding')).toBe(null)
    expect(zipped.headers.get('content-encoding')).toBe('gzip')
    expect(plain.text.length).toBe(3_000_000)
    expect(zipped.text).toBe(plain.text)
  })

  it('compresses a matrix as it is printed, and keeps the connection', async () => {
    for (let round = 0; round < 3; round++) {
      const zipped = await server.get('/test/matrix', { 'accept-encoding': 'gzip' })
      expect([zipped.headers.get('content-encoding'), zipped.headers.get('content-length')]).toEqual(['gzip', null])
      expect(zipped.text).toBe((await server.get('/test/matrix', { 'accept-encoding': 'identity' })).text)
    }
  })

  it('gives a small matrix its length, and compresses it where that saves a packet', async () => {
    const one = await server.get('/test/small/1399', { 'accept-encoding': 'gzip' })
    expect([one.headers.get('content-encoding'), one.headers.get('content-length')]).toEqual([null, '1399'])
    const two = await server.get('/test/small/1400', { 'accept-encoding': 'gzip' })
    expect(two.headers.get('content-encoding')).toBe('gzip')
    expect(Number(two.headers.get('content-length'))).toBeLessThan(300)
    expect(two.text.length).toBe(1_400)
  })

  it('keeps the detail of a defect to itself', async () => {
    const { status, text } = await server.get('/test/broken')
    expect(status).toBe(500)
    expect(text).not.toContain('secret')
  })

  it('aborts the work when the client goes away', async () => {
    const sent = request(`${server.url}/test/slow`)
    sent.on('error', () => {})
    sent.end()
    setTimeout(() => sent.destroy(), 50)
    await isGone
  })
})

describe('router', () => {
  const router = new Router<string>()
  router.add('GET', '/api/v1/label/:name/values', 'values')
  router.add('GET', '/api/v1/label/job/values', 'job')
  router.add('GET', '/', 'root')

  function check(path: string, want: string): void {
    const match = router.find('GET', path)
    expect(match.kind === 'found' ? match.target : match.kind).toBe(want)
  }

  it('prefers an exact part to a name', () => check('/api/v1/label/job/values', 'job'))
  it('goes back to the name when the exact part leads nowhere', () => check('/api/v1/label/instance/values', 'values'))
  it('ignores a trailing slash', () => check('/api/v1/label/x/values/', 'values'))
  it('does not take an empty part for a name', () => check('/api/v1/label//values', 'none'))
  it('finds the root', () => check('/', 'root'))
  it('survives a malformed escape', () => check('/api/v1/label/%zz/values', 'values'))
})

function smallMatrix({ params }: Exchange): Answer {
  return { ...jsonPieces([',[1700000015,"1"]'.repeat(100).slice(0, Number(params['bytes']))]), isMatrix: true }
}

function* manyPieces(): Generator<string> {
  for (let i = 0; i < 300; i++) yield 'x'.repeat(10_000)
}
