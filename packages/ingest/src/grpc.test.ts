import { connect as connectHttp2, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2'
import { connect } from 'node:net'
import { Client, credentials, Metadata, status, type ServiceError } from '@grpc/grpc-js'
import { openMemoryStore, StoreError, type MemoryStore } from '@oriel/store'
import { compress, ProtoReader, ProtoWriter } from '@oriel/wire'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { GrpcListener } from './grpc.ts'
import { DEFAULT_INGEST_LIMITS } from './limits.ts'
import { openIngest, type Ingest } from './open.ts'

const LOGS = '/opentelemetry.proto.collector.logs.v1.LogsService/Export'
const NOW_MS = 1_700_000_000_000

let store: MemoryStore
let ingest: Ingest
let listener: GrpcListener
let client: Client
let session: ClientHttp2Session
let writeFailure: StoreError | undefined

beforeEach(async () => {
  store = openMemoryStore()
  writeFailure = undefined
  const sink = {
    ...store.sink,
    writeLogs: (blocks: Parameters<typeof store.sink.writeLogs>[0]) =>
      writeFailure === undefined ? store.sink.writeLogs(blocks) : Promise.reject(writeFailure),
  }
  ingest = await openIngest({
    sink,
    now: () => NOW_MS,
    limits: { ...DEFAULT_INGEST_LIMITS, maxMessageBytes: 2 ** 20, bodyTimeoutMs: 300 },
  })
  listener = await ingest.listenGrpc({ host: '127.0.0.1', port: 0 })
  const target = `127.0.0.1:${listener.address.port}`
  client = new Client(target, credentials.createInsecure())
  session = connectHttp2(`http://${target}`)
})

afterEach(async () => {
  client.close()
  session.destroy()
  await ingest.close()
})

/** An ExportLogsServiceRequest with one record. */
function logs(line: string): Uint8Array {
  const writer = new ProtoWriter()
  const group = writer.open(1)
  const scope = writer.open(2)
  const record = writer.open(2)
  writer.fixed64(1, BigInt(NOW_MS) * 1_000_000n)
  const body = writer.open(5)
  writer.string(1, line)
  writer.close(body)
  writer.close(record)
  writer.close(scope)
  writer.close(group)
  return writer.finish()
}

function call(path: string, message: Uint8Array, options: Record<string, unknown> = {}): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest<Uint8Array, Buffer>(
      path,
      (bytes) => Buffer.from(bytes),
      (bytes) => bytes,
      message,
      new Metadata(),
      options,
      (error, response) => (error === null ? resolve(response ?? Buffer.alloc(0)) : reject(error)),
    )
  })
}

async function failure(promise: Promise<unknown>): Promise<ServiceError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!isServiceError(error)) throw new Error(`no service error: ${String(error)}`)
  return error
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && 'metadata' in error
}

/** A raw call: whatever bytes, whatever headers. Resolves with the headers that carry the status. */
function raw(chunks: readonly Uint8Array[], headers: Record<string, string> = {}, isCut = false): Promise<IncomingHttpHeaders> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': LOGS,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    })
    let first: IncomingHttpHeaders = {}
    stream.on('response', (received) => (first = received))
    stream.on('trailers', (trailers) => (first = { ...first, ...trailers }))
    stream.on('close', () => resolve(first))
    stream.on('error', reject)
    stream.resume()
    for (const chunk of chunks) stream.write(chunk)
    if (!isCut) stream.end()
  })
}

function frame(message: Uint8Array, flags = 0, size: number = message.length): Buffer {
  const bytes = Buffer.alloc(5 + message.length)
  bytes[0] = flags
  bytes.writeUInt32BE(size, 1)
  bytes.set(message, 5)
  return bytes
}

async function stored(): Promise<number> {
  const requests = await store.sink.recentRequests('logs')
  return requests.size
}

test('a call by a real client is stored and answered with an empty message', async () => {
  expect((await call(LOGS, logs('hello'))).length).toBe(0)
  expect(await stored()).toBe(1)
})

test('every message compression of the collector is undone', async () => {
  for (const encoding of ['gzip', 'zstd', 'snappy', 'deflate'] as const) {
    const message = compress(logs(`by ${encoding}`), encoding)
    expect(await raw([frame(message, 1)], { 'grpc-encoding': encoding })).toMatchObject({ 'grpc-status': '0' })
  }
  expect(await stored()).toBe(4)
})

test('a refused record is told as partial success', async () => {
  const writer = new ProtoWriter()
  const group = writer.open(1)
  const scope = writer.open(2)
  const record = writer.open(2)
  writer.fixed64(1, 2n ** 63n)
  writer.close(record)
  writer.close(scope)
  writer.close(group)
  const partial = new ProtoReader(await call(LOGS, writer.finish()))
  partial.next()
  partial.enter()
  partial.next()
  expect(partial.int()).toBe(1)
  partial.next()
  expect(partial.string()).toBe('time after 2262-04-11')
})

test('an unknown method is UNIMPLEMENTED, the health check is SERVING', async () => {
  expect((await failure(call('/some.Service/Do', new Uint8Array(0)))).code).toBe(status.UNIMPLEMENTED)
  expect([...(await call('/grpc.health.v1.Health/Check', new Uint8Array(0)))]).toEqual([8, 1])
})

test('while the engine is away a call is UNAVAILABLE with RetryInfo', async () => {
  writeFailure = new StoreError('STORE_FULL', 'cannot write: no room')
  const error = await failure(call(LOGS, logs('x')))
  expect(error.code).toBe(status.UNAVAILABLE)
  const [details] = error.metadata.get('grpc-status-details-bin')
  expect(details?.toString('latin1')).toContain('type.googleapis.com/google.rpc.RetryInfo')
})

test('a message over the limit is RESOURCE_EXHAUSTED as soon as its length is known', async () => {
  const head = frame(new Uint8Array(0), 0, 2 ** 20 + 1)
  expect(await raw([head], {}, true)).toMatchObject({ 'grpc-status': '8' })
})

test('a bomb is RESOURCE_EXHAUSTED', async () => {
  const bomb = compress(new Uint8Array(4 * 2 ** 20), 'gzip')
  expect(await raw([frame(bomb, 1)], { 'grpc-encoding': 'gzip' })).toMatchObject({ 'grpc-status': '8' })
})

test('broken frames are INVALID_ARGUMENT', async () => {
  const good = logs('x')
  const broken = [
    [],
    [Buffer.of(0, 0)],
    [frame(good).subarray(0, 20)],
    [frame(good), frame(good)],
    [frame(good, 7)],
    [frame(good, 1)],
  ]
  for (const chunks of broken) expect(await raw(chunks)).toMatchObject({ 'grpc-status': '3' })
  expect(await stored()).toBe(0)
})

test('an encoding that we cannot undo is UNIMPLEMENTED and the answer names those we can', async () => {
  expect(await raw([frame(logs('x'), 1)], { 'grpc-encoding': 'lzma' })).toMatchObject({
    'grpc-status': '12',
    'grpc-accept-encoding': 'identity,gzip,deflate,zstd,snappy',
  })
})

test('a call that stops in the middle of its message is given up in time', async () => {
  expect(await raw([frame(logs('x')).subarray(0, 20)], {}, true)).toMatchObject({ 'grpc-status': '4' })
})

test('a bad tenant is INVALID_ARGUMENT', async () => {
  expect(await raw([frame(logs('x'))], { 'x-scope-orgid': 'a|b' })).toMatchObject({ 'grpc-status': '3' })
})

test('any message is answered with OK or INVALID_ARGUMENT', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), async (message) => {
      const { 'grpc-status': grpcStatus } = await raw([frame(message)])
      expect(['0', '3']).toContain(grpcStatus)
    }),
    { numRuns: 100 },
  )
})

test('a socket that speaks no HTTP/2 is closed and the listener goes on', async () => {
  for (const garbage of ['GET / HTTP/1.1\r\n\r\n', '\x00'.repeat(100), `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${'\xff'.repeat(200)}`]) {
    await new Promise<void>((resolve) => {
      const socket = connect(listener.address.port, '127.0.0.1', () => socket.write(garbage, 'latin1'))
      socket.resume()
      socket.on('error', () => {}).on('close', () => resolve())
    })
  }
  await call(LOGS, logs('still here'))
  expect(await stored()).toBe(1)
})
