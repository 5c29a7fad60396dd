// Numbers as text, straight into bytes. A hot path (bench/HOTPATHS.md): a long answer is nothing else.
import { printNumber } from '@oriel/syntax'
import { DECIMALS, HEAD, TAIL, findShortest, shortest } from './shortest.ts'

/** No number takes more bytes: `-2.2250738585072014e-308`, and plain ones of up to 21 digits. */
export const MOST_NUMBER_BYTES = 32

/**
 * Writes `values[i]` as `printNumber` prints it at `at`; where it ends. `bytes` must have room for `MOST_NUMBER_BYTES`.
 *
 * Whole numbers and those of up to six decimals take a short way: with 15 digits at most no shorter text reads back as the same number.
 * Others of usual size go out by their digits, and only what is left as text.
 * The array is handed on and not the number, which a call would put into memory of its own.
 */
export function putNumber(bytes: Uint8Array, at: number, values: Float64Array, i: number): number {
  const value = values[i]!
  const small = value | 0
  if (small === value && small > 0) return putWhole(bytes, at, small)
  const magnitude = Math.abs(value)
  if (magnitude >= 1e-6 && magnitude < 1e9) {
    const scaled = Math.round(magnitude * MILLION)
    if (scaled / MILLION === magnitude) return putMillionths(bytes, at, value < 0, scaled)
  }
  if (magnitude >= 1e-6 && magnitude < 1e15) {
    if (value < 0) bytes[at] = MINUS
    const start = value < 0 ? at + 1 : at
    if (magnitude >= 1e9 && Math.floor(magnitude) === magnitude) {
      const head = Math.floor(magnitude / UNIT)
      return putEight(bytes, putWhole(bytes, start, head | 0), (magnitude - UNIT * head) | 0)
    }
    if (findShortest(values, i)) return putShortest(bytes, start)
  }
  return putText(bytes, at, magnitude >= 1e-6 && magnitude < 1e21 ? String(value) : printNumber(value))
}

/** A time as Prometheus prints it: seconds, with three digits behind the point only when they are not all zero. */
export function printSeconds(tMs: number): string {
  const whole = Math.trunc(tMs / 1_000)
  const rest = Math.abs(tMs % 1_000)
  if (rest === 0) return String(whole)
  const sign = tMs < 0 && whole === 0 ? '-' : ''
  return `${sign}${whole}.${String(Math.round(rest)).padStart(3, '0')}`
}

/** Writes `tMs[i]` as `printSeconds` prints it at `at`; where it ends. */
export function putSeconds(bytes: Uint8Array, at: number, tMs: Float64Array, i: number): number {
  const t = tMs[i]!
  const seconds = Math.floor(t / 1_000)
  const rest = t - 1_000 * seconds
  if (!(seconds >= 0 && seconds < 2 ** 31) || rest !== 0) return putText(bytes, at, printSeconds(t))
  return putWhole(bytes, at, seconds | 0)
}

/** Writes text of ASCII at `at`; where it ends. */
export function putText(bytes: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i)
  return at + text.length
}

const ZERO = 48
const MINUS = 45
const POINT = 46
const MILLION = 1e6
// 0000 to 9999, four bytes each: a division for four digits, where each would wait for the one before.
const QUADS = Uint8Array.from({ length: 40_000 }, (_, i) => ZERO + (Math.floor((i >> 2) / 10 ** (3 - (i & 3))) % 10))

/** What `findShortest` found. */
function putShortest(bytes: Uint8Array, at: number): number {
  const head = shortest[HEAD]!
  const whole = (head < 1e9 ? 17 : 18) - shortest[DECIMALS]!
  // A number below one has a zero in front of the point, and perhaps some behind it; of others the digits in front of it make room.
  const start = whole > 0 ? at + 1 : at + 2 - whole
  if (whole <= 0) for (let i = at; i < start; i++) bytes[i] = ZERO
  let end = putEight(bytes, putWhole(bytes, start, head), shortest[TAIL]!)
  for (let i = at; i < at + whole; i++) bytes[i] = bytes[i + 1]!
  bytes[whole > 0 ? at + whole : at + 1] = POINT
  while (bytes[end - 1] === ZERO) end--
  return bytes[end - 1] === POINT ? end - 1 : end
}

const UNIT = 1e8

/** A number below 10^8 with zeros in front. */
function putEight(bytes: Uint8Array, at: number, whole: number): number {
  const high = (whole / 10_000) | 0
  return putQuad(bytes, putQuad(bytes, at, high), whole - 10_000 * high)
}

/** A whole number below 2^31. */
function putWhole(bytes: Uint8Array, at: number, whole: number): number {
  if (whole < 10_000) return putFirst(bytes, at, whole)
  const high = (whole / 10_000) | 0
  const low = whole - 10_000 * high
  if (high < 10_000) return putQuad(bytes, putFirst(bytes, at, high), low)
  const highest = (high / 10_000) | 0
  return putQuad(bytes, putQuad(bytes, putFirst(bytes, at, highest), high - 10_000 * highest), low)
}

/** A number below 10,000. */
function putFirst(bytes: Uint8Array, at: number, whole: number): number {
  const digits = whole < 100 ? (whole < 10 ? 1 : 2) : whole < 1_000 ? 3 : 4
  const from = 4 * whole + 4 - digits
  for (let i = 0; i < digits; i++) bytes[at + i] = QUADS[from + i]!
  return at + digits
}

/** A number below 10,000 with zeros in front. */
function putQuad(bytes: Uint8Array, at: number, whole: number): number {
  const from = 4 * whole
  bytes[at] = QUADS[from]!
  bytes[at + 1] = QUADS[from + 1]!
  bytes[at + 2] = QUADS[from + 2]!
  bytes[at + 3] = QUADS[from + 3]!
  return at + 4
}

/** `scaled`, below 10^15, over a million, without zeros at the end. */
function putMillionths(bytes: Uint8Array, at: number, isNegative: boolean, scaled: number): number {
  let end = at
  if (isNegative) bytes[end++] = MINUS
  const whole = Math.floor(scaled / MILLION)
  end = putWhole(bytes, end, whole | 0)
  const rest = (scaled - whole * MILLION) | 0
  if (rest === 0) return end
  const high = (rest / 10_000) | 0

  bytes[end + 1] = ZERO + ((high / 10) | 0)
  bytes[end + 2] = ZERO + (high % 10)
  bytes[end] = POINT
  end = putQuad(bytes, end + 3, rest - 10_000 * high)
  while (bytes[end - 1] === ZERO) end--
  return end
}
