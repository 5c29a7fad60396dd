import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import { createServer as createRawServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, expect, test } from 'vitest'
import { parsePrometheusConfig } from '../prometheus-config.ts'
import { HttpClient } from './client.ts'
import { RepeatedRequest } from './repeated.ts'

const closers: (() => Promise<unknown> | void)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => void server.close())
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function serve(answer: RequestListener): Promise<number> {
  const server = createServer(answer)
  const port = await listen(server)
  closers.push(() => server.closeAllConnections())
  return port
}

/** A server that writes what `answer` does to each request's socket. */
function serveRaw(answer: (socket: Socket, request: string) => void): Promise<number> {
  return listen(
    createRawServer((socket) => {
      closers.push(() => void socket.destroy())
      socket.on('error', () => {}).on('data', (data) => answer(socket, String(data)))
    }),
  )
}

function requestTo(url: string, { yaml = '', timeoutMs = 1_000, socketPath = '' } = {}): RepeatedRequest {
  const text = `scrape_configs:\n  - job_name: j\n${yaml.replaceAll(/^/gm, '    ')}`
  const client = new HttpClient(parsePrometheusConfig(text).jobs[0]!.http, { socketPath })
  const request = new RepeatedRequest(client, url, { headers: { 'accept-encoding': 'gzip' }, timeoutMs, maxBytes: 1_000_000 })
  closers.push(
    () => request.close(),
    () => client.close(),
  )
  return request
}

async function send(request: RepeatedRequest): Promise<string> {
  let found = ''
  await request.send(({ status, contentType, body }) => {
    found = `${status} ${contentType} ${Buffer.from(body).toString('latin1')}`
  })
  return found
}

test('a target is asked over one connection, and what it compresses is read', async () => {
  const seen: unknown[] = []
  const text = 'a 1\n'.repeat(50_000)
  const port = await serve(({ url, headers, socket }, response) => {
    seen.push([url, headers, socket.remotePort])
    response.writeHead(200, { 'content-type': 'text/plain', 'content-encoding': 'gzip' }).end(gzipSync(text))
  })
  const request = requestTo(`http://127.0.0.1:${port}/metrics?a=b%20c`)
  for (let i = 0; i < 3; i++) expect(await send(request)).toBe(`200 text/plain ${text}`)
  const [first] = seen
  expect(seen).toEqual([first, first, first])
  expect(first).toMatchObject(['/metrics?a=b%20c', { host: `127.0.0.1:${port}`, 'accept-encoding': 'gzip' }, expect.any(Number)])
})

test('an answer that comes in many pieces is whole, and may fill more than a read', async () => {
  const text = 'abcdefghij'.repeat(30_000)
  const port = await serve((_request, response) => {
    response.writeHead(200, { 'content-type': 't' })
    for (let at = 0; at < text.length; at += 7_001) response.write(text.slice(at, at + 7_001))
    response.end()
  })
  const request = requestTo(`http://127.0.0.1:${port}/`)
  for (let i = 0; i < 3; i++) expect(await send(request)).toBe(`200 t ${text}`)
})

test('HTTP/1.0 without a length is read to its end, and connected to anew', async () => {
  let requests = 0
  const port = await serveRaw((socket) => socket.end(`HTTP/1.0 200 OK\r\nContent-Type: t\r\n\r\nanswer ${++requests}`))
  const request = requestTo(`http://127.0.0.1:${port}/`)
  expect([await send(request), await send(request)]).toEqual(['200 t answer 1', '200 t answer 2'])
})

test('a connection that was closed meanwhile, or just then, is made anew', async () => {
  let requests = 0
  const port = await serve((_request, response) => {
    requests++
    // The second request of the first connection meets a closed door.
    if (requests === 2) response.socket?.destroy()
    else response.end('ok')
  })
  const request = requestTo(`http://127.0.0.1:${port}/`)
  expect([await send(request), await send(request)]).toEqual(['200  ok', '200  ok'])
  expect(requests).toBe(3)
  const closing = await serveRaw((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'))
  const again = requestTo(`http://127.0.0.1:${closing}/`)
  expect([await send(again), await send(again), await send(again)]).toEqual(['200  ok', '200  ok', '200  ok'])
})

test('a target that is away, breaks off, is late or talks nonsense is told of', async () => {
  const refused = await listen(createRawServer())
  await closers.splice(0)[0]!()
  await expect(send(requestTo(`http://127.0.0.1:${refused}/`))).rejects.toThrow(
    `cannot scrape: connect ECONNREFUSED 127.0.0.1:${refused}`,
  )
  const silent = await serveRaw((socket) => socket.end())
  await expect(send(requestTo(`http://127.0.0.1:${silent}/`))).rejects.toThrow('cannot scrape: the connection was closed')
  const broken = await serveRaw((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok'))
  await expect(send(requestTo(`http://127.0.0.1:${broken}/`))).rejects.toThrow('closed before the answer was whole')
  const late = await serveRaw((socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok'))
  await expect(send(requestTo(`http://127.0.0.1:${late}/`, { timeoutMs: 100 }))).rejects.toThrow(
    'cannot scrape: timed out: no whole answer within 100 ms',
  )
  const nonsense = await serveRaw((socket) => socket.end('nonsense\r\n\r\n'))
  await expect(send(requestTo(`http://127.0.0.1:${nonsense}/`))).rejects.toThrow(/cannot scrape: .*HTTP/i)
  const packed = await serveRaw((socket) =>
    socket.end('HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\nok'),
  )
  await expect(send(requestTo(`http://127.0.0.1:${packed}/`))).rejects.toThrow('not gzip')
  const flood = await serve((_request, response) => response.end(Buffer.alloc(1_000_001)))
  await expect(send(requestTo(`http://127.0.0.1:${flood}/`))).rejects.toThrow('body size limit exceeded')
})

test('a target that fails is told of by its status, whatever it says', async () => {
  const port = await serve((_request, response) => {
    response.writeHead(503, { 'content-type': 't', 'content-encoding': 'gzip' }).end(gzipSync('sorry'))
  })
  const request = requestTo(`http://127.0.0.1:${port}/`)
  expect([await send(request), await send(request)]).toEqual(['503 t ', '503 t '])
})

test('a redirect is followed, and the short way is not tried again', async () => {
  const paths: (string | undefined)[] = []
  const port = await serve(({ url }, response) => {
    paths.push(url)
    if (url === '/a') response.writeHead(302, { location: '/b' }).end()
    else response.end('there')
  })
  const request = requestTo(`http://127.0.0.1:${port}/a`)
  expect([await send(request), await send(request)]).toEqual(['200  there', '200  there'])
  expect(paths).toEqual(['/a', '/a', '/b', '/a', '/b'])
})

test('credentials and proxies go the general way', async () => {
  const seen: unknown[] = []
  const port = await serve(({ url, headers }, response) => {
    seen.push(`${url} ${headers.authorization}`)
    response.end('ok')
  })
  await send(requestTo(`http://127.0.0.1:${port}/`, { yaml: 'bearer_token: t' }))
  await send(requestTo('http://target.example/m', { yaml: `proxy_url: http://127.0.0.1:${port}` }))
  expect(seen).toEqual(['/ Bearer t', 'http://target.example/m undefined'])
})

test('a Unix socket is a way to a target', async () => {
  const path = join(tmpdir(), `oriel-target-${process.pid}.sock`)
  const server = createServer((request, response) => response.end(request.headers.host))
  await new Promise<void>((resolve) => server.listen(path, resolve))
  closers.push(() => void server.close())
  expect(await send(requestTo('http://some.host:90/', { socketPath: path }))).toBe('200  some.host:90')
})

test('what is under way ends when the request is closed', async () => {
  const port = await serveRaw(() => {})
  const request = requestTo(`http://127.0.0.1:${port}/`)
  const sent = send(request)
  setTimeout(() => request.close(), 20)
  await expect(sent).rejects.toThrow('cannot scrape: stopped')
})
