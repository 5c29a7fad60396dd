import { FIXED32, FIXED64, LENGTH, VARINT } from './protobuf.ts'

const encoder = new TextEncoder()

/**
 * Writes protobuf into one growing buffer. For answers, the SDK and tests; fields are written as told, defaults too.
 *
 *     const at = writer.open(1); writer.string(1, 'a'); writer.close(at)
 */
export class ProtoWriter {
  #bytes = new Uint8Array(INITIAL_BYTES)
  #used = 0

  /** What was written so far. Valid until the next write. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#used)
  }

  /** A copy of what was written, and an empty writer for the next message. */
  finish(): Uint8Array {
    const bytes = this.#bytes.slice(0, this.#used)
    this.#used = 0
    return bytes
  }

  /** An unsigned integer below 2^53, or a negative one as its 64-bit two's complement. */
  int(field: number, value: number): void {
    this.#tag(field, VARINT)
    if (value < 0) this.#bigVarint(BigInt.asUintN(64, BigInt(value)))
    else this.#varint(value)
  }

  bigint(field: number, value: bigint): void {
    this.#tag(field, VARINT)
    this.#bigVarint(BigInt.asUintN(64, value))
  }

  /** Zigzag: sint32 and sint64. */
  sint(field: number, value: number): void {
    this.#tag(field, VARINT)
    this.#varint(value < 0 ? -2 * value - 1 : 2 * value)
  }

  bool(field: number, value: boolean): void {
    this.int(field, value ? 1 : 0)
  }

  double(field: number, value: number): void {
    this.#tag(field, FIXED64)
    scratch.setFloat64(0, value, true)
    this.#scratch(8)
  }

  /** A double given by its words, so that NaN payloads survive; also fixed64. */
  fixed64Words(field: number, low: number, high: number): void {
    this.#tag(field, FIXED64)
    scratch.setUint32(0, low, true)
    scratch.setUint32(4, high, true)
    this.#scratch(8)
  }

  fixed64(field: number, value: bigint): void {
    this.#tag(field, FIXED64)
    scratch.setBigInt64(0, BigInt.asIntN(64, value), true)
    this.#scratch(8)
  }

  fixed32(field: number, value: number): void {
    this.#tag(field, FIXED32)
    scratch.setUint32(0, value, true)
    this.#scratch(4)
  }

  string(field: number, value: string): void {
    this.data(field, encoder.encode(value))
  }

  /** Bytes, copied. */
  data(field: number, value: Uint8Array): void {
    this.#tag(field, LENGTH)
    this.#varint(value.length)
    this.#reserve(value.length)
    this.#bytes.set(value, this.#used)
    this.#used += value.length
  }

  /** Packed doubles. */
  packedDoubles(field: number, values: Iterable<number>): void {
    const at = this.open(field)
    for (const value of values) {
      scratch.setFloat64(0, value, true)
      this.#scratch(8)
    }
    this.close(at)
  }

  /** Packed unsigned varints below 2^53. */
  packedInts(field: number, values: Iterable<number>): void {
    const at = this.open(field)
    for (const value of values) this.#varint(value)
    this.close(at)
  }

  /** Packed fixed64. */
  packedFixed64(field: number, values: Iterable<bigint>): void {
    const at = this.open(field)
    for (const value of values) {
      scratch.setBigUint64(0, BigInt.asUintN(64, value), true)
      this.#scratch(8)
    }
    this.close(at)
  }

  /** Starts a nested message; give the result to `close`. */
  open(field: number): number {
    this.#tag(field, LENGTH)
    this.#reserve(1)
    this.#used++
    return this.#used
  }

  /** Ends the nested message that `open` started. */
  close(at: number): void {
    const size = this.#used - at
    let extra = 0
    for (let rest = size; rest >= 0x80; rest = Math.floor(rest / 128)) extra++
    // One byte was kept for the length: most messages are short. Longer ones move up.
    if (extra > 0) {
      this.#reserve(extra)
      this.#bytes.copyWithin(at + extra, at, this.#used)
    }
    this.#used = at - 1
    this.#varint(size)
    this.#used += size
  }

  #tag(field: number, wire: number): void {
    this.#varint(field * 8 + wire)
  }

  #varint(value: number): void {
    this.#reserve(10)
    let rest = value
    while (rest >= 0x80) {
      this.#bytes[this.#used++] = (rest % 128) | 0x80
      rest = Math.floor(rest / 128)
    }
    this.#bytes[this.#used++] = rest
  }

  #bigVarint(value: bigint): void {
    this.#reserve(10)
    let rest = value
    while (rest >= 0x80n) {
      this.#bytes[this.#used++] = Number(rest & 0x7fn) | 0x80
      rest >>= 7n
    }
    this.#bytes[this.#used++] = Number(rest)
  }

  #scratch(size: number): void {
    this.#reserve(size)
    for (let i = 0; i < size; i++) this.#bytes[this.#used++] = scratch.getUint8(i)
  }

  #reserve(size: number): void {
    const needed = this.#used + size
    if (needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length))
    grown.set(this.#bytes.subarray(0, this.#used))
    this.#bytes = grown
  }
}

const INITIAL_BYTES = 1_024
const scratch = new DataView(new ArrayBuffer(8))
