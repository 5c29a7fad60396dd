// A request that is sent to the same server again and again over plain HTTP/1.1. A hot path (bench/HOTPATHS.md).
//
// The request is one buffer, made once; answers are read in place. A general client makes a dozen objects, a stream and several buffers for
// each: an eighth of our CPU for a target of 500 series, writing to the socket not counted (bench/scrape-process.ts, 2026-11).

import type { Socket, SocketConnectOpts } from 'node:net'
import { connect } from 'node:net'
import { IngestError } from '../errors.ts'
import { AnswerReader } from './answer.ts'

export interface PlainOptions {
  /** Where the server listens: a host and port, or a Unix socket. */
  readonly address: SocketConnectOpts
  /** The whole request. */
  readonly bytes: Buffer
  readonly timeoutMs: number
  readonly maxBytes: number
}

/** One connection, kept open, for one exchange at a time. */
export class PlainRequest {
  readonly #options: PlainOptions
  readonly #answer: AnswerReader
  #socket: Socket | undefined
  #pending: Pending | undefined
  #timer: NodeJS.Timeout | undefined
  readonly #onTimeout = (): void => {
    const { timeoutMs } = this.#options
    this.#fail(new IngestError('INGEST_SCRAPE_FAILED', `cannot scrape: timed out: no whole answer within ${timeoutMs} ms`))
  }

  constructor(options: PlainOptions) {
    this.#options = options
    this.#answer = new AnswerReader(options.maxBytes)
  }

  /**
   * Sends the request and hands over its answer, whose body is good until `receive` returns. Rejects with what went wrong, with what
   * `receive` throws, or with `UnusualAnswer`.
   */
  async send(receive: (answer: AnswerReader) => void): Promise<void> {
    const isKept = this.#socket !== undefined
    this.#timer = setTimeout(this.#onTimeout, this.#options.timeoutMs)
    try {
      await this.#exchange(receive)
    } catch (error) {
      // A connection that was kept open may have been closed by the other side just now: that is worth a second try.
      if (!isKept || !(error instanceof ClosedConnection)) throw error
      await this.#exchange(receive)
    } finally {
      clearTimeout(this.#timer)
    }
  }

  /** Ends the connection; an exchange under way rejects. */
  close(): void {
    this.#fail(new IngestError('INGEST_SCRAPE_FAILED', 'cannot scrape: stopped'))
  }

  #exchange(receive: Pending['receive']): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pending = { receive, resolve, reject }
      this.#socket ??= this.#connect()
      this.#socket.write(this.#options.bytes)
    })
  }

  #connect(): Socket {
    const socket: Socket = connect({
      ...this.#options.address,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: PROBE_AFTER_MS,
      // A read is done with before the next one, of whatever socket, begins.
      onread: { buffer: readBuffer, callback: (bytes) => this.#read(socket, bytes) },
    })
    socket.on('error', (error) => this.#end(socket, error))
    socket.on('end', () => this.#end(socket))
    socket.on('close', () => this.#end(socket))
    return socket
  }

  #read(socket: Socket, bytes: number): boolean {
    if (socket !== this.#socket) return true
    // Nobody asked.
    if (this.#pending === undefined) this.#drop()
    else
      try {
        if (this.#answer.add(readBuffer.subarray(0, bytes))) this.#finish()
      } catch (error) {
        this.#fail(error)
      }
    return true
  }

  #end(socket: Socket, error?: Error): void {
    if (socket !== this.#socket) return
    if (this.#pending === undefined) this.#drop()
    else if (error === undefined && this.#answer.end()) this.#finish()
    else if (!this.#answer.hasBegun)
      this.#fail(new ClosedConnection('', { cause: error ?? new Error('the connection was closed') }))
    else this.#fail(error ?? new Error('the connection was closed before the answer was whole'))
  }

  #finish(): void {
    const pending = this.#pending
    this.#pending = undefined
    if (!this.#answer.isReusable) this.#drop()
    try {
      pending?.receive(this.#answer)
      pending?.resolve()
    } catch (error) {
      pending?.reject(error)
    } finally {
      this.#answer.clear()
    }
  }

  #fail(error: unknown): void {
    const pending = this.#pending
    this.#pending = undefined
    this.#drop()
    this.#answer.clear()
    pending?.reject(error)
  }

  #drop(): void {
    const socket = this.#socket
    this.#socket = undefined
    socket?.destroy()
  }
}

interface Pending {
  readonly receive: (answer: AnswerReader) => void
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** A connection that ended, or could not be made, before anything of an answer came. */
class ClosedConnection extends Error {}

// 64 KiB: most answers are compressed and come in one read.
const readBuffer = Buffer.allocUnsafeSlow(65_536)
// 60 s: as the general client.
const PROBE_AFTER_MS = 60_000
