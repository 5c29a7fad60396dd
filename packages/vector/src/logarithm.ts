const bits = new DataView(new ArrayBuffer(8))
// The bias and place of a double's exponent in its upper half, and 2^54, which makes subnormal numbers normal.
const EXPONENT_BIAS = 1_022
const EXPONENT_SHIFT = 20
const SCALE = 2 ** 54

// Rounded once, unlike the quotient of the two rounded logarithms.
const LN2_BY_LN10 = 0.301_029_995_663_981_2

/** The logarithm to base 2 as Go computes it: exponent and logarithm of the fraction apart. `Math.log2` differs in the last digit. */
export function log2(value: number): number {
  if (!(value > 0) || value === Infinity) return Math.log2(value)
  const isSubnormal = value < 2 ** -1022
  bits.setFloat64(0, isSubnormal ? value * SCALE : value)
  const upper = bits.getUint32(0)
  const exponent = (upper >>> EXPONENT_SHIFT) - EXPONENT_BIAS
  bits.setUint32(0, ((upper & 0xf_ffff) | (EXPONENT_BIAS << EXPONENT_SHIFT)) >>> 0)
  const fraction = bits.getFloat64(0)
  const whole = isSubnormal ? exponent - 54 : exponent
  return fraction === 0.5 ? whole - 1 : Math.log(fraction) * Math.LOG2E + whole
}

/** The logarithm to base 10 as Go computes it. */
export function log10(value: number): number {
  return log2(value) * LN2_BY_LN10
}
