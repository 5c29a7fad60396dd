// The alphabets of DEFLATE (RFC 1951, 3.2.5): one of literals, the end of a block and lengths; one of distances.

/** Literals 0 to 255, the end of a block, 29 symbols of lengths. */
export const LITERALS = 286
export const DISTANCES = 30
export const END_OF_BLOCK = 256
export const LEAST_LENGTH = 3
export const MOST_LENGTH = 258
export const MOST_DISTANCE = 32_768

/** By length: its symbol, and the bits behind its code that tell it from others of that symbol. */
export const LENGTH_SYMBOL: Uint16Array = new Uint16Array(MOST_LENGTH + 1)
export const LENGTH_EXTRA: Uint8Array = new Uint8Array(MOST_LENGTH + 1)
export const LENGTH_EXTRA_BITS: Uint8Array = new Uint8Array(MOST_LENGTH + 1)

/** By symbol of distances: how many bits are behind its code, and the distance from which they count. */
export const DISTANCE_EXTRA_BITS: Uint8Array = Uint8Array.from({ length: DISTANCES }, (_, symbol) =>
  Math.max(0, (symbol >> 1) - 1),
)
export const DISTANCE_BASE: Uint16Array = new Uint16Array(DISTANCES)

/** The symbol of a distance of 1 to 32,768: two for each power of two. */
export function distanceSymbol(distance: number): number {
  const before = distance - 1
  if (before < 4) return before
  const power = 31 - Math.clz32(before)
  return 2 * power + ((before >> (power - 1)) & 1)
}

const FIRST_LENGTH = 257
for (let symbol = FIRST_LENGTH, base = LEAST_LENGTH; base < MOST_LENGTH; symbol++) {
  const bits = Math.max(0, ((symbol - FIRST_LENGTH) >> 2) - 1)
  const next = Math.min(base + (1 << bits), MOST_LENGTH)
  for (let length = base; length < next; length++) {
    LENGTH_SYMBOL[length] = symbol
    LENGTH_EXTRA[length] = length - base
    LENGTH_EXTRA_BITS[length] = bits
  }
  base = next
}
// The last symbol is for the longest alone.
LENGTH_SYMBOL[MOST_LENGTH] = LITERALS - 1
for (let symbol = 0, base = 1; symbol < DISTANCES; symbol++) {
  DISTANCE_BASE[symbol] = base
  base += 1 << DISTANCE_EXTRA_BITS[symbol]!
}
