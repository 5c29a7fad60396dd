// Text as DEFLATE (RFC 1951). A hot path (bench/HOTPATHS.md).
//
// A matrix repeats itself at quotes: a time with all that is around it, `"],[1700000015,"`, a name, a value. So repeats are looked for
// there, and where the repeat before ended. The digits of a value are not tried one by one, as zlib does: they are most of an answer
// and seldom repeat, and go out four at once.

import { BITS_MASK, COUNT_SHIFT, entryOf, joined } from './bits.ts'
import type { BlockCode, SymbolCounts } from './block-code.ts'
import { makeBlockCode, pairsOf, usualCounts } from './block-code.ts'
import { LONG_BYTES, QUOTE, SHORT_BYTES, beginText, endOfRepeat, placeBefore, placeBehind } from './repeats.ts'
import {
  DISTANCE_BASE,
  DISTANCE_EXTRA_BITS,
  END_OF_BLOCK,
  LEAST_LENGTH,
  LENGTH_SYMBOL,
  MOST_LENGTH,
  distanceSymbol,
} from './symbols.ts'

/** 128 KiB: no text may be longer, and none repeats what was in another. */
export const MOST_TEXT_BYTES = 131_072

/** Compresses texts one by one into one stream of blocks. What it returns is the caller's. */
export class Deflater {
  #code = usualCode
  #counts: SymbolCounts | undefined
  #size = 0
  #countDue = MOST_TEXT_BYTES / 2
  // Bits that are no whole byte yet, fewer than 8, the first one lowest.
  #hold = 0
  #held = 0

  /** Returns the bytes that are whole, of up to `MOST_TEXT_BYTES` of text and what was before. */
  write(text: Uint8Array): Uint8Array {
    this.#enter()
    const view = new DataView(text.buffer, text.byteOffset, text.byteLength)
    beginText(text.length)
    let from = 0
    if (this.#size === 0) {
      putAll(this.#code.header)
      from = deflate(this.#code, text, view, 0, Math.min(FIRST_BYTES, text.length))
      if (text.length - from > LEAST_CODE_BYTES) this.#renew(countSymbols(text, 0, from))
    } else if (this.#counts !== undefined) this.#renew(this.#counts)
    this.#counts = undefined
    const end = deflate(this.#code, text, view, from, text.length)
    this.#size += text.length
    if (this.#size >= this.#countDue) {
      this.#counts = countSymbols(text, from, end)
      this.#countDue = Math.min(2 * this.#size, this.#size + COUNT_BYTES)
    }
    return this.#leave()
  }

  /** Returns the bytes that are left, the last one filled up. */
  end(): Uint8Array {
    this.#enter()
    if (this.#size > 0) put(this.#code.literals[END_OF_BLOCK]!)
    put(EMPTY_BLOCK)
    put(entryOf(0, -out.held & 7))
    return this.#leave()
  }

  /** Goes on in a block with the code that such counts ask for. */
  #renew(counts: SymbolCounts): void {
    put(this.#code.literals[END_OF_BLOCK]!)
    this.#code = makeBlockCode(counts)
    putAll(this.#code.header)
  }

  #enter(): void {
    out.at = 0
    out.hold = this.#hold
    out.held = this.#held
  }

  #leave(): Uint8Array {
    this.#hold = out.hold
    this.#held = out.held
    return Buffer.from(out.bytes.subarray(0, out.at))
  }
}

const usualCode = makeBlockCode(usualCounts())
// 8 KiB tell better than what is usual what an answer is like; then it is asked again with each 512 KiB, of 32 KiB.
const FIRST_BYTES = 8_192
// 16 KiB: a code takes as long as to write so much.
const LEAST_CODE_BYTES = 16_384
const COUNT_BYTES = 524_288
const COUNTED_BYTES = 32_768
// Against the counts that are there from the start, so that what did not occur yet has a code too.
const COUNT_WEIGHT = 16
// The last one, with the code that needs no header (3.2.6), and its end.
const EMPTY_BLOCK = entryOf(0b011, 10)

// Memory of all deflaters: no text is begun before the one before is done. A literal takes 15 bits at most.
const output = new Uint8Array(2 * MOST_TEXT_BYTES + 4_096)
const out = { bytes: output, view: new DataView(output.buffer), at: 0, hold: 0, held: 0 }
/** Place, length and distance of each repeat since `deflate` was called. */
const repeats = new Int32Array((3 * MOST_TEXT_BYTES) / SHORT_BYTES)
let repeatsLength = 0

/** Writes text from `from` to `to`, or a little more; where it ended. Bits are put in place as `put` does, without its memory. */
function deflate(code: BlockCode, text: Uint8Array, view: DataView, from: number, to: number): number {
  const { literals, lengths } = code
  const pairs = pairsOf(code)
  const target = out.view
  const last = text.length - LONG_BYTES
  let { at, hold, held } = out
  let [place, behind] = [from, from]
  repeatsLength = 0
  while (place < to) {
    let entry = 0
    for (; place <= last; place += 4) {
      const four = view.getInt32(place, true)
      entry = pairs[four & 0xffff]!
      const other = pairs[four >>> 16]!
      if (entry === 0 || other === 0) break
      hold |= ((entry & BITS_MASK) << held) | ((other & BITS_MASK) << (held + (entry >> COUNT_SHIFT)))
      held += (entry >> COUNT_SHIFT) + (other >> COUNT_SHIFT)
      target.setInt32(at, hold, true)
      at += held >> 3
      hold = (hold >>> (held & 24)) | 0
      held &= 7
    }
    let before = entry === 0 && place <= last && text[place] === QUOTE ? placeBefore(view, place) : -1
    if (before >= 0) {
      do {
        const end = endOfRepeat(view, before, place)
        const distance = noteRepeat(code, place, end, place - before)
        while (place < end) {
          const length = lengthWithin(end - place)
          place += length
          hold |= (lengths[length]! & BITS_MASK) << held
          held += lengths[length]! >> COUNT_SHIFT
          target.setInt32(at, hold, true)
          at += held >> 3
          hold = (hold >>> (held & 24)) | ((distance & BITS_MASK) << (held & 7))
          held = (held & 7) + (distance >> COUNT_SHIFT)
          target.setInt32(at, hold, true)
          at += held >> 3
          hold = (hold >>> (held & 24)) | 0
          held &= 7
        }
        before = place <= last ? placeBehind(view, behind, place) : -1
        behind = place
      } while (before >= 0)
      continue
    }
    if (entry !== 0 && place <= last) place += 2
    else entry = literals[text[place++]!]!
    hold |= (entry & BITS_MASK) << held
    held += entry >> COUNT_SHIFT
    target.setInt32(at, hold, true)
    at += held >> 3
    hold = (hold >>> (held & 24)) | 0
    held &= 7
  }
  out.at = at
  out.hold = hold
  out.held = held
  return place
}

/** The code of a distance with its extra bits; where the repeat is, is kept for counting. */
function noteRepeat({ distances }: BlockCode, from: number, end: number, distance: number): number {
  repeats[repeatsLength] = from
  repeats[repeatsLength + 1] = end - from
  repeats[repeatsLength + 2] = distance
  repeatsLength += 3
  const symbol = distanceSymbol(distance)
  return joined(distances[symbol]!, entryOf(distance - DISTANCE_BASE[symbol]!, DISTANCE_EXTRA_BITS[symbol]!))
}

/** A repeat longer than DEFLATE has a length for becomes several, and none may be left shorter than three. */
function lengthWithin(rest: number): number {
  return rest <= MOST_LENGTH ? rest : Math.min(MOST_LENGTH, rest - LEAST_LENGTH)
}

function put(entry: number): void {
  const held = out.held + (entry >> COUNT_SHIFT)
  const hold = out.hold | ((entry & BITS_MASK) << out.held)
  out.view.setInt32(out.at, hold, true)
  out.at += held >> 3
  out.hold = (hold >>> (held & 24)) | 0
  out.held = held & 7
}

function putAll(entries: readonly number[]): void {
  for (const entry of entries) put(entry)
}

/** What occurred of late in text from `from` to `to`, with the repeats that were written of it. */
function countSymbols(text: Uint8Array, from: number, to: number): SymbolCounts {
  const { literals, distances } = usualCounts()
  let place = Math.max(from, to - COUNTED_BYTES)
  for (let i = 0; i < repeatsLength; i += 3) {
    const start = repeats[i]!
    const length = repeats[i + 1]!
    if (start < place) {
      place = Math.max(place, start + length)
      continue
    }
    for (; place < start; place++) literals[text[place]!]! += COUNT_WEIGHT
    literals[LENGTH_SYMBOL[lengthWithin(length)]!]! += COUNT_WEIGHT
    distances[distanceSymbol(repeats[i + 2]!)]! += COUNT_WEIGHT
    place += length
  }
  for (; place < to; place++) literals[text[place]!]! += COUNT_WEIGHT
  return { literals, distances }
}
