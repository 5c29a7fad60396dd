import { entryOf } from './bits.ts'

/**
 * Huffman's code lengths for symbols that occur so often, `most` bits at most: where the best code has longer ones, counts are made
 * more alike until it has none.
 *
 * Two symbols at least, and no count is 0.
 */
export function codeLengths(counts: Int32Array, most: number): Uint8Array {
  const weights = counts.slice()
  for (;;) {
    const lengths = bestLengths(weights)
    if (!lengths.some((length) => length > most)) return lengths
    for (let i = 0; i < weights.length; i++) weights[i] = (weights[i]! + 1) >> 1
  }
}

/** The code of such lengths as RFC 1951, 3.2.2 numbers it. By symbol: its bits, the first one lowest, and above them how many. */
export function canonicalCode(lengths: Uint8Array): Int32Array {
  const next = new Int32Array(MOST_BITS + 2)
  for (const length of lengths) if (length > 0) next[length + 1]!++
  for (let length = 2; length <= MOST_BITS; length++) next[length] = (next[length - 1]! + next[length]!) << 1
  const entries = new Int32Array(lengths.length)
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const length = lengths[symbol]!
    if (length > 0) entries[symbol] = entryOf(reversed(next[length]!++, length), length)
  }
  return entries
}

// DEFLATE has no longer codes.
const MOST_BITS = 15
// More symbols than an alphabet here has.
const SYMBOLS = 512

function bestLengths(weights: Int32Array): Uint8Array {
  const count = weights.length
  const leaves = new Float64Array(count)
  for (let symbol = 0; symbol < count; symbol++) leaves[symbol] = SYMBOLS * weights[symbol]! + symbol
  leaves.sort()
  // Leaves rise, and so do the nodes that join two: the two lightest are always next of one or the other.
  const nodes = new Float64Array(2 * count - 1)
  const parents = new Int32Array(2 * count - 1)
  for (let leaf = 0; leaf < count; leaf++) nodes[leaf] = Math.floor(leaves[leaf]! / SYMBOLS)
  let leaf = 0
  let joined = count
  for (let node = count; node < nodes.length; node++) {
    for (let side = 0; side < 2; side++) {
      const isLeaf = leaf < count && (joined === node || nodes[leaf]! <= nodes[joined]!)
      const lightest = isLeaf ? leaf++ : joined++
      nodes[node]! += nodes[lightest]!
      parents[lightest] = node
    }
  }
  const depths = new Uint8Array(nodes.length)
  const lengths = new Uint8Array(count)
  for (let node = nodes.length - 2; node >= 0; node--) {
    const depth = depths[parents[node]!]! + 1
    depths[node] = depth
    if (node < count) lengths[leaves[node]! % SYMBOLS] = depth
  }
  return lengths
}

function reversed(code: number, length: number): number {
  let bits = 0
  for (let i = 0, rest = code; i < length; i++, rest >>= 1) bits = (bits << 1) | (rest & 1)
  return bits
}
