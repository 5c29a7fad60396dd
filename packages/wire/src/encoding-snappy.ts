// Snappy in both forms that senders use under one name.
//
// Source: google/snappy format_description.txt and framing_format.txt.

import { uncompressSync } from 'snappy'
import { crc32c } from './crc32c.ts'
import { WireError } from './errors.ts'

/** Undoes snappy: framed where the body begins so (or `coding` says so), block otherwise. Errors as of `decompress`. */
export function decompressSnappy(body: Uint8Array, coding: string, limit: number): Uint8Array {
  if (startsFramed(body)) return decompressFramed(body, limit)
  if (coding === 'x-snappy-framed') throw damaged('no stream identifier at its start')
  return decompressBlock(body, limit)
}

// The chunk that begins every framed stream: type 0xff, length 6, "sNaPpY".
const STREAM_START = Uint8Array.of(0xff, 6, 0, 0, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x59)
// A copy element makes 64 bytes of 3: a block cannot grow more, so a length above is a lie that would only cost memory.
const MAX_BLOCK_RATIO = 22
// 65,536: the most a chunk of a framed stream may hold.
const MAX_FRAME_BYTES = 65_536

function startsFramed(body: Uint8Array): boolean {
  return body.length >= STREAM_START.length && STREAM_START.every((byte, i) => body[i] === byte)
}

function decompressBlock(body: Uint8Array, limit: number): Uint8Array {
  const declared = declaredBytes(body)
  if (declared > limit)
    throw new WireError('WIRE_TOO_LARGE', `cannot accept body: ${declared} bytes once snappy is undone, limit ${limit}`)
  if (declared > MAX_BLOCK_RATIO * body.length) throw damaged(`it claims ${declared} bytes from ${body.length}`)
  try {
    // Copying: without it every result is external memory, and the collector drowns.
    const bytes = uncompressSync(body, { asBuffer: true, copyOutputData: true })
    return typeof bytes === 'string' ? Buffer.from(bytes) : bytes
  } catch (error) {
    throw damaged(error instanceof Error ? error.message : String(error), error)
  }
}

/** The decompressed length that a block begins with. */
function declaredBytes(body: Uint8Array): number {
  let size = 0
  for (let i = 0; i < 5; i++) {
    const byte = body[i]
    if (byte === undefined) throw damaged('it ends within its length')
    size += (byte & 0x7f) * 2 ** (7 * i)
    if (byte < 0x80) return size
  }
  throw damaged('its length has no end')
}

function decompressFramed(body: Uint8Array, limit: number): Uint8Array {
  const parts: Uint8Array[] = []
  let total = 0
  for (let at = 0; at < body.length;) {
    if (at + 4 > body.length) throw damaged('it ends within a chunk header')
    const type = body[at]!
    const size = body[at + 1]! | (body[at + 2]! << 8) | (body[at + 3]! << 16)
    at += 4
    if (size > body.length - at) throw damaged(`a chunk of ${size} bytes passes its end`)
    const part = decodeChunk(type, body.subarray(at, at + size), limit)
    total += part.length
    if (total > limit) throw new WireError('WIRE_TOO_LARGE', `cannot accept body: over ${limit} bytes once snappy is undone`)
    parts.push(part)
    at += size
  }
  return Buffer.concat(parts, total)
}

function decodeChunk(type: number, data: Uint8Array, limit: number): Uint8Array {
  // Padding and the chunks that later versions may add and we may pass over, stream identifiers included.
  if (type >= 0x80) return NO_BYTES
  if (type > 1) throw damaged(`chunk type ${type}`)
  if (data.length < 4) throw damaged('a chunk without its checksum')
  const payload = data.subarray(4)
  const part = type === 0 ? decompressBlock(payload, Math.min(limit, MAX_FRAME_BYTES)) : payload
  const checksum = (data[0]! | (data[1]! << 8) | (data[2]! << 16) | (data[3]! << 24)) >>> 0
  if (maskedCrc32c(part) !== checksum) throw damaged('a chunk whose checksum differs')
  return part
}

function maskedCrc32c(bytes: Uint8Array): number {
  const crc = crc32c(bytes)
  return (((crc >>> 15) | (crc << 17)) + 0xa282_ead8) >>> 0
}

function damaged(reason: string, cause?: unknown): WireError {
  return new WireError('WIRE_BAD_COMPRESSION', `cannot decompress body: not snappy, ${reason}`, { cause })
}

const NO_BYTES = new Uint8Array(0)
