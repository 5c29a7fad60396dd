import type { SampleArrays } from '../gather.ts'
import { sortAndCollapse } from '../collapse.ts'
import type { Segment, SegmentRoom } from './segment.ts'
import { SegmentBuilder } from './segment.ts'
import type { Tail } from './tail.ts'
import { sliceOf, sliceStartMs } from './time-slices.ts'
import type { ValueColumn } from './value-codec.ts'
import { makeValueColumn } from './value-codec.ts'

/** A tail compressed. */
export interface SealedTail {
  /** One segment a slice of time. */
  readonly segments: ReadonlyMap<number, Segment>
  /** Two rows of one series and time had different values: the later one was kept. */
  readonly hasConflict: boolean
}

/**
 * Compresses the rows of a tail from `floorMs` on, duplicates collapsed to the last one. A hot path (bench/HOTPATHS.md).
 *
 * The tail must not change meanwhile; yields every now and then.
 */
export function* sealTail(tail: Tail, floorMs: number): Generator<undefined, SealedTail> {
  const builders = new Map<number, SegmentBuilder>()
  const scratch = new Scratch()
  const room = { series: seriesOf(tail), bytes: VALUE_BYTES * tail.rows }
  let hasConflict = false
  for (let ref = 0; ref < tail.lastOf.length; ref++) {
    if (ref % YIELD_EVERY === 0) yield
    if (tail.lastOf[ref] === 0) continue
    const rows = tail.count(ref, floorMs, Infinity, tail.rows)
    if (rows === 0) continue
    scratch.reserve(rows)
    tail.copy(ref, floorMs, Infinity, tail.rows, { ...scratch.out, to: 0, count: rows })
    const count = scratch.collapse(rows)
    hasConflict ||= scratch.hasConflict
    addBySlice(builders, ref, scratch, count, room)
  }
  const segments = new Map<number, Segment>()
  for (const [slice, builder] of builders) segments.set(slice, builder.finish())
  return { segments, hasConflict }
}

/** Merges segments of one slice, given in the order of writing, into one; yields every now and then. */
export function* mergeSegments(sources: readonly Segment[], slice: number): Generator<undefined, Segment> {
  const series = Math.max(...sources.map(({ refs }) => refs.length))
  const bytes = sources.reduce((sum, { valueBytes }) => sum + valueBytes, 0)
  const builder = new SegmentBuilder(sliceStartMs(slice), { series, bytes })
  const scratch = new Scratch()
  const next = new Uint32Array(sources.length)
  for (let step = 0; ; step++) {
    if (step % YIELD_EVERY === 0) yield
    const ref = leastRef(sources, next)
    if (ref === Infinity) return builder.finish()
    let rows = 0
    for (const [i, source] of sources.entries()) if (source.refs[next[i]!] === ref) rows += source.countOf(next[i]!)
    scratch.reserve(rows)
    let to = 0
    for (const [i, source] of sources.entries()) {
      const chunk = next[i]!
      if (source.refs[chunk] !== ref) continue
      source.decode(chunk, scratch.tMs, scratch.column, to)
      to += source.countOf(chunk)
      next[i]!++
    }
    builder.add(ref, scratch.tMs, scratch.column, 0, scratch.collapse(rows))
  }
}

/** How many series have rows in a tail. */
function seriesOf({ lastOf }: Tail): number {
  let series = 0
  for (const last of lastOf) if (last !== 0) series++
  return series
}

function leastRef(sources: readonly Segment[], next: Uint32Array): number {
  let least = Infinity
  for (let i = 0; i < sources.length; i++) {
    const ref = sources[i]!.refs[next[i]!]
    if (ref !== undefined && ref < least) least = ref
  }
  return least
}

/** The samples of one series, on their way from rows to a chunk. */
class Scratch {
  tMs: Float64Array = new Float64Array(1_024)
  column: ValueColumn = makeValueColumn(1_024)
  hasConflict = false

  get out(): { readonly tMs: Float64Array; readonly column: ValueColumn } {
    return this
  }

  /** Makes room for `rows`; what was there is gone. */
  reserve(rows: number): void {
    if (rows <= this.tMs.length) return
    this.tMs = new Float64Array(2 * rows)
    this.column = makeValueColumn(2 * rows)
  }

  /** Brings the first `rows` into time order, of equal times the last one; how many remain. */
  collapse(rows: number): number {
    this.hasConflict = false
    if (rises(this.tMs, 0, rows)) return rows
    const { hasConflict, length } = collapseRows(this.tMs, this.column, 0, rows)
    this.hasConflict = hasConflict
    return length
  }
}

/** Whether times rise strictly in [from, to). */
export function rises(tMs: Float64Array, from: number, to: number): boolean {
  for (let i = from + 1; i < to; i++) if (tMs[i]! <= tMs[i - 1]!) return false
  return true
}

/** Brings [from, to) into time order, of equal times the one that stands last, from `from` on; how many remain. */
export function collapseRows(
  tMs: Float64Array,
  { values }: ValueColumn,
  from: number,
  to: number,
): { readonly length: number; readonly hasConflict: boolean } {
  const arrays: SampleArrays = { tMs: tMs.slice(from, to), values: values.slice(from, to), ranks: undefined }
  const collapsed = sortAndCollapse(arrays, Uint32Array.of(0, to - from), [0])
  const length = collapsed.offsets[1]!
  tMs.set(collapsed.tMs.subarray(0, length), from)
  values.set(collapsed.values.subarray(0, length), from)
  return { length, hasConflict: collapsed.hasConflict }
}

function addBySlice(
  builders: Map<number, SegmentBuilder>,
  ref: number,
  { tMs, column }: Scratch,
  count: number,
  room: SegmentRoom,
): void {
  for (let from = 0; from < count;) {
    const slice = sliceOf(tMs[from]!)
    const endMs = sliceStartMs(slice + 1)
    let to = from + 1
    while (to < count && tMs[to]! < endMs) to++
    let builder = builders.get(slice)
    if (builder === undefined) builders.set(slice, (builder = new SegmentBuilder(sliceStartMs(slice), room)))
    builder.add(ref, tMs, column, from, to - from)
    from = to
  }
}

// 512 series: about half a millisecond of work between two looks at the clock.
const YIELD_EVERY = 512
// 4 bytes a value: what grows more slowly takes less, and room that is not written to is no memory.
const VALUE_BYTES = 4
