// Numbers as text, straight into memory. A hot path (bench/HOTPATHS.md): a long answer is nothing else.
import { printNumber } from '@oriel/syntax'
import { DECIMALS, HEAD, TAIL, findShortest, shortest } from './shortest.ts'

/** No number takes more bytes: `-2.2250738585072014e-308`, and plain ones of up to 21 digits. */
export const MOST_NUMBER_BYTES = 32

/**
 * Writes `values[i]` as `printNumber` prints it at `at`; where it ends. `view` must have room for `MOST_NUMBER_BYTES`.
 *
 * Whole numbers and those of up to six decimals take a short way: with 15 digits at most no shorter text reads back as the same number.
 * Others of usual size go out by their digits, and only what is left as text.
 * The array is handed on and not the number, which a call would put into memory of its own.
 */
export function putNumber(view: DataView, at: number, values: Float64Array, i: number): number {
  const value = values[i]!
  const small = value | 0
  if (small === value && small > 0) return putWhole(view, at, small)
  const magnitude = Math.abs(value)
  if (magnitude >= 1e-6 && magnitude < 1e9) {
    const scaled = Math.round(magnitude * MILLION)
    if (scaled / MILLION === magnitude) return putMillionths(view, at, value < 0, scaled)
  }
  if (magnitude >= 1e-6 && magnitude < 1e15) {
    if (value < 0) view.setUint8(at, MINUS)
    const start = value < 0 ? at + 1 : at
    if (magnitude >= 1e9 && Math.floor(magnitude) === magnitude) {
      const head = Math.floor(magnitude / UNIT)
      return putEight(view, putWhole(view, start, head | 0), (magnitude - UNIT * head) | 0)
    }
    if (findShortest(values, i)) return putShortest(view, start)
  }
  return putText(view, at, magnitude >= 1e-6 && magnitude < 1e21 ? String(value) : printNumber(value))
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
export function putSeconds(view: DataView, at: number, tMs: Float64Array, i: number): number {
  const t = tMs[i]!
  const seconds = Math.floor(t / 1_000)
  const rest = t - 1_000 * seconds
  if (!(seconds >= 0 && seconds < 2 ** 31) || rest !== 0) return putText(view, at, printSeconds(t))
  return putWhole(view, at, seconds | 0)
}

/** Writes text of ASCII at `at`; where it ends. */
export function putText(view: DataView, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) view.setUint8(at + i, text.charCodeAt(i))
  return at + text.length
}

const ZERO = 48
const MINUS = 45
const POINT = 46
const MILLION = 1e6
// 0000 to 9999 as they stand in memory, the first digit lowest: a division for four digits, where each would wait for the one before.
const QUADS = Int32Array.from({ length: 10_000 }, (_, quad) =>
  [1_000, 100, 10, 1].reduce((word, unit, i) => word | ((ZERO + (Math.floor(quad / unit) % 10)) << (8 * i)), 0),
)

/** What `findShortest` found. */
function putShortest(view: DataView, at: number): number {
  const head = shortest[HEAD]!
  const whole = (head < 1e9 ? 17 : 18) - shortest[DECIMALS]!
  // A number below one has a zero in front of the point, and perhaps some behind it; of others the digits in front of it make room.
  const start = whole > 0 ? at + 1 : at + 2 - whole
  if (whole <= 0) for (let i = at; i < start; i++) view.setUint8(i, ZERO)
  let end = putEight(view, putWhole(view, start, head), shortest[TAIL]!)
  for (let i = at; i < at + whole; i++) view.setUint8(i, view.getUint8(i + 1))
  view.setUint8(whole > 0 ? at + whole : at + 1, POINT)
  while (view.getUint8(end - 1) === ZERO) end--
  return view.getUint8(end - 1) === POINT ? end - 1 : end
}

const UNIT = 1e8

/** A number below 10^8 with zeros in front. */
function putEight(view: DataView, at: number, whole: number): number {
  const high = (whole / 10_000) | 0
  return putQuad(view, putQuad(view, at, high), whole - 10_000 * high)
}

/** A whole number below 2^31. */
function putWhole(view: DataView, at: number, whole: number): number {
  if (whole < 10_000) return putFirst(view, at, whole)
  const high = (whole / 10_000) | 0
  const low = whole - 10_000 * high
  if (high < 10_000) return putQuad(view, putFirst(view, at, high), low)
  const highest = (high / 10_000) | 0
  return putQuad(view, putQuad(view, putFirst(view, at, highest), high - 10_000 * highest), low)
}

/** A number below 10,000. What is behind it is written over. */
function putFirst(view: DataView, at: number, whole: number): number {
  const digits = whole < 100 ? (whole < 10 ? 1 : 2) : whole < 1_000 ? 3 : 4
  view.setInt32(at, QUADS[whole]! >>> (32 - 8 * digits), true)
  return at + digits
}

/** A number below 10,000 with zeros in front. */
function putQuad(view: DataView, at: number, whole: number): number {
  view.setInt32(at, QUADS[whole]!, true)
  return at + 4
}

/** `scaled`, below 10^15, over a million, without zeros at the end. */
function putMillionths(view: DataView, at: number, isNegative: boolean, scaled: number): number {
  let end = at
  if (isNegative) view.setUint8(end++, MINUS)
  const whole = Math.floor(scaled / MILLION)
  end = putWhole(view, end, whole | 0)
  const rest = (scaled - whole * MILLION) | 0
  if (rest === 0) return end
  const high = (rest / 10_000) | 0

  view.setUint8(end + 1, ZERO + ((high / 10) | 0))
  view.setUint8(end + 2, ZERO + (high % 10))
  view.setUint8(end, POINT)
  end = putQuad(view, end + 3, rest - 10_000 * high)
  while (view.getUint8(end - 1) === ZERO) end--
  return end
}
