import type { Chunk } from './chunk.ts'
import { hoursOf, partsOf } from './chunk.ts'
import type { JournalSeries } from './series-order.ts'
import type { WordPool } from './word-pool.ts'
import { sampleHour, signedAt } from '@oriel/model'

/** Columns of samples as words: two, four, two and two a row. */
export interface SortedSamples {
  readonly rows: number
  readonly metricIds: Uint32Array
  readonly seriesIds: Uint32Array
  readonly times: Uint32Array
  readonly values: Uint32Array
}

/** Gives their memory back to where it is from. */
export function freeSorted({ metricIds, seriesIds, times, values }: SortedSamples, pool: WordPool): void {
  for (const words of [metricIds, seriesIds, times, values]) pool.give(words)
}

/**
 * The samples of chunks, in the order of writing, as blocks in the sort key's order: the engine then has nothing to sort. Of several with
 * one (series, time) only the last is left, as the engine could not tell their order any more.
 *
 * A block an hour; one for all where there are more than a few, which the engine sorts. Yields every now and then. A hot path
 * (bench/HOTPATHS.md).
 */
export function* sortedSamples(
  chunks: readonly Chunk[],
  series: JournalSeries,
  pool: WordPool,
): Generator<undefined, SortedSamples[]> {
  const order = yield* series.inOrder()
  const hours = hoursOf(chunks)
  if (hours.size === 1 || hours.size > MOST_HOURS) return [yield* sortedOf(chunks, order, { series, hour: undefined, pool })]
  const blocks: SortedSamples[] = []
  for (const hour of hours) blocks.push(yield* sortedOf(chunks, order, { series, hour, pool }))
  return blocks
}

interface Sorting {
  readonly series: JournalSeries
  /** Samples of one hour only. */
  readonly hour: number | undefined
  readonly pool: WordPool
}

function* sortedOf(
  chunks: readonly Chunk[],
  order: Uint32Array,
  { series, hour, pool }: Sorting,
): Generator<undefined, SortedSamples> {
  // First how many rows a series has, then where its next one goes.
  const places = pool.take(series.size).fill(0)
  let rows = 0
  for (const chunk of chunks) rows += yield* countRows(chunk, hour, places)
  const ends = pool.take(order.length)
  yield* findEnds(order, places, ends)
  const out = {
    times: pool.take(2 * rows),
    values: pool.take(2 * rows),
    metricIds: pool.take(2 * rows),
    seriesIds: pool.take(4 * rows),
  }
  for (const chunk of chunks) yield* placeRows(chunk, hour, places, out)
  const sorted = yield* withIds(order, ends, series, out)
  pool.give(places)
  pool.give(ends)
  return sorted
}

function* countRows({ words }: Chunk, hour: number | undefined, counts: Uint32Array): Generator<undefined, number> {
  const { refs, times } = partsOf(words)
  let rows = 0
  for (let row = 0; row < refs.length; row++) {
    if (hour !== undefined && hourAt(times, row) !== hour) continue
    counts[refs[row]!]!++
    rows++
  }
  yield
  return rows
}

/** Turns counts into first places, and finds where the rows of each series of the order end. */
function* findEnds(order: Uint32Array, counts: Uint32Array, ends: Uint32Array): Generator<undefined, void> {
  let at = 0
  for (let i = 0; i < order.length; i++) {
    const ref = order[i]!
    const count = counts[ref]!
    counts[ref] = at
    at += count
    ends[i] = at
    if ((i & YIELD_MASK) === YIELD_MASK) yield
  }
}

interface TimesAndValues {
  readonly times: Uint32Array
  readonly values: Uint32Array
}

function* placeRows(
  { words }: Chunk,
  hour: number | undefined,
  places: Uint32Array,
  out: TimesAndValues,
): Generator<undefined, void> {
  const { refs, times, values } = partsOf(words)
  for (let row = 0; row < refs.length; row++) {
    if (hour !== undefined && hourAt(times, row) !== hour) continue
    const at = 2 * places[refs[row]!]!++
    out.times[at] = times[2 * row]!
    out.times[at + 1] = times[2 * row + 1]!
    out.values[at] = values[2 * row]!
    out.values[at + 1] = values[2 * row + 1]!
    if ((row & YIELD_MASK) === YIELD_MASK) yield
  }
  yield
}

/** Adds the ids, brings each series' rows into the order of time and closes the gaps that replaced rows leave. */
function* withIds(
  order: Uint32Array,
  ends: Uint32Array,
  series: JournalSeries,
  rows: Omit<SortedSamples, 'rows'>,
): Generator<undefined, SortedSamples> {
  const { times, values, metricIds, seriesIds } = rows
  let to = 0
  let start = 0
  let done = 0
  for (let i = 0; i < order.length; i++) {
    const end = ends[i]!
    if (end === start) continue
    const from = to
    to = keepRun(rows, start, end, to)
    const ref = order[i]!
    const low = series.metricIds[2 * ref]!
    const high = series.metricIds[2 * ref + 1]!
    for (let row = from; row < to; row++) {
      metricIds[2 * row] = low
      metricIds[2 * row + 1] = high
      series.refs.copyId(ref, seriesIds, row)
    }
    start = end
    if (to - done > YIELD_MASK) {
      done = to
      yield
    }
  }
  return {
    rows: to,
    metricIds: metricIds.subarray(0, 2 * to),
    seriesIds: seriesIds.subarray(0, 4 * to),
    times: times.subarray(0, 2 * to),
    values: values.subarray(0, 2 * to),
  }
}

/** Moves rows [start, end) of one series to `to`, by time, the last of each time only; returns where they end. */
function keepRun({ times, values }: TimesAndValues, start: number, end: number, to: number): number {
  if (!isRising(times, start, end)) sortRun({ times, values }, start, end)
  let at = to
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
  for (let row = start + 1; row < end; row++) if (signedAt(times, row) < signedAt(times, row - 1)) return false
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
