import { createServer, type Server } from 'node:http'
import { connect } from 'node:net'
import { openMemoryStore, StoreError, type MemoryStore } from '@oriel/store'
import { compress, ProtoReader, ProtoWriter } from '@oriel/wire'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { DEFAULT_INGEST_LIMITS } from '../limits.ts'
import { openIngest, type Ingest } from '../open.ts'

const NOW_MS = 1_700_000_000_000
const NOW_NS = '1700000000000000000'

let store: MemoryStore
let ingest: Ingest
let server: Server
let port: number
let writeFailure: StoreError | undefined

beforeEach(async () => {
  store = openMemoryStore()
  writeFailure = undefined
  const sink = {
    ...store.sink,
    writeLogs: (blocks: Parameters<typeof store.sink.writeLogs>[0]) =>
      writeFailure === undefined ? store.sink.writeLogs(blocks) : Promise.reject(writeFailure),
  }
  const limits = {
    ...DEFAULT_INGEST_LIMITS,
    maxBodyBytes: 100_000,
    maxDecodedBytes: 300_000,
    maxJsonBytes: 150_000,
    bodyTimeoutMs: 300,
    maxLabels: 5,
  }
  ingest = await openIngest({ sink, now: () => NOW_MS, limits })
  server = createServer((request, response) => {
    const door = ingest.doors.find(({ method, path }) => method === request.method && path === request.url)
    if (door === undefined) response.writeHead(404).end()
    else door.handle(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  port = typeof address === 'object' && address !== null ? address.port : 0
})

afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await ingest.close()
})

const PROTOBUF = { 'content-type': 'application/x-protobuf' }
const JSON_TYPE = { 'content-type': 'application/json' }

async function post(path: string, body: Uint8Array | string, headers: Record<string, string>) {
  const bytes = typeof body === 'string' ? Buffer.from(body) : Buffer.from(body)
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers, body: bytes })
  return { status: response.status, headers: response.headers, bytes: await response.bytes() }
}

async function statusOf(path: string, body: Uint8Array | string, headers: Record<string, string>): Promise<number> {
  return (await post(path, body, headers)).status
}

/** Sends raw text on a socket and resolves with everything that comes back until it closes. */
function socket(text: string, { end = false }: { end?: boolean } = {}): Promise<string> {
  return new Promise((resolve) => {
    let received = ''
    const open = connect(port, '127.0.0.1', () => {
      open.write(text, 'latin1')
      if (end) open.end()
    })
    open.setEncoding('latin1')
    open.on('data', (chunk: string) => (received += chunk))
    open.on('error', () => {}).on('close', () => resolve(received))
  })
}

function logs(line: string): Uint8Array {
  const writer = new ProtoWriter()
  const group = writer.open(1)
  const scope = writer.open(2)
  const record = writer.open(2)
  writer.fixed64(1, BigInt(NOW_NS))
  const body = writer.open(5)
  writer.string(1, line)
  writer.close(body)
  writer.close(record)
  writer.close(scope)
  writer.close(group)
  return writer.finish()
}

function push(...lines: readonly string[]): string {
  return JSON.stringify({ streams: [{ stream: { app: 'a' }, values: lines.map((line) => [NOW_NS, line]) }] })
}

async function storedRequests(): Promise<number> {
  const requests = await store.sink.recentRequests('logs')
  return requests.size
}

/** The code and message of a google.rpc.Status. */
function decodeStatus(bytes: Uint8Array): { code: number; message: string } {
  const reader = new ProtoReader(bytes)
  const found = { code: 0, message: '' }
  while (reader.next() !== 0) {
    if (reader.field === 1) found.code = reader.int()
    else if (reader.field === 2) found.message = reader.string()
    else reader.skip()
  }
  return found
}

test('OTLP bodies are taken in every coding', async () => {
  for (const coding of ['gzip', 'zstd', 'deflate', 'snappy'] as const)
    expect(await statusOf('/v1/logs', compress(logs(coding), coding), { ...PROTOBUF, 'content-encoding': coding })).toBe(200)
  expect(await statusOf('/otlp/v1/logs', logs('plain'), { 'content-type': 'application/protobuf; v=1' })).toBe(200)
  expect(await storedRequests()).toBe(5)
})

test('a malformed OTLP body is 400 with a google.rpc.Status in the encoding of the request', async () => {
  const { status, headers, bytes } = await post('/v1/logs', Uint8Array.of(10, 200), PROTOBUF)
  expect([status, headers.get('content-type')]).toEqual([400, 'application/x-protobuf'])
  expect(decodeStatus(bytes)).toMatchObject({ code: 3, message: expect.stringContaining('cannot read protobuf') })
  const inJson = await post('/v1/traces', '{"resourceSpans":7}', JSON_TYPE)
  expect([inJson.status, Buffer.from(inJson.bytes).toString()]).toEqual([
    400,
    '{"code":3,"message":"cannot read OTLP JSON: traces.resourceSpans is not an array"}',
  ])
})

test('wrong content types and codings are 415', async () => {
  expect(await statusOf('/v1/logs', 'x', { 'content-type': 'text/plain' })).toBe(415)
  expect(await statusOf('/v1/logs', 'x', { ...PROTOBUF, 'content-encoding': 'lzma' })).toBe(415)
  expect(await statusOf('/api/v1/write', 'x', { 'content-type': 'application/x-protobuf;proto=some.Thing' })).toBe(415)
  expect(await statusOf('/api/v1/write', 'x', { ...PROTOBUF, 'content-encoding': 'gzip' })).toBe(415)
  expect(await statusOf('/loki/api/v1/push', '{}', { ...JSON_TYPE, 'content-encoding': 'lzma' })).toBe(400)
})

test('a body over the limit is 413, announced or not, and a bomb too', async () => {
  expect(await statusOf('/v1/logs', new Uint8Array(100_001), PROTOBUF)).toBe(413)
  const chunked = `POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nTransfer-Encoding: chunked\r\n\r\n${'10000\r\n'}${'x'.repeat(65_536)}\r\n${'10000\r\n'}${'x'.repeat(65_536)}\r\n`
  expect(await socket(chunked)).toMatch(/^HTTP\/1\.1 413 /)
  const bomb = compress(new Uint8Array(1_000_000), 'gzip')
  expect(await statusOf('/v1/logs', bomb, { ...PROTOBUF, 'content-encoding': 'gzip' })).toBe(413)
  expect(await statusOf('/api/v1/write', compress(new Uint8Array(1_000_000), 'snappy'), PROTOBUF)).toBe(413)
})

test('Loki bodies are taken in JSON and in snappy protobuf', async () => {
  expect(
    await statusOf('/loki/api/v1/push', compress(Buffer.from(push('x')), 'gzip'), { ...JSON_TYPE, 'content-encoding': 'gzip' }),
  ).toBe(204)
  const writer = new ProtoWriter()
  const stream = writer.open(1)
  writer.string(1, '{app="a", env="p\\"q"}')
  const entry = writer.open(2)
  const timestamp = writer.open(1)
  writer.int(1, 1_700_000_000)
  writer.int(2, 5)
  writer.close(timestamp)
  writer.string(2, 'level=warn from protobuf')
  writer.close(entry)
  writer.close(stream)
  const body = compress(writer.finish(), 'snappy')
  expect(await statusOf('/loki/api/v1/push', body, PROTOBUF)).toBe(204)
  expect(await statusOf('/api/prom/push', body, { ...PROTOBUF, 'content-encoding': 'snappy' })).toBe(204)
  expect(await storedRequests()).toBe(2)
})

test('Loki errors are text that says what is wrong', async () => {
  const bad: [body: string, reason: RegExp][] = [
    ['{', /Expected property name/],
    ['{"streams":[{"stream":{"a":"b"},"values":[[1700000000000000000,"x"]]}]}', /timestamp is not a string/],
    ['{"streams":[{"stream":{"a":7},"values":[]}]}', /label "a" is not a string/],
    ['{"streams":[{"labels":"{a=b}","entries":[]}]}', /expected a quoted value at character 3/],
  ]
  for (const [body, reason] of bad) {
    const { status, headers, bytes } = await post('/loki/api/v1/push', body, JSON_TYPE)
    expect([status, headers.get('content-type')]).toEqual([400, 'text/plain; charset=utf-8'])
    expect(Buffer.from(bytes).toString()).toMatch(reason)
  }
})

test('of a Loki push the good entries are kept and the others told', async () => {
  const labels = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`l${i}`, 'x']))
  const body = JSON.stringify({
    streams: [
      { stream: { app: 'a' }, values: [[NOW_NS, 'good']] },
      { stream: labels, values: [[NOW_NS, 'bad']] },
    ],
  })
  const { status, bytes } = await post('/loki/api/v1/push', body, JSON_TYPE)
  expect([status, Buffer.from(bytes).toString()]).toEqual([
    400,
    '1 entries refused, the others are stored: stream has 11 labels, limit 5\n',
  ])
  expect(await storedRequests()).toBe(1)
})

test('an engine that is away is 503 with Retry-After, and nothing is lost by trying again', async () => {
  writeFailure = new StoreError('STORE_FULL', 'cannot write: no room')
  const refused = await post('/v1/logs', logs('x'), PROTOBUF)
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '30'])
  writeFailure = undefined
  expect(await statusOf('/v1/logs', logs('x'), PROTOBUF)).toBe(200)
  expect(await storedRequests()).toBe(1)
})

test('a tenant that is none is 400 before the body is looked at', async () => {
  for (const tenant of ['a|b', '..', 'x'.repeat(151), 'a/b'])
    expect(await statusOf('/v1/logs', logs('x'), { ...PROTOBUF, 'x-scope-orgid': tenant })).toBe(400)
  expect(await statusOf('/v1/logs', logs('x'), { ...PROTOBUF, 'x-scope-orgid': 'team-a_1.x' })).toBe(200)
})

test('preflight is 204 and lets in pages of this machine only', async () => {
  for (const [origin, allowed] of [
    ['http://localhost:3000', 'http://localhost:3000'],
    ['https://evil.example', null],
  ] as const) {
    const headers = { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type,x-a' }
    const response = await fetch(`http://127.0.0.1:${port}/v1/traces`, { method: 'OPTIONS', headers })
    expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([204, allowed])
  }
})

const HEAD = 'POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n'

test('a body that comes too slowly is 408', async () => {
  expect(await socket(`${HEAD}Content-Length: 50\r\n\r\nabc`)).toMatch(/^HTTP\/1\.1 408 /)
})

test('a sender that leaves in the middle of its body stores nothing and breaks nothing', async () => {
  await socket(`${HEAD}Content-Length: 50\r\n\r\nabc`, { end: true })
  expect(await statusOf('/v1/logs', logs('x'), PROTOBUF)).toBe(200)
  expect(await storedRequests()).toBe(1)
})

test('more bytes than announced are another request, and refused as that', async () => {
  expect(await socket(`${HEAD}Content-Length: 0\r\n\r\n\x01\x02garbage\r\n\r\n`)).toMatch(/^HTTP\/1\.1 400 Bad Request/)
})

test('pipelined requests are answered in order, a cut one last', async () => {
  const body = Buffer.from(logs('p')).toString('latin1')
  const whole = `${HEAD}Content-Length: ${body.length}\r\n\r\n${body}`
  const answers = await socket(`${whole}${whole}${HEAD}Content-Length: 99\r\n\r\nab`)
  expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 408'])
  expect(await storedRequests()).toBe(1)
})

test('a JSON body over its own limit is 413', async () => {
  const body = `{"a":"${'x'.repeat(200_000)}"}`
  for (const path of ['/v1/logs', '/loki/api/v1/push']) {
    const status = await statusOf(path, compress(Buffer.from(body), 'gzip'), { ...JSON_TYPE, 'content-encoding': 'gzip' })
    expect(status).toBe(413)
  }
})

test('a stream whose label names cannot be selected is refused, the others are stored', async () => {
  const body = JSON.stringify({
    streams: [
      { stream: { 'bad-name': 'a' }, values: [[NOW_NS, 'x']] },
      { stream: { good_name: 'a' }, values: [[NOW_NS, 'x']] },
    ],
  })
  const { status, bytes } = await post('/loki/api/v1/push', body, JSON_TYPE)
  expect([status, Buffer.from(bytes).toString()]).toEqual([
    400,
    '1 entries refused, the others are stored: label name "bad-name" is not of letters, digits and underscores\n',
  ])
  expect(await storedRequests()).toBe(1)
})

test('any bytes on any door are answered below 500', async () => {
  const paths = [...new Set(ingest.doors.filter(({ method }) => method === 'POST').map(({ path }) => path))]
  const anyBody = fc.oneof(
    fc.uint8Array({ maxLength: 80 }),
    fc.json().map((text) => Buffer.from(text)),
  )
  const anyHeaders = fc.constantFrom(PROTOBUF, JSON_TYPE)
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...paths), anyBody, anyHeaders, fc.boolean(), async (path, body, headers, isSnappy) => {
      const status = await statusOf(path, isSnappy ? compress(body, 'snappy') : body, headers)
      expect(status).toBeLessThan(500)
    }),
    { numRuns: 300 },
  )
})
