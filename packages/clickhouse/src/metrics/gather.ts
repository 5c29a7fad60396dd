import { STALE_HIGH, STALE_LOW } from '@oriel/model'
import type { NativeBlock } from '../native/index.ts'
import type { SeriesTable } from './series-table.ts'

/** Samples by series, as `SeriesSamples` without labels; `counts[i]` of series i may be 0. */
export interface GatheredSamples {
  readonly offsets: Uint32Array
  readonly tMs: Float64Array
  readonly values: Float64Array
  readonly stale: Uint8Array
  /** Two rows of one series and time had different values, and nothing said which was written later. */
  readonly hasConflict: boolean
}

/**
 * Sorts rows that come in any order into series, each in time order, duplicates collapsed. A hot path (bench/HOTPATHS.md).
 *
 * Add blocks with columns `s` (64 bits of the series' id), `at` (milliseconds since `startMs`), `value` and perhaps `rank`
 * (rises with the order of writing), then `finish` once. Rows of unknown series are left out.
 */
export class Gatherer {
  rows = 0
  readonly #table: SeriesTable
  readonly #startMs: number
  readonly #counts: Uint32Array
  readonly #blocks: GatheredBlock[] = []

  constructor(table: SeriesTable, seriesCount: number, startMs: number) {
    this.#table = table
    this.#startMs = startMs
    this.#counts = new Uint32Array(seriesCount)
  }

  add(block: NativeBlock, { hasRank }: { readonly hasRank: boolean }): void {
    const words = block.words('s')
    const series = new Int32Array(block.rows)
    let low = -1
    let high = -1
    let current = -1
    for (let row = 0; row < block.rows; row++) {
      // Rows come in runs of one series: most look-ups are this comparison.
      if (words[2 * row] !== low || words[2 * row + 1] !== high) {
        low = words[2 * row]!
        high = words[2 * row + 1]!
        current = this.#table.find(low, high)
      }
      series[row] = current
      if (current >= 0) {
        this.#counts[current]!++
        this.rows++
      }
    }
    const ranks = hasRank ? block.doubles('rank') : undefined
    this.#blocks.push({ series, at: block.numbers('at'), values: block.doubles('value'), ranks })
  }

  finish(): GatheredSamples {
    const offsets = offsetsOf(this.#counts)
    const tMs = new Float64Array(this.rows)
    const values = new Float64Array(this.rows)
    const ranks = this.#blocks.some((block) => block.ranks !== undefined) ? new Float64Array(this.rows) : undefined
    const next = offsets.slice(0, -1)
    for (const block of this.#blocks) scatter(block, this.#startMs, next, { tMs, values, ranks })
    this.#blocks.length = 0
    return collapse(offsets, tMs, values, ranks)
  }
}

interface GatheredBlock {
  readonly series: Int32Array
  readonly at: ArrayLike<number>
  readonly values: Float64Array
  readonly ranks: Float64Array | undefined
}

interface Target {
  readonly tMs: Float64Array
  readonly values: Float64Array
  readonly ranks: Float64Array | undefined
}

function offsetsOf(counts: Uint32Array): Uint32Array {
  const offsets = new Uint32Array(counts.length + 1)
  for (let i = 0; i < counts.length; i++) offsets[i + 1] = offsets[i]! + counts[i]!
  return offsets
}

/** Copies rows to the next free place of their series. Values move as words, so that the bits of a NaN survive. */
function scatter(block: GatheredBlock, startMs: number, next: Uint32Array, { tMs, values, ranks }: Target): void {
  const { series, at: offsetMs } = block
  const from = new Uint32Array(block.values.buffer, block.values.byteOffset, 2 * block.values.length)
  const to = new Uint32Array(values.buffer)
  for (let row = 0; row < series.length; row++) {
    const i = series[row]!
    if (i < 0) continue
    const at = next[i]!
    next[i] = at + 1
    tMs[at] = startMs + offsetMs[row]!
    to[2 * at] = from[2 * row]!
    to[2 * at + 1] = from[2 * row + 1]!
    if (ranks !== undefined && block.ranks !== undefined) ranks[at] = block.ranks[row]!
  }
}

/** Brings each series into time order, drops duplicates, and marks stale samples. Works in place. */
function collapse(
  offsets: Uint32Array,
  tMs: Float64Array,
  values: Float64Array,
  ranks: Float64Array | undefined,
): GatheredSamples {
  const words = new Uint32Array(values.buffer)
  const stale = new Uint8Array(tMs.length)
  let hasConflict = false
  let write = 0
  let start = 0
  for (let i = 0; i < offsets.length - 1; i++) {
    const end = offsets[i + 1]!
    if (!isRising(tMs, start, end)) sortSlice(start, end, { tMs, values, ranks })
    const first = write
    for (let read = start; read < end; read++) {
      const isRepeat = write > first && tMs[write - 1] === tMs[read]
      if (isRepeat && (words[2 * write - 2] !== words[2 * read] || words[2 * write - 1] !== words[2 * read + 1])) {
        hasConflict = true
      }
      if (isRepeat) write--
      tMs[write] = tMs[read]!
      words[2 * write] = words[2 * read]!
      words[2 * write + 1] = words[2 * read + 1]!
      stale[write] = words[2 * write] === STALE_LOW && words[2 * write + 1] === STALE_HIGH ? 1 : 0
      write++
    }
    offsets[i + 1] = write
    start = end
  }
  const isShorter = write < tMs.length
  return {
    offsets,
    tMs: isShorter ? tMs.slice(0, write) : tMs,
    values: isShorter ? values.slice(0, write) : values,
    stale: isShorter ? stale.slice(0, write) : stale,
    hasConflict: hasConflict && ranks === undefined,
  }
}

function isRising(tMs: Float64Array, start: number, end: number): boolean {
  for (let i = start + 1; i < end; i++) if (tMs[i - 1]! >= tMs[i]!) return false
  return true
}

/** Sorts by time, then by rank: of equal times the last written comes last, and stays. */
function sortSlice(start: number, end: number, { tMs, values, ranks }: Target): void {
  const order = Uint32Array.from({ length: end - start }, (_, i) => start + i)
  if (ranks === undefined) order.sort((a, b) => tMs[a]! - tMs[b]! || a - b)
  else order.sort((a, b) => tMs[a]! - tMs[b]! || ranks[a]! - ranks[b]!)
  const sortedT = Float64Array.from(order, (at) => tMs[at]!)
  tMs.set(sortedT, start)
  const words = new Uint32Array(values.buffer)
  const sorted = new Uint32Array(2 * order.length)
  for (let i = 0; i < order.length; i++) {
    sorted[2 * i] = words[2 * order[i]!]!
    sorted[2 * i + 1] = words[2 * order[i]! + 1]!
  }
  words.set(sorted, 2 * start)
}
