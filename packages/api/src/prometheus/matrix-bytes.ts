// A hot path (bench/HOTPATHS.md): points go into bytes without text in between.
import { MOST_NUMBER_BYTES, putNumber, putSeconds } from './number-bytes.ts'

// 128 KiB a piece: few calls into the socket, little memory held.
const PIECE_BYTES = 131_072
// 16 KiB: most answers are small; this holds one series of an hour.
const FIRST_BYTES = 16_384

/** JSON of a long answer, in pieces of bytes. */
export class JsonBytes {
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES)
  #view = viewOf(this.#bytes)
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
    this.#reserve(values.length * (PREFIX_BYTES + MOST_NUMBER_BYTES + 2))
    const { lengths, view: from } = prefixes
    const view = this.#view
    const before = this.#bytes[this.#length - 1]!
    // The comma in front of the first takes the place of what is there.
    let at = this.#length - 1
    for (let i = 0; i < values.length; i++) {
      for (let j = 0; j < lengths[i]!; j += 4) view.setInt32(at + j, from.getInt32(PREFIX_BYTES * i + j, true), true)
      at = putNumber(view, at + lengths[i]!, values, i)
      view.setUint8(at++, QUOTE)
      view.setUint8(at++, CLOSE)
    }
    this.#bytes[this.#length - 1] = before
    this.#length = at
  }

  /** What was written since the last piece; it is the caller's. */
  take(): Uint8Array {
    const piece = this.#bytes.subarray(0, this.#length)
    this.#bytes = NONE
    this.#view = viewOf(NONE)
    this.#length = 0
    return piece
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const least = this.#bytes === NONE ? PIECE_BYTES : 2 * this.#bytes.length
    const bytes = Buffer.allocUnsafeSlow(Math.max(this.#length + more, least))
    bytes.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = bytes
    this.#view = viewOf(bytes)
  }
}

// After a piece: there may be no other.
const NONE = Buffer.alloc(0)

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength)
}

// A quarter: what a usual series takes still fits.
const LEAST_ROOM = PIECE_BYTES / 4
const QUOTE = 34
const COMMA = 44
const OPEN = 91
const CLOSE = 93

/** `,[<seconds>,"` for each time of a series, at every `PREFIX_BYTES`. Most series of an answer share their times: each is printed once. */
class TimePrefixes {
  view = new DataView(new ArrayBuffer(0))
  lengths = new Uint8Array(0)
  #tMs: Float64Array = new Float64Array(0)

  place(tMs: Float64Array): void {
    if (tMs === this.#tMs) return
    this.#tMs = tMs
    if (tMs.length > this.lengths.length) {
      this.lengths = new Uint8Array(tMs.length)
      this.view = new DataView(new ArrayBuffer(PREFIX_BYTES * tMs.length))
    }
    for (let i = 0; i < tMs.length; i++) {
      const start = PREFIX_BYTES * i
      this.view.setUint8(start, COMMA)
      this.view.setUint8(start + 1, OPEN)
      const end = putSeconds(this.view, start + 2, tMs, i)
      this.view.setUint8(end, COMMA)
      this.view.setUint8(end + 1, QUOTE)
      this.lengths[i] = end + 2 - start
    }
  }
}

// `,[-9007199254740.991,"`, in whole words.
const PREFIX_BYTES = 24
