import type { FoldOp, Grid, Groups } from '@oriel/vector'
import { aggregate, groupSeries, HistogramSum, makeMixedGrid, putCell } from '@oriel/vector'
import type { NativeHistogram } from '@oriel/model'
import { labelValue, METRIC_NAME } from '@oriel/model'
import type { Aggregation } from './ast.ts'
import { withoutParens } from './ast.ts'
import type { Evaluation } from './evaluation.ts'
import { HistogramNotes } from './histogram-notes.ts'
import type { VectorValue } from './values.ts'
import { compact, vectorOf } from './values.ts'

/** Aggregates a vector whose values may be histograms. */
export function aggregateFold(
  evaluation: Evaluation,
  { expr, grouping, isWithout }: Aggregation,
  op: FoldOp,
  input: VectorValue,
): VectorValue {
  const groups = groupSeries(input.grid.labels, grouping, isWithout)
  const { histograms } = input.grid
  if (histograms === undefined) return aggregated(input, groups.groupOf, aggregate(input.grid, groups, op))
  const notes = new HistogramNotes(evaluation.notes, withoutParens(expr).span)
  switch (op) {
    case 'sum':
    case 'avg':
      return aggregated(input, groups.groupOf, addAll(input.grid, groups, op, notes))
    case 'count':
    case 'group':
      return aggregated(input, groups.groupOf, aggregate(input.grid, groups, op))
    case 'min':
    case 'max':
    case 'stddev':
    case 'stdvar':
      return aggregated(input, groups.groupOf, aggregate(floatsOf(input.grid, op, notes), groups, op))
  }
}

/** The result of an aggregation: a group loses its name at the end when any of its members does. */
export function aggregated(input: VectorValue, groupOf: Uint32Array, grid: Grid): VectorValue {
  const dropName = new Uint8Array(grid.labels.length)
  for (const [i, group] of groupOf.entries()) if (input.dropName[i] === 1) dropName[group] = 1
  return compact(vectorOf(grid, dropName))
}

/** The floats of a grid alone; says that histograms were left out of `op`. */
export function floatsOf({ labels, steps, values, present, histograms }: Grid, op: string, notes?: HistogramNotes): Grid {
  if (histograms === undefined) return { labels, steps, values, present }
  const floats = present.slice()
  for (let at = 0; at < floats.length; at++) {
    if (present[at] === 0 || histograms[at] === undefined) continue
    floats[at] = 0
    notes?.ignoredInAggregation(op)
  }
  return { labels, steps, values, present: floats }
}

/** Sum or mean: of floats as ever, and of histograms where a group has nothing else. */
function addAll(grid: Grid, groups: Groups, op: 'sum' | 'avg', notes: HistogramNotes): Grid {
  const { steps } = grid
  const floats = aggregate(floatsOf(grid, op), groups, op)
  const out = makeMixedGrid(groups.labels, steps)
  const cells: (MixedCell | undefined)[] = Array.from({ length: out.values.length })
  for (let i = 0; i < groups.groupOf.length; i++) {
    const metric = labelValue(grid.labels[i] ?? [], METRIC_NAME)
    for (let j = 0; j < steps; j++) {
      if (grid.present[i * steps + j] === 0) continue
      const at = groups.groupOf[i]! * steps + j
      const cell = (cells[at] ??= { hasFloat: false, hasHistogram: false })
      addToCell(cell, grid.histograms?.[i * steps + j], op, metric, notes)
    }
  }
  for (const [at, cell] of cells.entries()) {
    if (cell === undefined) continue
    if (cell.sum?.notes.isReconciled === true) notes.reconciledBounds('aggregation')
    if (cell.hasFloat && cell.hasHistogram) notes.mixedFloatsInAggregation()
    else if (cell.sum === undefined) putCell(out, at, floats.values[at]!)
    else putSum(out, at, cell.sum, notes)
  }
  return out
}

interface MixedCell {
  hasFloat: boolean
  hasHistogram: boolean
  sum?: HistogramSum
}

/** Takes in one sample of a group. Where a float came first, or histograms did not go together, there will be no sum of them. */
function addToCell(
  cell: MixedCell,
  histogram: NativeHistogram | undefined,
  op: 'sum' | 'avg',
  metric: string,
  notes: HistogramNotes,
): void {
  if (cell.sum?.notes.isIncompatible === true) return
  if (histogram === undefined) {
    cell.hasFloat = true
    return
  }
  const isFirst = !cell.hasFloat && !cell.hasHistogram
  cell.hasHistogram = true
  if (isFirst) cell.sum = new HistogramSum(histogram, op === 'avg')
  else cell.sum?.add(histogram)
  if (cell.sum?.notes.isIncompatible === true) notes.mixedSchemas(metric)
}

function putSum(out: Grid, at: number, sum: HistogramSum, notes: HistogramNotes): void {
  const histogram = sum.finish({ isCompact: true })
  if (histogram === undefined) return
  if (sum.notes.hasResetConflict) notes.resetConflict('aggregation')
  putCell(out, at, histogram)
}
