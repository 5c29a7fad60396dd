import { HISTOGRAM_HIGH, STALE_HIGH, STALE_LOW } from '@oriel/model'
import type { GatheredSamples } from '../gather.ts'
import { isHistogram } from '../gather.ts'
import type { KnownSeries } from '../series-cache.ts'
import { collapseRows, rises } from './seal.ts'
import type { SeriesRefs } from './series-refs.ts'
import type { WindowSnapshot } from './tenant-window.ts'
import type { ValueColumn } from './value-codec.ts'
import { makeValueColumn } from './value-codec.ts'

/** A read of the window. */
export interface WindowRead {
  readonly snapshot: WindowSnapshot
  /** The numbers of the series asked for, -1 for one that the window does not hold. */
  readonly refs: Int32Array
  readonly startMs: number
  readonly endMs: number
  /** Called with the samples in range, those written twice counted twice, before they are decoded; throws where it is too many. */
  readonly checkSamples: (samples: number) => void
}

/** The numbers of series, as the window has them now. */
export function refsOf(refs: SeriesRefs, series: readonly KnownSeries[]): Int32Array {
  const numbers = new Int32Array(series.length)
  for (let i = 0; i < series.length; i++) numbers[i] = refs.find(series[i]!.id, 0)
  return numbers
}

/**
 * Reads samples in [startMs, endMs], in time order, of equal times the one written last. A hot path (bench/HOTPATHS.md).
 *
 * Yields every now and then. `hasConflict` of the answer is always false.
 */
export function* readWindow(read: WindowRead): Generator<undefined, GatheredSamples> {
  const places = new Places(read)
  yield* places.count()
  read.checkSamples(places.samples)
  const { refs } = read
  const out = new Output(read, places.samples + places.longestChunk)
  const offsets = new Uint32Array(refs.length + 1)
  for (let i = 0; i < refs.length; i++) {
    if (i % YIELD_EVERY === 0) yield
    if (refs[i]! >= 0) out.addSeries(i, refs[i]!, places)
    offsets[i + 1] = out.length
  }
  return { offsets, ...out.finish(), hasConflict: false }
}

/** Where the samples of each series are: one entry a series and source (segments, then tails). */
class Places {
  samples = 0
  /** Samples of the longest chunk: what decoding one may write beyond the end of its range. */
  longestChunk = 0
  /** The chunk in a segment, or -1; the number of samples in a tail. */
  readonly entries: Int32Array
  readonly sources: number
  readonly #read: WindowRead

  constructor(read: WindowRead) {
    this.#read = read
    this.sources = read.snapshot.segments.length + read.snapshot.tails.length
    this.entries = new Int32Array(read.refs.length * this.sources)
  }

  *count(): Generator<undefined, void> {
    const { refs } = this.#read
    const hints = new Uint32Array(this.sources)
    for (let i = 0; i < refs.length; i++) {
      if (i % YIELD_EVERY === 0) yield
      if (refs[i]! >= 0) this.#find(i * this.sources, refs[i]!, hints)
    }
  }

  #find(at: number, ref: number, hints: Uint32Array): void {
    const { snapshot, startMs, endMs } = this.#read
    const { entries } = this
    let place = at
    for (const segment of snapshot.segments) {
      const chunk = segment.find(ref, hints[place - at]!)
      entries[place] = chunk
      if (chunk >= 0) {
        hints[place - at] = chunk + 1
        this.samples += segment.countIn(chunk, startMs, endMs)
        this.longestChunk = Math.max(this.longestChunk, segment.countOf(chunk))
      }
      place++
    }
    for (const { tail, rows } of snapshot.tails) {
      const count = tail.count(ref, startMs, endMs, rows)
      this.samples += count
      entries[place++] = count
    }
  }
}

/** The answer being written. */
class Output {
  length = 0
  readonly #read: WindowRead
  readonly #tMs: Float64Array
  readonly #column: ValueColumn
  readonly #stale: Uint8Array
  #hasHistograms = false

  constructor(read: WindowRead, room: number) {
    this.#read = read
    this.#tMs = new Float64Array(room)
    this.#column = makeValueColumn(room)
    this.#stale = new Uint8Array(room)
  }

  addSeries(series: number, ref: number, { entries, sources }: Places): void {
    const { segments, tails } = this.#read.snapshot
    const start = this.length
    let isInOrder = true
    let place = series * sources
    for (const segment of segments) {
      const chunk = entries[place++]!
      if (chunk < 0) continue
      const from = this.length
      segment.decode(chunk, this.#tMs, this.#column, from)
      this.#cut(from, from + segment.countOf(chunk))
      if (from > start && this.length > from && this.#tMs[from]! <= this.#tMs[from - 1]!) isInOrder = false
    }
    for (const { tail, rows } of tails) {
      const count = entries[place++]!
      if (count === 0) continue
      const from = this.length
      const { startMs, endMs } = this.#read
      tail.copy(ref, startMs, endMs, rows, { tMs: this.#tMs, column: this.#column, to: from, count })
      this.length += count
      if (!rises(this.#tMs, Math.max(start, from - 1), this.length)) isInOrder = false
    }
    if (!isInOrder) this.length = start + collapseRows(this.#tMs, this.#column, start, this.length).length
    this.#findMarkers(start)
  }

  finish(): Omit<GatheredSamples, 'offsets' | 'hasConflict'> {
    const { length } = this
    return {
      tMs: this.#tMs.subarray(0, length),
      values: this.#column.values.subarray(0, length),
      stale: this.#stale.subarray(0, length),
      hasHistograms: this.#hasHistograms,
    }
  }

  /** Keeps what lies in the range of a chunk that was decoded to [from, to). */
  #cut(from: number, to: number): void {
    const { startMs, endMs } = this.#read
    const tMs = this.#tMs
    let end = to
    while (end > from && tMs[end - 1]! > endMs) end--
    let first = from
    while (first < end && tMs[first]! < startMs) first++
    if (first > from) {
      tMs.copyWithin(from, first, end)
      this.#column.words.copyWithin(2 * from, 2 * first, 2 * end)
    }
    this.length = end - (first - from)
  }

  #findMarkers(start: number): void {
    const { words } = this.#column
    for (let at = start; at < this.length; at++) {
      const high = words[2 * at + 1]
      if (high === STALE_HIGH && words[2 * at] === STALE_LOW) this.#stale[at] = 1
      else if (high === HISTOGRAM_HIGH) this.#hasHistograms ||= isHistogram(words, at)
    }
  }
}

// 256 series: a quarter of a millisecond of work between two looks at the clock.
const YIELD_EVERY = 256
