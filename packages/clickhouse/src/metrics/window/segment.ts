import { freeArray } from '@oriel/model'
import type { ValueColumn } from './value-codec.ts'
import { ByteSink, decodeValues, encodeValues, mayHaveMarkers } from './value-codec.ts'

/**
 * Samples of many series over a stretch of time, compressed: one chunk a series, in time order, no time twice. Never changes.
 *
 * Series that were scraped together have the same times: each distinct list of times is held once, as its first and its step where
 * it is regular, which is why times cost next to nothing.
 */
export class Segment {
  /** Whether a read may be looking at it. */
  isShared = false
  /** Least and greatest time of any sample. */
  readonly minMs: number
  readonly maxMs: number
  readonly rows: number
  /** The series it holds, rising. */
  readonly refs: Uint32Array
  readonly #times: TimeLists
  readonly #timesOf: Uint32Array
  readonly #offsets: Uint32Array
  readonly #bytes: Uint8Array
  readonly #view: DataView
  /** 1 for chunks that may have markers; absent where none may. Beside the bytes, which need not be looked at to find a chunk. */
  readonly #marked: Uint8Array | undefined

  constructor({ minMs, maxMs, rows, refs, times, timesOf, offsets, bytes, marked }: SegmentParts) {
    this.minMs = minMs
    this.maxMs = maxMs
    this.rows = rows
    this.refs = refs
    this.#times = times
    this.#timesOf = timesOf
    this.#offsets = offsets
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#marked = marked
  }

  get byteLength(): number {
    const marked = this.#marked?.byteLength ?? 0
    return this.#bytes.byteLength + 12 * this.refs.length + marked + this.#times.byteLength + OBJECT_BYTES
  }

  /** Gives its memory back, unless a read may be looking at it: then the collector does. */
  free(): void {
    if (this.isShared) return
    for (const array of [this.refs, this.#timesOf, this.#offsets, this.#bytes]) freeArray(array)
  }

  /** Memory that the values take. */
  get valueBytes(): number {
    return this.#bytes.byteLength
  }

  /** The chunk of a series, or -1. `hint` is where to look first: one after the last chunk found, for refs asked in order. */
  find(ref: number, hint: number): number {
    const { refs } = this
    if (refs[hint] === ref) return hint
    // In a segment that has all series.
    if (refs[ref] === ref) return ref
    let low = 0
    let high = refs.length - 1
    while (low <= high) {
      const middle = (low + high) >>> 1
      const found = refs[middle]!
      if (found === ref) return middle
      if (found < ref) low = middle + 1
      else high = middle - 1
    }
    return -1
  }

  /** Samples of a chunk. */
  countOf(chunk: number): number {
    return this.#times.counts[this.#timesOf[chunk]!]!
  }

  /** Samples of a chunk in [startMs, endMs]. */
  countIn(chunk: number, startMs: number, endMs: number): number {
    if (this.minMs >= startMs && this.maxMs <= endMs) return this.countOf(chunk)
    return this.#times.countIn(this.#timesOf[chunk]!, startMs, endMs)
  }

  /** Decodes a chunk to position `to` of both columns. */
  decode(chunk: number, tMs: Float64Array, column: ValueColumn, to: number): void {
    this.decodeTimes(chunk, tMs, to)
    this.decodeValues(chunk, column, to)
  }

  /** The number of a chunk's list of times: chunks with the same one have the same times. */
  listOf(chunk: number): number {
    return this.#timesOf[chunk]!
  }

  /** Decodes the times of a chunk to position `to`. */
  decodeTimes(chunk: number, tMs: Float64Array, to: number): void {
    this.#times.decode(this.#timesOf[chunk]!, tMs, to)
  }

  /** Decodes the values of a chunk to position `to`. */
  decodeValues(chunk: number, column: ValueColumn, to: number): void {
    decodeValues(this.#bytes, this.#view, this.#offsets[chunk]!, this.countOf(chunk), column, to)
  }

  /** Whether some value of a chunk may be a staleness marker or stand for a histogram. */
  mayHaveMarkers(chunk: number): boolean {
    return this.#marked !== undefined && this.#marked[chunk] === 1
  }
}

/** Builds a segment: series are added in rising order of their refs. */
export class SegmentBuilder {
  readonly #sink: ByteSink
  readonly #times: TimeListsBuilder
  #refs: Uint32Array<ArrayBuffer>
  #timesOf: Uint32Array<ArrayBuffer>
  #offsets: Uint32Array<ArrayBuffer>
  readonly #marked: number[] = []
  #length = 0
  #rows = 0
  #minMs = Infinity
  #maxMs = -Infinity

  /** No time is before `baseMs`, nor 49 days after it. `room` is what is expected to come. */
  constructor(baseMs: number, room: SegmentRoom) {
    this.#times = new TimeListsBuilder(baseMs)
    const series = Math.max(LEAST_SERIES, room.series)
    this.#refs = new Uint32Array(series)
    this.#timesOf = new Uint32Array(series)
    this.#offsets = new Uint32Array(series)
    this.#sink = new ByteSink(room.bytes)
  }

  get length(): number {
    return this.#length
  }

  /** Adds the samples [from, from + count) of a series, whose times rise strictly. Copies them. */
  add(ref: number, tMs: Float64Array, column: ValueColumn, from: number, count: number): void {
    if (this.#length === this.#refs.length) this.#grow()
    const chunk = this.#length++
    this.#refs[chunk] = ref
    this.#timesOf[chunk] = this.#times.add(tMs, from, count)
    this.#offsets[chunk] = this.#sink.length
    encodeValues(this.#sink, column, from, count)
    if (mayHaveMarkers(this.#sink.bytes, this.#sink.view, this.#offsets[chunk]!, count)) this.#marked.push(chunk)
    this.#rows += count
    if (tMs[from]! < this.#minMs) this.#minMs = tMs[from]!
    if (tMs[from + count - 1]! > this.#maxMs) this.#maxMs = tMs[from + count - 1]!
  }

  finish(): Segment {
    const length = this.#length
    const marked = this.#marked.length === 0 ? undefined : new Uint8Array(length)
    for (const chunk of this.#marked) marked![chunk] = 1
    return new Segment({
      minMs: this.#minMs,
      maxMs: this.#maxMs,
      rows: this.#rows,
      refs: cut(this.#refs, length),
      times: this.#times.finish(),
      timesOf: cut(this.#timesOf, length),
      offsets: cut(this.#offsets, length),
      bytes: this.#sink.finish(),
      marked,
    })
  }

  #grow(): void {
    this.#refs = doubled(this.#refs)
    this.#timesOf = doubled(this.#timesOf)
    this.#offsets = doubled(this.#offsets)
  }
}

/** Series, and bytes of their values, that a segment is expected to have. */
export interface SegmentRoom {
  readonly series: number
  readonly bytes: number
}

// 64 series: a small tenant's.
const LEAST_SERIES = 64

interface SegmentParts {
  readonly minMs: number
  readonly maxMs: number
  readonly rows: number
  readonly refs: Uint32Array
  readonly times: TimeLists
  readonly timesOf: Uint32Array
  readonly offsets: Uint32Array
  readonly bytes: Uint8Array
  readonly marked: Uint8Array | undefined
}

/** Distinct lists of times. List i: `counts[i]` times from `firsts[i]` on in steps of `steps[i]`, or at `starts[i]` where that is 0. */
class TimeLists {
  readonly counts: Uint32Array
  readonly #baseMs: number
  readonly #firsts: Uint32Array
  readonly #steps: Uint32Array
  readonly #starts: Uint32Array
  readonly #irregular: Uint32Array

  constructor(
    baseMs: number,
    counts: Uint32Array,
    firsts: Uint32Array,
    steps: Uint32Array,
    starts: Uint32Array,
    irregular: Uint32Array,
  ) {
    this.#baseMs = baseMs
    this.counts = counts
    this.#firsts = firsts
    this.#steps = steps
    this.#starts = starts
    this.#irregular = irregular
  }

  get byteLength(): number {
    return 16 * this.counts.length + this.#irregular.byteLength
  }

  /** Times of a list in [startMs, endMs]. */
  countIn(list: number, startMs: number, endMs: number): number {
    return this.#countBefore(list, endMs + 1) - this.#countBefore(list, startMs)
  }

  #countBefore(list: number, untilMs: number): number {
    const count = this.counts[list]!
    const step = this.#steps[list]!
    const until = untilMs - this.#baseMs
    if (step > 0) return Math.min(count, Math.max(0, Math.ceil((until - this.#firsts[list]!) / step)))
    const start = this.#starts[list]!
    let [low, high] = [0, count]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#irregular[start + middle]! < until) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Writes a list to position `to`. */
  decode(list: number, tMs: Float64Array, to: number): void {
    const count = this.counts[list]!
    const step = this.#steps[list]!
    if (step > 0) {
      let t = this.#baseMs + this.#firsts[list]!
      for (let i = to; i < to + count; i++, t += step) tMs[i] = t
      return
    }
    const baseMs = this.#baseMs
    const shift = this.#starts[list]! - to
    const irregular = this.#irregular
    for (let i = to; i < to + count; i++) tMs[i] = baseMs + irregular[i + shift]!
  }
}

class TimeListsBuilder {
  readonly #baseMs: number
  readonly #listsByHash = new Map<number, number[]>()
  #length = 0
  #last = -1
  #counts = new Uint32Array(64)
  #firsts = new Uint32Array(64)
  #steps = new Uint32Array(64)
  #starts = new Uint32Array(64)
  #irregular = new Uint32Array(256)
  #used = 0

  constructor(baseMs: number) {
    this.#baseMs = baseMs
  }

  /** The number of the list that these times are, new or known. */
  add(tMs: Float64Array, from: number, count: number): number {
    // The series before came from the same target more often than not.
    if (this.#last >= 0 && this.#equals(this.#last, tMs, from, count)) return this.#last
    const hashed = hashTimes(tMs, from, count)
    const known = this.#listsByHash.get(hashed)
    const found = known?.find((list) => this.#equals(list, tMs, from, count)) ?? this.#append(tMs, from, count)
    if (known === undefined) this.#listsByHash.set(hashed, [found])
    else if (!known.includes(found)) known.push(found)
    this.#last = found
    return found
  }

  finish(): TimeLists {
    const length = this.#length
    return new TimeLists(
      this.#baseMs,
      cut(this.#counts, length),
      cut(this.#firsts, length),
      cut(this.#steps, length),
      cut(this.#starts, length),
      cut(this.#irregular, this.#used),
    )
  }

  #equals(list: number, tMs: Float64Array, from: number, count: number): boolean {
    if (this.#counts[list] !== count) return false
    const step = this.#steps[list]!
    let t = this.#baseMs + this.#firsts[list]!
    if (tMs[from] !== t) return false
    if (step > 0) {
      for (let i = from; i < from + count; i++, t += step) if (tMs[i] !== t) return false
      return true
    }
    const shift = this.#starts[list]! - from
    for (let i = from; i < from + count; i++) if (tMs[i] !== this.#baseMs + this.#irregular[i + shift]!) return false
    return true
  }

  #append(tMs: Float64Array, from: number, count: number): number {
    if (this.#length === this.#counts.length) this.#grow()
    const list = this.#length++
    const step = regularStep(tMs, from, count)
    this.#counts[list] = count
    this.#firsts[list] = tMs[from]! - this.#baseMs
    this.#steps[list] = step
    if (step > 0) return list
    while (this.#used + count > this.#irregular.length) this.#irregular = doubled(this.#irregular)
    this.#starts[list] = this.#used
    for (let i = 0; i < count; i++) this.#irregular[this.#used + i] = tMs[from + i]! - this.#baseMs
    this.#used += count
    return list
  }

  #grow(): void {
    this.#counts = doubled(this.#counts)
    this.#firsts = doubled(this.#firsts)
    this.#steps = doubled(this.#steps)
    this.#starts = doubled(this.#starts)
  }
}

// Seven small objects and arrays.
const OBJECT_BYTES = 1_000

/** The step of times that are equally far apart, 1 for a single one, 0 for irregular ones. */
function regularStep(tMs: Float64Array, from: number, count: number): number {
  if (count === 1) return 1
  const step = tMs[from + 1]! - tMs[from]!
  for (let i = from + 2; i < from + count; i++) if (tMs[i]! - tMs[i - 1]! !== step) return 0
  return step
}

function hashTimes(tMs: Float64Array, from: number, count: number): number {
  let state = count
  for (let i = from; i < from + count; i++) state = Math.imul(state ^ (tMs[i]! | 0), 0x9e37_79b1) ^ (state >>> 15)
  return state
}

function doubled(old: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const grown = new Uint32Array(2 * old.length)
  grown.set(old)
  freeArray(old)
  return grown
}

/** The first of an array, which is used no more: itself where that is all of it. */
function cut(array: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> {
  if (length === array.length) return array
  const first = array.slice(0, length)
  freeArray(array)
  return first
}
