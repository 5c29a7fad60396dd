import { isHistogram } from '../gather.ts'
import type { WindowSnapshot } from './tenant-window.ts'
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
    const { snapshot, startMs, endMs } = this.#read
    const { entries } = this
    const at = series * this.sources
    let place = at
    let count = 0
    let longest = 0
    for (const segment of snapshot.segments) {
      const chunk = segment.find(ref, hints[place - at]!)
      entries[place] = chunk
      if (chunk >= 0) {
        hints[place - at] = chunk + 1
        count += segment.countIn(chunk, startMs, endMs)
        longest = Math.max(longest, segment.countOf(chunk))
        if (segment.mayHaveMarkers(chunk)) this.#mark(series, segment.countOf(chunk), (to) => segment.decodeValues(chunk, to, 0))
      }
      place++
    }
    for (const { tail, rows } of snapshot.tails) {
      const found = tail.count(ref, startMs, endMs, rows)
      entries[place++] = found
      count += found
      if (found === 0 || !tail.mayHaveMarkers()) continue
      const tMs = new Float64Array(found)
      this.#mark(series, found, (column) => tail.copy(ref, startMs, endMs, rows, { tMs, column, to: 0, count: found }))
    }
    this.counts[series] = count
    this.samples += count
    this.mostRoom = Math.max(this.mostRoom, count + longest)
  }

  /** Looks through samples that may be markers. */
  #mark(series: number, count: number, decode: (to: ReturnType<typeof makeValueColumn>) => void): void {
    this.isMarked[series] = 1
    if (this.mayHaveHistograms) return
    const column = makeValueColumn(count)
    decode(column)
    for (let at = 0; at < count; at++) this.mayHaveHistograms ||= isHistogram(column.words, at)
  }
}

// 256 series: a quarter of a millisecond of work between two looks at the clock.
const YIELD_EVERY = 256
