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

/** Where the samples of each series are: one entry a series and source (segments, then tails). A hot path (bench/HOTPATHS.md). */
export class Places {
  samples = 0
  /** What decoding any of the series needs: its samples, and what its longest chunk may have beyond the end of the range. */
  mostRoom = 0
  /** Whether some sample of the chunks that the read touches stands for a native histogram. */
  mayHaveHistograms = false
  /** The chunk in a segment, or -1; the number of samples in a tail. */
  readonly entries: Int32Array
  /** Samples of each series. */
  readonly counts: Uint32Array
  /** 1 for series some of whose samples may be staleness markers or histograms. */
  readonly isMarked: Uint8Array
  readonly sources: number
  readonly #read: WindowRead

  constructor(read: WindowRead) {
    this.#read = read
    this.sources = read.snapshot.segments.length + read.snapshot.tails.length
    this.entries = new Int32Array(read.refs.length * this.sources)
    this.counts = new Uint32Array(read.refs.length)
    this.isMarked = new Uint8Array(read.refs.length)
  }

  /** Finds all; yields every now and then. */
  *find(): Generator<undefined, void> {
    const { refs, checkSamples } = this.#read
    const hints = new Uint32Array(this.sources)
    for (let i = 0; i < refs.length; i++) {
      if (i % YIELD_EVERY === 0) yield
      if (refs[i]! >= 0) this.#findOne(i, refs[i]!, hints)
    }
    checkSamples(this.samples)
  }

  #findOne(series: number, ref: number, hints: Uint32Array): void {
    const { startMs, endMs } = this.#read
    const { segments, tails } = this.#read.snapshot
    const { entries } = this
    const at = series * this.sources
    let count = 0
    let longest = 0
    for (let s = 0; s < segments.length; s++) {
      const segment = segments[s]!
      const chunk = segment.find(ref, hints[s]!)
      entries[at + s] = chunk
      if (chunk < 0) continue
      hints[s] = chunk + 1
      count += segment.countIn(chunk, startMs, endMs)
      const room = segment.countOf(chunk)
      if (room > longest) longest = room
      if (segment.mayHaveMarkers(chunk)) this.#markChunk(series, segment, chunk)
    }
    for (let t = 0; t < tails.length; t++) {
      const { tail, rows } = tails[t]!
      const found = tail.count(ref, startMs, endMs, rows)
      entries[at + segments.length + t] = found
      count += found
      if (found > 0 && tail.mayHaveMarkers()) this.#markTail(series, tail, rows, found)
    }
    this.counts[series] = count
    this.samples += count
    if (count + longest > this.mostRoom) this.mostRoom = count + longest
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

// 256 series: a quarter of a millisecond of work between two looks at the clock.
const YIELD_EVERY = 256
