// A hot path (bench/HOTPATHS.md): points go into bytes without text in between.
import { MOST_NUMBER_BYTES, putNumber, putSeconds } from './number-bytes.ts'

// 128 KiB a piece: few calls into the socket, little memory held.
const PIECE_BYTES = 131_072
// 8 KiB: most answers are small.
const FIRST_BYTES = 8_192

/** JSON of a long answer, in pieces of bytes. */
export class JsonBytes {
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES)
  #length = 0
  readonly #prefixes = new TimePrefixes()

  /** Whether there is a piece to take. */
  get isFull(): boolean {
    return this.#length >= PIECE_BYTES - LEAST_ROOM
  }

  text(text: string): void {
    // UTF-8 takes up to three bytes for a unit of UTF-16.
    this.#reserve(3 * text.length)
    this.#length += this.#bytes.write(text, this.#length)
  }

  /** `[time,"value"]` for each point, commas between them. */
  points(tMs: Float64Array, values: Float64Array): void {
    const prefixes = this.#prefixes
    prefixes.place(tMs)
    const { bytes: from, ends } = prefixes
    this.#reserve(ends[values.length - 1]! + values.length * (MOST_NUMBER_BYTES + 2))
    const bytes = this.#bytes
    let at = this.#length
    // The comma in front of the first is left out.
    let place = 1
    for (let i = 0; i < values.length; i++) {
      for (const end = ends[i]!; place < end; place++) bytes[at++] = from[place]!
      at = putNumber(bytes, at, values, i)
      bytes[at++] = QUOTE
      bytes[at++] = CLOSE
    }
    this.#length = at
  }

  /** What was written since the last piece; it is the caller's. */
  take(): Uint8Array {
    const piece = this.#bytes.subarray(0, this.#length)
    this.#bytes = Buffer.allocUnsafeSlow(PIECE_BYTES)
    this.#length = 0
    return piece
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const bytes = Buffer.allocUnsafeSlow(Math.max(this.#length + more, 2 * this.#bytes.length))
    bytes.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = bytes
  }
}

// A quarter: what a usual series takes still fits.
const LEAST_ROOM = PIECE_BYTES / 4
const QUOTE = 34
const COMMA = 44
const OPEN = 91
const CLOSE = 93

/** `,[<seconds>,"` for each time of a series. Most series of an answer share their times: each is printed once. */
class TimePrefixes {
  bytes: Uint8Array = new Uint8Array(0)
  /** Where the text of each time ends. */
  ends: Uint32Array = new Uint32Array(0)
  #tMs: Float64Array = new Float64Array(0)

  place(tMs: Float64Array): void {
    if (tMs === this.#tMs) return
    this.#tMs = tMs
    if (tMs.length > this.ends.length) {
      this.ends = new Uint32Array(tMs.length)
      this.bytes = new Uint8Array(MOST_PREFIX_BYTES * tMs.length)
    }
    let at = 0
    for (let i = 0; i < tMs.length; i++) {
      this.bytes[at++] = COMMA
      this.bytes[at++] = OPEN
      at = putSeconds(this.bytes, at, tMs, i)
      this.bytes[at++] = COMMA
      this.bytes[at++] = QUOTE
      this.ends[i] = at
    }
  }
}

// `,[-9007199254740.991,"`.
const MOST_PREFIX_BYTES = 24
