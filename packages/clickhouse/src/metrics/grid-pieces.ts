import { STALE_HIGH, STALE_LOW } from '@oriel/model'
import type { NativeBlock } from '../native/index.ts'
import { columnNumbers } from '../native/index.ts'
import { sortAndCollapse } from './collapse.ts'
import { isHistogram } from './gather.ts'
import type { SampleArrays } from './gather.ts'
import type { SeriesTable } from './series-table.ts'

/** Samples of many series in time order, those left out that no window needs. Series `series[i]` is at `offsets[i]..offsets[i + 1]`. */
export interface ThinnedSamples {
  readonly series: readonly number[]
  readonly offsets: Uint32Array
  readonly tMs: Float64Array
  readonly values: Float64Array
  readonly stale: Uint8Array
  /** How many of the series' samples came before this one, those left out counted. */
  readonly ordinals: Float64Array
  /** Whether one time had two values and nothing told which was written later. */
  readonly hasConflict: boolean
  /** Whether a point stands for a native histogram. Those left out of a piece that lists its ends are not needed. */
  readonly hasHistograms: boolean
}

/** Sorts pieces that come in any order into series. Add blocks as `piecesStatement` gives them, then `finish` once. */
export class PieceGatherer {
  /** Samples listed so far. */
  points = 0
  readonly #table: SeriesTable
  readonly #startMs: number
  readonly #pieces: Piece[] = []

  constructor(table: SeriesTable, startMs: number) {
    this.#table = table
    this.#startMs = startMs
  }

  add(block: NativeBlock, { hasRank, hasOrdinals = false }: { readonly hasRank: boolean; readonly hasOrdinals?: boolean }): void {
    const ids = block.words('s')
    const counts = block.numbers('n')
    const { ends, items } = block.lists('at')
    const at = columnNumbers(items)
    const values = doublesOf(block, 'value')
    const ranks = hasRank ? doublesOf(block, 'rank') : undefined
    const ordinals = hasOrdinals ? columnNumbers(block.lists('ordinal').items) : undefined
    let start = 0
    for (let row = 0; row < block.rows; row++) {
      const end = ends[row]!
      const series = this.#table.find(ids[2 * row]!, ids[2 * row + 1]!)
      if (series >= 0 && end > start) this.#pieces.push({ series, count: counts[row]!, start, end, at, values, ranks, ordinals })
      this.points += end - start
      start = end
    }
  }

  /** `keepsStale` is for instants; ranges do not see markers. */
  finish({ keepsStale }: { readonly keepsStale: boolean }): ThinnedSamples {
    const pieces = this.#pieces
    // Pieces of a series do not overlap, so any time of a piece tells its place.
    pieces.sort((a, b) => a.series - b.series || a.at[a.start]! - b.at[b.start]!)
    const offsets = new Uint32Array(pieces.length + 1)
    for (const [i, { start, end }] of pieces.entries()) offsets[i + 1] = offsets[i]! + end - start
    const total = offsets[pieces.length]!
    const hasRank = pieces.some(({ ranks }) => ranks !== undefined)
    const arrays: SampleArrays = {
      tMs: new Float64Array(total),
      values: new Float64Array(total),
      ranks: hasRank ? new Float64Array(total) : undefined,
    }
    const unsorted: number[] = []
    for (const [i, piece] of pieces.entries()) if (!copyPiece(piece, this.#startMs, arrays, offsets[i]!)) unsorted.push(i)
    return thin(pieces, sortAndCollapse(arrays, offsets, unsorted), keepsStale)
  }
}

interface Piece {
  readonly series: number
  /** Samples of the piece, listed or not. */
  readonly count: number
  readonly start: number
  readonly end: number
  readonly at: ArrayLike<number>
  readonly values: Float64Array
  readonly ranks: Float64Array | undefined
  /** How many of the piece's samples came before each listed one; where absent, its ends are listed, or all. */
  readonly ordinals: ArrayLike<number> | undefined
}

function doublesOf(block: NativeBlock, name: string): Float64Array {
  const values = columnNumbers(block.lists(name).items)
  return values instanceof Float64Array ? values : Float64Array.from(values)
}

/** Copies by bytes where values are, for the bits of NaN. Returns whether time rises strictly. */
function copyPiece({ at, values, ranks, start, end }: Piece, startMs: number, arrays: SampleArrays, to: number): boolean {
  let isRising = true
  const shift = to - start
  for (let i = start; i < end; i++) {
    arrays.tMs[i + shift] = startMs + at[i]!
    if (i > start && at[i]! <= at[i - 1]!) isRising = false
  }
  arrays.values.set(values.subarray(start, end), to)
  if (ranks !== undefined) arrays.ranks?.set(ranks.subarray(start, end), to)
  return isRising
}

/** Joins pieces to series, in place: points only move towards the front. */
function thin(
  pieces: readonly Piece[],
  { offsets: pieceOffsets, tMs, values, hasConflict }: ReturnType<typeof sortAndCollapse>,
  keepsStale: boolean,
): ThinnedSamples {
  const words = new Uint32Array(values.buffer, values.byteOffset, 2 * values.length)
  const stale = new Uint8Array(tMs.length)
  const ordinals = new Float64Array(tMs.length)
  const series: number[] = []
  const offsets: number[] = []
  let to = 0
  let before = 0
  let hasHistograms = false
  for (const [i, { series: of, count, start, end, ordinals: own }] of pieces.entries()) {
    if (of !== series.at(-1)) {
      series.push(of)
      offsets.push(to)
      before = 0
    }
    const from = pieceOffsets[i]!
    const upTo = pieceOffsets[i + 1]!
    const isWhole = count === end - start && own === undefined
    for (let at = from; at < upTo; at++) {
      const isStale = words[2 * at] === STALE_LOW && words[2 * at + 1] === STALE_HIGH
      if (isStale && !keepsStale) continue
      hasHistograms ||= isHistogram(words, at)
      tMs[to] = tMs[at]!
      words[2 * to] = words[2 * at]!
      words[2 * to + 1] = words[2 * at + 1]!
      stale[to] = isStale ? 1 : 0
      // Of a piece that lists its ends, the last point is its last sample.
      if (own !== undefined) ordinals[to++] = before + own[start + at - from]!
      else if (isWhole) ordinals[to++] = before++
      else ordinals[to++] = at === upTo - 1 ? before + count - 1 : before
    }
    if (!isWhole) before += count
  }
  return { series, offsets: Uint32Array.from([...offsets, to]), tMs, values, stale, ordinals, hasConflict, hasHistograms }
}
