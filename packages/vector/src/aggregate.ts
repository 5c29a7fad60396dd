import type { Labels } from '@oriel/model'
import type { Grid } from './grid.ts'
import { makeGrid } from './grid.ts'
import type { Groups } from './groups.ts'
import { compensation } from './kahan.ts'
import { quantileOf } from './quantile.ts'

/** Aggregations whose result has one series a group. */
export type FoldOp = 'sum' | 'avg' | 'count' | 'min' | 'max' | 'group' | 'stddev' | 'stdvar'

/**
 * Takes in series one after the other: step j of a series is `values[from + j]`, there when `present[from + j]` is 1; `isFull` may say
 * that all are. Neither array is kept. `finish` is called once, after the last series.
 */
export interface Accumulator {
  add(group: number, values: Float64Array, present: Uint8Array, from: number, isFull?: boolean): void
  finish(): Grid
}

/**
 * Aggregates series to groups, step by step. A hot path (bench/HOTPATHS.md).
 *
 * Sums are compensated and added in series order, as Prometheus does: the bits are the same.
 * Source: Prometheus 3.14 promql/engine.go aggregation.
 */
export function aggregate({ steps, values, present }: Grid, { groupOf, labels }: Groups, op: FoldOp): Grid {
  const accumulator = makeAccumulator(op, labels, steps)
  for (let i = 0; i < groupOf.length; i++) accumulator.add(groupOf[i]!, values, present, i * steps)
  return accumulator.finish()
}

/** Makes the accumulator of an operator for groups with `labels`. */
export function makeAccumulator(op: FoldOp, labels: readonly Labels[], steps: number): Accumulator {
  const out = makeGrid(labels, steps)
  switch (op) {
    case 'sum':
      return new Sum(out)
    case 'avg':
      return new Average(out)
    case 'min':
    case 'max':
      return new Extreme(out, op === 'max')
    case 'count':
      return new Count(out, 1)
    case 'group':
      return new Count(out, 0)
    case 'stddev':
    case 'stdvar':
      return new Variance(out, op === 'stddev')
  }
}

/** The quantile of each group at each step; `quantiles` has one value a step. */
export function aggregateQuantile(grid: Grid, { groupOf, labels }: Groups, quantiles: Float64Array): Grid {
  const { steps } = grid
  const out = makeGrid(labels, steps)
  const members: number[][] = labels.map(() => [])
  for (const [series, g] of groupOf.entries()) members[g]?.push(series)
  for (const [g, series] of members.entries()) {
    for (let j = 0; j < steps; j++) {
      const values = series.filter((row) => grid.present[row * steps + j] === 1).map((row) => grid.values[row * steps + j]!)
      if (values.length === 0) continue
      out.values[g * steps + j] = quantileOf(quantiles[j]!, Float64Array.from(values))
      out.present[g * steps + j] = 1
    }
  }
  return out
}

class Sum implements Accumulator {
  readonly #out: Grid
  readonly #c: Float64Array
  /** 1 for groups that have a value at every step. */
  readonly #isFull: Uint8Array

  constructor(out: Grid) {
    this.#out = out
    this.#c = new Float64Array(out.values.length)
    this.#isFull = new Uint8Array(out.labels.length)
  }

  add(group: number, values: Float64Array, present: Uint8Array, start: number, isFull = false): void {
    if (isFull && this.#isFull[group] === 1) this.#addFull(group, values, start)
    else this.#addPresent(group, values, present, start)
    if (isFull) this.#isFull[group] = 1
  }

  #addFull(group: number, values: Float64Array, start: number): void {
    const { steps, values: sums } = this.#out
    const c = this.#c
    const end = (group + 1) * steps
    for (let at = group * steps, from = start; at < end; at++, from++) {
      const value = values[from]!
      const before = sums[at]!
      const total = before + value
      c[at] = compensation(total, before, value, c[at]!)
      sums[at] = total
    }
  }

  #addPresent(group: number, values: Float64Array, present: Uint8Array, start: number): void {
    const { steps, values: sums, present: seen } = this.#out
    const c = this.#c
    const end = (group + 1) * steps
    for (let at = group * steps, from = start; at < end; at++, from++) {
      if (present[from] === 0) continue
      const value = values[from]!
      if (seen[at] === 0) {
        seen[at] = 1
        sums[at] = value
        continue
      }
      const before = sums[at]!
      const total = before + value
      c[at] = compensation(total, before, value, c[at]!)
      sums[at] = total
    }
  }

  finish(): Grid {
    const { values } = this.#out
    for (let at = 0; at < values.length; at++) values[at] = values[at]! + this.#c[at]!
    return this.#out
  }
}

/** The mean by sum and count; where the sum would overflow, by incremental means from there on. */
class Average implements Accumulator {
  readonly #out: Grid
  readonly #c: Float64Array
  readonly #counts: Float64Array
  readonly #isIncremental: Uint8Array
  /** 1 for groups that have a sum at every step. */
  readonly #isSummed: Uint8Array

  constructor(out: Grid) {
    const cells = out.values.length
    this.#out = out
    this.#c = new Float64Array(cells)
    this.#counts = new Float64Array(cells)
    this.#isIncremental = new Uint8Array(cells)
    this.#isSummed = new Uint8Array(out.labels.length)
  }

  add(group: number, values: Float64Array, present: Uint8Array, start: number, isFull = false): void {
    if (isFull && this.#isSummed[group] === 1) this.#addFull(group, values, start)
    else this.#addPresent(group, values, present, start, isFull)
  }

  #addFull(group: number, values: Float64Array, start: number): void {
    const { steps, values: sums } = this.#out
    const c = this.#c
    const counts = this.#counts
    const end = (group + 1) * steps
    for (let at = group * steps, from = start; at < end; at++, from++) {
      const value = values[from]!
      const before = sums[at]!
      const total = before + value
      if (total === Infinity || total === -Infinity) {
        this.#isSummed[group] = 0
        this.#addToMean(at, value, ++counts[at]!)
        continue
      }
      counts[at] = counts[at]! + 1
      c[at] = compensation(total, before, value, c[at]!)
      sums[at] = total
    }
  }

  #addPresent(group: number, values: Float64Array, present: Uint8Array, start: number, isFull: boolean): void {
    const { steps, values: sums } = this.#out
    const c = this.#c
    const end = (group + 1) * steps
    let isIncremental = false
    for (let at = group * steps, from = start; at < end; at++, from++) {
      if (present[from] === 0) continue
      const value = values[from]!
      const n = ++this.#counts[at]!
      if (n === 1) {
        sums[at] = value
        continue
      }
      const before = sums[at]!
      const total = before + value
      if (this.#isIncremental[at] === 1 || total === Infinity || total === -Infinity) {
        this.#addToMean(at, value, n)
        isIncremental = true
        continue
      }
      c[at] = compensation(total, before, value, c[at]!)
      sums[at] = total
    }
    if (isIncremental) this.#isSummed[group] = 0
    else if (isFull) this.#isSummed[group] = 1
  }

  #addToMean(at: number, value: number, n: number): void {
    const { values: means } = this.#out
    const c = this.#c
    if (this.#isIncremental[at] === 0) {
      this.#isIncremental[at] = 1
      means[at] = means[at]! / (n - 1)
      c[at] = c[at]! / (n - 1)
    }
    const q = (n - 1) / n
    const scaled = q * means[at]!
    const share = value / n
    const mean = scaled + share
    c[at] = compensation(mean, scaled, share, q * c[at]!)
    means[at] = mean
  }

  finish(): Grid {
    const { values, present } = this.#out
    for (let at = 0; at < values.length; at++) {
      const n = this.#counts[at]!
      if (n === 0) continue
      present[at] = 1
      values[at] = this.#isIncremental[at] === 1 ? values[at]! + this.#c[at]! : values[at]! / n + this.#c[at]! / n
    }
    return this.#out
  }
}

class Extreme implements Accumulator {
  readonly #out: Grid
  readonly #isMax: boolean

  constructor(out: Grid, isMax: boolean) {
    this.#out = out
    this.#isMax = isMax
  }

  add(group: number, values: Float64Array, present: Uint8Array, start: number): void {
    const { steps, values: bests, present: seen } = this.#out
    const isMax = this.#isMax
    const end = (group + 1) * steps
    for (let at = group * steps, from = start; at < end; at++, from++) {
      if (present[from] === 0) continue
      const value = values[from]!
      const best = bests[at]!
      const isBetter = isMax ? best < value : best > value
      if (seen[at] === 1 && !isBetter && best === best) continue
      bests[at] = value
      seen[at] = 1
    }
  }

  finish(): Grid {
    return this.#out
  }
}

/** `count` adds 1 for each series, `group` is 1 whatever their number. */
class Count implements Accumulator {
  readonly #out: Grid
  readonly #each: number

  constructor(out: Grid, each: number) {
    this.#out = out
    this.#each = each
    if (each === 0) out.values.fill(1)
  }

  add(group: number, _values: Float64Array, present: Uint8Array, start: number): void {
    const { steps, values: counts, present: seen } = this.#out
    const each = this.#each
    const end = (group + 1) * steps
    for (let at = group * steps, from = start; at < end; at++, from++) {
      if (present[from] === 0) continue
      counts[at] = counts[at]! + each
      seen[at] = 1
    }
  }

  finish(): Grid {
    return this.#out
  }
}

/** Welford's method; a first value that is not finite makes its group NaN. */
class Variance implements Accumulator {
  readonly #out: Grid
  readonly #isDeviation: boolean
  readonly #counts: Float64Array
  readonly #means: Float64Array

  constructor(out: Grid, isDeviation: boolean) {
    this.#out = out
    this.#isDeviation = isDeviation
    this.#counts = new Float64Array(out.values.length)
    this.#means = new Float64Array(out.values.length)
  }

  add(group: number, values: Float64Array, present: Uint8Array, start: number): void {
    const { steps, values: squares } = this.#out
    const means = this.#means
    const end = (group + 1) * steps
    for (let at = group * steps, from = start; at < end; at++, from++) {
      if (present[from] === 0) continue
      const value = values[from]!
      const n = ++this.#counts[at]!
      if (n === 1) {
        means[at] = value
        squares[at] = Number.isFinite(value) ? 0 : NaN
        continue
      }
      const delta = value - means[at]!
      means[at] = means[at]! + delta / n
      squares[at] = squares[at]! + delta * (value - means[at]!)
    }
  }

  finish(): Grid {
    const { values, present } = this.#out
    for (let at = 0; at < values.length; at++) {
      const n = this.#counts[at]!
      if (n === 0) continue
      present[at] = 1
      values[at] = this.#isDeviation ? Math.sqrt(values[at]! / n) : values[at]! / n
    }
    return this.#out
  }
}
