import type { Label, Labels } from '@oriel/model'

/** The distinct values of one label. */
export interface LabelValues {
  readonly pairs: number[]
  readonly pairOf: Map<string, number>
}

/** Distinct pairs of a label's name and value, by number: each is held once however many series have it. */
export class LabelPairs {
  /** The pair as it stands in the labels of series: shared by all of them. */
  readonly labels: Label[] = []
  readonly byName: Map<string, LabelValues> = new Map()
  /** Memory, about. */
  byteLength = 0

  /** The number of a pair, new if need be. */
  intern({ name, value }: Label): number {
    let values = this.byName.get(name)
    if (values === undefined) this.byName.set(name, (values = { pairs: [], pairOf: new Map() }))
    const known = values.pairOf.get(value)
    if (known !== undefined) return known
    const pair = this.labels.length
    this.labels.push({ name, value })
    values.pairs.push(pair)
    values.pairOf.set(value, pair)
    this.byteLength += PAIR_BYTES + value.length
    return pair
  }
}

/** The labels of many series, as lists of pairs. */
export class SeriesLabels {
  length = 0
  #starts = new Uint32Array(1_025)
  #pairs = new Uint32Array(8_192)

  get byteLength(): number {
    return this.#starts.byteLength + this.#pairs.byteLength
  }

  /** The lists of all series, one behind the other; valid until the next `push`. */
  get pairs(): Uint32Array {
    return this.#pairs
  }

  /** Where the list of a series starts; that of the next one is its end. */
  startOf(ref: number): number {
    return this.#starts[ref]!
  }

  push(labels: Labels, pairs: LabelPairs): void {
    const ref = this.length++
    if (ref + 2 > this.#starts.length) this.#starts = doubled(this.#starts)
    let at = this.#starts[ref]!
    while (at + labels.length > this.#pairs.length) this.#pairs = doubled(this.#pairs)
    for (const label of labels) this.#pairs[at++] = pairs.intern(label)
    this.#starts[ref + 1] = at
  }

  labelsOf(ref: number, { labels }: LabelPairs): Labels {
    const start = this.#starts[ref]!
    const found: Label[] = []
    for (let at = start; at < this.#starts[ref + 1]!; at++) found.push(labels[this.#pairs[at]!]!)
    return found
  }
}

// An object of two pointers, an entry of a map and one of a list, and the head of a string.
const PAIR_BYTES = 130

/** A copy of twice the length. */
export function doubled(old: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const grown = new Uint32Array(2 * old.length)
  grown.set(old)
  return grown
}
