import type { SeriesLabels } from './label-pairs.ts'

/** For each pair of a label's name and value the series that have it: two arrays, made at once for the series there are. */
export class Postings {
  /** The series below it are in the lists. */
  readonly series: number
  readonly #ends: Uint32Array
  readonly #refs: Uint32Array

  constructor(series: number, ends: Uint32Array, refs: Uint32Array) {
    this.series = series
    this.#ends = ends
    this.#refs = refs
  }

  get byteLength(): number {
    return this.#ends.byteLength + this.#refs.byteLength
  }

  /** The series of a pair, rising. */
  of(pair: number): Uint32Array {
    if (pair >= this.#ends.length) return NONE
    return this.#refs.subarray(pair === 0 ? 0 : this.#ends[pair - 1], this.#ends[pair])
  }
}

const NONE = new Uint32Array(0)

/** Makes the lists of all series that `labels` has now, over `pairs` pairs; yields every now and then. */
export function* makePostings(labels: SeriesLabels, pairs: number): Generator<undefined, Postings> {
  const series = labels.length
  const total = labels.startOf(series)
  const ends = new Uint32Array(pairs)
  for (let at = 0; at < total; at++) {
    ends[labels.pairs[at]!]!++
    if (at % YIELD_EVERY === 0) yield
  }
  let sum = 0
  for (let pair = 0; pair < pairs; pair++) {
    const count = ends[pair]!
    ends[pair] = sum
    sum += count
  }
  // While they are filled, `ends` are where the next series of each pair goes.
  const refs = new Uint32Array(total)
  for (let ref = 0; ref < series; ref++) {
    for (let at = labels.startOf(ref); at < labels.startOf(ref + 1); at++) refs[ends[labels.pairs[at]!]!++] = ref
    if (ref % YIELD_EVERY === 0) yield
  }
  return new Postings(series, ends, refs)
}

// 65,536 steps: about a millisecond between two looks at the clock.
const YIELD_EVERY = 65_536
