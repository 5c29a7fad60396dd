/** Where the runs of each series go. */
export interface Arrangement {
  /** Series i owns positions `offsets[i]` to `offsets[i + 1]`. */
  readonly offsets: Uint32Array
  /** Series whose runs overlap in time, or touch: theirs must still be sorted. Rises. */
  readonly overlapping: readonly number[]
}

/** Runs of rows that belong to one series and rise in time, gathered from many blocks. Six numbers a run. */
export class RunList {
  #length = 0
  #series = new Int32Array(INITIAL_RUNS)
  #blocks = new Uint32Array(INITIAL_RUNS)
  #starts = new Uint32Array(INITIAL_RUNS)
  #ends = new Uint32Array(INITIAL_RUNS)
  #firsts = new Float64Array(INITIAL_RUNS)
  #lasts = new Float64Array(INITIAL_RUNS)
  readonly #runCounts: Uint32Array
  readonly #rowCounts: Uint32Array

  constructor(seriesCount: number) {
    this.#runCounts = new Uint32Array(seriesCount)
    this.#rowCounts = new Uint32Array(seriesCount)
  }

  /** Adds rows [start, end) of a block; `first` and `last` are their times. */
  push(series: number, block: number, start: number, end: number, first: number, last: number): void {
    if (this.#length === this.#series.length) this.#grow()
    const run = this.#length++
    this.#series[run] = series
    this.#blocks[run] = block
    this.#starts[run] = start
    this.#ends[run] = end
    this.#firsts[run] = first
    this.#lasts[run] = last
    this.#runCounts[series]!++
    this.#rowCounts[series]! += end - start
  }

  /** Calls `copy` for every run with the position it goes to: by series, and by first time within one. */
  arrange(copy: (block: number, start: number, end: number, to: number) => void): Arrangement {
    const offsets = offsetsOf(this.#rowCounts)
    const runOffsets = offsetsOf(this.#runCounts)
    const order = this.#bySeries(runOffsets)
    const overlapping: number[] = []
    for (let i = 0; i < this.#runCounts.length; i++) {
      const from = runOffsets[i]!
      const until = runOffsets[i + 1]!
      this.#sort(order, from, until)
      if (!this.#isInOrder(order, from, until)) overlapping.push(i)
      let to = offsets[i]!
      for (let place = from; place < until; place++) {
        const run = order[place]!
        const start = this.#starts[run]!
        const end = this.#ends[run]!
        copy(this.#blocks[run]!, start, end, to)
        to += end - start
      }
    }
    return { offsets, overlapping }
  }

  /** Sorts `order[from, until)` by first time, in place; parts come nearly in order, so insertion is quick. */
  #sort(order: Uint32Array, from: number, until: number): void {
    if (until - from > LONG_SORT) {
      if (!this.#isInOrder(order, from, until)) order.subarray(from, until).sort((a, b) => this.#firsts[a]! - this.#firsts[b]!)
      return
    }
    const firsts = this.#firsts
    for (let place = from + 1; place < until; place++) {
      const run = order[place]!
      const first = firsts[run]!
      let at = place
      for (; at > from && firsts[order[at - 1]!]! > first; at--) order[at] = order[at - 1]!
      order[at] = run
    }
  }

  #bySeries(runOffsets: Uint32Array): Uint32Array {
    const order = new Uint32Array(this.#length)
    const next = runOffsets.slice()
    for (let run = 0; run < this.#length; run++) order[next[this.#series[run]!]!++] = run
    return order
  }

  #isInOrder(order: Uint32Array, from: number, until: number): boolean {
    for (let i = from + 1; i < until; i++) if (this.#lasts[order[i - 1]!]! >= this.#firsts[order[i]!]!) return false
    return true
  }

  #grow(): void {
    this.#series = grown(this.#series, Int32Array)
    this.#blocks = grown(this.#blocks, Uint32Array)
    this.#starts = grown(this.#starts, Uint32Array)
    this.#ends = grown(this.#ends, Uint32Array)
    this.#firsts = grown(this.#firsts, Float64Array)
    this.#lasts = grown(this.#lasts, Float64Array)
  }
}

// 64 runs: above, a sort that is not quadratic is worth its closure.
const LONG_SORT = 64
// 4,096 runs: a query over some hundred series fits.
const INITIAL_RUNS = 4_096

function grown<T extends { readonly length: number; set(source: T): void }>(old: T, Type: new (length: number) => T): T {
  const copy = new Type(2 * old.length)
  copy.set(old)
  return copy
}

function offsetsOf(counts: Uint32Array): Uint32Array {
  const offsets = new Uint32Array(counts.length + 1)
  for (let i = 0; i < counts.length; i++) offsets[i + 1] = offsets[i]! + counts[i]!
  return offsets
}
