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
  const value = readDecimal(bytes, start, end)
  if (!Number.isNaN(value)) {
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

/** Reads whole milliseconds, digits alone and no more than 64 bits hold. Throws `WireError` WIRE_MALFORMED. */
export function readInteger(bytes: Uint8Array, start: number, end: number): number {
  const text = latin1(bytes, start, end)
  const value = /^\d+$/.test(text) ? Number(text) : NaN
  // From 2^53 on the double may be off by a little, which is far ahead of now in any case.
  if (!(value < 2 ** 63)) throw malformed('timestamp', text, start)
  return value
}

/** Stores a double that is not NaN. */
export function setDouble(into: DoubleWords, value: number): void {
  scratch[0] = value
  into.valueLow = scratchWords[0]!
  into.valueHigh = scratchWords[1]!
}

/** A decimal as exporters print it, exponent or not, correctly rounded; NaN for what must be looked at more closely. */
function readDecimal(bytes: Uint8Array, start: number, end: number): number {
  const isNegative = bytes[start] === MINUS
  const size = readSize(bytes, isNegative ? start + 1 : start, end)
  return isNegative ? -size : size
}

/** As `readDecimal`, without a sign. */
function readSize(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  let point = -1
  let digits = 0
  // The number is (value * 10^tailDigits + tail) * 10^power.
  let value = 0
  let tail = 0
  for (; at < end; at++) {
    const digit = bytes[at]! - ZERO
    if (digit >= 0 && digit <= 9) {
      if (digits < EXACT_DIGITS) value = value * 10 + digit
      else tail = tail * 10 + digit
      // Zeros in front say nothing.
      if (value !== 0) digits++
    } else if (digit === POINT && point === -1) point = at
    else break
  }
  if (at - start === Number(point !== -1) || digits > MAX_DIGITS) return Number.NaN
  const power = (point === -1 ? 0 : point + 1 - at) + readExponent(bytes, at, end)
  // NaN is not within either.
  if (!(power >= -MAX_POWER && power <= MAX_POWER)) return Number.NaN
  return digits <= EXACT_DIGITS ? scale(value, power) : divide(value, { tail, tailDigits: digits - EXACT_DIGITS, power })
}

/** Nothing, or `e` and at most two digits, all of what is left; else NaN. */
function readExponent(bytes: Uint8Array, start: number, end: number): number {
  if (start === end) return 0
  // 0x20 makes an E small.
  if ((bytes[start]! | 0x20) !== SMALL_E) return Number.NaN
  const sign = bytes[start + 1]
  const from = sign === MINUS || sign === PLUS ? start + 2 : start + 1
  if (from >= end || end - from > 2) return Number.NaN
  let exponent = 0
  for (let at = from; at < end; at++) {
    const digit = bytes[at]! - ZERO
    if (digit < 0 || digit > 9) return Number.NaN
    exponent = exponent * 10 + digit
  }
  return sign === MINUS ? -exponent : exponent
}

/**
 * An integer below 10^15 and a power of ten up to 10^22 are exact doubles, and one operation rounds correctly.
 * Source: Clinger, "How to read floating point numbers accurately", 1990.
 */
function scale(value: number, power: number): number {
  return power < 0 ? value / POWERS[-power]! : value * POWERS[power]!
}

/**
 * An integer of 16 to 19 digits over a power of ten, as a double and what remains of it; NaN where that is too near the middle between
 * two doubles to tell. Source: Dekker, "A floating-point technique for extending the available precision", 1971.
 */
function divide(
  value: number,
  { tail, tailDigits, power }: { readonly tail: number; readonly tailDigits: number; readonly power: number },
): number {
  if (power > 0) return Number.NaN
  const factor = POWERS[tailDigits]!
  const product = value * factor
  const whole = product + tail
  // Exactly what `whole` lacks: of the product, and of the sum.
  const added = whole - product
  const lack = productError(value, factor, product) + (product - (whole - added) + (tail - added))
  const divisor = POWERS[-power]!
  const quotient = whole / divisor
  const back = quotient * divisor
  const rest = whole - back - productError(quotient, divisor, back)
  const correction = (rest + lack) / divisor
  const doubt = ((Math.abs(rest) + Math.abs(lack)) / divisor) * DOUBT
  const lower = quotient + (correction - doubt)
  return lower === quotient + (correction + doubt) ? lower : Number.NaN
}

/** `a * b - product`, exactly. */
function productError(a: number, b: number, product: number): number {
  const highA = SPLITTER * a - (SPLITTER * a - a)
  const highB = SPLITTER * b - (SPLITTER * b - b)
  const lowA = a - highA
  const lowB = b - highB
  return lowA * lowB - (product - highA * highB - lowA * highB - highA * lowB)
}

// 15 digits are an exact integer; four more keep `value * 10^tailDigits + tail` within two doubles.
const EXACT_DIGITS = 15
const MAX_DIGITS = 19
// 10^22 is the last power of ten that is a double.
const MAX_POWER = 22
const POWERS = Array.from({ length: MAX_POWER + 1 }, (_, i) => Number(`1e${i}`))
// 2^27 + 1 splits a double into halves whose products are exact.
const SPLITTER = 134_217_729
// Some roundings of 2^-53 each are in the correction; 2^-48 is more than all of them.
const DOUBT = 2 ** -48
const ZERO = 0x30
const MINUS = 0x2d
const PLUS = 0x2b
const SMALL_E = 0x65
// A point, less a zero.
const POINT = -2

function numberOf(text: string, offset: number): number {
  if (/^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text)) {
    const value = Number(text)
    // Go refuses what overflows.
    if (Number.isFinite(value)) return value
  } else if (/^[+-]?inf(inity)?$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  throw malformed('number', text, offset)
}

function malformed(what: string, text: string, offset: number): WireError {
  const why = `no ${what}: ${JSON.stringify(text.slice(0, 40))} at byte ${offset}`
  return new WireError('WIRE_MALFORMED', `cannot read exposition: ${why}`, { offset })
}

/** Bytes as characters, one for one. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1')
}

const scratch = new Float64Array(1)
const scratchWords = new Uint32Array(scratch.buffer)
