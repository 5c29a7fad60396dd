import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { QueryCaller } from '@oriel/query'
import type { Failure } from './failure.ts'

/** A request as a handler sees it. */
export interface Exchange {
  readonly method: string
  /** Path without query string, not decoded. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  /** Decoded parts of the path, by the names in the route. */
  readonly params: Readonly<Record<string, string>>
  /** Parameters of the query string, followed by those of a form body. */
  readonly query: URLSearchParams
  readonly tenants: readonly string[]
  /** The body as it was sent, for routes that ask for it; empty for the others. */
  readonly body: Uint8Array
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal
}

/**
 * What a handler answers. A body in pieces is written as it is made, with back-pressure; pieces of about 64 KiB suit. One whose pieces
 * must be waited for goes out as they come, uncompressed; its generator is ended when the client leaves.
 */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array | Iterable<string | Uint8Array> | AsyncGenerator<string | Uint8Array>
  /** The body may be mostly numbers over time: it is compressed in a way of its own. */
  readonly isMatrix?: boolean
}

/** One path of an API. `:name` takes one part of the path. */
export interface Route {
  readonly methods: readonly ('GET' | 'POST' | 'PUT' | 'DELETE')[]
  readonly path: string
  readonly handle: (exchange: Exchange) => Promise<Answer> | Answer
  /** Takes a body that is no form, of at most so many bytes. */
  readonly maxBodyBytes?: number
  /** No span and no duration: probes and scrapes would bury what people do. */
  readonly isQuiet?: boolean
}

/** A set of routes that share a way to say that something failed. */
export interface Api {
  readonly name: string
  readonly routes: readonly Route[]
  readonly renderFailure: (failure: Failure) => Answer
}

/** A handler that reads and writes the socket itself: the doors of ingest. */
export type RawHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void

/** An answer as JSON text. */
export function jsonAnswer(value: unknown, status = 200): Answer {
  return { status, headers: JSON_HEADERS, body: JSON.stringify(value) }
}

/** An answer of JSON written in pieces. */
export function jsonPieces(body: Iterable<string | Uint8Array>): Answer {
  return { status: 200, headers: JSON_HEADERS, body }
}

/** A plain text answer. */
export function textAnswer(body: string, status = 200): Answer {
  return { status, headers: TEXT_HEADERS, body }
}

/** Who asks, for the runner. */
export function callerOf(exchange: Exchange, origin: string, timeoutMs?: number): QueryCaller {
  const { tenants, signal } = exchange
  return timeoutMs === undefined ? { tenants, signal, origin } : { tenants, signal, origin, timeoutMs }
}

const JSON_HEADERS: Readonly<Record<string, string>> = { 'content-type': 'application/json' }
const TEXT_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/plain; charset=utf-8',
  'x-content-type-options': 'nosniff',
}
