import type { Labels } from '@oriel/model'

/** A series as the index knows it. */
export interface KnownSeries {
  /** Four words, lowest first. */
  readonly id: Uint32Array
  readonly metric: string
  readonly labels: Labels
}

/**
 * Series seen of late, by id: their labels are read and built once. An id is a hash of the labels, so an entry is never stale.
 *
 * Bounded: at the limit the older half is dropped.
 */
export class SeriesCache {
  #young = new Map<number, KnownSeries>()
  #old = new Map<number, KnownSeries>()
  readonly #limit: number

  constructor({ limit = CACHED_SERIES }: { readonly limit?: number } = {}) {
    this.#limit = limit
  }

  /** The series whose id is row `row` of `words`. */
  get(words: Uint32Array, row: number): KnownSeries | undefined {
    const key = keyOf(words, row)
    let found = this.#young.get(key)
    if (found === undefined) {
      found = this.#old.get(key)
      if (found !== undefined && isSame(found.id, words, row)) this.#keep(key, found)
    }
    return found !== undefined && isSame(found.id, words, row) ? found : undefined
  }

  add(series: KnownSeries): void {
    this.#keep(keyOf(series.id, 0), series)
  }

  #keep(key: number, series: KnownSeries): void {
    if (this.#young.size >= this.#limit / 2) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, series)
  }
}

// 200,000 series of ten labels are about 150 MB at worst; a usual laptop's store has a tenth of that.
const CACHED_SERIES = 200_000
const TWO_32 = 2 ** 32
const LOW_21_BITS = 0x1f_ffff

/** 53 bits of the id: an exact number, and a fast key. The rest is compared. */
function keyOf(words: Uint32Array, row: number): number {
  return words[4 * row]! + (words[4 * row + 1]! & LOW_21_BITS) * TWO_32
}

function isSame(id: Uint32Array, words: Uint32Array, row: number): boolean {
  const at = 4 * row
  return id[0] === words[at] && id[1] === words[at + 1] && id[2] === words[at + 2] && id[3] === words[at + 3]
}
