import type { SampleColumns } from '@oriel/model'
import { sampleHour, signedAt } from '@oriel/model'
import type { JournalSeries } from './series-order.ts'
import type { WordPool } from './word-pool.ts'

/**
 * Samples of one tenant and commit as words, the form in which they lie in the table and in memory until they are moved.
 *
 * `SERIES`, `ROWS`, then for each series that its generation had not named before seven words (number, metric id, series id), then the
 * numbers of the rows' series, their times (two words, low first) and their values (two words).
 */
export interface Chunk {
  readonly words: Uint32Array
  readonly rows: number
  /** Series that it names. */
  readonly named: number
  /** Least and greatest time. */
  readonly minMs: number
  readonly maxMs: number
}

/** What a chunk is made in. */
interface ChunkPlace {
  readonly series: JournalSeries
  /** The number of its generation. */
  readonly generation: number
  /** Where its words are from. */
  readonly pool: WordPool
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
 * Puts samples into a chunk of the generation. A hot path (bench/HOTPATHS.md): every sample passes here once.
 *
 * Names the series that chunks of the generation have not named yet.
 */
export function makeChunk(samples: SampleColumns, { series, generation, pool }: ChunkPlace): Chunk {
  const { rows } = samples
  const ids = samples.seriesId.words
  const metricIds = samples.metricId.words
  const times = samples.tMs.words
  const scratch = scratchOf(2 * rows)
  const refs = scratch.subarray(0, rows)
  /** Rows that are the first of their series. */
  const fresh = scratch.subarray(rows)
  let named = 0
  let [ref, minMs, maxMs] = [-1, Infinity, -Infinity]
  for (let row = 0; row < rows; row++) {
    ref = series.refOf(ids, metricIds, row, ref)
    refs[row] = ref
    if (series.namedIn[ref] !== generation) {
      series.namedIn[ref] = generation
      fresh[named++] = row
    }
    const t = signedAt(times, row)
    if (t < minMs) minMs = t
    if (t > maxMs) maxMs = t
  }
  const words = pool.take(HEAD_WORDS + SERIES_WORDS * named + 5 * rows)
  words[0] = named
  words[1] = rows
  const parts = partsOf(words)
  for (let i = 0, at = 0; i < named; i++, at += SERIES_WORDS) {
    const row = fresh[i]!
    parts.series[at] = refs[row]!
    parts.series[at + 1] = metricIds[2 * row]!
    parts.series[at + 2] = metricIds[2 * row + 1]!
    for (let word = 0; word < 4; word++) parts.series[at + 3 + word] = ids[4 * row + word]!
  }
  parts.refs.set(refs)
  parts.times.set(times)
  parts.values.set(samples.values.words)
  return { words, rows, named, minMs, maxMs }
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
  return { words, rows: parts.refs.length, named: words[0]!, minMs, maxMs }
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
