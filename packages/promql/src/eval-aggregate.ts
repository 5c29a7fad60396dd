import type { FoldOp } from '@oriel/vector'
import { aggregateQuantile, groupSeries, LastKernel } from '@oriel/vector'
import { aggregated, aggregateFold, floatsOf } from './aggregate-fold.ts'
import type { Aggregation, AggregationOp, Call, VectorSelector } from './ast.ts'
import { withoutParens } from './ast.ts'
import { evalRangeAggregation, isRangeCall } from './eval-range.ts'
import { evalCountValues, evalLimit, evalRanked } from './eval-selection.ts'
import { windowsOf } from './eval-selector.ts'
import type { Evaluation, InPieces } from './evaluation.ts'
import { scalarAt, vectorAt } from './evaluation.ts'
import type { Slider } from './fold-scan.ts'
import { foldScan } from './fold-scan.ts'
import { HistogramNotes } from './histogram-notes.ts'
import { noteQuantiles } from './range-functions.ts'
import type { Steps, VectorValue } from './values.ts'
import { vectorOf } from './values.ts'

/** Evaluates `sum by (x) (...)` and its kin. */
export function* evalAggregation(evaluation: Evaluation, node: Aggregation, steps: Steps): InPieces<VectorValue> {
  const { op, grouping, isWithout } = node
  if (op === 'count_values') return evalCountValues(evaluation, node, steps)
  const fused = fusedOperand(evaluation, node)
  if (fused !== undefined && isFold(op)) {
    if (fused.kind === 'call') return yield* evalRangeAggregation(evaluation, node, op, fused, steps)
    return yield* evalSelectorAggregation(evaluation, node, op, fused, steps)
  }
  const parameter = node.param === undefined ? undefined : scalarAt(evaluation, node.param, steps)
  const input = vectorAt(evaluation, node.expr, steps)
  const groups = groupSeries(input.grid.labels, grouping, isWithout)
  switch (op) {
    case 'quantile': {
      const quantiles = parameter ?? new Float64Array(steps.count)
      noteQuantiles(evaluation, extremesOf(quantiles), node.param)
      const notes = new HistogramNotes(evaluation.notes, withoutParens(node.expr).span)
      return aggregated(input, groups.groupOf, aggregateQuantile(floatsOf(input.grid, op, notes), groups, quantiles))
    }
    case 'topk':
    case 'bottomk':
      return evalRanked(evaluation, node, op, input, groups, parameter ?? new Float64Array(steps.count))
    case 'limitk':
    case 'limit_ratio':
      return evalLimit(evaluation, node, op, input, groups, parameter ?? new Float64Array(steps.count))
    case 'sum':
    case 'avg':
    case 'count':
    case 'min':
    case 'max':
    case 'group':
    case 'stddev':
    case 'stdvar':
      return aggregateFold(evaluation, node, op, input)
  }
}

/** The range function or selector in an aggregation that is evaluated together with it, series by series; `undefined` for none. */
export function fusedOperand(evaluation: Evaluation, { op, expr }: Aggregation): Call | VectorSelector | undefined {
  const inner = withoutParens(expr)
  if (!isFold(op) || evaluation.pushedOf(inner) !== undefined) return undefined
  if (inner.kind === 'vectorSelector') return isFoldable(evaluation, inner) ? inner : undefined
  if (inner.kind !== 'call' || !isRangeCall(inner) || inner.name === 'absent_over_time') return undefined
  return inner
}

/** Whether the selector looks at each step anew, for floats. */
function isFoldable(evaluation: Evaluation, node: VectorSelector): boolean {
  if (node.extension !== undefined || node.at !== undefined) return false
  return evaluation.leafOf(node).scan.columns?.histograms === undefined
}

/** Evaluates an aggregation of an instant selector. */
function* evalSelectorAggregation(
  evaluation: Evaluation,
  { grouping, isWithout }: Aggregation,
  op: FoldOp,
  node: VectorSelector,
  steps: Steps,
): InPieces<VectorValue> {
  const { scan } = evaluation.leafOf(node)
  const groups = groupSeries(scan.labels, grouping, isWithout)
  const kernel = new LastKernel(windowsOf(node, evaluation.lookbackMs, steps))
  const slide: Slider = (points, out) => kernel.slide(points, points.stale, points.from, points.to, out)
  const { grid } = yield* foldScan(scan, steps.count, groups, op, slide)
  return vectorOf(grid)
}

const FOLDS: ReadonlySet<AggregationOp> = new Set<FoldOp>(['sum', 'avg', 'count', 'min', 'max', 'group', 'stddev', 'stdvar'])

function isFold(op: AggregationOp): op is FoldOp {
  return FOLDS.has(op)
}

/** The values a warning names: NaN if any, the greatest above 1, the least below 0. */
function extremesOf(quantiles: Float64Array): Float64Array {
  const finite = quantiles.filter((quantile) => !Number.isNaN(quantile))
  const picked = quantiles.length > finite.length ? [NaN] : []
  const most = finite.reduce((a, b) => Math.max(a, b), 0)
  const least = finite.reduce((a, b) => Math.min(a, b), 1)
  if (most > 1) picked.push(most)
  if (least < 0) picked.push(least)
  return Float64Array.from(picked)
}
