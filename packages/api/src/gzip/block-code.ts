import { COUNT_SHIFT, entryOf, joined } from './bits.ts'
import { canonicalCode, codeLengths } from './prefix-code.ts'
import { QUOTE } from './repeats.ts'
import { DISTANCES, LEAST_LENGTH, LENGTH_EXTRA, LENGTH_EXTRA_BITS, LENGTH_SYMBOL, LITERALS, MOST_LENGTH } from './symbols.ts'

/** How often each symbol occurs. */
export interface SymbolCounts {
  readonly literals: Int32Array
  readonly distances: Int32Array
}

/** The codes of one block; every symbol has one. Entries are those of `bits.ts`. */
export interface BlockCode {
  readonly literals: Int32Array
  readonly distances: Int32Array
  /** By length: its code with the extra bits. */
  readonly lengths: Int32Array
  /** What tells the reader of it, as entries, the three bits that begin a block in front. */
  readonly header: readonly number[]
}

/** Counts of a text of numbers, before anything is known of one: an answer's first series, which has none before it to repeat. */
export function usualCounts(): SymbolCounts {
  const literals = new Int32Array(LITERALS).fill(1)
  const distances = new Int32Array(DISTANCES).fill(USUAL_REST)
  for (const [bytes, count] of USUAL_LITERALS) for (const byte of bytes) literals[byte.charCodeAt(0)] = count
  for (let length = LEAST_LENGTH; length <= MOST_LENGTH; length++) {
    literals[LENGTH_SYMBOL[length]!] = length < 11 || length > 22 ? USUAL_REST : 200
  }
  for (const symbol of USUAL_DISTANCES) distances[symbol] = 200
  return { literals, distances }
}

/** The best code for such counts, none of which is 0. */
export function makeBlockCode({ literals, distances }: SymbolCounts): BlockCode {
  const literalLengths = codeLengths(literals, MOST_LITERAL_BITS)
  const distanceLengths = codeLengths(distances, MOST_DISTANCE_BITS)
  const literalCode = canonicalCode(literalLengths)
  const lengths = new Int32Array(MOST_LENGTH + 1)
  for (let length = LEAST_LENGTH; length <= MOST_LENGTH; length++) {
    lengths[length] = joined(literalCode[LENGTH_SYMBOL[length]!]!, entryOf(LENGTH_EXTRA[length]!, LENGTH_EXTRA_BITS[length]!))
  }
  const header = headerOf(literalLengths, distanceLengths)
  return { literals: literalCode, distances: canonicalCode(distanceLengths), lengths, header }
}

/**
 * The codes of two frequent literals as one, by both bytes as they are read at once; 0 where one of them is not frequent, or is a quote,
 * where repeats are looked for. Good until the next call.
 */
export function pairsOf(code: BlockCode): Int32Array {
  if (code === pairsAreOf) return pairs
  for (const one of frequent) for (const other of frequent) pairs[one | (other << 8)] = 0
  frequent.length = 0
  for (let byte = 0; byte < 256; byte++) {
    if (code.literals[byte]! >> COUNT_SHIFT <= MOST_FREQUENT_BITS && byte !== QUOTE) frequent.push(byte)
  }
  for (const one of frequent) {
    for (const other of frequent) pairs[one | (other << 8)] = joined(code.literals[one]!, code.literals[other]!)
  }
  pairsAreOf = code
  return pairs
}

const USUAL_LITERALS: readonly (readonly [bytes: string, count: number])[] = [
  ['0123456789', 500],
  [',"', 250],
  ['.', 80],
  ['[]{}:-_eabcdilmnoprstu', 10],
]
// 17 to 64 bytes: the point before.
const USUAL_DISTANCES = [8, 9, 10, 11]
const USUAL_REST = 10
// With 7 bits held back, 24 more fit a number: a length and a distance with their extra bits (at most 5 and 13), two pairs.
const MOST_LITERAL_BITS = 15
const MOST_DISTANCE_BITS = 11
const MOST_FREQUENT_BITS = 6

const pairs = new Int32Array(65_536)
let pairsAreOf: BlockCode | undefined
const frequent: number[] = []

/** RFC 1951, 3.2.7: all symbols of both alphabets, by the lengths of their codes, in runs. */
function headerOf(literals: Uint8Array, distances: Uint8Array): number[] {
  const header = [DYNAMIC_BLOCK, entryOf(LITERALS - 257, 5), entryOf(DISTANCES - 1, 5), entryOf(META_ORDER.length - 4, 4)]
  for (const symbol of META_ORDER) header.push(entryOf(META_LENGTHS[symbol]!, 3))
  const all = new Uint8Array(LITERALS + DISTANCES)
  all.set(literals)
  all.set(distances, LITERALS)
  for (let at = 0; at < all.length;) {
    const length = all[at]!
    header.push(META_CODE[length]!)
    let end = ++at
    while (end < all.length && all[end] === length && end - at < MOST_RUN) end++
    if (end - at < LEAST_RUN) continue
    header.push(META_CODE[REPEAT]!, entryOf(end - at - LEAST_RUN, 2))
    at = end
  }
  return header
}

// Not the last block, and with a code of its own.
const DYNAMIC_BLOCK = entryOf(0b100, 3)
const META_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
// The length before, three to six times more.
const REPEAT = 16
const LEAST_RUN = 3
const MOST_RUN = 6
// The same four bits' worth for each of 1 to 15 and the runs; no length is 0, and there are no runs of it.
const META_LENGTHS = Uint8Array.from({ length: META_ORDER.length }, (_, symbol) => (symbol >= 1 && symbol <= REPEAT ? 4 : 0))
const META_CODE = canonicalCode(META_LENGTHS)
