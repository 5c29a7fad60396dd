// What every HTTP door does around its protocol: tenant, body, decompression, counting, refusal.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Counter, Telemetry } from '@oriel/model'
import { freeArray } from '@oriel/model'
import { decompress } from '@oriel/wire'
import { IngestError } from '../errors.ts'
import type { IngestLimits } from '../limits.ts'
import type { Refusal } from '../status.ts'
import { refusalOf } from '../status.ts'
import { writeTenant } from '../tenant.ts'
import type { BodyReader } from './body.ts'

/** One path that takes telemetry, for a plain `node:http` server to mount. `handle` answers every request it is given. */
export interface HttpDoor {
  readonly method: 'POST' | 'OPTIONS'
  readonly path: string
  handle(request: IncomingMessage, response: ServerResponse): void
}

/** An answer. */
export interface Reply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string
}

/** One protocol behind a door. */
export interface HttpReceiver {
  /** Names the receiver in metrics. */
  readonly receiver: 'otlp' | 'loki' | 'remote-write'
  readonly signal: 'metrics' | 'logs' | 'traces'
  /** Looks at the headers alone; throws to refuse before the body is read. Returns the coding to undo. */
  check(request: IncomingMessage): string
  /** Takes the decompressed body, which is good until this function first returns. */
  accept(tenant: string, body: Uint8Array, request: IncomingMessage): Promise<Reply>
  refuse(refusal: Refusal, request: IncomingMessage): Reply
}

/** What all doors share. */
export interface DoorOptions {
  readonly bodies: BodyReader
  readonly limits: IngestLimits
  readonly telemetry: Telemetry
  readonly defaultTenant: string
}

/** Makes the handler of a receiver. */
export function makeHandler(receiver: HttpReceiver, options: DoorOptions): HttpDoor['handle'] {
  const counters = makeCounters(options.telemetry)
  const labels = { receiver: receiver.receiver, signal: receiver.signal }
  return (request, response) => {
    receive(receiver, options, { request, counters, labels })
      .catch((error: unknown) => {
        const refusal = refusalOf(error)
        if (refusal.httpStatus === 500)
          options.telemetry.log('error', 'request failed', { ...labels, code: refusal.code, error: refusal.message })
        counters.refused.add(1, { ...labels, code: refusal.code })
        return receiver.refuse(refusal, request)
      })
      .then((reply) => {
        counters.requests.add(1, { ...labels, status: String(reply.status) })
        send(request, response, reply)
      })
      .catch((error: unknown) => {
        options.telemetry.log('error', 'answer failed', { ...labels, error: String(error) })
        response.destroy()
      })
  }
}

/** Throws INGEST_TOO_LARGE for a JSON body over its limit. */
export function checkJsonBytes(body: Uint8Array, maxBytes: number): void {
  if (body.length > maxBytes)
    throw new IngestError(
      'INGEST_TOO_LARGE',
      `cannot accept body: ${body.length} bytes of JSON, limit ${maxBytes}; protobuf may be larger`,
    )
}

/** Sends `reply`. A request whose body was not read to its end loses its connection afterwards: what follows is no request. */
export function send(request: IncomingMessage, response: ServerResponse, { status, headers = {}, body }: Reply): void {
  if (response.destroyed || response.headersSent) return
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  const isCut = !request.complete
  response.writeHead(status, {
    ...headers,
    ...(bytes === undefined || bytes.length === 0 ? {} : { 'content-length': String(bytes.length) }),
    ...(isCut ? { connection: 'close' } : {}),
  })
  if (isCut) endAfter(request, response, bytes)
  else response.end(bytes)
}

interface Counters {
  readonly requests: Counter
  readonly refused: Counter
  readonly bytes: Counter
  readonly decodedBytes: Counter
}

function makeCounters(telemetry: Telemetry): Counters {
  return {
    requests: telemetry.counter('oriel_ingest_requests_total', 'Requests answered, by receiver and status'),
    refused: telemetry.counter('oriel_ingest_refused_requests_total', 'Requests refused whole, by error code'),
    bytes: telemetry.counter('oriel_ingest_received_bytes_total', 'Body bytes received, as sent'),
    decodedBytes: telemetry.counter('oriel_ingest_decoded_bytes_total', 'Body bytes received, decompressed'),
  }
}

async function receive(
  receiver: HttpReceiver,
  { bodies, limits, defaultTenant }: DoorOptions,
  { request, counters, labels }: { request: IncomingMessage; counters: Counters; labels: Readonly<Record<string, string>> },
): Promise<Reply> {
  const tenant = writeTenant(request.headers['x-scope-orgid'], defaultTenant)
  const coding = receiver.check(request)
  const body = await bodies.read(request)
  let reply: Promise<Reply>
  try {
    counters.bytes.add(body.bytes.length, labels)
    const decoded = decompress(body.bytes, coding, { maxBytes: limits.maxDecodedBytes })
    counters.decodedBytes.add(decoded.length, labels)
    try {
      // Decoding is over when `accept` returns its promise: only the commit is waited for.
      reply = receiver.accept(tenant, decoded, request)
    } finally {
      if (decoded.buffer !== body.bytes.buffer) freeArray(decoded)
    }
  } finally {
    body.release()
  }
  return reply
}

/**
 * Sends the answer at once but lets the rest of a refused body run out before the connection closes: closed under a sender that still
 * writes, it would be reset, and the answer lost with it.
 */
function endAfter(request: IncomingMessage, response: ServerResponse, bytes: Uint8Array | undefined): void {
  if (bytes !== undefined) response.write(bytes)
  else response.flushHeaders()
  const end = (): void => {
    clearTimeout(timer)
    response.end()
  }
  const timer = setTimeout(end, DISCARD_MS)
  timer.unref()
  request.once('end', end)
  request.once('close', end)
  request.resume()
}

// 3 s: enough for the largest body that a sender is likely to have announced, on any network that metrics travel on.
const DISCARD_MS = 3_000
