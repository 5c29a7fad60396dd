/** Where the number of bits stands in a code's entry: above the bits themselves, which are in the order that they are sent. */
export const COUNT_SHIFT = 24
export const BITS_MASK: number = 2 ** COUNT_SHIFT - 1

/** An entry: bits, the first one lowest, and how many. */
export function entryOf(bits: number, count: number): number {
  return bits | (count << COUNT_SHIFT)
}

/** Two entries as one, of at most 24 bits. */
export function joined(first: number, second: number): number {
  const count = first >> COUNT_SHIFT
  return entryOf((first & BITS_MASK) | ((second & BITS_MASK) << count), count + (second >> COUNT_SHIFT))
}
