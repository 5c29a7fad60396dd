import { brotliDecompressSync, constants, deflateSync, gunzipSync, gzipSync, inflateRawSync, inflateSync } from 'node:zlib'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { compressSync as snappyCompress } from 'snappy'
import { WireError } from './errors.ts'
import { decompressSnappy } from './encoding-snappy.ts'

/** Bounds on what a body may become. */
export interface DecompressOptions {
  /** Largest decompressed body, in bytes. */
  readonly maxBytes?: number
  /** How many bytes one compressed byte may become, once past `FREE_BYTES`. */
  readonly maxRatio?: number
  /** About how large the body will be: right, it is one allocation. */
  readonly expectedBytes?: number
}

/** 64 MiB: what the OTLP specification recommends to accept. */
export const DEFAULT_MAX_BODY_BYTES: number = 64 * 2 ** 20
// 1,000: real telemetry reaches 100; gzip cannot pass 1,032, zstd and brotli can pass 10,000 and are bombs there.
const DEFAULT_MAX_RATIO = 1_000
// 1 MiB: below it a bomb hurts nobody, and tiny bodies of one repeated record have extreme ratios.
const FREE_BYTES = 2 ** 20
// 1 MiB: zlib's own 16 KiB chunks cost 15 % more (bench/decode-encodings.ts); small bodies get small ones.
const MAX_CHUNK_BYTES = 2 ** 20

/**
 * Decompresses a body by its Content-Encoding header: several codings, comma-separated, are undone last first.
 *
 * Takes '', identity, none, gzip, x-gzip, deflate (with or without zlib's header), zlib, zstd, zstd1, br, snappy (block, or framed
 * where it begins so) and x-snappy-framed. An identity body is returned as it is, not copied. Throws `WireError` WIRE_TOO_LARGE,
 * WIRE_BAD_ENCODING or WIRE_BAD_COMPRESSION.
 */
export function decompress(body: Uint8Array, encoding: string, options: DecompressOptions = {}): Uint8Array {
  const codings = encoding.split(',').map((coding) => coding.trim().toLowerCase())
  // More than two codings is no sender we know of, and each multiplies the work a small body can ask for.
  if (codings.length > MAX_CODINGS)
    throw new WireError('WIRE_BAD_ENCODING', `cannot decompress body: ${codings.length} content codings, limit ${MAX_CODINGS}`)
  let bytes = body
  for (const coding of codings.reverse()) bytes = decompressOne(bytes, coding, options)
  return bytes
}

const MAX_CODINGS = 2

/** Compresses for senders and tests. */
export function compress(body: Uint8Array, encoding: 'identity' | 'gzip' | 'deflate' | 'zstd' | 'snappy'): Uint8Array {
  switch (encoding) {
    case 'identity':
      return body
    case 'gzip':
      return gzipSync(body)
    case 'deflate':
      return deflateSync(body)
    case 'zstd':
      return zstdCompressSync(body)
    case 'snappy':
      return snappyCompress(Buffer.from(body.buffer, body.byteOffset, body.length), { copyOutputData: true })
  }
}

function decompressOne(
  body: Uint8Array,
  coding: string,
  { maxBytes = DEFAULT_MAX_BODY_BYTES, maxRatio = DEFAULT_MAX_RATIO, expectedBytes = 8 * body.length }: DecompressOptions,
): Uint8Array {
  const limit = Math.min(maxBytes, Math.max(FREE_BYTES, maxRatio * body.length))
  switch (coding) {
    case '':
    case 'identity':
    case 'none':
      if (body.length > maxBytes) throw tooLarge(coding, maxBytes)
      return body
    case 'snappy':
    case 'x-snappy-framed':
      return decompressSnappy(body, coding, limit)
    default:
      return decompressZlib(body, coding, { limit, expectedBytes })
  }
}

function decompressZlib(
  body: Uint8Array,
  coding: string,
  { limit, expectedBytes }: { readonly limit: number; readonly expectedBytes: number },
): Uint8Array {
  const inflate = zlibDecoder(body, coding)
  if (inflate === undefined)
    throw new WireError(
      'WIRE_BAD_ENCODING',
      `cannot decompress body: content encoding ${JSON.stringify(coding)} is not supported`,
    )
  const chunkSize = Math.min(MAX_CHUNK_BYTES, limit, Math.max(MIN_CHUNK_BYTES, expectedBytes))
  try {
    return inflate(body, { maxOutputLength: limit, chunkSize: Math.max(chunkSize, MIN_CHUNK_BYTES) })
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge(coding, limit)
    const reason = error instanceof Error ? error.message : String(error)
    throw new WireError('WIRE_BAD_COMPRESSION', `cannot decompress body: not ${coding}, ${reason}`, { cause: error })
  }
}

const MIN_CHUNK_BYTES = 4_096

type Inflate = (body: Uint8Array, options: { maxOutputLength: number; chunkSize: number }) => Uint8Array

function zlibDecoder(body: Uint8Array, coding: string): Inflate | undefined {
  switch (coding) {
    case 'gzip':
    case 'x-gzip':
      return gunzipSync
    case 'deflate':
      // HTTP means zlib's header, and some senders leave it out. Source: RFC 9110, 8.4.1.2.
      return hasZlibHeader(body) ? inflateSync : inflateRawSync
    case 'zlib':
      return inflateSync
    case 'zstd':
    case 'zstd1':
      return (bytes, options) => zstdDecompressSync(bytes, { ...options, params: { [constants.ZSTD_d_windowLogMax]: 27 } })
    case 'br':
      return brotliDecompressSync
    default:
      return undefined
  }
}

/** Source: RFC 1950, 2.2: method 8, and the first two bytes are a multiple of 31. */
function hasZlibHeader(body: Uint8Array): boolean {
  if (body.length < 2) return false
  return (body[0]! & 15) === 8 && ((body[0]! << 8) | body[1]!) % 31 === 0
}

function tooLarge(coding: string, limit: number): WireError {
  return new WireError('WIRE_TOO_LARGE', `cannot accept body: over ${limit} bytes once ${coding} is undone`)
}
