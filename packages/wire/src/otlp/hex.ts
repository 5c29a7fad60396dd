const HEX_DIGITS = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0))

/** Writes `source[start, end)` as lower-case hex to `target` from `at` on; returns where it ended. `target` must have the room. */
export function writeHex(source: Uint8Array, start: number, end: number, target: Uint8Array, at: number): number {
  let to = at
  for (let i = start; i < end; i++) {
    const byte = source[i]!
    target[to++] = HEX_DIGITS[byte >>> 4]!
    target[to++] = HEX_DIGITS[byte & 15]!
  }
  return to
}

/** Whether all of `source[start, end)` is zero, which is OTLP's "no id". */
export function isZero(source: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (source[i] !== 0) return false
  return true
}
