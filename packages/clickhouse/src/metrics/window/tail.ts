import { freeArray } from '@oriel/model'
import { isMarkerHigh } from './value-codec.ts'
import type { ValueColumn } from './value-codec.ts'

/**
 * The latest samples of a tenant as they came, not compressed yet. A hot path (bench/HOTPATHS.md): every sample is appended once.
 *
 * Rows of one series are chained, latest first: `lastOf[ref] - 1` is its latest row, `prev[row] - 1` the one before.
 */
export class Tail {
  rows = 0
  /** Whether a read may be looking at it. */
  isShared = false
  /** Least and greatest time of any row. */
  minMs: number = Infinity
  maxMs: number = -Infinity
  refs: Uint32Array
  tMs: Float64Array
  words: Uint32Array
  prev: Uint32Array
  lastOf: Uint32Array
  /** Rows that were looked through for markers, and whether one was found. */
  #searched = 0
  #hasMarkers = false

  /** Has room for as many rows and series as `before` came to hold: growing by doubling takes three times the memory, for a while. */
  constructor(before?: Tail) {
    const rows = Math.max(FIRST_ROWS, Math.ceil(ROOM * (before?.rows ?? 0)))
    this.refs = new Uint32Array(rows)
    this.tMs = new Float64Array(rows)
    this.words = new Uint32Array(2 * rows)
    this.prev = new Uint32Array(rows)
    this.lastOf = new Uint32Array(before?.lastOf.length ?? FIRST_ROWS)
  }

  /** What is in use: room that was never written to is no memory yet. */
  get byteLength(): number {
    return ROW_BYTES * this.rows + this.lastOf.byteLength
  }

  /** Gives its memory back, unless a read may be looking at it: then the collector does. */
  free(): void {
    if (this.isShared) return
    for (const array of [this.refs, this.tMs, this.words, this.prev, this.lastOf]) freeArray(array)
  }

  /** Makes room for so many more rows and for numbers of series below `refs`. */
  reserve(more: number, refs: number): void {
    if (refs > this.lastOf.length) this.lastOf = grown(this.lastOf, new Uint32Array(Math.max(refs, 2 * this.lastOf.length)))
    const needed = this.rows + more
    if (needed <= this.prev.length) return
    const room = Math.max(needed, 2 * this.prev.length)
    this.refs = grown(this.refs, new Uint32Array(room))
    this.tMs = grown(this.tMs, new Float64Array(room))
    this.words = grown(this.words, new Uint32Array(2 * room))
    this.prev = grown(this.prev, new Uint32Array(room))
  }

  /** Samples of a series in [startMs, endMs] among the first `rows` rows. */
  count(ref: number, startMs: number, endMs: number, rows: number): number {
    const { prev, tMs } = this
    let count = 0
    for (let row = this.#latest(ref, rows); row >= 0; row = prev[row]! - 1) {
      const t = tMs[row]!
      if (t >= startMs && t <= endMs) count++
    }
    return count
  }

  /** Whether some row stands for no number. Looks through rows that came since it was asked last. */
  mayHaveMarkers(): boolean {
    for (; this.#searched < this.rows; this.#searched++) this.#hasMarkers ||= isMarkerHigh(this.words[2 * this.#searched + 1]!)
    return this.#hasMarkers
  }

  /** Writes the `count` samples that `count()` counted to position `to` on, in order of arrival. */
  copy(ref: number, startMs: number, endMs: number, rows: number, out: TailOut): void {
    const { prev, tMs, words } = this
    const { words: outWords } = out.column
    let at = out.to + out.count
    for (let row = this.#latest(ref, rows); row >= 0; row = prev[row]! - 1) {
      const t = tMs[row]!
      if (t < startMs || t > endMs) continue
      at--
      out.tMs[at] = t
      outWords[2 * at] = words[2 * row]!
      outWords[2 * at + 1] = words[2 * row + 1]!
    }
  }

  #latest(ref: number, rows: number): number {
    let row = ref < this.lastOf.length ? this.lastOf[ref]! - 1 : -1
    while (row >= rows) row = this.prev[row]! - 1
    return row
  }
}

/** Where `Tail.copy` writes. */
export interface TailOut {
  readonly tMs: Float64Array
  readonly column: ValueColumn
  readonly to: number
  readonly count: number
}

// 256 rows: a tenant that sends a handful of series costs 10 KB.
const FIRST_ROWS = 256
// A quarter more: what comes in one commit more or less.
const ROOM = 1.25
// A number, a time, a value and a link.
const ROW_BYTES = 24

function grown<Values extends ArrayBufferView & { set(from: Values): void }>(from: Values, to: Values): Values {
  to.set(from)
  freeArray(from)
  return to
}
