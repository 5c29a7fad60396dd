import { HISTOGRAM_HIGH, HISTOGRAM_LOW, STALE_HIGH, STALE_LOW } from '@oriel/model'
import type { NativeBlock } from '../native/index.ts'
import { RunList } from './run-list.ts'
import type { SeriesTable } from './series-table.ts'
import { sortAndCollapse } from './collapse.ts'

/** Samples by series, as `SeriesSamples` without labels: series i owns positions `offsets[i]` to `offsets[i + 1]`, maybe none. */
export interface GatheredSamples {
  readonly offsets: Uint32Array
  readonly tMs: Float64Array
  readonly values: Float64Array
  readonly stale: Uint8Array
  /** Whether some of the values stand for native histograms. */
  readonly hasHistograms: boolean
  /** Two rows of one series and time had different values, and nothing said which was written later. */
  readonly hasConflict: boolean
}

/** Arrays being filled: all of one length; `ranks` where the order of writing was asked for. */
export interface SampleArrays {
  readonly tMs: Float64Array
  readonly values: Float64Array
  readonly ranks: Float64Array | undefined
}

/**
 * Sorts rows that come in any order into series, each in time order, duplicates collapsed. A hot path (bench/HOTPATHS.md).
 *
 * Add blocks with columns `s` (64 bits of the series' id), `at` (milliseconds since `startMs`), `value` and perhaps `rank`
 * (rises with the order of writing), then `finish` once. Rows of unknown series are left out.
 *
 * The engine's rows come in runs: a series, an hour and a part lie together in time order. So runs are found and moved, not rows.
 */
export class Gatherer {
  /** Rows of known series so far. */
  rows = 0
  readonly #table: SeriesTable
  readonly #startMs: number
  readonly #runs: RunList
  readonly #blocks: GatheredBlock[] = []

  constructor(table: SeriesTable, seriesCount: number, startMs: number) {
    this.#table = table
    this.#startMs = startMs
    this.#runs = new RunList(seriesCount)
  }

  add(block: NativeBlock, { hasRank }: { readonly hasRank: boolean }): void {
    const words = block.words('s')
    const at = block.numbers('at')
    const place = this.#blocks.length
    let start = 0
    while (start < block.rows) {
      const low = words[2 * start]!
      const high = words[2 * start + 1]!
      let end = start + 1
      // A run ends where the time turns back too, so that each run is in order by itself.
      while (end < block.rows && words[2 * end] === low && words[2 * end + 1] === high && at[end]! > at[end - 1]!) end++
      const series = this.#table.find(low, high)
      if (series >= 0) {
        this.#runs.push(series, place, start, end, at[start]!, at[end - 1]!)
        this.rows += end - start
      }
      start = end
    }
    const values = block.doubles('value')
    this.#blocks.push({ at, values, words: wordsOf(values), ranks: hasRank ? block.doubles('rank') : undefined })
  }

  finish(): GatheredSamples {
    const hasRank = this.#blocks.some(({ ranks }) => ranks !== undefined)
    const arrays: SampleArrays = {
      tMs: new Float64Array(this.rows),
      values: new Float64Array(this.rows),
      ranks: hasRank ? new Float64Array(this.rows) : undefined,
    }
    const words = wordsOf(arrays.values)
    const { offsets, overlapping } = this.#runs.arrange((place, start, end, to) => {
      const block = this.#blocks[place]!
      copyTimes(block.at, start, end, this.#startMs, arrays.tMs, to)
      copyValues(block, start, end, arrays.values, words, to)
      if (arrays.ranks !== undefined && block.ranks !== undefined) arrays.ranks.set(block.ranks.subarray(start, end), to)
    })
    this.#blocks.length = 0
    const collapsed = sortAndCollapse(arrays, offsets, overlapping)
    return { ...collapsed, ...findMarkers(collapsed.values) }
  }
}

interface GatheredBlock {
  readonly at: ArrayLike<number>
  readonly values: Float64Array
  /** The same bytes as `values`, two words a value. */
  readonly words: Uint32Array
  readonly ranks: Float64Array | undefined
}

function copyTimes(at: ArrayLike<number>, start: number, end: number, startMs: number, tMs: Float64Array, to: number): void {
  const shift = to - start
  for (let row = start; row < end; row++) tMs[row + shift] = startMs + at[row]!
}

// 64 values: below, the view that `set` needs costs more than the loop, and a query over fresh parts has 100,000s of short runs.
const SHORT_RUN = 64

// Words or bytes are moved, never numbers: the bits of a NaN must survive, which JavaScript does not promise of a number.
function copyValues(
  block: GatheredBlock,
  start: number,
  end: number,
  values: Float64Array,
  words: Uint32Array,
  to: number,
): void {
  if (end - start > SHORT_RUN) {
    values.set(block.values.subarray(start, end), to)
    return
  }
  const from = block.words
  const shift = 2 * (to - start)
  for (let word = 2 * start; word < 2 * end; word++) words[word + shift] = from[word]!
}

/** The same bytes, two words a value. */
export function wordsOf(values: Float64Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, 2 * values.length)
}

/** Whether position `at` of `words`, two a value, stands for a native histogram. */
export function isHistogram(words: Uint32Array, at: number): boolean {
  return words[2 * at] === HISTOGRAM_LOW && words[2 * at + 1] === HISTOGRAM_HIGH
}

function findMarkers(values: Float64Array): { readonly stale: Uint8Array; readonly hasHistograms: boolean } {
  const stale = new Uint8Array(values.length)
  const words = wordsOf(values)
  let hasHistograms = false
  for (let i = 0; i < values.length; i++) {
    const high = words[2 * i + 1]
    if (high === STALE_HIGH && words[2 * i] === STALE_LOW) stale[i] = 1
    else if (high === HISTOGRAM_HIGH) hasHistograms ||= isHistogram(words, i)
  }
  return { stale, hasHistograms }
}
