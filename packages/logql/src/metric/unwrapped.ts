import { QueryError } from '@oriel/syntax'
import type { Grid, PointColumns, WindowFold } from '@oriel/vector'
import { makeGrid, quantileOf, rateOverWindows, slideWindows } from '@oriel/vector'
import type { RangeExpr, RangeFunction } from '../ast.ts'
import type { SeriesIndex } from './grouping.ts'
import type { WindowTimes } from './steps.ts'

/** Unwrapped values of every series, in time order within each. */
export class UnwrappedSamples {
  readonly #index: SeriesIndex
  readonly #limit: number
  readonly #series: { tMs: number[]; values: number[] }[] = []
  #samples = 0

  /** More than `limit` samples are refused with QUERY_LIMIT. */
  constructor(index: SeriesIndex, limit: number) {
    this.#index = index
    this.#limit = limit
  }

  add(series: number, sinceMs: number, value: number): void {
    if (++this.#samples > this.#limit) {
      throw new QueryError('QUERY_LIMIT', `cannot evaluate: more than ${this.#limit} unwrapped values (maxSamples)`)
    }
    const samples = (this.#series[series] ??= { tMs: [], values: [] })
    samples.tMs.push(sinceMs)
    samples.values.push(value)
  }

  grid(expr: RangeExpr, times: WindowTimes): Grid {
    const grid = makeGrid(this.#index.labels, times.steps)
    for (const [series, samples] of this.#series.entries()) {
      if (samples === undefined) continue
      const points: PointColumns = { tMs: Float64Array.from(samples.tMs), values: Float64Array.from(samples.values) }
      const out = { values: grid.values, present: grid.present, at: series * times.steps }
      if (expr.func === 'rate_counter') rateOverWindows(points, 0, points.tMs.length, times, 'rate', out)
      else slideWindows(points, 0, points.tMs.length, times, foldOf(expr.func, expr.parameter ?? 0, expr.rangeMs), out)
    }
    return grid
  }
}

/** The fold of an unwrapped function. Source: Grafana Loki documentation, "Unwrapped range aggregations". */
function foldOf(func: RangeFunction, parameter: number, rangeMs: number): WindowFold {
  switch (func) {
    case 'sum_over_time':
      return sum
    case 'rate':
      return (points, lo, hi) => sum(points, lo, hi) / (rangeMs / 1_000)
    case 'avg_over_time':
      return (points, lo, hi) => sum(points, lo, hi) / (hi - lo)
    case 'min_over_time':
      return (points, lo, hi) => extreme(points, lo, hi, false)
    case 'max_over_time':
      return (points, lo, hi) => extreme(points, lo, hi, true)
    case 'first_over_time':
      return ({ values }, lo) => values[lo]!
    case 'last_over_time':
      return ({ values }, _lo, hi) => values[hi - 1]!
    case 'stdvar_over_time':
      return variance
    case 'stddev_over_time':
      return (points, lo, hi) => Math.sqrt(variance(points, lo, hi))
    case 'quantile_over_time':
      return ({ values }, lo, hi) => quantileOf(parameter, values.slice(lo, hi))
    case 'rate_counter':
    case 'count_over_time':
    case 'bytes_rate':
    case 'bytes_over_time':
    case 'absent_over_time':
      throw new QueryError('QUERY_TYPE', `${func} does not fold unwrapped values`)
  }
}

function sum({ values }: PointColumns, lo: number, hi: number): number {
  let total = 0
  for (let i = lo; i < hi; i++) total += values[i]!
  return total
}

function extreme({ values }: PointColumns, lo: number, hi: number, isMax: boolean): number {
  let best = values[lo]!
  for (let i = lo + 1; i < hi; i++) {
    const value = values[i]!
    if ((isMax ? value > best : value < best) || Number.isNaN(best)) best = value
  }
  return best
}

/** Population variance by Welford's method. */
function variance({ values }: PointColumns, lo: number, hi: number): number {
  let mean = 0
  let squares = 0
  for (let i = lo; i < hi; i++) {
    const delta = values[i]! - mean
    mean += delta / (i - lo + 1)
    squares += delta * (values[i]! - mean)
  }
  return squares / (hi - lo)
}
