import type { NativeHistogram, SeriesSamples } from '@oriel/model'
import type { Expr, MatrixSelector, Subquery, VectorSelector } from './ast.ts'
import { childrenOf, withoutParens } from './ast.ts'
import { evalRange } from './eval-selector.ts'
import type { Evaluation, RangeExpr } from './evaluation.ts'
import { subquerySteps } from './leaves.ts'
import { columnsOf } from './scans.ts'
import type { Steps } from './values.ts'

/** How many samples each step of a query looks at; a native histogram counts by its size. */
export interface SampleCounts {
  /** Every sample in every window: one that lies in two windows counts twice. */
  readonly queryable: Float64Array
  /** Samples that no step before has looked at. */
  readonly read: Float64Array
}

/**
 * Counts the samples that `expr` looks at, for whoever asks what a query cost. Evaluates its selectors and subqueries once more.
 *
 * Source: Prometheus 3.14 util/stats/query_stats.go and the calls of it in promql/engine.go.
 */
export function countSampleWork(evaluation: Evaluation, expr: Expr, steps: Steps): SampleCounts {
  const counts = { queryable: new Float64Array(steps.count), read: new Float64Array(steps.count) }
  addExpr(evaluation, expr, steps, counts)
  return counts
}

function addExpr(evaluation: Evaluation, expr: Expr, steps: Steps, counts: SampleCounts): void {
  if (expr.kind === 'vectorSelector') addSelector(evaluation, expr, steps, counts)
  else if (expr.kind === 'matrixSelector' || expr.kind === 'subquery') addRange(evaluation, expr, steps, counts)
  else for (const child of childrenOf(expr)) addExpr(evaluation, withoutParens(child), steps, counts)
}

function addSelector(evaluation: Evaluation, node: VectorSelector, steps: Steps, counts: SampleCounts): void {
  const value = evaluation.evaluate(node, steps)
  if (value.kind !== 'vector') return
  const { labels, present, histograms } = value.grid
  for (let i = 0; i < labels.length; i++) {
    for (let j = 0; j < steps.count; j++) {
      const cell = i * steps.count + j
      if (present[cell] === 0) continue
      const weight = weightOf(histograms?.[cell])
      counts.queryable[j]! += weight
      // With `@` every step looks at what the first has read.
      if (node.at === undefined || j === 0) counts.read[j]! += weight
    }
  }
}

function addRange(evaluation: Evaluation, node: RangeExpr, steps: Steps, counts: SampleCounts): void {
  const { scan, windows } = evalRange(evaluation, node, steps)
  const samples = columnsOf(scan)
  const isStored = node.kind === 'matrixSelector'
  const { beforeMs, afterMs } = isStored ? reachOf(node, evaluation.lookbackMs) : { beforeMs: 0, afterMs: 0 }
  for (let j = 0; j < steps.count; j++) {
    const endMs = windows.firstEndMs + j * windows.stepMs + afterMs
    const startMs = endMs - afterMs - windows.rangeMs - beforeMs
    const isFirst = j === 0
    const isFixed = windows.stepMs === 0
    for (let i = 0; i < samples.labels.length; i++) {
      counts.queryable[j]! += weightBetween(samples, i, startMs, endMs)
      if (!isStored || (isFixed && !isFirst)) continue
      counts.read[j]! += weightBetween(samples, i, isFirst ? startMs : Math.max(startMs, endMs - windows.stepMs), endMs)
    }
  }
  if (node.kind === 'subquery') addSubqueryReads(evaluation, node, steps, counts)
}

function reachOf({ selector }: MatrixSelector, lookbackMs: number): { beforeMs: number; afterMs: number } {
  if (selector.extension === undefined) return { beforeMs: 0, afterMs: 0 }
  return { beforeMs: lookbackMs, afterMs: selector.extension === 'smoothed' ? lookbackMs : 0 }
}

/**
 * What a subquery reads counts for the step that takes it first; what falls between two windows counts for none.
 *
 * Source: MergeSamplesReadFromSubquery.
 */
function addSubqueryReads(evaluation: Evaluation, node: Subquery, steps: Steps, counts: SampleCounts): void {
  const inner = subquerySteps(node, steps, evaluation.defaultStepMs)
  const { read } = countSampleWork(evaluation, withoutParens(node.expr), inner)
  for (const [k, count] of read.entries()) {
    const tMs = inner.startMs + k * inner.stepMs + node.offsetMs
    const isOne = steps.count === 1 || node.at !== undefined
    const step = isOne ? 0 : Math.min(steps.count - 1, Math.max(0, Math.ceil((tMs - steps.startMs) / steps.stepMs)))
    if (!isOne && tMs <= steps.startMs + step * steps.stepMs - node.rangeMs) continue
    counts.read[step]! += count
  }
}

/** The samples of series `i` in (startMs, endMs], by weight. */
function weightBetween({ offsets, tMs, histograms }: SeriesSamples, i: number, startMs: number, endMs: number): number {
  const from = firstAfter(tMs, offsets[i]!, offsets[i + 1]!, startMs)
  const to = firstAfter(tMs, from, offsets[i + 1]!, endMs)
  if (histograms === undefined) return to - from
  let weight = 0
  for (let p = from; p < to; p++) weight += weightOf(histograms[p])
  return weight
}

/** The first position in `[from, to)` whose time is above `atMs`. */
function firstAfter(tMs: Float64Array, from: number, to: number, atMs: number): number {
  let [low, high] = [from, to]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (tMs[middle]! > atMs) high = middle
    else low = middle + 1
  }
  return low
}

// What Go's FloatHistogram takes without its slices, and a point of a float. Source: FloatHistogram.Size and HPoint.size.
const STRUCT_BYTES = 168
const POINT_BYTES = 16

/** A histogram counts as many floats as would take its memory in Prometheus. */
function weightOf(histogram: NativeHistogram | undefined): number {
  if (histogram === undefined) return 1
  const { positiveSpans, negativeSpans, positiveBuckets, negativeBuckets, customBounds } = histogram
  const entries = positiveSpans.length + negativeSpans.length + positiveBuckets.length + negativeBuckets.length
  return Math.trunc((STRUCT_BYTES + 8 * (entries + customBounds.length) + 8) / POINT_BYTES)
}
