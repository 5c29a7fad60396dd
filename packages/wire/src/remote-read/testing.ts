// What a reader makes of remote read answers: chunks decoded bit by bit, messages by protobufjs from the published schemas.

import protobuf from 'protobufjs'

const SCHEMA = `syntax = "proto3";
message ReadRequest { repeated Query queries = 1; repeated int32 accepted_response_types = 2; }
message Query { int64 start_timestamp_ms = 1; int64 end_timestamp_ms = 2; repeated LabelMatcher matchers = 3; ReadHints hints = 4; }
message ReadHints { int64 step_ms = 1; string func = 2; }
message LabelMatcher { int32 type = 1; string name = 2; string value = 3; }
message ReadResponse { repeated QueryResult results = 1; }
message QueryResult { repeated TimeSeries timeseries = 1; }
message TimeSeries { repeated Label labels = 1; repeated Sample samples = 2; repeated Histogram histograms = 4; }
message Label { string name = 1; string value = 2; }
message Sample { double value = 1; int64 timestamp = 2; }
message Span { sint32 offset = 1; uint32 length = 2; }
message Histogram { double count_float = 2; double sum = 3; sint32 schema = 4; double zero_threshold = 5; double zero_count_float = 7;
  repeated Span negative_spans = 8; repeated double negative_counts = 10; repeated Span positive_spans = 11;
  repeated double positive_counts = 13; int32 reset_hint = 14; int64 timestamp = 15; repeated double custom_values = 16; }
message ChunkedReadResponse { repeated ChunkedSeries chunked_series = 1; int64 query_index = 2; }
message ChunkedSeries { repeated Label labels = 1; repeated Chunk chunks = 2; }
message Chunk { int64 min_time_ms = 1; int64 max_time_ms = 2; int32 type = 3; bytes data = 4; }`

const { root } = protobuf.parse(SCHEMA, { keepCase: true })
const OPTIONS = { longs: Number, bytes: Array, arrays: true } as const

/** A request as a client sends it, before compression. */
export function encodeRequest(message: Readonly<Record<string, unknown>>): Uint8Array {
  const type = root.lookupType('ReadRequest')
  return type.encode(type.fromObject(message)).finish()
}

/** A decoded message of the schema. */
export function decodeMessage(name: 'ReadResponse' | 'ChunkedReadResponse', body: Uint8Array): Record<string, unknown> {
  const type = root.lookupType(name)
  return type.toObject(type.decode(body), OPTIONS)
}

/** Reads bits from the highest on. */
class BitReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  bits(count: number): bigint {
    let value = 0n
    for (let i = 0; i < count; i++, this.#at++) {
      value = (value << 1n) | BigInt((this.#bytes[this.#at >>> 3]! >>> (7 - (this.#at & 7))) & 1)
    }
    return value
  }

  uvarint(): bigint {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.bits(8)
      value |= (byte & 0x7fn) << shift
      if (byte < 0x80n) return value
    }
  }

  varint(): bigint {
    const value = this.uvarint()
    return (value & 1n) === 0n ? value >> 1n : -(value >> 1n) - 1n
  }

  /** Ones up to a zero, `most` at most. */
  ones(most: number): number {
    let count = 0
    while (count < most && this.bits(1) === 1n) count++
    return count
  }

  /** A number of `count` bits in Prometheus's shifted range. */
  signed(count: number): bigint {
    const value = this.bits(count)
    if (count === 64) return BigInt.asIntN(64, value)
    return value > 1n << BigInt(count - 1) ? value - (1n << BigInt(count)) : value
  }
}

class XorReader {
  value: bigint
  #leading = 0
  #trailing = 0

  constructor(value: bigint) {
    this.value = value
  }

  next(bits: BitReader): bigint {
    if (bits.bits(1) === 0n) return this.value
    if (bits.bits(1) === 1n) {
      this.#leading = Number(bits.bits(5))
      const significant = Number(bits.bits(6)) || 64
      this.#trailing = 64 - this.#leading - significant
    }
    this.value ^= bits.bits(64 - this.#leading - this.#trailing) << BigInt(this.#trailing)
    return this.value
  }
}

/** Times and the bits of the values in an XOR chunk. */
export function readXorChunk(data: Uint8Array): (readonly [tMs: number, bits: bigint])[] {
  const bits = new BitReader(data)
  const count = Number(bits.bits(16))
  const points: [number, bigint][] = []
  let tMs = 0n
  let delta = 0n
  let column: XorReader | undefined
  for (let i = 0; i < count; i++) {
    if (column === undefined) {
      tMs = bits.varint()
      column = new XorReader(bits.bits(64))
    } else {
      delta = i === 1 ? bits.uvarint() : delta + readStep(bits)
      tMs += delta
      column.next(bits)
    }
    points.push([Number(tMs), column.value])
  }
  return points
}

function readStep(bits: BitReader): bigint {
  const size = [0, 14, 17, 20, 64][bits.ones(4)] ?? 0
  return size === 0 ? 0n : bits.signed(size)
}

/** Header flags, bucket count and, for each sample, its time and the bits of its numbers. */
export function readHistogramChunk(data: Uint8Array): {
  flags: number
  schema: number
  zeroThreshold: number
  spans: number[][][]
  bounds: number[]
  points: { tMs: number; numbers: number[] }[]
} {
  const bits = new BitReader(data)
  const count = Number(bits.bits(16))
  const flags = Number(bits.bits(8))
  const threshold = Number(bits.bits(8))
  const zeroThreshold = threshold === 255 ? doubleOf(bits.bits(64)) : threshold === 0 ? 0 : 2 ** (threshold - 244)
  const schema = Number(readSigned(bits))
  const spans = [0, 1].map(() =>
    Array.from({ length: Number(readUnsigned(bits)) }, () => {
      const length = Number(readUnsigned(bits))
      return [Number(readSigned(bits)), length]
    }),
  )
  const bounds = schema === -53 ? Array.from({ length: Number(readUnsigned(bits)) }, () => readBound(bits)) : []
  const buckets = spans.flat().reduce((sum, [, length = 0]) => sum + length, 0)
  const points: { tMs: number; numbers: number[] }[] = []
  let columns: XorReader[] = []
  let [tMs, delta] = [0n, 0n]
  for (let i = 0; i < count; i++) {
    if (i === 0) {
      tMs = readSigned(bits)
      columns = Array.from({ length: 3 + buckets }, () => new XorReader(bits.bits(64)))
    } else {
      delta += readSigned(bits)
      tMs += delta
      for (const column of columns) column.next(bits)
    }
    points.push({ tMs: Number(tMs), numbers: columns.map(({ value }) => doubleOf(value)) })
  }
  return { flags, schema, zeroThreshold, spans, bounds, points }
}

const VARBIT_SIZES = [0, 3, 6, 9, 12, 18, 25, 56, 64]

function readSigned(bits: BitReader): bigint {
  const size = VARBIT_SIZES[bits.ones(8)] ?? 0
  return size === 0 ? 0n : bits.signed(size)
}

function readUnsigned(bits: BitReader): bigint {
  return bits.bits(VARBIT_SIZES[bits.ones(8)] ?? 0)
}

function readBound(bits: BitReader): number {
  const thousandths = readUnsigned(bits)
  return thousandths === 0n ? doubleOf(bits.bits(64)) : Number(thousandths - 1n) / 1_000
}

function doubleOf(value: bigint): number {
  return new Float64Array(BigUint64Array.of(value).buffer)[0]!
}
