/** What `findShortest` found, as a decimal. `HEAD` has 9 or 10 digits; `TAIL` follows it, 8 digits with zeros in front; the last so many of all are behind the point. */
export const shortest: Int32Array = new Int32Array(3)
export const HEAD = 0
export const TAIL = 1
export const DECIMALS = 2

/**
 * Finds the fewest digits that read back as the magnitude of `values[i]`, which is 1e-6 to 1e15, and of those the nearest to it, as
 * `String` does. A hot path (bench/HOTPATHS.md): what a rate is printed for, mostly.
 *
 * Returns false where a tie, or a power of two, is better left to `String`.
 *
 * The value times a power of ten is held exactly, in two numbers: a whole one of 17 digits or 18, and what it was rounded by. Any
 * decimal that is nearer to it than half a step of the value's last bit reads back, so the largest power of ten is sought that has a
 * multiple there.
 */
export function findShortest(values: Float64Array, i: number): boolean {
  const value = Math.abs(values[i]!)
  scratch[0] = value
  const high = words[1]!
  // The number below a power of two is nearer than the one above.
  if ((high & FRACTION_BITS) === 0 && words[0] === 0) return false
  const exponent = high >>> 20
  const decimals = DECIMALS_OF[exponent]!
  const ten = TENS[decimals]!
  const tenHigh = TENS_HIGH[decimals]!
  const product = value * ten
  // Dekker's product: halves of both factors, whose products are exact.
  const carrier = SPLIT * value
  const valueHigh = carrier - (carrier - value)
  const valueLow = value - valueHigh
  const tenLow = ten - tenHigh
  const rest = valueLow * tenLow - (product - valueHigh * tenHigh - valueLow * tenHigh - valueHigh * tenLow)
  const reach = HALF_STEPS[exponent]! * ten
  const head = Math.floor(product / UNIT)
  const low = product - UNIT * head
  let tail = 0
  for (let power = 1, part = 1; power < UNIT; power *= 10, part *= 0.1) {
    const next = power * Math.floor((low + rest) * part + 0.5)
    const distance = Math.abs(next - low - rest)
    if (distance > Math.min(reach, 0.5 * power) - DOUBT) {
      if (distance < reach + DOUBT) return false
      break
    }
    tail = next
  }
  const carry = tail < 0 ? -1 : tail < UNIT ? 0 : 1
  shortest[HEAD] = head + carry
  shortest[TAIL] = tail - UNIT * carry
  shortest[DECIMALS] = decimals
  return true
}

const UNIT = 1e8
// Far above what multiples and distances are rounded by, 1e-7, and far below what two of them differ by in practice.
const DOUBT = 1e-6
const FRACTION_BITS = 0xfffff
// 2^27 and 1: what it carries away of a number leaves 26 bits.
const SPLIT = 134_217_729
const scratch = new Float64Array(1)
const words = new Uint32Array(scratch.buffer)
// 10^22 is the largest that a number holds exactly.
const TENS = Float64Array.from({ length: 23 }, (_, power) => Number(`1e${power}`))
const TENS_HIGH = TENS.map((ten) => SPLIT * ten - (SPLIT * ten - ten))
// By the exponent's bits. With so many decimals a value has 17 digits at least: all that can be needed.
const EXPONENT_BIAS = 1_023
const LEAST_PRODUCT = 1e16
const DECIMALS_OF = Uint8Array.from({ length: 2_048 }, (_, bits) =>
  Math.max(
    0,
    TENS.findIndex((ten, power) => power === TENS.length - 1 || ten * 2 ** (bits - EXPONENT_BIAS) >= LEAST_PRODUCT),
  ),
)
const HALF_STEPS = Float64Array.from({ length: 2_048 }, (_, bits) => 2 ** (bits - EXPONENT_BIAS - 53))
