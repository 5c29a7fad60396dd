import { STALE_HIGH, STALE_LOW } from '@oriel/model'
import type { NativeBlock } from '../native/index.ts'
import { columnNumbers } from '../native/index.ts'
import { sortAndCollapse } from './collapse.ts'
import { isHistogram, wordsOf } from './gather.ts'
import type { SampleArrays } from './gather.ts'
import { RunList } from './run-list.ts'
import type { SeriesTable } from './series-table.ts'

/** Samples of many series in time order, those left out that no window needs. Series `series[i]` is at `offsets[i]..offsets[i + 1]`. */
export interface ThinnedSamples {
  readonly series: readonly number[]
  readonly offsets: Uint32Array
  readonly tMs: Float64Array
  readonly values: Float64Array
  readonly stale: Uint8Array
  /**
   * How many of the series' samples came before this one, those left out counted. Of a piece that does not list all it has, true
   * for its first and its last: no window begins or ends within it.
   */
  readonly ordinals: Float64Array
  /** Whether one time had two values and nothing told which was written later. */
  readonly hasConflict: boolean
  /** Whether a point stands for a native histogram. Those left out of a piece that lists its ends are not needed. */
  readonly hasHistograms: boolean
}

/** What blocks of pieces have beside `s`, `n`, `at` and `value`. */
export interface PieceColumns {
  /** `rank`: which was written later. */
  readonly hasRank: boolean
  /** `begin`: milliseconds since the range's start that the times of a piece are counted from. */
  readonly hasBegin?: boolean
}

/**
 * Sorts pieces that come in any order into series. A hot path (bench/HOTPATHS.md).
 *
 * Add blocks as `piecesStatement` gives them, then `finish` once.
 */
export class PieceGatherer {
  /** Samples listed so far. */
  points = 0
  readonly #table: SeriesTable
  readonly #startMs: number
  readonly #runs: RunList
  readonly #blocks: PieceBlock[] = []
  /** By piece: where it is, and how many samples it has, listed or not. */
  readonly #pieces: Pieces = { blocks: [], rows: [], series: [] }

  constructor(table: SeriesTable, seriesCount: number, startMs: number) {
    this.#table = table
    this.#startMs = startMs
    this.#runs = new RunList(seriesCount)
  }

  add(block: NativeBlock, { hasRank, hasBegin = false }: PieceColumns): void {
    const ids = block.words('s')
    const { ends, items } = block.lists('at')
    const at = columnNumbers(items)
    const values = doublesOf(block, 'value')
    const begins = hasBegin ? block.doubles('begin') : undefined
    const ranks = hasRank ? doublesOf(block, 'rank') : undefined
    const { blocks, rows, series: ofSeries } = this.#pieces
    const place = this.#blocks.length
    let start = 0
    for (let row = 0; row < block.rows; row++) {
      const end = ends[row]!
      const series = this.#table.find(ids[2 * row]!, ids[2 * row + 1]!)
      if (series >= 0 && end > start) {
        const begin = begins === undefined ? 0 : begins[row]!
        // Pieces of a series do not overlap, so any of its times tells a piece's place.
        this.#runs.push(series, blocks.length, start, end, begin + at[start]!, begin + at[start]!)
        blocks.push(place)
        rows.push(row)
        ofSeries.push(series)
        this.points += end - start
      }
      start = end
    }
    this.#blocks.push({ at, values, words: wordsOf(values), counts: block.numbers('n'), begins, ranks })
  }

  /** `keepsStale` is for instants; ranges do not see markers. */
  finish({ keepsStale }: { readonly keepsStale: boolean }): ThinnedSamples {
    const { blocks, rows } = this.#pieces
    const order = new Uint32Array(blocks.length)
    const offsets = new Uint32Array(blocks.length + 1)
    const hasRank = this.#blocks.some(({ ranks }) => ranks !== undefined)
    const arrays: SampleArrays = {
      tMs: new Float64Array(this.points),
      values: new Float64Array(this.points),
      ranks: hasRank ? new Float64Array(this.points) : undefined,
    }
    const words = wordsOf(arrays.values)
    const unsorted: number[] = []
    let place = 0
    this.#runs.arrange((piece, start, end, to) => {
      const block = this.#blocks[blocks[piece]!]!
      const begin = block.begins === undefined ? 0 : block.begins[rows[piece]!]!
      if (!copyPiece(block, { start, end, startMs: this.#startMs + begin }, arrays, words, to)) unsorted.push(place)
      order[place++] = piece
      offsets[place] = to + end - start
    })
    const collapsed = sortAndCollapse(arrays, offsets, unsorted)
    const counts = order.map((piece) => this.#blocks[blocks[piece]!]!.counts[rows[piece]!]!)
    const series = order.map((piece) => this.#pieces.series[piece]!)
    return thin({ series, counts, listed: offsets }, collapsed, keepsStale)
  }
}

interface Pieces {
  readonly blocks: number[]
  readonly rows: number[]
  readonly series: number[]
}

interface PieceBlock {
  readonly at: ArrayLike<number>
  readonly values: Float64Array
  /** The same bytes as `values`, two words a value. */
  readonly words: Uint32Array
  readonly counts: ArrayLike<number>
  readonly begins: Float64Array | undefined
  readonly ranks: Float64Array | undefined
}

function doublesOf(block: NativeBlock, name: string): Float64Array {
  const values = columnNumbers(block.lists(name).items)
  return values instanceof Float64Array ? values : Float64Array.from(values)
}

/** Copies by words where values are, for the bits of NaN. Returns whether time rises strictly. */
function copyPiece(
  { at, words: from, ranks }: PieceBlock,
  { start, end, startMs }: { readonly start: number; readonly end: number; readonly startMs: number },
  arrays: SampleArrays,
  words: Uint32Array,
  to: number,
): boolean {
  let isRising = true
  const shift = to - start
  for (let i = start; i < end; i++) {
    arrays.tMs[i + shift] = startMs + at[i]!
    if (i > start && at[i]! <= at[i - 1]!) isRising = false
    words[2 * (i + shift)] = from[2 * i]!
    words[2 * (i + shift) + 1] = from[2 * i + 1]!
  }
  if (ranks !== undefined) arrays.ranks?.set(ranks.subarray(start, end), to)
  return isRising
}

interface OrderedPieces {
  readonly series: Uint32Array
  /** Samples of the piece, listed or not. */
  readonly counts: Uint32Array
  /** Where its points were before duplicates went: `listed[i]..listed[i + 1]`. */
  readonly listed: Uint32Array
}

/** Joins pieces to series, in place: points only move towards the front. */
function thin(
  { series: ofSeries, counts, listed }: OrderedPieces,
  { offsets: pieceOffsets, tMs, values, hasConflict }: ReturnType<typeof sortAndCollapse>,
  keepsStale: boolean,
): ThinnedSamples {
  const words = wordsOf(values)
  const stale = new Uint8Array(tMs.length)
  const ordinals = new Float64Array(tMs.length)
  const series: number[] = []
  const offsets: number[] = []
  let to = 0
  let before = 0
  let last = -1
  let hasHistograms = false
  for (let piece = 0; piece < ofSeries.length; piece++) {
    const count = counts[piece]!
    if (ofSeries[piece] !== last) {
      last = ofSeries[piece]!
      series.push(last)
      offsets.push(to)
      before = 0
    }
    const upTo = pieceOffsets[piece + 1]!
    const isWhole = count === listed[piece + 1]! - listed[piece]!
    for (let at = pieceOffsets[piece]!; at < upTo; at++) {
      const isStale = words[2 * at] === STALE_LOW && words[2 * at + 1] === STALE_HIGH
      if (isStale && !keepsStale) continue
      hasHistograms ||= isHistogram(words, at)
      tMs[to] = tMs[at]!
      words[2 * to] = words[2 * at]!
      words[2 * to + 1] = words[2 * at + 1]!
      stale[to] = isStale ? 1 : 0
      if (isWhole) ordinals[to++] = before++
      else ordinals[to++] = at === upTo - 1 ? before + count - 1 : before
    }
    if (!isWhole) before += count
  }
  return { series, offsets: Uint32Array.from([...offsets, to]), tMs, values, stale, ordinals, hasConflict, hasHistograms }
}
