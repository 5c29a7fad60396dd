import { SeriesRefs } from '../window/series-refs.ts'

/** The series of one tenant that the journal met, numbered, with their place in the sort key of `samples`. */
export class JournalSeries {
  readonly refs: SeriesRefs = new SeriesRefs()
  /** Words of the metric's id by number, low first. */
  metricIds: Uint32Array = new Uint32Array(2 * FIRST_SERIES)
  /** By number, the generation that named the series last; 0 for none. */
  namedIn: Float64Array = new Float64Array(FIRST_SERIES)
  #order: Uint32Array = new Uint32Array(0)

  get size(): number {
    return this.refs.length
  }

  /** Series that generations since `generation` have named. */
  namedSince(generation: number): number {
    let named = 0
    for (const last of this.namedIn) if (last >= generation) named++
    return named
  }

  /** The number of the series in row `row`; `guess` is that of the row before, as senders repeat their order. */
  refOf(ids: Uint32Array, metricIds: Uint32Array, row: number, guess: number): number {
    const { refs } = this
    if (refs.isAt(guess + 1, ids, row)) return guess + 1
    if (guess !== -1 && refs.isAt(guess, ids, row)) return guess
    const { length } = refs
    const ref = refs.findOrAdd(ids, row)
    if (ref === length) this.#learn(ref, metricIds[2 * row]!, metricIds[2 * row + 1]!)
    return ref
  }

  /** All numbers, in the order of (metric, id). Sorts only what is new since it was asked last; yields every now and then. */
  *inOrder(): Generator<undefined, Uint32Array> {
    const { length: sorted } = this.#order
    if (sorted === this.size) return this.#order
    let runs = yield* this.#sortedRuns(sorted)
    while (runs.length > 1) {
      const merged: Uint32Array[] = []
      for (let i = 0; i < runs.length; i += 2)
        merged.push(i + 1 < runs.length ? yield* this.#merge(runs[i]!, runs[i + 1]!) : runs[i]!)
      runs = merged
    }
    this.#order = yield* this.#merge(this.#order, runs[0]!)
    return this.#order
  }

  #learn(ref: number, low: number, high: number): void {
    if (ref >= this.namedIn.length) {
      const metricIds = new Uint32Array(2 * this.metricIds.length)
      metricIds.set(this.metricIds)
      this.metricIds = metricIds
      const namedIn = new Float64Array(2 * this.namedIn.length)
      namedIn.set(this.namedIn)
      this.namedIn = namedIn
    }
    this.metricIds[2 * ref] = low
    this.metricIds[2 * ref + 1] = high
  }

  *#sortedRuns(from: number): Generator<undefined, Uint32Array[]> {
    const runs: Uint32Array[] = []
    const end = this.size
    for (let start = from; start < end; start += RUN_SERIES) {
      const run = Uint32Array.from({ length: Math.min(RUN_SERIES, end - start) }, (_, i) => start + i)
      runs.push(run.sort((a, b) => this.#compare(a, b)))
      yield
    }
    return runs
  }

  *#merge(left: Uint32Array, right: Uint32Array): Generator<undefined, Uint32Array> {
    const merged = new Uint32Array(left.length + right.length)
    let [l, r] = [0, 0]
    for (let at = 0; at < merged.length; at++) {
      const isLeft = r === right.length || (l < left.length && this.#compare(left[l]!, right[r]!) <= 0)
      merged[at] = isLeft ? left[l++]! : right[r++]!
      if ((at & YIELD_MASK) === YIELD_MASK) yield
    }
    return merged
  }

  #compare(a: number, b: number): number {
    const { metricIds } = this
    const metric = metricIds[2 * a + 1]! - metricIds[2 * b + 1]! || metricIds[2 * a]! - metricIds[2 * b]!
    return metric || this.refs.compare(a, b)
  }
}

const FIRST_SERIES = 256
// 8,192 series take about 3 ms to sort: a slice of the thread.
const RUN_SERIES = 8_192
const YIELD_MASK = 0xffff
