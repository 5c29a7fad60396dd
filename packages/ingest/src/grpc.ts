// gRPC by hand on node:http2: unary calls only, as OTLP needs. Source: gRPC over HTTP/2 protocol, https://grpc.io.
//
// By hand because it takes half the CPU of grpc-js at 100 KB a message, and undoes zstd and snappy, which grpc-js cannot.

import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2'
import { constants, createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { Counter, Telemetry } from '@oriel/model'
import { freeArray } from '@oriel/model'
import { decompress } from '@oriel/wire'
import { IngestError } from './errors.ts'
import { readMessage } from './grpc-message.ts'
import type { BufferPool } from './http/buffers.ts'
import type { IngestLimits } from './limits.ts'
import type { Refusal } from './status.ts'
import { encodeStatus, GRPC_STATUS, refusalOf, shortened } from './status.ts'
import { writeTenant } from './tenant.ts'

/** A unary method: takes the request message (good until the function first returns), gives the response message. */
export type GrpcMethod = (tenant: string, message: Uint8Array) => Promise<Uint8Array>

/** What a gRPC listener is opened with. */
export interface GrpcOptions {
  /** By path, `/package.Service/Method`. */
  readonly methods: ReadonlyMap<string, GrpcMethod>
  readonly limits: IngestLimits
  readonly pool: BufferPool
  readonly telemetry: Telemetry
  readonly defaultTenant: string
}

/** Where to listen; port 0 picks a free one. */
export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/** An open listener. */
export interface GrpcListener {
  readonly address: AddressInfo
  /** Takes no new calls, lets those under way finish for `graceMs`, then cuts. */
  close(graceMs?: number): Promise<void>
}

/** Opens a gRPC listener (h2c). Rejects with the system's error when the port is taken. */
export async function listenGrpc({ host, port }: ListenAddress, options: GrpcOptions): Promise<GrpcListener> {
  const sessions = new Set<ServerHttp2Session>()
  const calls = options.telemetry.counter('oriel_ingest_grpc_calls_total', 'gRPC calls answered, by method and status')
  const server = createServer({
    settings: { maxConcurrentStreams: MAX_STREAMS, initialWindowSize: WINDOW_BYTES },
    maxSessionMemory: SESSION_MEMORY_MB,
  })
  server.on('session', (session) => {
    session.setLocalWindowSize(SESSION_WINDOW_BYTES)
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
    session.on('error', () => session.destroy())
  })
  // A client that speaks no HTTP/2, or breaks it, loses its connection; the listener goes on.
  server.on('sessionError', () => {})
  server.on('stream', (stream, headers) => serve({ stream, headers, options, calls }))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      server.on('error', (error) => options.telemetry.log('error', 'gRPC listener failed', { error: String(error) }))
      resolve()
    })
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('BUG: a TCP listener without an address')
  return {
    address,
    async close(graceMs = GRACE_MS) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const session of sessions) session.close()
      const timer = setTimeout(() => {
        for (const session of sessions) session.destroy()
      }, graceMs)
      await closed
      clearTimeout(timer)
    },
  }
}

const MAX_STREAMS = 1_000
// 1 MiB a stream, 8 MiB a connection: with the default of 64 KiB a message of 100 KB waits for two window updates.
const WINDOW_BYTES = 2 ** 20
const SESSION_WINDOW_BYTES = 8 * 2 ** 20
const SESSION_MEMORY_MB = 128
const GRACE_MS = 3_000
const ACCEPTED_ENCODINGS = 'identity,gzip,deflate,zstd,snappy'
// grpc.health.v1.HealthCheckResponse { status: SERVING }.
const SERVING = Uint8Array.of(8, 1)

interface Call {
  readonly stream: ServerHttp2Stream
  readonly headers: IncomingHttpHeaders
  readonly options: GrpcOptions
  readonly calls: Counter
}

function serve(call: Call): void {
  const { stream, headers, options, calls } = call
  stream.on('error', () => stream.destroy())
  if (headers[':method'] !== 'POST' || !(headers['content-type'] ?? '').startsWith('application/grpc')) {
    stream.respond({ ':status': 415, 'content-type': 'text/plain' })
    stream.end('this port takes gRPC\n')
    return
  }
  const path = headers[':path'] ?? ''
  const method = options.methods.get(path) ?? (path === '/grpc.health.v1.Health/Check' ? health : undefined)
  // Unknown paths are one label value: they are the sender's choice.
  const label = method === undefined ? 'unknown' : path
  answer(call, method)
    .then((response) => {
      calls.add(1, { method: label, status: '0' })
      respond(stream, response)
    })
    .catch((error: unknown) => {
      const refusal = refusalOf(error)
      calls.add(1, { method: label, status: String(refusal.grpcStatus) })
      if (refusal.grpcStatus === GRPC_STATUS.internal)
        options.telemetry.log('error', 'call failed', { method: label, code: refusal.code, error: refusal.message })
      refuse(stream, refusal)
    })
}

const health: GrpcMethod = async () => SERVING

async function answer({ stream, headers, options }: Call, method: GrpcMethod | undefined): Promise<Uint8Array> {
  if (method === undefined)
    throw new IngestError('INGEST_UNSUPPORTED', `cannot call ${JSON.stringify(headers[':path'])}: no such method here`)
  const { limits, pool } = options
  const tenant = writeTenant(headers['x-scope-orgid'], options.defaultTenant)
  const deadlineMs = timeoutMs(headers['grpc-timeout'])
  const message = await readMessage(stream, {
    pool,
    maxBytes: limits.maxMessageBytes,
    timeoutMs: Math.min(deadlineMs, limits.bodyTimeoutMs),
  })
  let response: Promise<Uint8Array>
  try {
    const encoding = message.isCompressed ? compressionOf(headers) : 'identity'
    const decoded = decompress(message.bytes, encoding, { maxBytes: limits.maxMessageBytes })
    try {
      // Decoding is over when the method returns its promise: only the commit is waited for.
      response = method(tenant, decoded)
    } finally {
      if (decoded.buffer !== message.bytes.buffer) freeArray(decoded)
    }
  } finally {
    message.release()
  }
  return deadlineMs === Infinity ? response : withDeadline(response, deadlineMs)
}

function compressionOf(headers: IncomingHttpHeaders): string {
  const encoding = headers['grpc-encoding']
  if (typeof encoding === 'string' && encoding !== '' && encoding !== 'identity') return encoding
  throw new IngestError(
    'INGEST_BAD_BODY',
    'cannot read message: it is marked as compressed, and grpc-encoding names no compression',
  )
}

async function withDeadline(response: Promise<Uint8Array>, deadlineMs: number): Promise<Uint8Array> {
  const expired = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => expired.reject(new IngestError('INGEST_SLOW_BODY', `cannot answer within the caller's deadline of ${deadlineMs} ms`)),
    Math.min(deadlineMs, MAX_TIMER_MS),
  )
  try {
    return await Promise.race([response, expired.promise])
  } finally {
    clearTimeout(timer)
  }
}

const MAX_TIMER_MS = 2 ** 31 - 1
// Milliseconds of each unit. Source: gRPC over HTTP/2, TimeoutUnit.
const TIMEOUT_UNITS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 }

function timeoutMs(header: string | readonly string[] | undefined): number {
  const parts = typeof header === 'string' ? /^(\d{1,8})([HMSmun])$/.exec(header) : null
  return parts === null ? Infinity : Number(parts[1]) * TIMEOUT_UNITS[parts[2]!]!
}

function respond(stream: ServerHttp2Stream, message: Uint8Array): void {
  if (stream.destroyed || stream.headersSent) return
  stream.respond(
    { ':status': 200, 'content-type': 'application/grpc', 'grpc-accept-encoding': ACCEPTED_ENCODINGS },
    { waitForTrailers: true },
  )
  stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
  const frame = Buffer.alloc(5 + message.length)
  frame.writeUInt32BE(message.length, 1)
  frame.set(message, 5)
  stream.end(frame)
}

/** Answers with headers alone, which then are the trailers too. */
function refuse(stream: ServerHttp2Stream, refusal: Refusal): void {
  if (stream.destroyed || stream.headersSent) return
  stream.respond(
    {
      ':status': 200,
      'content-type': 'application/grpc',
      'grpc-accept-encoding': ACCEPTED_ENCODINGS,
      'grpc-status': String(refusal.grpcStatus),
      'grpc-message': percentEncoded(shortened(refusal.message)),
      'grpc-status-details-bin': Buffer.from(encodeStatus(refusal)).toString('base64').replaceAll('=', ''),
    },
    { endStream: true },
  )
  // What the sender still has to say is of no use: NO_ERROR tells it that the answer is good.
  if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR)
}

/** Source: gRPC over HTTP/2, Percent-Encoded. */
function percentEncoded(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll('%20', ' ')
}
