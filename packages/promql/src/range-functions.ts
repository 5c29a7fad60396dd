import { printGoNumber, printNumber, QueryError } from '@oriel/syntax'
import type { PointColumns, RateKind, SeriesOut, WindowFold, Windows } from '@oriel/vector'
import {
  avgFold,
  changesFold,
  countFold,
  deviationFold,
  extremeOverWindows,
  firstFold,
  firstTimeFold,
  fitLine,
  lastDeltaFold,
  lastFold,
  lastRateFold,
  lastTimeFold,
  maxTimeFold,
  medianDeviationFold,
  minTimeFold,
  presentFold,
  quantileOf,
  resetsFold,
  smoothTwice,
  sumFold,
  varianceFold,
} from '@oriel/vector'
import type { Call, Expr } from './ast.ts'
import { withoutParens } from './ast.ts'
import type { Evaluation, RangeExpr } from './evaluation.ts'
import { scalarAt } from './evaluation.ts'
import { extendedFunctionOf } from './extended.ts'
import type { Steps } from './values.ts'

type Kernel = (points: PointColumns, from: number, to: number, windows: Windows, out: SeriesOut) => void

/** How a function slides over windows. `usesStep`: its result depends on the step itself, not on the window alone. */
export type RangeFunction = { readonly usesStep?: boolean } & (
  | { readonly kind: 'rate'; readonly rate: RateKind }
  | { readonly kind: 'fold'; readonly fold: WindowFold; readonly minPoints?: number }
  | { readonly kind: 'kernel'; readonly run: Kernel }
)

const SIMPLE: ReadonlyMap<string, RangeFunction> = new Map<string, RangeFunction>([
  ['rate', { kind: 'rate', rate: 'rate' }],
  ['increase', { kind: 'rate', rate: 'increase' }],
  ['delta', { kind: 'rate', rate: 'delta' }],
  ['irate', { kind: 'fold', fold: lastRateFold, minPoints: 2 }],
  ['idelta', { kind: 'fold', fold: lastDeltaFold, minPoints: 2 }],
  ['sum_over_time', { kind: 'fold', fold: sumFold }],
  ['avg_over_time', { kind: 'fold', fold: avgFold }],
  ['count_over_time', { kind: 'fold', fold: countFold }],
  ['first_over_time', { kind: 'fold', fold: firstFold }],
  ['last_over_time', { kind: 'fold', fold: lastFold }],
  ['present_over_time', { kind: 'fold', fold: presentFold }],
  ['absent_over_time', { kind: 'fold', fold: presentFold }],
  ['stdvar_over_time', { kind: 'fold', fold: varianceFold }],
  ['stddev_over_time', { kind: 'fold', fold: deviationFold }],
  ['mad_over_time', { kind: 'fold', fold: medianDeviationFold }],
  ['changes', { kind: 'fold', fold: changesFold }],
  ['resets', { kind: 'fold', fold: resetsFold }],
  ['ts_of_first_over_time', { kind: 'fold', fold: firstTimeFold }],
  ['ts_of_last_over_time', { kind: 'fold', fold: lastTimeFold }],
  ['ts_of_max_over_time', { kind: 'fold', fold: maxTimeFold }],
  ['ts_of_min_over_time', { kind: 'fold', fold: minTimeFold }],
  ['deriv', { kind: 'fold', minPoints: 2, fold: (points, lo, hi) => fitLine(points, lo, hi, points.tMs[lo] ?? 0).slope }],
  [
    'max_over_time',
    { kind: 'kernel', run: (points, from, to, windows, out) => extremeOverWindows(points, from, to, windows, true, out) },
  ],
  [
    'min_over_time',
    { kind: 'kernel', run: (points, from, to, windows, out) => extremeOverWindows(points, from, to, windows, false, out) },
  ],
])

/** The sliding form of a call, its scalar arguments evaluated. Throws QUERY_EXECUTION for arguments out of bounds. */
export function rangeFunctionOf(
  evaluation: Evaluation,
  call: Call,
  range: RangeExpr,
  parameters: readonly Expr[],
  steps: Steps,
): RangeFunction {
  const extended = range.kind === 'matrixSelector' ? extendedFunctionOf(call, range, evaluation.lookbackMs) : undefined
  if (extended !== undefined) return extended
  const simple = SIMPLE.get(call.name)
  if (simple !== undefined) return simple
  const [first = ZERO, second = ZERO] = parameters.map((parameter) => scalarAt(evaluation, parameter, steps))
  switch (call.name) {
    case 'quantile_over_time':
      return fold(({ values }, lo, hi, step) => {
        const quantile = first[step]!
        // Said only where there is something to take a quantile of.
        if (!(quantile >= 0 && quantile <= 1)) noteQuantiles(evaluation, first.subarray(step, step + 1), call.args[0])
        return quantileOf(quantile, values.slice(lo, hi))
      })
    case 'predict_linear':
      return fold((points, lo, hi, step) => {
        const { slope, intercept } = fitLine(points, lo, hi, steps.startMs + step * steps.stepMs)
        return slope * first[step]! + intercept
      }, 2)
    case 'double_exponential_smoothing':
      if (hasSeries(evaluation, range)) {
        checkFactors(first, 'smoothing', 'sf')
        checkFactors(second, 'trend', 'tf')
      }
      return fold((points, lo, hi, step) => smoothTwice(points, lo, hi, first[step]!, second[step]!), 2)
    default:
      throw new QueryError('QUERY_UNSUPPORTED', `cannot evaluate ${call.name}(): not supported`, { span: call.span })
  }
}

const ZERO = new Float64Array(1)

function fold(of: WindowFold, minPoints = 1): RangeFunction {
  return { kind: 'fold', fold: of, minPoints, usesStep: true }
}

/** Factors are looked at with the first series. What a subquery has is not known yet. */
function hasSeries(evaluation: Evaluation, range: RangeExpr): boolean {
  return range.kind === 'subquery' || evaluation.leafOf(range.selector).scan.labels.length > 0
}

/** Warns about quantiles outside [0, 1]. */
export function noteQuantiles(evaluation: Evaluation, quantiles: Float64Array, at: Expr | undefined): void {
  if (at === undefined) return
  for (const quantile of quantiles) {
    if (quantile >= 0 && quantile <= 1) continue
    evaluation.notes.warn(`quantile value should be between 0 and 1, got ${printGoNumber(quantile)}`, withoutParens(at).span)
  }
}

function checkFactors(factors: Float64Array, what: string, name: string): void {
  for (const factor of factors) {
    if (factor > 0 && factor < 1) continue
    if (Number.isNaN(factor)) continue
    const got = Number.isFinite(factor) ? factor.toFixed(6) : printNumber(factor)
    throw new QueryError('QUERY_EXECUTION', `invalid ${what} factor. Expected: 0 < ${name} < 1, got: ${got}`)
  }
}
