import { compensation } from './kahan.ts'
import type { Grid } from './grid.ts'
import { makeGrid } from './grid.ts'
import type { Groups } from './groups.ts'
import { quantileOf } from './quantile.ts'

/** Aggregations whose result has one series a group. */
export type FoldOp = 'sum' | 'avg' | 'count' | 'min' | 'max' | 'group' | 'stddev' | 'stdvar'

/**
 * Aggregates series to groups, step by step. A hot path (bench/HOTPATHS.md).
 *
 * Sums are compensated and added in series order, as Prometheus does: the bits are the same.
 * Source: Prometheus 3.14 promql/engine.go aggregation.
 */
export function aggregate(grid: Grid, { groupOf, labels }: Groups, op: FoldOp): Grid {
  const out = makeGrid(labels, grid.steps)
  switch (op) {
    case 'sum':
      sum(grid, groupOf, out)
      break
    case 'avg':
      average(grid, groupOf, out)
      break
    case 'min':
    case 'max':
      extreme(grid, groupOf, out, op === 'max')
      break
    case 'count':
      count(grid, groupOf, out)
      break
    case 'group':
      group(grid, groupOf, out)
      break
    case 'stddev':
    case 'stdvar':
      variance(grid, groupOf, out, op === 'stddev')
      break
  }
  return out
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

function sum({ steps, values, present }: Grid, groupOf: Uint32Array, out: Grid): void {
  const { values: sums, present: seen } = out
  const c = new Float64Array(sums.length)
  for (let i = 0; i < groupOf.length; i++) {
    const to = groupOf[i]! * steps
    for (let from = i * steps, at = to; at < to + steps; from++, at++) {
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
  for (let at = 0; at < c.length; at++) if (seen[at] === 1) sums[at] = sums[at]! + c[at]!
}

/** The mean by sum and count; where the sum would overflow, by incremental means from there on. */
function average({ steps, values, present }: Grid, groupOf: Uint32Array, out: Grid): void {
  const c = new Float64Array(out.values.length)
  const counts = new Float64Array(out.values.length)
  const isIncremental = new Uint8Array(out.values.length)
  for (let i = 0; i < groupOf.length; i++) {
    const to = groupOf[i]! * steps
    for (let from = i * steps, at = to; at < to + steps; from++, at++) {
      if (present[from] === 0) continue
      const value = values[from]!
      const n = ++counts[at]!
      if (n === 1) {
        out.values[at] = value
        continue
      }
      const before = out.values[at]!
      if (isIncremental[at] === 0) {
        const total = before + value
        if (total !== Infinity && total !== -Infinity) {
          c[at] = compensation(total, before, value, c[at]!)
          out.values[at] = total
          continue
        }
        isIncremental[at] = 1
        out.values[at] = before / (n - 1)
        c[at] = c[at]! / (n - 1)
      }
      addToMean(out.values, c, at, value, n)
    }
  }
  for (let at = 0; at < counts.length; at++) {
    const n = counts[at]!
    if (n === 0) continue
    out.present[at] = 1
    out.values[at] = isIncremental[at] === 1 ? out.values[at]! + c[at]! : out.values[at]! / n + c[at]! / n
  }
}

function addToMean(means: Float64Array, c: Float64Array, at: number, value: number, n: number): void {
  const q = (n - 1) / n
  const scaled = q * means[at]!
  const share = value / n
  const mean = scaled + share
  c[at] = compensation(mean, scaled, share, q * c[at]!)
  means[at] = mean
}

function extreme({ steps, values, present }: Grid, groupOf: Uint32Array, out: Grid, isMax: boolean): void {
  for (let i = 0; i < groupOf.length; i++) {
    const to = groupOf[i]! * steps
    for (let from = i * steps, at = to; at < to + steps; from++, at++) {
      if (present[from] === 0) continue
      const value = values[from]!
      const best = out.values[at]!
      const isBetter = isMax ? best < value : best > value
      if (out.present[at] === 1 && !isBetter && best === best) continue
      out.values[at] = value
      out.present[at] = 1
    }
  }
}

function count({ steps, present }: Grid, groupOf: Uint32Array, out: Grid): void {
  for (let i = 0; i < groupOf.length; i++) {
    const to = groupOf[i]! * steps
    for (let from = i * steps, at = to; at < to + steps; from++, at++) {
      if (present[from] === 0) continue
      out.values[at] = out.values[at]! + 1
      out.present[at] = 1
    }
  }
}

function group({ steps, present }: Grid, groupOf: Uint32Array, out: Grid): void {
  for (let i = 0; i < groupOf.length; i++) {
    const to = groupOf[i]! * steps
    for (let from = i * steps, at = to; at < to + steps; from++, at++) {
      if (present[from] === 0) continue
      out.values[at] = 1
      out.present[at] = 1
    }
  }
}

/** Welford's method; any value that is not finite makes the first of its group NaN. */
function variance({ steps, values, present }: Grid, groupOf: Uint32Array, out: Grid, isDeviation: boolean): void {
  const counts = new Float64Array(out.values.length)
  const means = new Float64Array(out.values.length)
  for (let i = 0; i < groupOf.length; i++) {
    const to = groupOf[i]! * steps
    for (let from = i * steps, at = to; at < to + steps; from++, at++) {
      if (present[from] === 0) continue
      const value = values[from]!
      const n = ++counts[at]!
      if (n === 1) {
        means[at] = value
        out.values[at] = Number.isFinite(value) ? 0 : NaN
        continue
      }
      const delta = value - means[at]!
      means[at] = means[at]! + delta / n
      out.values[at] = out.values[at]! + delta * (value - means[at]!)
    }
  }
  for (let at = 0; at < counts.length; at++) {
    const n = counts[at]!
    if (n === 0) continue
    out.present[at] = 1
    out.values[at] = isDeviation ? Math.sqrt(out.values[at]! / n) : out.values[at]! / n
  }
}
