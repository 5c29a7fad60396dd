/**
 * What stands in `decimals` where a value is no whole number over a power of ten to the bit: `mantissa` holds its bits then. Staleness
 * markers, NaN, infinities, -0 and most results of divisions are such.
 */
export const AS_BITS = 255

/** What the columns stand for, in the engine's words. Source of its exactness: IEEE 754 division of two numbers below 2^53 (and 10^9). */
export const VALUE_OF_DECIMALS: string = `if(decimals = ${AS_BITS}, reinterpretAsFloat64(mantissa), mantissa / intExp10(decimals))`

/** Samples of which those of one series lie together, mostly. */
export interface ValueRows {
  readonly rows: number
  /** Ids of series, four words a row. */
  readonly ids: Uint32Array
  /** Doubles, two words a row, aligned to eight bytes. */
  readonly words: Uint32Array
}

/**
 * Turns values, in place, into mantissas of 64 bits, signed, and returns their decimals: value = mantissa / 10^decimals. A hot path
 * (bench/HOTPATHS.md).
 *
 * Differences between neighbours are what is small in counters and gauges, and in doubles only those of whole numbers look small: real
 * expositions take 0.29 bytes a sample in this form and 0.40 as doubles (bench/bytes.ts, 2026-11). So neighbours of one series share
 * their decimals.
 */
export function toMantissas({ rows, ids, words }: ValueRows): Uint8Array {
  const values = new Float64Array(words.buffer, words.byteOffset, rows)
  const decimals = new Uint8Array(rows)
  for (let from = 0; from < rows;) {
    const to = runEnd(ids, from, rows)
    const scale = scaleOf(values, words, from, to)
    if (scale !== AS_BITS) putMantissas(values, words, from, to, POWERS[scale]!)
    if (scale !== 0) decimals.fill(scale, from, to)
    from = to
  }
  return decimals
}

/** Where the rows of the series of row `from` end. */
function runEnd(ids: Uint32Array, from: number, rows: number): number {
  const [a, b, c, d] = [ids[4 * from], ids[4 * from + 1], ids[4 * from + 2], ids[4 * from + 3]]
  let at = 4 * from + 4
  while (at < 4 * rows && ids[at] === a && ids[at + 1] === b && ids[at + 2] === c && ids[at + 3] === d) at += 4
  return at / 4
}

/** The least of a few scales by which all values are whole numbers, to the bit. */
function scaleOf(values: Float64Array, words: Uint32Array, from: number, to: number): number {
  for (const scale of SCALES) {
    const power = POWERS[scale]!
    let i = from
    for (; i < to; i++) {
      const value = values[i]!
      const whole = Math.round(value * power)
      if (!(whole <= MOST_WHOLE && whole >= -MOST_WHOLE) || whole / power !== value) break
      // -0 is equal to 0 but for its sign.
      if (whole === 0 && words[2 * i + 1] !== 0) return AS_BITS
    }
    if (i === to) return scale
    // NaN and infinities have no scale, nor have numbers too large for the next.
    if (!(Math.abs(values[i]!) * power <= MOST_WHOLE)) return AS_BITS
  }
  return AS_BITS
}

function putMantissas(values: Float64Array, words: Uint32Array, from: number, to: number, power: number): void {
  for (let i = from; i < to; i++) {
    const whole = Math.round(values[i]! * power)
    words[2 * i] = whole
    words[2 * i + 1] = Math.floor(whole / TWO_32)
  }
}

// Thousandths, millionths and billionths: units that programs count seconds in. Every power between would be tried for nothing.
const SCALES = [0, 3, 6, 9] as const
const POWERS: Readonly<Record<number, number>> = { 0: 1, 3: 1e3, 6: 1e6, 9: 1e9 }
// 2^52: differences of two such numbers are exact.
const MOST_WHOLE = 2 ** 52
const TWO_32 = 2 ** 32
