import type { GatheredSamples } from './gather.ts'
import { wordsOf } from './gather.ts'
import type { KnownSeries } from './series-cache.ts'
import { SeriesTable } from './series-table.ts'

/** Whether something is wanted for position `at` of `words`, two a value. */
type IsWanted = (words: Uint32Array, at: number) => boolean

/** Finds the position of a series and time among gathered samples, for what lies in another table. */
export class PositionFinder {
  /** Those of the series that have a position for which something is wanted. */
  readonly series: readonly KnownSeries[]
  readonly #table: SeriesTable
  readonly #samples: GatheredSamples
  readonly #words: Uint32Array
  readonly #isWanted: IsWanted
  /** For each of `series`, where its samples begin and end. */
  readonly #bounds: (readonly [start: number, end: number])[] = []

  constructor(all: readonly KnownSeries[], samples: GatheredSamples, isWanted: IsWanted = () => true) {
    this.#isWanted = isWanted
    this.#samples = samples
    this.#words = wordsOf(samples.values)
    const { offsets } = samples
    this.series = all.filter((_, i) => {
      const [start, end] = [offsets[i]!, offsets[i + 1]!]
      for (let at = start; at < end; at++) {
        if (!isWanted(this.#words, at)) continue
        this.#bounds.push([start, end])
        return true
      }
      return false
    })
    this.#table = new SeriesTable(this.series)
  }

  /** The position, or -1. */
  find(idLow: number, idHigh: number, tMs: number): number {
    const place = this.#table.find(idLow, idHigh)
    if (place < 0) return -1
    const { tMs: times } = this.#samples
    let [from, until] = this.#bounds[place]!
    const end = until
    while (from < until) {
      const middle = (from + until) >>> 1
      if (times[middle]! < tMs) from = middle + 1
      else until = middle
    }
    return from < end && times[from] === tMs && this.#isWanted(this.#words, from) ? from : -1
  }
}
