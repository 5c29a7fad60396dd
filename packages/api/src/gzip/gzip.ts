import { crc32 } from 'node:zlib'
import { Deflater, MOST_TEXT_BYTES } from './deflate.ts'

/**
 * Compresses one answer as it is printed: faster than zlib's level 1 and mostly smaller, because it knows where answers repeat
 * themselves (bench/print-matrix.ts).
 *
 * What all calls return, joined, is one member of gzip (RFC 1952). Nothing that is handed in is kept, and what is returned is the caller's.
 */
export class Gzip {
  readonly #deflater = new Deflater()
  #crc = 0
  #size = 0

  /** Takes text; returns what is complete of the compressed form. */
  add(text: Uint8Array): Uint8Array {
    const pieces: Uint8Array[] = this.#size === 0 && text.length > 0 ? [HEADER] : []
    for (let at = 0; at < text.length; at += MOST_TEXT_BYTES)
      pieces.push(this.#deflater.write(text.subarray(at, at + MOST_TEXT_BYTES)))
    this.#crc = crc32(text, this.#crc)
    this.#size += text.length
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
  }

  /** The rest of the compressed form, once all text was added. */
  end(): Uint8Array {
    const trailer = Buffer.alloc(TRAILER_BYTES)
    trailer.writeUInt32LE(this.#crc)
    trailer.writeUInt32LE(this.#size % 2 ** 32, 4)
    return Buffer.concat([...(this.#size === 0 ? [HEADER] : []), this.#deflater.end(), trailer])
  }
}

// RFC 1952, 2.3: gzip, deflate, no flags, no time, the fastest way, a system that is not said.
const HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255)
// 2.3.1: CRC32 and size of the text.
const TRAILER_BYTES = 8
