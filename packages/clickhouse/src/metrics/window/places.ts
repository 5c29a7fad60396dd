import { isHistogram } from '../gather.ts'
import type { Segment } from './segment.ts'
import type { Tail } from './tail.ts'
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

/**
 * Where the samples of each series are: for each source (segments, then tails) one entry a series. A hot path (bench/HOTPATHS.md).
 */
export class Places {
  samples = 0
  /** What decoding any of the series needs: its samples, and what its longest chunk may have beyond the end of the range. */
  mostRoom = 0
  /** Whether some sample of the chunks that the read touches stands for a native histogram. */
  mayHaveHistograms = false
  /** By source: the chunk of each series in a segment, or -1; the number of its samples in a tail. */
  readonly entries: readonly Int32Array[]
  /** Samples of each series. */
  readonly counts: Uint32Array
  /** 1 for series some of whose samples may be staleness markers or histograms. */
  readonly isMarked: Uint8Array
  readonly #read: WindowRead
  #longest = 0

  constructor(read: WindowRead) {
    const { segments, tails } = read.snapshot
    this.#read = read
    this.entries = Array.from({ length: segments.length + tails.length }, () => new Int32Array(read.refs.length))
    this.counts = new Uint32Array(read.refs.length)
    this.isMarked = new Uint8Array(read.refs.length)
  }

  /** Finds all, source by source, which is how they lie in memory; yields every now and then. */
  *find(): Generator<undefined, void> {
    const { refs, snapshot, checkSamples } = this.#read
    const { segments, tails } = snapshot
    for (const [s, segment] of segments.entries()) {
      let hint = 0
      for (let from = 0; from < refs.length; from += YIELD_EVERY) {
        yield
        hint = this.#findChunks(segment, this.entries[s]!, from, hint)
      }
    }
    for (const [t, { tail, rows }] of tails.entries()) {
      for (let from = 0; from < refs.length; from += YIELD_EVERY) {
        yield
        this.#findRows(tail, rows, this.entries[segments.length + t]!, from)
      }
    }
    let most = 0
    for (const count of this.counts) {
      this.samples += count
      if (count > most) most = count
    }
    this.mostRoom = most + this.#longest
    checkSamples(this.samples)
  }

  /** Finds the chunks of a piece of the series; where the next one's may be. */
  #findChunks(segment: Segment, entries: Int32Array, from: number, first: number): number {
    const { refs, startMs, endMs } = this.#read
    const { counts } = this
    const to = Math.min(refs.length, from + YIELD_EVERY)
    const isWithin = segment.minMs >= startMs && segment.maxMs <= endMs
    let hint = first
    for (let i = from; i < to; i++) {
      const chunk = refs[i]! < 0 ? -1 : segment.find(refs[i]!, hint)
      entries[i] = chunk
      if (chunk < 0) continue
      hint = chunk + 1
      const room = segment.countOf(chunk)
      counts[i] = counts[i]! + (isWithin ? room : segment.countIn(chunk, startMs, endMs))
      if (room > this.#longest) this.#longest = room
      if (segment.mayHaveMarkers(chunk)) this.#markChunk(i, segment, chunk)
    }
    return hint
  }

  #findRows(tail: Tail, rows: number, entries: Int32Array, from: number): void {
    const { refs, startMs, endMs } = this.#read
    const to = Math.min(refs.length, from + YIELD_EVERY)
    for (let i = from; i < to; i++) {
      const found = refs[i]! < 0 ? 0 : tail.count(refs[i]!, startMs, endMs, rows)
      entries[i] = found
      this.counts[i] = this.counts[i]! + found
      if (found > 0 && tail.mayHaveMarkers()) this.#markTail(i, tail, rows, found)
    }
  }

  #markChunk(series: number, segment: Segment, chunk: number): void {
    const column = makeValueColumn(segment.countOf(chunk))
    segment.decodeValues(chunk, column, 0)
    this.#mark(series, column)
  }

  #markTail(series: number, tail: Tail, rows: number, count: number): void {
    const { refs, startMs, endMs } = this.#read
    const column = makeValueColumn(count)
    tail.copy(refs[series]!, startMs, endMs, rows, { tMs: new Float64Array(count), column, to: 0, count })
    this.#mark(series, column)
  }

  #mark(series: number, { values, words }: ValueColumn): void {
    this.isMarked[series] = 1
    for (let at = 0; at < values.length; at++) this.mayHaveHistograms ||= isHistogram(words, at)
  }
}

// 4,096 series: a tenth of a millisecond of work between two looks at the clock.
const YIELD_EVERY = 4_096
