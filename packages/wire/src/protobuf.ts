// Reading protobuf without making objects. A hot path (bench/HOTPATHS.md): every decoder of the way in stands on this.
//
// Source: https://protobuf.dev/programming-guides/encoding/

import { WireError } from './errors.ts'

/** Wire types, the low three bits of a tag. */
export const VARINT = 0
export const FIXED64 = 1
export const LENGTH = 2
export const GROUP_START = 3
export const GROUP_END = 4
export const FIXED32 = 5

/** 64: OTLP values nest by lists and maps; what real senders nest stays below ten. */
export const MAX_NESTING = 64

/**
 * A cursor over protobuf bytes: it moves through one message and into nested ones, and never copies.
 *
 *     while (reader.next() !== 0)
 *       if (reader.field === 1) { const outer = reader.enter(); ...; reader.leave(outer) }
 *       else reader.skip()
 *
 * After `next`, exactly one read or `skip` must follow. Results wider than a number are left in fields (`low` and `high`, `start`
 * and `stop`) until the next read. Every read is bounds-checked against the message it is in, and throws `WireError` WIRE_TRUNCATED,
 * WIRE_MALFORMED or WIRE_TOO_DEEP. The bytes stay the caller's.
 */
export class ProtoReader {
  bytes: Uint8Array = NO_BYTES
  /** Offset of the next byte to read. */
  pos = 0
  /** End of the message being read. */
  end = 0
  /** Number of the field that `next` found, 0 at the end of the message. */
  field = 0
  /** Its wire type. */
  wire = 0
  /** Words of the last 64-bit value, unsigned. */
  low = 0
  high = 0
  /** Byte range of the last length-delimited value, in `bytes`. */
  start = 0
  stop = 0
  #view: DataView = new DataView(NO_BYTES.buffer)
  #depth = 0

  constructor(bytes?: Uint8Array, start?: number, end?: number) {
    if (bytes !== undefined) this.reset(bytes, start, end)
  }

  /** Starts over on `bytes[start, end)`. */
  reset(bytes: Uint8Array, start = 0, end: number = bytes.length): this {
    // A Buffer is a class of its own: plain arrays only keep the reads monomorphic.
    this.bytes = bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    this.pos = start
    this.end = end
    this.field = 0
    this.#depth = 0
    return this
  }

  /** Reads the next tag into `field` and `wire`; returns the field number, 0 at the end of the message. */
  next(): number {
    if (this.pos >= this.end) {
      this.field = 0
      return 0
    }
    const tag = this.#varint32()
    this.wire = tag & 7
    this.field = tag >>> 3
    if (this.field === 0) throw this.#malformed('field number 0')
    return this.field
  }

  /** Passes over the value of the current field, whatever its type. */
  skip(): void {
    switch (this.wire) {
      case VARINT:
        this.varintRaw()
        return
      case FIXED64:
        this.#advance(8)
        return
      case LENGTH:
        this.#advance(this.#varint32())
        return
      case FIXED32:
        this.#advance(4)
        return
      case GROUP_START:
        this.#skipGroup(this.field)
        return
      default:
        throw this.#malformed(`wire type ${this.wire}`)
    }
  }

  /** Reads a varint into `low` and `high`; negative numbers come as their 64-bit two's complement. */
  varint(): void {
    this.#expect(VARINT)
    this.varintRaw()
  }

  /** An unsigned varint as a number; exact below 2^53. */
  uint(): number {
    this.varint()
    return this.high * 2 ** 32 + this.low
  }

  /** A signed varint (int32, int64) as a number; exact within ±2^53. */
  int(): number {
    this.varint()
    return (this.high | 0) * 2 ** 32 + this.low
  }

  /** A zigzag varint (sint32, sint64) as a number; exact within ±2^53. */
  sint(): number {
    this.varint()
    const half = this.high * 2 ** 31 + (this.low >>> 1)
    return (this.low & 1) === 0 ? half : -half - 1
  }

  bool(): boolean {
    this.varint()
    return (this.low | this.high) !== 0
  }

  /** Reads fixed64, sfixed64 or a double's bits into `low` and `high`. */
  fixed64(): void {
    this.#expect(FIXED64)
    this.fixed64Raw()
  }

  /** A double. Not for values whose NaN payload matters: there use `fixed64` and keep the words. */
  double(): number {
    this.fixed64()
    return doubleOf(this.low, this.high)
  }

  /** fixed32, unsigned. */
  fixed32(): number {
    this.#expect(FIXED32)
    const at = this.pos
    this.#advance(4)
    return this.#view.getUint32(at, true)
  }

  /** Leaves the range of a string, bytes or message in `start` and `stop`, and moves past it. */
  range(): void {
    this.#expect(LENGTH)
    const size = this.#varint32()
    this.start = this.pos
    this.#advance(size)
    this.stop = this.pos
  }

  /** A string; invalid UTF-8 becomes U+FFFD. */
  string(): string {
    this.range()
    return this.start === this.stop ? '' : decoder.decode(this.bytes.subarray(this.start, this.stop))
  }

  /** Goes into a nested message (or packed list): `end` is its end until `leave` is given the number returned here. */
  enter(): number {
    this.#expect(LENGTH)
    const size = this.#varint32()
    if (size > this.end - this.pos) throw this.#truncated(size)
    this.#deepen()
    const outer = this.end
    this.end = this.pos + size
    return outer
  }

  /** Back to the message around; what was not read of the nested one is passed over. */
  leave(outer: number): void {
    this.pos = this.end
    this.end = outer
    this.#depth--
  }

  /**
   * Reads a nested message that is just a fixed64 as field 1 (left in `low` and `high`) and a varint below 2^49 as field 2, which is returned:
   * the usual form of a sample. -1, with nothing read, where the message has another.
   */
  fixed64AndUint(): number {
    const { bytes, pos: at } = this
    const size = bytes[at]!
    const stop = at + 1 + size
    if (this.wire !== LENGTH || size < SHORTEST_PAIR || size > LONGEST_PAIR || stop > this.end) return -1
    if (bytes[at + 1] !== FIRST_FIXED64 || bytes[at + 10] !== SECOND_VARINT || bytes[stop - 1]! >= 0x80) return -1
    let value = 0
    for (let i = stop - 1; i > at + 10; i--) {
      const byte = bytes[i]!
      // Another field stands there.
      if (byte < 0x80 && i < stop - 1) return -1
      value = value * 128 + (byte & 0x7f)
    }
    this.low = this.#view.getUint32(at + 2, true)
    this.high = this.#view.getUint32(at + 6, true)
    this.pos = stop
    return value
  }

  /** An element of a packed list of fixed64 or doubles, into `low` and `high`. Read while `pos < end`. */
  fixed64Raw(): void {
    const at = this.pos
    this.#advance(8)
    this.low = this.#view.getUint32(at, true)
    this.high = this.#view.getUint32(at + 4, true)
  }

  /** An element of a packed list of doubles. Read while `pos < end`. */
  packedDouble(): number {
    this.fixed64Raw()
    return doubleOf(this.low, this.high)
  }

  /** An element of a packed list of varints, into `low` and `high`. Read while `pos < end`. */
  varintRaw(): void {
    const { bytes, end } = this
    let at = this.pos
    let low = 0
    for (let shift = 0; shift < 28; shift += 7) {
      if (at >= end) throw this.#truncated(1)
      const byte = bytes[at++]!
      low |= (byte & 0x7f) << shift
      if (byte < 0x80) {
        this.pos = at
        this.low = low
        this.high = 0
        return
      }
    }
    this.pos = at
    this.#wideVarint(low)
  }

  /** The rest of a varint over four bytes. */
  #wideVarint(lowest: number): void {
    const { bytes, end } = this
    let at = this.pos
    if (at >= end) throw this.#truncated(1)
    // The fifth byte lies across both words.
    let byte = bytes[at++]!
    const low = (lowest | (byte << 28)) >>> 0
    let high = (byte & 0x7f) >>> 4
    for (let shift = 3; byte >= 0x80; shift += 7) {
      if (shift > 31) throw this.#malformed('a varint over ten bytes')
      if (at >= end) throw this.#truncated(1)
      byte = bytes[at++]!
      high |= (byte & 0x7f) << shift
    }
    this.pos = at
    this.low = low
    this.high = high >>> 0
  }

  /** A tag or a length: a varint that must fit 32 bits. */
  #varint32(): number {
    if (this.pos < this.end) {
      const first = this.bytes[this.pos]!
      if (first < 0x80) {
        this.pos++
        return first
      }
    }
    this.varintRaw()
    if (this.high !== 0) throw this.#malformed('a tag or length over 32 bits')
    return this.low
  }

  #expect(wire: number): void {
    if (this.wire !== wire) throw this.#malformed(`field ${this.field} has wire type ${this.wire}, not ${wire}`)
  }

  #advance(size: number): void {
    if (size > this.end - this.pos) throw this.#truncated(size)
    this.pos += size
  }

  #deepen(): void {
    if (this.#depth >= MAX_NESTING)
      throw new WireError('WIRE_TOO_DEEP', `cannot read protobuf: nested deeper than ${MAX_NESTING} at byte ${this.pos}`, {
        offset: this.pos,
      })
    this.#depth++
  }

  #skipGroup(field: number): void {
    this.#deepen()
    for (;;) {
      if (this.next() === 0) throw this.#truncated(1)
      if (this.wire === GROUP_END) {
        if (this.field !== field) throw this.#malformed(`group ${field} closed as ${this.field}`)
        break
      }
      this.skip()
    }
    this.#depth--
  }

  #truncated(wanted: number): WireError {
    const left = this.end - this.pos
    return new WireError('WIRE_TRUNCATED', `cannot read protobuf: ${wanted} bytes wanted at byte ${this.pos}, ${left} left`, {
      offset: this.pos,
    })
  }

  #malformed(what: string): WireError {
    return new WireError('WIRE_MALFORMED', `cannot read protobuf: ${what} at byte ${this.pos}`, { offset: this.pos })
  }
}

/** Appends doubles, packed or not. */
export function readDoubles(reader: ProtoReader, into: number[]): void {
  if (reader.wire === FIXED64) {
    into.push(reader.double())
    return
  }
  const outer = reader.enter()
  while (reader.pos < reader.end) into.push(reader.packedDouble())
  reader.leave(outer)
}

/** The double with these words. */
export function doubleOf(low: number, high: number): number {
  scratchU32[0] = low
  scratchU32[1] = high
  return scratchF64[0]!
}

// A byte order mark is part of a string, not a hint.
// Tags, eight bytes, and a varint of one to seven.
const SHORTEST_PAIR = 11
const LONGEST_PAIR = 17
const FIRST_FIXED64 = 0x09
const SECOND_VARINT = 0x10

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const scratchF64 = new Float64Array(1)
const scratchU32 = new Uint32Array(scratchF64.buffer)
const NO_BYTES = new Uint8Array(0)
