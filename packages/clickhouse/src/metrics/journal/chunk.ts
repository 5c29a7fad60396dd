import type { SampleColumns } from '@oriel/model'
import { sampleHour, signedAt } from '@oriel/model'
import type { JournalSeries } from './series-order.ts'

/**
 * Samples of one tenant and commit as words, the form in which they lie in the table and in memory until they are moved.
 *
 * `SERIES`, `ROWS`, then for each series that its generation had not named before seven words (number, metric id, series id), then the
 * numbers of the rows' series, their times (two words, low first) and their values (two words).
 */
export interface Chunk {
  readonly words: Uint32Array
  readonly rows: number
  /** Least and greatest time. */
  readonly minMs: number
  readonly maxMs: number
}

const HEAD_WORDS = 2
const SERIES_WORDS = 7

/** Where the parts of a chunk lie. */
export function partsOf(words: Uint32Array): {
  readonly series: Uint32Array
  readonly refs: Uint32Array
  readonly times: Uint32Array
  readonly values: Uint32Array
} {
  const [named = 0, rows = 0] = words
  const refsAt = HEAD_WORDS + SERIES_WORDS * named
  const timesAt = refsAt + rows
  return {
    series: words.subarray(HEAD_WORDS, refsAt),
    refs: words.subarray(refsAt, timesAt),
    times: words.subarray(timesAt, timesAt + 2 * rows),
    values: words.subarray(timesAt + 2 * rows, timesAt + 4 * rows),
  }
}

/**
 * Puts samples into a chunk. A hot path (bench/HOTPATHS.md): every sample passes here once.
 *
 * `isNamed` says by number which series the generation's chunks have named; it is brought up to date, and returned anew where it grew.
 */
export function makeChunk(
  samples: SampleColumns,
  series: JournalSeries,
  isNamed: Uint8Array,
): { chunk: Chunk; isNamed: Uint8Array } {
  const { rows } = samples
  const ids = samples.seriesId.words
  const metricIds = samples.metricId.words
  const times = samples.tMs.words
  const refs = scratchOf(rows)
  const fresh: number[] = []
  let [ref, minMs, maxMs] = [-1, Infinity, -Infinity]
  for (let row = 0; row < rows; row++) {
    ref = series.refOf(ids, metricIds, row, ref)
    refs[row] = ref
    if (isNamed[ref] !== 1) {
      if (ref >= isNamed.length) isNamed = grown(isNamed, ref + 1)
      isNamed[ref] = 1
      fresh.push(row)
    }
    const t = signedAt(times, row)
    if (t < minMs) minMs = t
    if (t > maxMs) maxMs = t
  }
  const words = new Uint32Array(HEAD_WORDS + SERIES_WORDS * fresh.length + 5 * rows)
  words[0] = fresh.length
  words[1] = rows
  const parts = partsOf(words)
  for (const [i, row] of fresh.entries()) {
    const at = SERIES_WORDS * i
    parts.series[at] = refs[row]!
    parts.series.set(metricIds.subarray(2 * row, 2 * row + 2), at + 1)
    parts.series.set(ids.subarray(4 * row, 4 * row + 4), at + 3)
  }
  parts.refs.set(refs)
  parts.times.set(times)
  parts.values.set(samples.values.words)
  return { chunk: { words, rows, minMs, maxMs }, isNamed }
}

/**
 * A chunk read back from the table, its numbers those of `series`. `renamed` holds what the generation's chunks before it named, by
 * their numbers, and is added to.
 */
export function readChunk(words: Uint32Array, series: JournalSeries, renamed: Map<number, number>): Chunk {
  const parts = partsOf(words)
  for (let at = 0; at < parts.series.length; at += SERIES_WORDS) {
    const ref = series.refOf(parts.series.slice(at + 3, at + 7), parts.series.slice(at + 1, at + 3), 0, -1)
    renamed.set(parts.series[at]!, ref)
  }
  let [minMs, maxMs] = [Infinity, -Infinity]
  for (let row = 0; row < parts.refs.length; row++) {
    parts.refs[row] = renamed.get(parts.refs[row]!)!
    const t = signedAt(parts.times, row)
    if (t < minMs) minMs = t
    if (t > maxMs) maxMs = t
  }
  return { words, rows: parts.refs.length, minMs, maxMs }
}

/** Hours (see `sampleHour`) that samples of chunks lie in. */
export function hoursOf(chunks: Iterable<Chunk>): ReadonlySet<number> {
  const hours = new Set<number>()
  for (const { words, minMs, maxMs } of chunks) {
    const first = sampleHour(minMs)
    if (first === sampleHour(maxMs)) hours.add(first)
    else addHours(partsOf(words).times, hours)
  }
  return hours
}

/** Adds the hours of times, two words each. */
export function addHours(times: Uint32Array, hours: Set<number>): void {
  let last = -1
  for (let row = 0; 2 * row < times.length; row++) {
    const hour = sampleHour(signedAt(times, row))
    if (hour === last) continue
    last = hour
    hours.add(hour)
  }
}

let scratch = new Uint32Array(0)

/** Room for so many words, in use until it is asked for again. */
function scratchOf(words: number): Uint32Array {
  if (words > scratch.length) scratch = new Uint32Array(Math.max(1_024, words, 2 * scratch.length))
  return scratch.subarray(0, words)
}

function grown(from: Uint8Array, length: number): Uint8Array {
  const to = new Uint8Array(Math.max(1_024, length, 2 * from.length))
  to.set(from)
  return to
}
