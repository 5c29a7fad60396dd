import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { constants, createGzip, gzip } from 'node:zlib'
import { breathe } from '@oriel/store'
import { Gzip } from '../gzip/gzip.ts'
import type { Answer } from './exchange.ts'

// What one packet takes: with less, nothing arrives sooner.
const MIN_GZIP_BYTES = 1_400
// 64 KiB a piece: few calls into the socket, little memory held.
const PIECE_BYTES = 65_536
// Level 1: 0.175 of the size where level 6 has 0.149, at a quarter of its CPU time (bench/print-matrix.ts).
// Memory level 9 takes 256 KiB a stream more and a quarter of the time less.
const GZIP = { level: constants.Z_BEST_SPEED, memLevel: constants.Z_MAX_MEMLEVEL, chunkSize: PIECE_BYTES } as const

const gzipAsync = promisify(gzip)

/** Writes an answer: compressed when the client asks for it, in pieces when it comes in pieces, without body to HEAD. */
export async function respond(request: IncomingMessage, response: ServerResponse, answer: Answer): Promise<void> {
  if (response.destroyed) return
  const { body } = answer
  if (typeof body === 'string') return respondWhole(request, response, answer, Buffer.from(body))
  if (body instanceof Uint8Array) return respondWhole(request, response, answer, body)
  if (Symbol.asyncIterator in body) return respondLive(request, response, answer, body)
  const pieces = gather(body)
  const first = pieces.next()
  if (first.done === true) return respondWhole(request, response, answer, Buffer.alloc(0))
  const second = pieces.next()
  if (second.done === true) return respondWhole(request, response, answer, first.value)
  return respondPieces(request, response, answer, resume([first.value, second.value], pieces))
}

async function respondWhole(request: IncomingMessage, response: ServerResponse, answer: Answer, body: Uint8Array): Promise<void> {
  const isZipped = body.length >= MIN_GZIP_BYTES && wantsGzip(request)
  const bytes = !isZipped ? body : answer.isMatrix === true ? Buffer.concat([...zipped([body])]) : await gzipAsync(body, GZIP)
  if (response.destroyed) return
  const headers: Record<string, string | number> = { ...answer.headers }
  if (isZipped) headers['content-encoding'] = 'gzip'
  headers['vary'] = 'accept-encoding, origin'
  // 204 and 304 have no body and no length.
  if (answer.status !== 204 && answer.status !== 304) headers['content-length'] = bytes.length
  response.writeHead(answer.status, headers)
  response.end(request.method === 'HEAD' ? undefined : bytes)
}

async function respondPieces(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  pieces: Iterable<Uint8Array>,
): Promise<void> {
  const isZipped = wantsGzip(request)
  response.writeHead(answer.status, {
    ...answer.headers,
    vary: 'accept-encoding, origin',
    ...(isZipped && { 'content-encoding': 'gzip' }),
  })
  if (request.method === 'HEAD') {
    response.end()
    return
  }
  if (isZipped && answer.isMatrix !== true) {
    await pipeline(Readable.from(inTurns(pieces)), createGzip(GZIP), response)
    return
  }
  for await (const piece of inTurns(isZipped ? zipped(pieces) : pieces)) {
    if (response.destroyed) return
    if (!response.write(piece)) await drained(response)
  }
  response.end()
}

/** A matrix compressed as it is printed. */
function* zipped(pieces: Iterable<Uint8Array>): Generator<Uint8Array, void, undefined> {
  const gzip = new Gzip()
  for (const piece of pieces) yield gzip.add(piece)
  yield gzip.end()
}

/** A long answer is printed piece by piece, and others get the thread in between. */
async function* inTurns(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  for (const piece of pieces) {
    await breathe()
    yield piece
  }
}

/** Sends pieces as they come: the head goes out at once, so that the asker knows it is connected. */
async function respondLive(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  pieces: AsyncGenerator<string | Uint8Array>,
): Promise<void> {
  response.writeHead(answer.status, { ...answer.headers, vary: 'accept-encoding, origin' })
  response.flushHeaders()
  if (request.method !== 'HEAD') {
    for await (const piece of pieces) {
      if (response.destroyed) break
      if (piece.length > 0 && !response.write(piece)) await drained(response)
    }
  } else await pieces.return(undefined)
  response.end()
}

/** Waits for room, or for the end of the connection. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      response.off('drain', go)
      response.off('close', go)
      resolve()
    }
    response.on('drain', go)
    response.on('close', go)
  })
}

/** Joins small pieces, so that a small answer is one piece and a large one is written in few calls. */
function* gather(pieces: Iterable<string | Uint8Array>): Generator<Uint8Array> {
  let waiting: Uint8Array[] = []
  let size = 0
  let text = ''
  for (const piece of pieces) {
    if (typeof piece === 'string') {
      text += piece
      if (text.length < PIECE_BYTES) continue
    }
    if (text !== '') size += waiting[waiting.push(Buffer.from(text)) - 1]!.length
    text = ''
    if (typeof piece !== 'string') size += waiting[waiting.push(piece) - 1]!.length
    if (size < PIECE_BYTES) continue
    yield joined(waiting)
    waiting = []
    size = 0
  }
  if (text !== '') waiting.push(Buffer.from(text))
  if (waiting.length > 0) yield joined(waiting)
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
}

function* resume(first: readonly Uint8Array[], rest: Iterator<Uint8Array>): Generator<Uint8Array> {
  yield* first
  for (let next = rest.next(); next.done !== true; next = rest.next()) yield next.value
}

function wantsGzip(request: IncomingMessage): boolean {
  const header = request.headers['accept-encoding']
  const text = Array.isArray(header) ? header.join(',') : (header ?? '')
  return text.split(',').some((part) => /^\s*(gzip|\*)\s*(;\s*q=(?!0(\.0*)?\s*$).*)?$/.test(part))
}
