import type { IncomingMessage } from 'node:http'
import { IngestError } from '../errors.ts'
import type { IngestLimits } from '../limits.ts'
import type { BufferPool } from './buffers.ts'

/** A body in a lent buffer: `bytes` is good until `release`, which must be called exactly once. */
export interface Body {
  readonly bytes: Uint8Array
  release(): void
}

/** Reads bodies whole, within limits on one body, on all bodies at once, and on time. */
export class BodyReader {
  readonly #limits: IngestLimits
  readonly #pool: BufferPool

  constructor(limits: IngestLimits, pool: BufferPool) {
    this.#limits = limits
    this.#pool = pool
  }

  /**
   * The request's body. Rejects with INGEST_TOO_LARGE, INGEST_OVERLOADED, INGEST_SLOW_BODY, or INGEST_ABORTED when the sender goes
   * away or sends fewer bytes than it announced (more than that are the parser's next request, and refused there).
   */
  read(request: IncomingMessage): Promise<Body> {
    const announced = announcedBytes(request)
    if (announced > this.#limits.maxBodyBytes) return Promise.reject(this.#tooLarge(announced))
    const first = announced === 0 ? FIRST_CHUNK_BYTES : announced
    return new Promise((resolve, reject) => this.#receive(request, this.#pool.take(first), { resolve, reject }))
  }

  #receive(
    request: IncomingMessage,
    first: Buffer,
    { resolve, reject }: { resolve: (body: Body) => void; reject: (error: Error) => void },
  ): void {
    let buffer = first
    let used = 0
    const finish = (error: Error | undefined) => {
      clearTimeout(timer)
      request.off('data', onData).off('end', onEnd).off('error', onGone).off('close', onGone)
      // A late error of a socket that is given up must not end the process.
      request.on('error', () => {})
      if (error === undefined) {
        resolve({ bytes: buffer.subarray(0, used), release: () => this.#pool.give(buffer) })
        return
      }
      this.#pool.give(buffer)
      reject(error)
    }
    const onData = (chunk: Buffer) => {
      const needed = used + chunk.length
      if (needed > this.#limits.maxBodyBytes) {
        finish(this.#tooLarge(needed))
        return
      }
      try {
        if (needed > buffer.length) buffer = this.#pool.exchange(buffer, used, needed)
      } catch (error) {
        finish(error instanceof Error ? error : new Error(String(error)))
        return
      }
      chunk.copy(buffer, used)
      used = needed
    }
    const onEnd = () => finish(undefined)
    const onGone = () => finish(new IngestError('INGEST_ABORTED', `cannot read body: the sender left after ${used} bytes`))
    const timer = setTimeout(
      () => finish(new IngestError('INGEST_SLOW_BODY', `cannot read body: ${used} bytes in ${this.#limits.bodyTimeoutMs} ms`)),
      this.#limits.bodyTimeoutMs,
    )
    request.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone)
  }

  #tooLarge(bytes: number): IngestError {
    return new IngestError('INGEST_TOO_LARGE', `cannot accept body: ${bytes} bytes or more, limit ${this.#limits.maxBodyBytes}`)
  }
}

// 16 KiB for bodies of unknown size; they double from there.
const FIRST_CHUNK_BYTES = 16_384

function announcedBytes(request: IncomingMessage): number {
  const header = request.headers['content-length']
  return header === undefined ? 0 : Number(header)
}
