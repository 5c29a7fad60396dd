// One HTTP/1 answer, from the bytes of a connection as they come. A hot path (bench/HOTPATHS.md): once a scrape.
//
// It takes what targets send. What is unusual is left to the general client: see `UnusualAnswer`. Source: RFC 9112.

import { IngestError } from '../errors.ts'
import { BufferPool } from '../http/buffers.ts'

/** An answer that is not read here, but may be good: the general client is to ask again. */
export class UnusualAnswer extends Error {}

/** How the end of a body is known. */
type Framing = 'length' | 'chunked' | 'close'

/**
 * Reads one answer: `add` for all that comes, `end` where the connection ends, until one of them says true. Then the properties hold,
 * until `clear` makes it ready for the next answer.
 *
 * Throws `UnusualAnswer`, or `IngestError` INGEST_SCRAPE_TOO_LARGE for a body above `maxBytes`.
 */
export class AnswerReader {
  status = 0
  contentType = ''
  contentEncoding = ''
  /** Whether the connection is good for another exchange. */
  isReusable = false
  readonly #maxBytes: number
  /** All that came: the caller's bytes while they are all there is, else a buffer of the pool. */
  #bytes: Buffer = EMPTY
  #length = 0
  #isLent = false
  #framing: Framing = 'close'
  /** The head's length, 0 until it is whole. */
  #headEnd = 0
  #bodyStart = 0
  /** Where the body ends, without the frames of chunks; what is behind is not yet read. */
  #bodyEnd = 0
  /** Where reading goes on. */
  #at = 0
  /** Bytes of the body (of the chunk, where there are chunks) that are still to come. */
  #left = 0
  #isBehindChunk = false
  #hasLastChunk = false

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Whether anything has come. */
  get hasBegun(): boolean {
    return this.#length > 0
  }

  /** The body as sent, good until `clear` or until the bytes that were given last are used again. Empty unless `status` is 200. */
  get body(): Buffer {
    return this.#bytes.subarray(this.#bodyStart, this.#bodyEnd)
  }

  /** Takes what came; the bytes may be changed here. True when the answer is whole. */
  add(bytes: Buffer): boolean {
    if (this.#length === 0) {
      this.#bytes = bytes
      this.#length = bytes.length
      if (this.#advance()) return true
      this.#reserve(Math.max(2 * bytes.length, this.#length + this.#left))
      return false
    }
    this.#compact()
    this.#reserve(this.#length + bytes.length)
    bytes.copy(this.#bytes, this.#length)
    this.#length += bytes.length
    return this.#advance()
  }

  /** The connection has ended. True where that ends the answer. */
  end(): boolean {
    return this.#headEnd > 0 && this.#framing === 'close'
  }

  /** Gives back what is held. */
  clear(): void {
    if (this.#isLent) pool.give(this.#bytes)
    this.#bytes = EMPTY
    this.#isLent = false
    this.#length = this.#headEnd = this.#bodyStart = this.#bodyEnd = this.#at = this.#left = 0
    this.#isBehindChunk = this.#hasLastChunk = false
  }

  /** Makes room for `needed` bytes in a buffer of our own. */
  #reserve(needed: number): void {
    if (this.#isLent && needed <= this.#bytes.length) return
    const larger = pool.take(needed)
    this.#bytes.copy(larger, 0, 0, this.#length)
    if (this.#isLent) pool.give(this.#bytes)
    this.#bytes = larger
    this.#isLent = true
  }

  /** Takes the frames of chunks out, so that endless ones take no room. */
  #compact(): void {
    if (this.#at === this.#bodyEnd) return
    this.#bytes.copyWithin(this.#bodyEnd, this.#at, this.#length)
    this.#length -= this.#at - this.#bodyEnd
    this.#at = this.#bodyEnd
  }

  #advance(): boolean {
    if (this.#headEnd === 0 && !this.#readHead()) return false
    if (this.status !== 200) return true
    const isWhole = this.#framing === 'chunked' ? this.#readChunks() : this.#readPlain()
    if (this.#bodyEnd - this.#bodyStart + this.#left > this.#maxBytes) throw tooLarge(this.#maxBytes)
    if (isWhole && this.#at < this.#length) this.isReusable = false
    return isWhole
  }

  #readHead(): boolean {
    const end = this.#bytes.subarray(0, this.#length).indexOf(HEAD_END)
    if ((end === -1 ? this.#length : end) > MAX_HEAD_BYTES) throw new UnusualAnswer('a long head')
    if (end === -1) return false
    const [first = '', ...lines] = this.#bytes.toString('latin1', 0, end).split('\r\n')
    const version = STATUS_LINE.exec(first)
    if (version === null) throw new UnusualAnswer('no status line')
    this.status = Number(version[2])
    this.contentType = this.contentEncoding = ''
    this.#headEnd = this.#at = this.#bodyStart = this.#bodyEnd = end + HEAD_END.length
    this.#readHeaders(lines, version[1] === '1')
    // The answer that counts is still to come, or elsewhere.
    if (this.status < 200 || REDIRECTS.has(this.status)) throw new UnusualAnswer(`status ${this.status}`)
    // What a failing target says of itself is not waited for.
    if (this.status !== 200) this.isReusable = false
    return true
  }

  #readHeaders(lines: readonly string[], isKept: boolean): void {
    let length = -1
    this.#framing = 'close'
    this.isReusable = isKept
    for (const line of lines) {
      const colon = line.indexOf(':')
      if (!NAME.test(line.slice(0, Math.max(0, colon))) || BREAK.test(line)) throw new UnusualAnswer('a line that is no header')
      const value = line.slice(colon + 1).trim()
      switch (line.slice(0, colon).toLowerCase()) {
        case 'content-type':
          this.contentType ||= value
          break
        case 'content-encoding':
          if (this.contentEncoding !== '') throw new UnusualAnswer('two encodings')
          this.contentEncoding = value
          break
        case 'content-length':
          if (!/^\d{1,15}$/.test(value) || length !== -1) throw new UnusualAnswer('content-length')
          length = Number(value)
          break
        case 'transfer-encoding':
          if (value.toLowerCase() !== 'chunked' || this.#framing === 'chunked') throw new UnusualAnswer('transfer-encoding')
          this.#framing = 'chunked'
          break
        case 'connection':
          this.isReusable = isKept ? !/\bclose\b/i.test(value) : /\bkeep-alive\b/i.test(value)
      }
    }
    if (length !== -1) this.#setLength(length)
    else if (this.#framing === 'close') this.isReusable = false
  }

  #setLength(length: number): void {
    if (this.#framing === 'chunked') throw new UnusualAnswer('content-length and transfer-encoding')
    this.#framing = 'length'
    this.#left = length
  }

  #readPlain(): boolean {
    const came = this.#framing === 'close' ? this.#length - this.#at : Math.min(this.#left, this.#length - this.#at)
    this.#at += came
    this.#bodyEnd = this.#at
    if (this.#framing === 'close') return false
    this.#left -= came
    return this.#left === 0
  }

  /** Moves the chunks that came together. True after the last one and its trailer. */
  #readChunks(): boolean {
    for (;;) {
      if (this.#left > 0) {
        const came = Math.min(this.#left, this.#length - this.#at)
        // The first one stays where it is.
        if (this.#bodyEnd === this.#bodyStart) this.#bodyStart = this.#bodyEnd = this.#at
        else this.#bytes.copyWithin(this.#bodyEnd, this.#at, this.#at + came)
        this.#bodyEnd += came
        this.#at += came
        this.#left -= came
        if (this.#left > 0) return false
      }
      const end = this.#bytes.subarray(this.#at, this.#length).indexOf('\r\n')
      if (end === -1) {
        if (this.#length - this.#at > MAX_CHUNK_LINE_BYTES) throw new UnusualAnswer('a long line between chunks')
        return false
      }
      const line = this.#bytes.toString('latin1', this.#at, this.#at + end)
      this.#at += end + 2
      if (this.#readChunkLine(line)) return true
    }
  }

  /** The line after a chunk is empty, then comes the next one's size. True for the line that ends all. */
  #readChunkLine(line: string): boolean {
    if (this.#hasLastChunk) return line === ''
    if (this.#isBehindChunk) {
      if (line !== '') throw new UnusualAnswer('a chunk that is longer than it says')
      this.#isBehindChunk = false
      return false
    }
    const size = CHUNK_SIZE.exec(line)?.[1]
    if (size === undefined) throw new UnusualAnswer('no size of a chunk')
    this.#left = Number.parseInt(size, 16)
    this.#hasLastChunk = this.#left === 0
    this.#isBehindChunk = !this.#hasLastChunk
    return false
  }
}

const EMPTY = Buffer.alloc(0)
const HEAD_END = '\r\n\r\n'
const STATUS_LINE = /^HTTP\/1\.([01]) (\d{3})(?: |$)/
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
// What some take for the end of a line.
const BREAK = /[\0\r\n]/
const CHUNK_SIZE = /^([0-9a-fA-F]{1,12})[ \t]*(?:;|$)/
const REDIRECTS = new Set([301, 302, 303, 307, 308])
// As the general client takes.
const MAX_HEAD_BYTES = 32_768
const MAX_CHUNK_LINE_BYTES = 16_384

// Answers that do not come in one piece lie here until they are whole.
const pool = new BufferPool({ maxLentBytes: Infinity })

function tooLarge(maxBytes: number): IngestError {
  return new IngestError('INGEST_SCRAPE_TOO_LARGE', `cannot scrape: body size limit exceeded: more than ${maxBytes} bytes`)
}
