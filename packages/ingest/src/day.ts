/**
 * The UTC day (days since 1970) of a time in nanoseconds given as two words, exactly.
 *
 * A day is 2^16 * 1,318,359,375 ns: dropping 16 bits leaves a number below 2^48, and the quotient of two such is never rounded up to
 * the next integer.
 */
export function dayOf(low: number, high: number): number {
  return Math.floor((high * 0x1_0000 + (low >>> 16)) / 1_318_359_375)
}

/** Whether a time fits the store: signed 64-bit nanoseconds, up to 2262-04-11. */
export function isStorable(high: number): boolean {
  return high < 0x8000_0000
}
