// The values of one chunk as bytes, exact to the bit. A hot path (bench/HOTPATHS.md): every sample is encoded once or twice and
// decoded at each read, so widths are whole bytes: bit streams pack a tenth better and decode several times slower.

import { freeArray, HISTOGRAM_HIGH, STALE_HIGH } from '@oriel/model'

/**
 * Bytes that grow. `bytes` has room for more than `length`; it is replaced as it grows, so it must not be kept.
 */
export class ByteSink {
  length = 0
  bytes: Uint8Array<ArrayBuffer>
  view: DataView

  /** Has room for so many bytes before it grows. */
  constructor(room: number = LEAST_ROOM) {
    this.bytes = new Uint8Array(Math.max(room, LEAST_ROOM))
    this.view = new DataView(this.bytes.buffer)
  }

  /** Makes room for `size` more bytes. */
  reserve(size: number): void {
    const needed = this.length + size
    if (needed <= this.bytes.length) return
    const bytes = new Uint8Array(Math.max(needed, 2 * this.bytes.length))
    bytes.set(this.bytes.subarray(0, this.length))
    freeArray(this.bytes)
    this.bytes = bytes
    this.view = new DataView(bytes.buffer)
  }

  /** What was written, in memory of its own. Nothing more may be written. */
  finish(): Uint8Array<ArrayBuffer> {
    const bytes = this.bytes.slice(0, this.length)
    freeArray(this.bytes)
    return bytes
  }
}

// 4 KiB: a small tenant's.
const LEAST_ROOM = 4_096

/** Doubles and the same memory as words, two a value, low first: bits of NaN values survive as words alone. */
export interface ValueColumn {
  readonly values: Float64Array
  readonly words: Uint32Array
}

/** Makes a column of its own. */
export function makeValueColumn(length: number): ValueColumn {
  const values = new Float64Array(length)
  return { values, words: new Uint32Array(values.buffer) }
}

/**
 * Encodes `count` values from `from` on, at least one.
 *
 * Layout: a byte of kind and one of decimals, then what the kind says. Whole numbers of up to 52 bits, and numbers that are such
 * a number over a power of ten to the bit, become differences; what is left keeps its four, six or eight bytes.
 */
export function encodeValues(sink: ByteSink, column: ValueColumn, from: number, count: number): void {
  sink.reserve(HEADER_BYTES + 8 * count)
  const { values, words } = column
  if (isConstant(words, from, count)) {
    putKind(sink, CONSTANT, 0)
    putWords(sink, words, from, 1)
    return
  }
  const decimals = scaleOf(values, words, from, count)
  if (decimals >= 0 && putDeltas(sink, decimals, count)) return
  if (isFloat32(values, from, count)) {
    putKind(sink, FLOAT32, 0)
    for (let i = 0; i < count; i++) sink.view.setFloat32(sink.length + 4 * i, values[from + i]!, true)
    sink.length += 4 * count
    return
  }
  if (sharesTop(words, from, count)) {
    putTop(sink, words, from, count)
    return
  }
  putKind(sink, RAW, 0)
  putWords(sink, words, from, count)
}

/** Decodes `count` values that `encodeValues` wrote at `at` to position `to` of `column`. */
export function decodeValues(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  count: number,
  column: ValueColumn,
  to: number,
): void {
  const { values, words } = column
  switch (bytes[at]!) {
    case CONSTANT: {
      const low = view.getUint32(at + 2, true)
      const high = view.getUint32(at + 6, true)
      for (let word = 2 * to; word < 2 * (to + count); word += 2) {
        words[word] = low
        words[word + 1] = high
      }
      return
    }
    case DELTA_0:
    case DELTA_1:
    case DELTA_2:
    case DELTA_4:
      decodeDeltas(bytes, view, at, count, values, to)
      return
    case FLOAT32:
      for (let i = 0; i < count; i++) values[to + i] = view.getFloat32(at + 2 + 4 * i, true)
      return
    case SHARED_TOP: {
      const top = view.getUint16(at + 2, true) << 16
      for (let i = 0, from = at + 4; i < count; i++, from += 6) {
        words[2 * (to + i)] = view.getUint32(from, true)
        words[2 * (to + i) + 1] = top | view.getUint16(from + 4, true)
      }
      return
    }
    default:
      for (let word = 0; word < 2 * count; word++) words[2 * to + word] = view.getUint32(at + 2 + 4 * word, true)
  }
}

/** Whether a value whose high word is this may be a staleness marker or stand for a histogram. */
export function isMarkerHigh(high: number): boolean {
  return high === STALE_HIGH || high === HISTOGRAM_HIGH
}

/** Whether some of `count` values at `at` may be markers; most kinds of chunks can have none. */
export function mayHaveMarkers(bytes: Uint8Array, view: DataView, at: number, count: number): boolean {
  switch (bytes[at]!) {
    case CONSTANT:
      return isMarkerHigh(view.getUint32(at + 6, true))
    case SHARED_TOP: {
      const top = view.getUint16(at + 2, true)
      return top === STALE_HIGH >>> 16 || top === HISTOGRAM_HIGH >>> 16
    }
    case RAW:
      for (let i = 0; i < count; i++) if (isMarkerHigh(view.getUint32(at + 6 + 8 * i, true))) return true
      return false
    default:
      return false
  }
}

// Kinds of a chunk's values.
const CONSTANT = 0
const DELTA_0 = 1
const DELTA_1 = 2
const DELTA_2 = 3
const DELTA_4 = 4
const FLOAT32 = 5
const SHARED_TOP = 6
const RAW = 7

// Kind, decimals, first value and least difference.
const HEADER_BYTES = 18
// 2^52: differences of two such numbers are exact.
const MOST_WHOLE = 2 ** 52
// 6 decimals: what humans and exporters write; more tries cost more than they find.
const MOST_DECIMALS = 6
const POWERS = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6] as const

/** The chunk being encoded as whole numbers; grows to the longest chunk. */
let whole = new Float64Array(256)

function putKind(sink: ByteSink, kind: number, decimals: number): void {
  sink.bytes[sink.length] = kind
  sink.bytes[sink.length + 1] = decimals
  sink.length += 2
}

function putWords(sink: ByteSink, words: Uint32Array, from: number, count: number): void {
  const { view, length } = sink
  for (let word = 0; word < 2 * count; word++) view.setUint32(length + 4 * word, words[2 * from + word]!, true)
  sink.length = length + 8 * count
}

function isConstant(words: Uint32Array, from: number, count: number): boolean {
  const low = words[2 * from]!
  const high = words[2 * from + 1]!
  for (let word = 2 * from + 2; word < 2 * (from + count); word += 2) {
    if (words[word] !== low || words[word + 1] !== high) return false
  }
  return true
}

/** Fills `whole` with the values times a power of ten that gives all of them back exactly; its exponent, or -1. */
function scaleOf(values: Float64Array, words: Uint32Array, from: number, count: number): number {
  if (count > whole.length) whole = new Float64Array(2 * count)
  for (let decimals = 0; decimals <= MOST_DECIMALS; decimals++) {
    const power = POWERS[decimals]!
    let i = 0
    for (; i < count; i++) {
      const value = values[from + i]!
      const scaled = Math.round(value * power)
      if (!(scaled <= MOST_WHOLE && scaled >= -MOST_WHOLE) || scaled / power !== value) break
      // -0 is equal to 0 but for its sign.
      if (scaled === 0 && words[2 * (from + i) + 1] !== 0) return -1
      whole[i] = scaled
    }
    if (i === count) return decimals
    // NaN and infinities have no scale, nor have numbers too large for the next.
    if (!(Math.abs(values[from + i]!) * 10 * power <= MOST_WHOLE)) return -1
  }
  return -1
}

/** Writes `whole` as differences above the least one, in the narrowest width; false, with nothing written, when none is narrow. */
function putDeltas(sink: ByteSink, decimals: number, count: number): boolean {
  let least = Infinity
  let most = -Infinity
  for (let i = 1; i < count; i++) {
    const delta = whole[i]! - whole[i - 1]!
    if (delta < least) least = delta
    if (delta > most) most = delta
  }
  const span = most - least
  if (span > 0xffff_ffff) return false
  const kind = span === 0 ? DELTA_0 : span <= 0xff ? DELTA_1 : span <= 0xffff ? DELTA_2 : DELTA_4
  putKind(sink, kind, decimals)
  const { view, bytes } = sink
  view.setFloat64(sink.length, whole[0]!, true)
  view.setFloat64(sink.length + 8, least, true)
  let at = sink.length + 16
  for (let i = 1; i < count; i++) {
    const rest = whole[i]! - whole[i - 1]! - least
    if (kind === DELTA_1) bytes[at++] = rest
    else if (kind === DELTA_2) {
      view.setUint16(at, rest, true)
      at += 2
    } else if (kind === DELTA_4) {
      view.setUint32(at, rest, true)
      at += 4
    }
  }
  sink.length = at
  return true
}

function decodeDeltas(bytes: Uint8Array, view: DataView, at: number, count: number, values: Float64Array, to: number): void {
  const kind = bytes[at]!
  const power = POWERS[bytes[at + 1]!]!
  let sum = view.getFloat64(at + 2, true)
  const least = view.getFloat64(at + 10, true)
  const from = at + HEADER_BYTES
  values[to] = sum
  switch (kind) {
    case DELTA_0:
      for (let i = 1; i < count; i++) values[to + i] = sum += least
      break
    case DELTA_1:
      for (let i = 1; i < count; i++) values[to + i] = sum += least + bytes[from + i - 1]!
      break
    case DELTA_2:
      for (let i = 1; i < count; i++) values[to + i] = sum += least + view.getUint16(from + 2 * i - 2, true)
      break
    default:
      for (let i = 1; i < count; i++) values[to + i] = sum += least + view.getUint32(from + 4 * i - 4, true)
  }
  if (power !== 1) for (let i = to; i < to + count; i++) values[i] = values[i]! / power
}

function isFloat32(values: Float64Array, from: number, count: number): boolean {
  for (let i = from; i < from + count; i++) if (Math.fround(values[i]!) !== values[i]) return false
  return true
}

function sharesTop(words: Uint32Array, from: number, count: number): boolean {
  const top = words[2 * from + 1]! >>> 16
  for (let i = from + 1; i < from + count; i++) if (words[2 * i + 1]! >>> 16 !== top) return false
  return true
}

function putTop(sink: ByteSink, words: Uint32Array, from: number, count: number): void {
  putKind(sink, SHARED_TOP, 0)
  const { view } = sink
  view.setUint16(sink.length, words[2 * from + 1]! >>> 16, true)
  let at = sink.length + 2
  for (let i = from; i < from + count; i++, at += 6) {
    view.setUint32(at, words[2 * i]!, true)
    view.setUint16(at + 4, words[2 * i + 1]! & 0xffff, true)
  }
  sink.length = at
}
