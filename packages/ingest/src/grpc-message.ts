import type { ServerHttp2Stream } from 'node:http2'
import { IngestError } from './errors.ts'
import type { BufferPool } from './http/buffers.ts'

/** The one message of a unary call, in a lent buffer: `bytes` is good until `release`, which must be called exactly once. */
export interface GrpcMessage {
  readonly bytes: Uint8Array
  readonly isCompressed: boolean
  release(): void
}

/**
 * Reads the length-prefixed message of a unary call, and that nothing follows it.
 *
 * Rejects with INGEST_TOO_LARGE as soon as the prefix announces too much, INGEST_BAD_BODY for a broken or second frame,
 * INGEST_SLOW_BODY, INGEST_OVERLOADED, or INGEST_ABORTED when the caller goes away.
 */
export function readMessage(
  stream: ServerHttp2Stream,
  { pool, maxBytes, timeoutMs }: { readonly pool: BufferPool; readonly maxBytes: number; readonly timeoutMs: number },
): Promise<GrpcMessage> {
  return new Promise((resolve, reject) => {
    const frame = new Frame(pool, maxBytes)
    const finish = (error: Error | undefined) => {
      clearTimeout(timer)
      stream.off('data', onData).off('end', onEnd).off('close', onGone).off('aborted', onGone)
      if (error === undefined) {
        resolve(frame.message())
        return
      }
      frame.release()
      stream.resume()
      reject(error)
    }
    const onData = (chunk: Buffer) => {
      try {
        frame.add(chunk)
      } catch (error) {
        finish(error instanceof Error ? error : new Error(String(error)))
      }
    }
    const onEnd = () => finish(frame.isWhole ? undefined : bad(`it ends after ${frame.received} bytes`))
    const onGone = () =>
      finish(new IngestError('INGEST_ABORTED', `cannot read message: the caller left after ${frame.received} bytes`))
    const timer = setTimeout(
      () => finish(new IngestError('INGEST_SLOW_BODY', `cannot read message: ${frame.received} bytes in ${timeoutMs} ms`)),
      Math.min(timeoutMs, 2 ** 31 - 1),
    )
    stream.on('data', onData).on('end', onEnd).on('close', onGone).on('aborted', onGone)
  })
}

// One byte of flags and four of length.
const PREFIX_BYTES = 5

/** A frame being received: its prefix, then as many bytes as that says. */
class Frame {
  received = 0
  readonly #pool: BufferPool
  readonly #maxBytes: number
  readonly #prefix = Buffer.alloc(PREFIX_BYTES)
  #buffer: Buffer | undefined
  #size = 0

  constructor(pool: BufferPool, maxBytes: number) {
    this.#pool = pool
    this.#maxBytes = maxBytes
  }

  get isWhole(): boolean {
    return this.received >= PREFIX_BYTES && this.received === PREFIX_BYTES + this.#size
  }

  add(chunk: Buffer): void {
    let from = 0
    if (this.received < PREFIX_BYTES) {
      from = chunk.copy(this.#prefix, this.received)
      this.received += from
      if (this.received < PREFIX_BYTES) return
      this.#open()
    }
    const left = chunk.length - from
    if (left === 0) return
    const used = this.received - PREFIX_BYTES
    if (used + left > this.#size) throw bad(`${used + left} bytes follow a length of ${this.#size}`)
    const buffer = this.#room(used, used + left)
    chunk.copy(buffer, used, from)
    this.received += left
  }

  message(): GrpcMessage {
    const bytes = this.#buffer?.subarray(0, this.#size) ?? new Uint8Array(0)
    return { bytes, isCompressed: this.#prefix[0] === 1, release: () => this.release() }
  }

  release(): void {
    if (this.#buffer !== undefined) this.#pool.give(this.#buffer)
    this.#buffer = undefined
  }

  #open(): void {
    const flags = this.#prefix[0]!
    if (flags > 1) throw bad(`flags ${flags}`)
    this.#size = this.#prefix.readUInt32BE(1)
    if (this.#size > this.#maxBytes)
      throw new IngestError('INGEST_TOO_LARGE', `cannot accept message: ${this.#size} bytes, limit ${this.#maxBytes}`)
  }

  /** Memory follows what has come, not what was announced: a lie of 64 MiB costs its teller more than us. */
  #room(used: number, needed: number): Buffer {
    if (this.#buffer === undefined) this.#buffer = this.#pool.take(Math.min(this.#size, Math.max(needed, TRUSTED_BYTES)))
    else if (needed > this.#buffer.length)
      this.#buffer = this.#pool.exchange(this.#buffer, used, Math.min(this.#size, 2 * needed))
    return this.#buffer
  }
}

// 1 MiB: what an announced length is believed for.
const TRUSTED_BYTES = 2 ** 20

function bad(what: string): IngestError {
  return new IngestError('INGEST_BAD_BODY', `cannot read message: ${what}`)
}
