// Buffers that bodies are read into, used again: at 100 KB a body, allocating anew costs a third of the whole request.

import { IngestError } from '../errors.ts'

/** Lends buffers of powers of two, up to a limit over all that are out. */
export class BufferPool {
  readonly #free = new Map<number, Buffer[]>()
  readonly #maxLentBytes: number
  readonly #maxFreeBytes: number
  #freeBytes = 0
  #lentBytes = 0

  /** `maxLentBytes` bounds what is out at one time, `maxFreeBytes` what is kept for later. */
  constructor({ maxLentBytes, maxFreeBytes = 64 * 2 ** 20 }: { maxLentBytes: number; maxFreeBytes?: number }) {
    this.#maxLentBytes = maxLentBytes
    this.#maxFreeBytes = maxFreeBytes
  }

  /** A buffer of at least `bytes`; its content is whatever was there. Throws INGEST_OVERLOADED when too much is out. */
  take(bytes: number): Buffer {
    const size = sizeClass(bytes)
    if (this.#lentBytes + size > this.#maxLentBytes)
      throw new IngestError('INGEST_OVERLOADED', `cannot accept body: ${this.#lentBytes} bytes of others are being received`, {
        retryAfterSeconds: 1,
      })
    this.#lentBytes += size
    const buffer = this.#free.get(size)?.pop()
    if (buffer === undefined) return Buffer.allocUnsafeSlow(size)
    this.#freeBytes -= size
    return buffer
  }

  /** A buffer of at least `needed` bytes that begins with the first `used` of `small`, which goes back. Throws as `take`. */
  exchange(small: Buffer, used: number, needed: number): Buffer {
    const large = this.take(needed)
    small.copy(large, 0, 0, used)
    this.give(small)
    return large
  }

  /** Gives back a buffer of `take`. Nobody may hold it any more. */
  give(buffer: Buffer): void {
    const size = buffer.length
    this.#lentBytes -= size
    if (this.#freeBytes + size > this.#maxFreeBytes) return
    const list = this.#free.get(size)
    if (list === undefined) this.#free.set(size, [buffer])
    else list.push(buffer)
    this.#freeBytes += size
  }
}

// 16 KiB: Node's own chunk of a socket.
const MIN_BYTES = 16_384

function sizeClass(bytes: number): number {
  let size = MIN_BYTES
  while (size < bytes) size *= 2
  return size
}
