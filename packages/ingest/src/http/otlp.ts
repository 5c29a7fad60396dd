// OTLP over HTTP. Source: OpenTelemetry protocol specification 1.11, "OTLP/HTTP".

import type { IncomingMessage, ServerResponse } from 'node:http'
import { otlpJsonToProtobuf, ProtoWriter } from '@oriel/wire'
import { IngestError } from '../errors.ts'
import type { Accepted } from '../log-writer.ts'
import { encodeStatus, shortened } from '../status.ts'
import type { DoorOptions, HttpDoor, HttpReceiver, Reply } from './door.ts'
import { checkJsonBytes, makeHandler, send } from './door.ts'

/** Takes a decompressed protobuf export request of one signal. */
export type OtlpAccept = (tenant: string, body: Uint8Array) => Promise<Accepted>

/** What `otlpDoors` needs: one function a signal, and which web pages may send. */
export interface OtlpDoorsOptions {
  readonly accept: Readonly<Record<OtlpSignal, OtlpAccept>>
  /** Whether a page of this origin may send from a browser. */
  readonly isAllowedOrigin: (origin: string) => boolean
}

/** Signals of OTLP that have doors. */
export const OTLP_SIGNALS = ['logs', 'traces', 'metrics'] as const
export type OtlpSignal = (typeof OTLP_SIGNALS)[number]

/** The doors of OTLP: `/v1/<signal>`, `/otlp/v1/<signal>`, and Prometheus's `/api/v1/otlp/v1/metrics`, with CORS preflight. */
export function otlpDoors({ accept, isAllowedOrigin }: OtlpDoorsOptions, options: DoorOptions): HttpDoor[] {
  return OTLP_SIGNALS.flatMap((signal) => {
    const handle = makeHandler(otlpReceiver(signal, accept[signal], options.limits.maxJsonBytes), options)
    const paths = [`/v1/${signal}`, `/otlp/v1/${signal}`]
    if (signal === 'metrics') paths.push('/api/v1/otlp/v1/metrics')
    return paths.flatMap((path): HttpDoor[] => [
      {
        method: 'POST',
        path,
        handle: (request, response) => {
          allowOrigin(request, response, isAllowedOrigin)
          handle(request, response)
        },
      },
      { method: 'OPTIONS', path, handle: (request, response) => answerPreflight(request, response, isAllowedOrigin) },
    ])
  })
}

/** Export<Signal>ServiceResponse: empty for full success. The field numbers are those of all three signals. */
export function encodeExportResponse({ rejected, reason }: Accepted): Uint8Array {
  const writer = new ProtoWriter()
  if (rejected > 0 || reason !== '') {
    const partial = writer.open(1)
    if (rejected > 0) writer.int(1, rejected)
    if (reason !== '') writer.string(2, shortened(reason))
    writer.close(partial)
  }
  return writer.finish()
}

type Encoding = 'protobuf' | 'json'

function otlpReceiver(signal: OtlpSignal, accept: OtlpAccept, maxJsonBytes: number): HttpReceiver {
  return {
    receiver: 'otlp',
    signal,
    check(request) {
      if (encodingOf(request) === undefined)
        throw new IngestError(
          'INGEST_BAD_CONTENT_TYPE',
          `cannot accept ${signal}: content type ${JSON.stringify(request.headers['content-type'] ?? '')}, expected application/x-protobuf or application/json`,
        )
      return request.headers['content-encoding'] ?? ''
    },
    accept(tenant, body, request) {
      const encoding = encodingOf(request) ?? 'protobuf'
      if (encoding === 'json') checkJsonBytes(body, maxJsonBytes)
      const bytes = encoding === 'json' ? otlpJsonToProtobuf(signal, body) : body
      return accept(tenant, bytes).then((accepted) => success(signal, encoding, accepted))
    },
    refuse(refusal, request) {
      const encoding = encodingOf(request)
      const retry = refusal.retryAfterSeconds
      const headers = retry === undefined ? undefined : { 'retry-after': String(retry) }
      if (encoding === undefined)
        return { status: refusal.httpStatus, headers: { ...headers, ...TEXT }, body: `${refusal.message}\n` }
      const isJson = encoding === 'json'
      const body = isJson
        ? JSON.stringify({ code: refusal.grpcStatus, message: shortened(refusal.message) })
        : encodeStatus(refusal)
      return { status: refusal.httpStatus, headers: { ...headers, ...typeHeader(encoding) }, body }
    },
  }
}

const TEXT = { 'content-type': 'text/plain; charset=utf-8' }
// What the specification calls the rejected items of each signal.
const REJECTED_KEY: Readonly<Record<OtlpSignal, string>> = {
  logs: 'rejectedLogRecords',
  traces: 'rejectedSpans',
  metrics: 'rejectedDataPoints',
}

function success(signal: OtlpSignal, encoding: Encoding, accepted: Accepted): Reply {
  if (encoding === 'protobuf') return { status: 200, headers: typeHeader(encoding), body: encodeExportResponse(accepted) }
  const { rejected, reason } = accepted
  const isFull = rejected === 0 && reason === ''
  const partialSuccess = { [REJECTED_KEY[signal]]: String(rejected), errorMessage: shortened(reason) }
  return { status: 200, headers: typeHeader(encoding), body: JSON.stringify(isFull ? {} : { partialSuccess }) }
}

function typeHeader(encoding: Encoding): Record<string, string> {
  return { 'content-type': encoding === 'json' ? 'application/json' : 'application/x-protobuf' }
}

function encodingOf(request: IncomingMessage): Encoding | undefined {
  const media = (request.headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase()
  if (media === 'application/json') return 'json'
  return media === 'application/x-protobuf' || media === 'application/protobuf' ? 'protobuf' : undefined
}

function allowOrigin(request: IncomingMessage, response: ServerResponse, isAllowed: (origin: string) => boolean): boolean {
  const { origin } = request.headers
  if (origin === undefined || !isAllowed(origin)) return false
  response.setHeader('access-control-allow-origin', origin)
  response.setHeader('vary', 'origin')
  return true
}

function answerPreflight(request: IncomingMessage, response: ServerResponse, isAllowed: (origin: string) => boolean): void {
  if (allowOrigin(request, response, isAllowed)) {
    response.setHeader('access-control-allow-methods', 'POST')
    response.setHeader('access-control-allow-headers', request.headers['access-control-request-headers'] ?? 'content-type')
    response.setHeader('access-control-max-age', '7200')
  }
  send(request, response, { status: 204 })
}
