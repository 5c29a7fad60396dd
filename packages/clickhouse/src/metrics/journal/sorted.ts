import { sampleHour, signedAt } from '@oriel/model'
import { inSlices } from '@oriel/store'
import type { Chunk } from './chunk.ts'
import { hoursOf, partsOf } from './chunk.ts'
import type { JournalSeries } from './series-order.ts'
import type { SampleRows } from '../sample-block.ts'
import type { WordPool } from './word-pool.ts'

/**
 * The samples of chunks, in the order of writing, as blocks in the sort key's order: the engine then has nothing to sort. Of several with
 * one (series, time) only the last is left, as the engine could not tell their order any more.
 *
 * Hour by hour; all together where there are more than a few, which the engine sorts. A block is good until the next one is asked for.
 * A hot path (bench/HOTPATHS.md).
 */
export async function* sortedSamples(
  chunks: readonly Chunk[],
  series: JournalSeries,
  pool: WordPool,
): AsyncGenerator<SampleRows, void, undefined> {
  const order = await inSlices(series.inOrder())
  const hours = hoursOf(chunks)
  const isTogether = hours.size === 1 || hours.size > MOST_HOURS
  for (const hour of isTogether ? [undefined] : hours) yield* sortedOf(chunks, order, { series, hour, pool })
}

interface Sorting {
  readonly series: JournalSeries
  /** Samples of one hour only. */
  readonly hour: number | undefined
  readonly pool: WordPool
}

async function* sortedOf(
  chunks: readonly Chunk[],
  order: Uint32Array,
  { series, hour, pool }: Sorting,
): AsyncGenerator<SampleRows, void, undefined> {
  const rows = new ChunkRows(chunks, hour)
  // First how many rows a series has, then where its next one goes.
  const places = pool.take(series.size).fill(0)
  const ends = pool.take(order.length)
  await inSlices(rows.count(places))
  const longest = await inSlices(findEnds(order, places, ends))
  const numbers = pool.take(ends.at(-1) ?? 0)
  await inSlices(rows.place(places, numbers))
  const room = Math.max(longest, Math.min(numbers.length, BLOCK_ROWS))
  const block = new Block(series, room, pool)
  try {
    for (let next = 0; next < order.length;) {
      next = await inSlices(block.fill(rows, { order, ends, numbers }, next))
      if (block.rows > 0) yield block.samples()
    }
  } finally {
    for (const words of [places, ends, numbers]) pool.give(words)
    block.free(pool)
  }
}

/** Turns counts into first places, and finds where the rows of each series of the order end; returns the most that one has. */
function* findEnds(order: Uint32Array, counts: Uint32Array, ends: Uint32Array): Generator<undefined, number> {
  let at = 0
  let longest = 0
  for (let i = 0; i < order.length; i++) {
    const ref = order[i]!
    const count = counts[ref]!
    counts[ref] = at
    at += count
    ends[i] = at
    if (count > longest) longest = count
    if ((i & YIELD_MASK) === YIELD_MASK) yield
  }
  return longest
}

/** The rows of chunks by number. A number is that of a page, which belongs to one chunk, and a place in it. */
class ChunkRows {
  readonly #hour: number | undefined
  readonly #chunks: { readonly parts: ReturnType<typeof partsOf>; readonly first: number }[] = []
  /** By page: the times and values of its chunk, and the number of the chunk's first row. */
  readonly #times: Uint32Array[] = []
  readonly #values: Uint32Array[] = []
  readonly #firsts: number[] = []

  /** The rows of one hour, or all. */
  constructor(chunks: readonly Chunk[], hour: number | undefined) {
    this.#hour = hour
    for (const { words } of chunks) {
      const parts = partsOf(words)
      const first = PAGE_ROWS * this.#firsts.length
      this.#chunks.push({ parts, first })
      for (let row = 0; row < parts.refs.length; row += PAGE_ROWS) {
        this.#times.push(parts.times)
        this.#values.push(parts.values)
        this.#firsts.push(first)
      }
    }
  }

  /** Adds the rows of each series to its count. */
  *count(counts: Uint32Array): Generator<undefined, void> {
    const hour = this.#hour
    for (const { parts } of this.#chunks) {
      const { refs, times } = parts
      for (let row = 0; row < refs.length; row++) {
        if (hour !== undefined && hourAt(times, row) !== hour) continue
        counts[refs[row]!]!++
        if ((row & YIELD_MASK) === YIELD_MASK) yield
      }
    }
  }

  /** Writes the number of each row to the next place of its series. */
  *place(places: Uint32Array, numbers: Uint32Array): Generator<undefined, void> {
    const hour = this.#hour
    for (const { parts, first } of this.#chunks) {
      const { refs, times } = parts
      for (let row = 0; row < refs.length; row++) {
        if (hour !== undefined && hourAt(times, row) !== hour) continue
        numbers[places[refs[row]!]!++] = first + row
        if ((row & YIELD_MASK) === YIELD_MASK) yield
      }
    }
  }

  /** Copies the rows `numbers[start, end)` to `to`. */
  copy(numbers: Uint32Array, start: number, end: number, out: TimesAndValues, to: number): void {
    for (let i = start, at = 2 * to; i < end; i++, at += 2) {
      const number = numbers[i]!
      const page = number >>> PAGE_BITS
      const from = 2 * (number - this.#firsts[page]!)
      const times = this.#times[page]!
      const values = this.#values[page]!
      out.times[at] = times[from]!
      out.times[at + 1] = times[from + 1]!
      out.values[at] = values[from]!
      out.values[at + 1] = values[from + 1]!
    }
  }
}

interface TimesAndValues {
  readonly times: Uint32Array
  readonly values: Uint32Array
}

/** Numbers of rows by series, in the order of the sort key; those of series i of the order end at `ends[i]`. */
interface RowOrder {
  readonly order: Uint32Array
  readonly ends: Uint32Array
  readonly numbers: Uint32Array
}

/** One block after the other, in the same memory. */
class Block implements TimesAndValues {
  rows = 0
  readonly times: Uint32Array
  readonly values: Uint32Array
  readonly #metricIds: Uint32Array
  readonly #seriesIds: Uint32Array
  readonly #series: JournalSeries
  readonly #room: number

  constructor(series: JournalSeries, room: number, pool: WordPool) {
    this.#series = series
    this.#room = room
    this.times = pool.take(2 * room)
    this.values = pool.take(2 * room)
    this.#metricIds = pool.take(2 * room)
    this.#seriesIds = pool.take(4 * room)
  }

  /** Takes in the rows of series `next` of the order and of those after it, as long as there is room; returns which is the next one. */
  *fill(rows: ChunkRows, { order, ends, numbers }: RowOrder, next: number): Generator<undefined, number> {
    let start = next === 0 ? 0 : ends[next - 1]!
    let to = 0
    let i = next
    for (; i < order.length; i++) {
      if ((i & SERIES_MASK) === SERIES_MASK) yield
      const end = ends[i]!
      if (end === start) continue
      const copied = to + end - start
      if (copied > this.#room) break
      rows.copy(numbers, start, end, this, to)
      const kept = keepRun(this, to, copied)
      this.#nameRows(order[i]!, to, kept)
      to = kept
      start = end
    }
    this.rows = to
    return i
  }

  samples(): SampleRows {
    const { rows } = this
    return {
      rows,
      metricIds: this.#metricIds.subarray(0, 2 * rows),
      seriesIds: this.#seriesIds.subarray(0, 4 * rows),
      times: this.times.subarray(0, 2 * rows),
      values: this.values.subarray(0, 2 * rows),
    }
  }

  free(pool: WordPool): void {
    for (const words of [this.times, this.values, this.#metricIds, this.#seriesIds]) pool.give(words)
  }

  #nameRows(ref: number, from: number, to: number): void {
    const { metricIds, refs } = this.#series
    const low = metricIds[2 * ref]!
    const high = metricIds[2 * ref + 1]!
    for (let row = from; row < to; row++) {
      this.#metricIds[2 * row] = low
      this.#metricIds[2 * row + 1] = high
      refs.copyId(ref, this.#seriesIds, row)
    }
  }
}

/** Brings rows [start, end) of one series into the order of time, the last of each time only; returns where they end. */
function keepRun({ times, values }: TimesAndValues, start: number, end: number): number {
  if (isRising(times, start, end)) return end
  sortRun({ times, values }, start, end)
  let at = start
  for (let row = start; row < end; row++) {
    const isReplaced = row + 1 < end && times[2 * row] === times[2 * row + 2] && times[2 * row + 1] === times[2 * row + 3]
    if (isReplaced) continue
    if (at !== row) {
      times[2 * at] = times[2 * row]!
      times[2 * at + 1] = times[2 * row + 1]!
      values[2 * at] = values[2 * row]!
      values[2 * at + 1] = values[2 * row + 1]!
    }
    at++
  }
  return at
}

function isRising(times: Uint32Array, start: number, end: number): boolean {
  for (let row = start + 1; row < end; row++) if (signedAt(times, row) <= signedAt(times, row - 1)) return false
  return true
}

/** Stable: of equal times the one written later stays later. */
function sortRun({ times, values }: TimesAndValues, start: number, end: number): void {
  const rows = Array.from({ length: end - start }, (_, i) => start + i)
  rows.sort((a, b) => signedAt(times, a) - signedAt(times, b))
  const oldTimes = times.slice(2 * start, 2 * end)
  const oldValues = values.slice(2 * start, 2 * end)
  for (const [i, row] of rows.entries()) {
    const from = 2 * (row - start)
    times.set(oldTimes.subarray(from, from + 2), 2 * (start + i))
    values.set(oldValues.subarray(from, from + 2), 2 * (start + i))
  }
}

function hourAt(times: Uint32Array, row: number): number {
  return sampleHour(signedAt(times, row))
}

// 4 hours: late data and a full hour's turn; each is a pass over the rows.
const MOST_HOURS = 4
const YIELD_MASK = 0xffff
const SERIES_MASK = 0xfff
// 256 Ki rows, 10 MB: the engine puts blocks together again.
const BLOCK_ROWS = 262_144
const PAGE_BITS = 12
const PAGE_ROWS = 2 ** PAGE_BITS
