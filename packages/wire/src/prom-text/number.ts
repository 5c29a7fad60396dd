// Numbers in exposition text, as Go's ParseFloat reads them but for hexadecimal and underscores, which Prometheus refuses.

import { WireError } from '../errors.ts'

/** The bits of a double as two words; reused for every number. */
export interface DoubleWords {
  valueLow: number
  valueHigh: number
}

/** The NaN that Prometheus stores for "NaN": not the one JavaScript makes. Source: Prometheus 3.14 model/value NormalNaN. */
export const NORMAL_NAN_LOW = 1
export const NORMAL_NAN_HIGH = 0x7ff8_0000

/** Reads the number in `bytes[start, end)` into `into`. Throws `WireError` WIRE_MALFORMED. */
export function readDouble(bytes: Uint8Array, start: number, end: number, into: DoubleWords): void {
  const value = readSimple(bytes, start, end)
  if (value !== undefined) {
    setDouble(into, value)
    return
  }
  const text = latin1(bytes, start, end)
  if (/^nan$/i.test(text)) {
    into.valueLow = NORMAL_NAN_LOW
    into.valueHigh = NORMAL_NAN_HIGH
    return
  }
  setDouble(into, numberOf(text, start))
}

/** Stores a double that is not NaN. */
export function setDouble(into: DoubleWords, value: number): void {
  scratch[0] = value
  into.valueLow = scratchWords[0]!
  into.valueHigh = scratchWords[1]!
}

/**
 * A plain decimal of at most 15 digits, or `undefined`: then the digits are an exact integer, the power of ten is exact, and one
 * division rounds correctly. Source: Clinger, "How to read floating point numbers accurately", 1990.
 */
function readSimple(bytes: Uint8Array, start: number, end: number): number | undefined {
  let at = start
  const isNegative = bytes[at] === 0x2d
  if (isNegative) at++
  let digits = 0
  let point = -1
  let value = 0
  for (; at < end; at++) {
    const digit = bytes[at]! - 0x30
    if (digit >= 0 && digit <= 9) {
      value = value * 10 + digit
      digits++
    } else if (digit === -2 && point === -1) point = digits
    else return undefined
  }
  if (digits === 0 || digits > 15) return undefined
  if (point !== -1) value /= POWERS[digits - point]!
  return isNegative ? -value : value
}

const POWERS = Array.from({ length: 16 }, (_, i) => 10 ** i)

function numberOf(text: string, offset: number): number {
  if (/^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text)) {
    const value = Number(text)
    // Go refuses what overflows.
    if (Number.isFinite(value)) return value
  } else if (/^[+-]?inf(inity)?$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  throw new WireError('WIRE_MALFORMED', `cannot read number ${JSON.stringify(text.slice(0, 40))} at byte ${offset}`, { offset })
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1')
}

const scratch = new Float64Array(1)
const scratchWords = new Uint32Array(scratch.buffer)
