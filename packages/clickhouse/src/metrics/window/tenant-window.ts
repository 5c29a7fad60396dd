import type { SampleColumns } from '@oriel/model'
import { signedAt } from '@oriel/model'
import type { Segment } from './segment.ts'
import type { SealedTail } from './seal.ts'
import { mergeSegments, sealTail } from './seal.ts'
import { SeriesRefs } from './series-refs.ts'
import { hourOf, sliceOf, SLICES_AN_HOUR } from './time-slices.ts'
import { Tail } from './tail.ts'

/** Ids, times and values of samples as raw words: four, two and two a row. Times are milliseconds, low word first. */
export interface SampleWords {
  readonly rows: number
  readonly ids: Uint32Array
  readonly times: Uint32Array
  readonly values: Uint32Array
}

/** What a read looks at: it stays as it is while more is written, compressed and dropped. */
export interface WindowSnapshot {
  /** By time, and in the order of writing where they overlap. */
  readonly segments: readonly Segment[]
  /** In the order of writing, all of it after that of the segments; rows from `rows` on came later. */
  readonly tails: readonly { readonly tail: Tail; readonly rows: number }[]
}

/** The recent samples of one tenant: a tail of rows as they come, and compressed segments by slice of time. */
export class TenantWindow {
  readonly refs: SeriesRefs = new SeriesRefs()
  /** Greatest time of any sample. */
  newestMs: number = -Infinity
  #open = new Tail()
  #frozen: Tail[] = []
  readonly #loading = new Set<Tail>()
  readonly #slices = new Map<number, Slice>()
  #segmentBytes = 0

  get byteLength(): number {
    let bytes = this.#segmentBytes + this.refs.byteLength + this.#open.byteLength
    for (const tail of this.#frozen) bytes += tail.byteLength
    return bytes
  }

  get tailBytes(): number {
    return this.#open.byteLength
  }

  /** Rows held, those written twice counted twice. */
  get rows(): number {
    let { rows } = this.#open
    for (const tail of this.#frozen) rows += tail.rows
    for (const { segments } of this.#slices.values()) for (const segment of segments) rows += segment.rows
    return rows
  }

  /** The last slice of time of what is oldest. */
  get oldestSlice(): number {
    let oldest = Infinity
    for (const [first, { span }] of this.#slices) oldest = Math.min(oldest, first + span - 1)
    return oldest
  }

  get isEmpty(): boolean {
    return this.#slices.size === 0 && this.#frozen.length === 0 && this.#loading.size === 0 && this.#open.rows === 0
  }

  /** Whether there is work for `maintain`. */
  get needsWork(): boolean {
    return this.#frozen.length > 0 || this.#sliceToMerge() !== undefined || this.#hourToMerge() !== undefined
  }

  /** Takes in samples from `floorMs` on, in the order of writing. */
  append(samples: SampleColumns, floorMs: number): void {
    const { rows } = samples
    const words = { rows, ids: samples.seriesId.words, times: samples.tMs.words, values: samples.values.words }
    const tail = this.#open
    appendRows(tail, this.refs, words, floorMs)
    if (tail.maxMs > this.newestMs) this.newestMs = tail.maxMs
    if (tail.rows >= Math.max(LEAST_SEALED_ROWS, CHUNK_ROWS * this.refs.size) || tail.maxMs - tail.minMs > MOST_TAIL_MS) {
      this.freeze()
    }
  }

  /** Closes the open tail, so that it can be compressed. */
  freeze(): void {
    if (this.#open.rows === 0) return
    this.#frozen.push(this.#open)
    this.#open = new Tail(this.#open)
  }

  /** Compresses what is closed, oldest first, and merges small segments; yields every now and then. */
  *maintain(floorMs: () => number): Generator<undefined, void> {
    for (let tail = this.#frozen[0]; tail !== undefined; tail = this.#frozen[0]) {
      const sealed = yield* sealTail(tail, floorMs())
      if (this.#frozen[0] !== tail) continue
      this.#frozen.shift()
      tail.free()
      for (const [slice, segment] of sealed.segments) this.#add(slice, segment, 'last')
    }
    for (let slice = this.#sliceToMerge(); slice !== undefined; slice = this.#sliceToMerge()) yield* this.#merge(slice)
    for (let hour = this.#hourToMerge(); hour !== undefined; hour = this.#hourToMerge()) yield* this.#mergeHour(hour)
  }

  /** Begins to fill a tail that is not part of the window yet; `addOlder` or `abandon` must follow. */
  beginOlder(tail: Tail): void {
    this.#loading.add(tail)
  }

  /** Appends rows to a tail that `beginOlder` was told of. */
  appendOlder(tail: Tail, rows: SampleWords): void {
    appendRows(tail, this.refs, rows, -Infinity)
  }

  /** Takes in samples that were written before all that is held, such as those read back from the engine after a start. */
  addOlder(tail: Tail, { segments }: SealedTail): void {
    this.#loading.delete(tail)
    for (const [slice, segment] of segments) this.#add(slice, segment, 'first')
    if (tail.maxMs > this.newestMs) this.newestMs = tail.maxMs
  }

  /** Forgets a tail that was being filled; nothing happens when it was added. */
  abandon(tail: Tail): void {
    this.#loading.delete(tail)
  }

  /** Drops the slices that end before `floorMs`, and the numbers of series that are in nothing else. */
  dropBefore(floorMs: number): void {
    let isDropped = false
    for (const [slice, { segments, span }] of this.#slices) {
      if (slice + span > sliceOf(floorMs)) continue
      isDropped = true
      this.#slices.delete(slice)
      for (const segment of segments) this.#segmentBytes -= segment.byteLength
    }
    this.#frozen = this.#frozen.filter((tail) => tail.maxMs >= floorMs)
    if (this.#open.maxMs < floorMs) this.#open = new Tail()
    if (isDropped) this.#forgetSeries()
  }

  /** What is held of [startMs, endMs]. */
  snapshot(startMs: number, endMs: number): WindowSnapshot {
    const segments: Segment[] = []
    for (const slice of [...this.#slices.keys()].sort((a, b) => a - b)) {
      for (const segment of this.#slices.get(slice)!.segments) {
        if (segment.maxMs >= startMs && segment.minMs <= endMs) segments.push(segment)
      }
    }
    const tails = [...this.#frozen, this.#open].filter((tail) => tail.rows > 0 && tail.maxMs >= startMs && tail.minMs <= endMs)
    for (const each of [...segments, ...tails]) each.isShared = true
    return { segments, tails: tails.map((tail) => ({ tail, rows: tail.rows })) }
  }

  #add(number: number, segment: Segment, place: 'first' | 'last'): void {
    const hour = this.#slices.get(hourOf(number))
    const known = hour?.span === SLICES_AN_HOUR ? hour : this.#slices.get(number)
    const slice = known ?? { segments: [], span: 1, isMerged: false }
    if (known === undefined) this.#slices.set(number, slice)
    if (place === 'first') slice.segments.unshift(segment)
    else slice.segments.push(segment)
    this.#segmentBytes += segment.byteLength
  }

  /** A slice with many segments, or one that is over and was not merged yet. */
  #sliceToMerge(): number | undefined {
    for (const [number, { segments, isMerged }] of this.#slices) {
      if (segments.length < 2) continue
      if (segments.length >= MOST_SEGMENTS || (!isMerged && this.#isOver(number))) return number
    }
    return undefined
  }

  #isOver(slice: number): boolean {
    return slice < sliceOf(this.newestMs - MERGE_AFTER_MS)
  }

  /** The first slice of an hour that is over and has short chunks. */
  #hourToMerge(): number | undefined {
    for (const [number, { segments, span }] of this.#slices) {
      const hour = hourOf(number)
      if (span > 1 || !this.#isOver(hour + SLICES_AN_HOUR - 1)) continue
      // Asked after every write: most chunks are long, and tell at once.
      if (!segments.some(({ rows, refs }) => rows < SHORT_CHUNK_ROWS * refs.length)) continue
      if (this.#slicesOf(hour).length > 1) return hour
    }
    return undefined
  }

  #slicesOf(hour: number): Slice[] {
    const slices: Slice[] = []
    for (let number = hour; number < hour + SLICES_AN_HOUR; number++) {
      const slice = this.#slices.get(number)
      if (slice !== undefined) slices.push(slice)
    }
    return slices
  }

  /** Makes one segment of an hour: of samples a minute apart, slices hold too few to be worth a chunk each. */
  *#mergeHour(hour: number): Generator<undefined, void> {
    const before = this.#slicesOf(hour)
    const sources = before.flatMap(({ segments }) => segments)
    const merged = yield* mergeSegments(sources, hour)
    const now = this.#slicesOf(hour)
    // Some of it may have been dropped.
    if (!before.every((slice) => now.includes(slice))) return
    const whole: Slice = { segments: [merged], span: SLICES_AN_HOUR, isMerged: true }
    for (const { segments } of now) {
      // What came meanwhile stands before and behind.
      const at = segments.findIndex((segment) => sources.includes(segment))
      whole.segments.unshift(...segments.slice(0, Math.max(0, at)))
      whole.segments.push(...segments.slice(Math.max(0, at)).filter((segment) => !sources.includes(segment)))
    }
    for (let number = hour; number < hour + SLICES_AN_HOUR; number++) this.#slices.delete(number)
    this.#slices.set(hour, whole)
    this.#replace(sources, merged)
  }

  *#merge(number: number): Generator<undefined, void> {
    const slice = this.#slices.get(number)
    if (slice === undefined) return
    const sources = [...slice.segments]
    const merged = yield* mergeSegments(sources, number)
    // It may have been dropped, or older segments may have come in front.
    const at = slice.segments.indexOf(sources[0]!)
    if (this.#slices.get(number) !== slice || at === -1) return
    slice.segments.splice(at, sources.length, merged)
    slice.isMerged = this.#isOver(number)
    this.#replace(sources, merged)
  }

  #replace(sources: readonly Segment[], merged: Segment): void {
    this.#segmentBytes += merged.byteLength
    for (const source of sources) {
      this.#segmentBytes -= source.byteLength
      source.free()
    }
  }

  #forgetSeries(): void {
    const isUsed = new Uint8Array(this.refs.length)
    for (const { segments } of this.#slices.values()) {
      for (const { refs } of segments) for (const ref of refs) isUsed[ref] = 1
    }
    for (const { refs, rows } of [...this.#frozen, ...this.#loading, this.#open]) {
      for (let row = 0; row < rows; row++) isUsed[refs[row]!] = 1
    }
    this.refs.keepOnly(isUsed)
  }
}

/** Segments of one slice of time, or of the `span` slices of an hour. */
interface Slice {
  readonly segments: Segment[]
  readonly span: number
  isMerged: boolean
}

/** Appends rows from `floorMs` on. A hot path (bench/HOTPATHS.md): every sample written passes here. */
export function appendRows(tail: Tail, refs: SeriesRefs, { rows, ids, times, values }: SampleWords, floorMs: number): void {
  tail.reserve(rows, refs.length)
  const { refs: outRefs, tMs, words, prev } = tail
  let { lastOf, minMs, maxMs, rows: at } = tail
  let ref = -1
  for (let row = 0; row < rows; row++) {
    const t = signedAt(times, row)
    if (t < floorMs) continue
    if (refs.isAt(ref + 1, ids, row)) ref++
    else if (ref === -1 || !refs.isAt(ref, ids, row)) ref = refs.findOrAdd(ids, row)
    if (ref >= lastOf.length) {
      tail.reserve(0, ref + 1)
      ;({ lastOf } = tail)
    }
    outRefs[at] = ref
    tMs[at] = t
    words[2 * at] = values[2 * row]!
    words[2 * at + 1] = values[2 * row + 1]!
    prev[at] = lastOf[ref]!
    lastOf[ref] = ++at
    if (t < minMs) minMs = t
    if (t > maxMs) maxMs = t
  }
  tail.rows = at
  tail.minMs = minMs
  tail.maxMs = maxMs
}

// 16 samples a series: shorter chunks cost more for their heads than for their samples.
const CHUNK_ROWS = 16
// 64 Ki rows, 1.5 MB: compressing less at once is not worth its trouble.
const LEAST_SEALED_ROWS = 65_536
// 30 minutes: a tail that spans more makes a read of its end walk over its beginning.
const MOST_TAIL_MS = 1_800_000
// 8 segments: reads look into each, and merging more often costs more than it saves.
const MOST_SEGMENTS = 8
// 2 minutes after its end a slice is complete but for late data.
const MERGE_AFTER_MS = 120_000
// 32 samples: below it, finding and beginning a chunk takes longer than decoding it.
const SHORT_CHUNK_ROWS = 32
