import type { SeriesPoints } from '@oriel/model'
import { STALE_HIGH, STALE_LOW } from '@oriel/model'
import type { Places, WindowRead } from './places.ts'
import { collapseRows, rises } from './seal.ts'
import type { Segment } from './segment.ts'
import type { Tail } from './tail.ts'
import type { ValueColumn } from './value-codec.ts'
import { makeValueColumn } from './value-codec.ts'

/**
 * Decodes the samples of a read, one series at a time: in time order, of equal times the one written last. A hot path
 * (bench/HOTPATHS.md).
 *
 * What it gives out it uses again for the next series. Series that were scraped together have the same times, mostly: those that are in
 * place from the series before are left there.
 */
export class SeriesDecoder {
  readonly #read: WindowRead
  readonly #places: Places
  readonly #tMs: Float64Array
  readonly #column: ValueColumn
  readonly #stale: Uint8Array
  readonly #points: { -readonly [Key in keyof SeriesPoints]: SeriesPoints[Key] }
  /** Of each segment the list whose times are in place, NO_LIST for a series that is not in it, and which part of it. */
  readonly #lists: Int32Array
  readonly #firsts: Uint32Array
  readonly #kept: Uint32Array
  #length = 0
  #isInOrder = true
  /** Whether times up to `#length` are those of the series before. */
  #areTimesInPlace = false

  constructor(read: WindowRead, places: Places) {
    const { mostRoom } = places
    this.#read = read
    this.#places = places
    this.#tMs = new Float64Array(mostRoom)
    this.#column = makeValueColumn(mostRoom)
    this.#stale = new Uint8Array(mostRoom)
    this.#points = { tMs: this.#tMs, values: this.#column.values, stale: undefined, from: 0, to: 0 }
    const segments = read.snapshot.segments.length
    this.#lists = new Int32Array(segments).fill(NOT_IN_PLACE)
    this.#firsts = new Uint32Array(segments)
    this.#kept = new Uint32Array(segments)
  }

  /** The samples of series `i` of the read. Histograms are NaN. */
  read(i: number): SeriesPoints {
    const { segments, tails } = this.#read.snapshot
    const { entries, isMarked, counts } = this.#places
    this.#length = 0
    this.#isInOrder = true
    this.#areTimesInPlace = true
    if (counts[i]! > 0) {
      for (let s = 0; s < segments.length; s++) this.#addChunk(s, segments[s]!, entries[s]![i]!)
      for (let t = 0, s = segments.length; t < tails.length; t++, s++) {
        this.#addTail(tails[t]!.tail, tails[t]!.rows, this.#read.refs[i]!, entries[s]![i]!)
      }
    }
    if (!this.#isInOrder) {
      this.#length = collapseRows(this.#tMs, this.#column, 0, this.#length).length
      this.#lists.fill(NOT_IN_PLACE)
    }
    this.#points.to = this.#length
    this.#points.stale = isMarked[i] === 1 ? this.#findStale() : undefined
    return this.#points
  }

  #addChunk(s: number, segment: Segment, chunk: number): void {
    if (chunk < 0) {
      if (this.#lists[s] !== NO_LIST) this.#areTimesInPlace = false
      this.#lists[s] = NO_LIST
      return
    }
    const from = this.#length
    const list = segment.listOf(chunk)
    if (!this.#areTimesInPlace || this.#lists[s] !== list) {
      this.#areTimesInPlace = false
      this.#lists[s] = list
      segment.decodeTimes(chunk, this.#tMs, from)
      this.#cutTimes(s, from, from + segment.countOf(chunk))
    }
    segment.decodeValues(chunk, this.#column, from)
    const first = this.#firsts[s]!
    const kept = this.#kept[s]!
    if (first > 0) this.#column.words.copyWithin(2 * from, 2 * (from + first), 2 * (from + first + kept))
    this.#length += kept
    if (from > 0 && kept > 0 && this.#tMs[from]! <= this.#tMs[from - 1]!) this.#isInOrder = false
  }

  /** Keeps what lies in the range of times that were decoded to [from, to). */
  #cutTimes(s: number, from: number, to: number): void {
    const { startMs, endMs } = this.#read
    const tMs = this.#tMs
    let end = to
    while (end > from && tMs[end - 1]! > endMs) end--
    let first = from
    while (first < end && tMs[first]! < startMs) first++
    if (first > from) tMs.copyWithin(from, first, end)
    this.#firsts[s] = first - from
    this.#kept[s] = end - first
  }

  #addTail(tail: Tail, rows: number, ref: number, count: number): void {
    if (count === 0) return
    const { startMs, endMs } = this.#read
    const from = this.#length
    tail.copy(ref, startMs, endMs, rows, { tMs: this.#tMs, column: this.#column, to: from, count })
    this.#length += count
    if (!rises(this.#tMs, Math.max(0, from - 1), this.#length)) this.#isInOrder = false
  }

  #findStale(): Uint8Array {
    const { words } = this.#column
    const stale = this.#stale
    for (let at = 0; at < this.#length; at++) stale[at] = words[2 * at + 1] === STALE_HIGH && words[2 * at] === STALE_LOW ? 1 : 0
    return stale
  }
}

// A series that is not in the segment; nothing is known of the times there.
const NO_LIST = -1
const NOT_IN_PLACE = -2
