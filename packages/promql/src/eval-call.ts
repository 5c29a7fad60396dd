import type { NativeHistogram } from '@oriel/model'
import { dropLabels, METRIC_NAME } from '@oriel/model'
import { QueryError } from '@oriel/syntax'
import { makeGrid, nativeVariance, putCell } from '@oriel/vector'
import { floatsOf } from './aggregate-fold.ts'
import type { Call } from './ast.ts'
import { withoutParens } from './ast.ts'
import { evalAbsent, evalAbsentOverTime } from './eval-absent.ts'
import { evalHistogramFraction, evalHistogramQuantile, evalHistogramQuantiles } from './eval-histogram.ts'
import { evalInfo } from './eval-info.ts'
import { evalLabelJoin, evalLabelReplace } from './eval-labels.ts'
import { evalRangeCall, isRangeCall } from './eval-range.ts'
import { evalSelectorStarts, evalSelectorTimes } from './eval-selector.ts'
import { evalSort } from './eval-sort.ts'
import { secondsOf, TIME_FUNCTIONS, timeArgument } from './eval-time.ts'
import type { Evaluation, InPieces } from './evaluation.ts'
import { scalarAt, vectorAt } from './evaluation.ts'
import { greater, lesser, MATH_FUNCTIONS } from './math-functions.ts'
import type { ScalarValue, Steps, Value, VectorValue } from './values.ts'
import { compact, dropNames, emptyVector, isOneMetric, mergeSameLabels, vectorOf } from './values.ts'

/** Evaluates a function call. */
export function* evalCall(evaluation: Evaluation, call: Call, steps: Steps): InPieces<Value> {
  if (call.name === 'absent_over_time') return yield* evalAbsentOverTime(evaluation, call, steps)
  if (isRangeCall(call)) return yield* evalRangeCall(evaluation, call, steps)
  const math = MATH_FUNCTIONS.get(call.name)
  if (math !== undefined) return mapped(evaluation, argument(evaluation, call, 0, steps), math)
  const ofHistogram = HISTOGRAM_FUNCTIONS.get(call.name)
  if (ofHistogram !== undefined) return mappedHistograms(evaluation, argument(evaluation, call, 0, steps), ofHistogram)
  const part = TIME_FUNCTIONS.get(call.name)
  if (part !== undefined) return mapped(evaluation, timeArgument(evaluation, call, steps), part)
  return evalSpecial(evaluation, call, steps)
}

function evalSpecial(evaluation: Evaluation, call: Call, steps: Steps): Value {
  const { name } = call
  switch (name) {
    case 'time':
      return { kind: 'scalar', values: secondsOf(steps) }
    case 'pi':
      return { kind: 'scalar', values: new Float64Array(steps.count).fill(Math.PI) }
    case 'scalar':
      return onlyValue(argument(evaluation, call, 0, steps))
    case 'vector':
      return constant(number(evaluation, call, 0, steps))
    case 'max_of':
    case 'min_of':
      return extremeOf(number(evaluation, call, 0, steps), number(evaluation, call, 1, steps), name === 'max_of')
    case 'timestamp':
      return timestamp(evaluation, call, steps)
    case 'start_timestamp':
      return startTimestamp(evaluation, call, steps)
    case 'clamp':
    case 'clamp_max':
    case 'clamp_min':
      return clamp(evaluation, call, steps)
    case 'round':
      return round(evaluation, call, steps)
    default:
      return evalWhole(evaluation, call, steps)
  }
}

/** Functions that look at whole series or several of them together. */
function evalWhole(evaluation: Evaluation, call: Call, steps: Steps): Value {
  switch (call.name) {
    case 'absent':
      return evalAbsent(evaluation, call, steps)
    case 'info':
      return evalInfo(evaluation, call, steps)
    case 'label_replace':
      return evalLabelReplace(evaluation, call, steps)
    case 'label_join':
      return evalLabelJoin(evaluation, call, steps)
    case 'sort':
    case 'sort_desc':
    case 'sort_by_label':
    case 'sort_by_label_desc':
      return evalSort(evaluation, call, steps)
    case 'histogram_quantile':
      return evalHistogramQuantile(evaluation, call, steps)
    case 'histogram_quantiles':
      return evalHistogramQuantiles(evaluation, call, steps)
    case 'histogram_fraction':
      return evalHistogramFraction(evaluation, call, steps)
    default:
      throw new QueryError('QUERY_UNSUPPORTED', `cannot evaluate ${call.name}(): not supported by this version`, {
        span: call.span,
      })
  }
}

function argument(evaluation: Evaluation, { args }: Call, index: number, steps: Steps): VectorValue {
  const arg = args[index]
  if (arg === undefined) throw new TypeError(`missing argument ${index}`)
  return vectorAt(evaluation, arg, steps)
}

function number(evaluation: Evaluation, { args }: Call, index: number, steps: Steps): Float64Array {
  const arg = args[index]
  if (arg === undefined) throw new TypeError(`missing argument ${index}`)
  return scalarAt(evaluation, arg, steps)
}

/** Numbers of a native histogram. Source: Prometheus 3.14 promql/functions.go simpleHistogramFunc. */
const HISTOGRAM_FUNCTIONS: ReadonlyMap<string, (histogram: NativeHistogram) => number> = new Map([
  ['histogram_avg', ({ sum, count }: NativeHistogram) => sum / count],
  ['histogram_count', ({ count }: NativeHistogram) => count],
  ['histogram_sum', ({ sum }: NativeHistogram) => sum],
  ['histogram_stddev', (histogram: NativeHistogram) => Math.sqrt(nativeVariance(histogram))],
  ['histogram_stdvar', nativeVariance],
])

/** Applies `map` to every histogram; floats have no answer. Type and unit stay where names go at once, as in Prometheus. */
function mappedHistograms(
  evaluation: Evaluation,
  { grid }: VectorValue,
  map: (histogram: NativeHistogram) => number,
): VectorValue {
  const { labels, steps, histograms } = grid
  if (histograms === undefined) return emptyVector(steps)
  const isDelayed = evaluation.features.delayedNameRemoval
  const out = makeGrid(isDelayed ? labels : labels.map((of) => dropLabels(of, NAME_ONLY)), steps)
  for (const [at, histogram] of histograms.entries()) {
    if (grid.present[at] === 1 && histogram !== undefined) putCell(out, at, map(histogram))
  }
  const result = compact(vectorOf(out, new Uint8Array(labels.length).fill(isDelayed ? 1 : 0)))
  return isDelayed && steps === 1 ? result : mergeSameLabels(result)
}

const NAME_ONLY = new Set([METRIC_NAME])

/** Applies `map` to every float; the result is no longer the metric, so its name goes. */
function mapped(evaluation: Evaluation, input: VectorValue, map: (value: number, step: number) => number): VectorValue {
  const grid = floatsOf(input.grid, '')
  const out = makeGrid(grid.labels, grid.steps)
  out.present.set(grid.present)
  for (let at = 0, j = 0; at < grid.values.length; at++, j = j + 1 === grid.steps ? 0 : j + 1) {
    if (grid.present[at] === 1) out.values[at] = map(grid.values[at]!, j)
  }
  const result = settled(evaluation, vectorOf(out))
  return input.grid.histograms === undefined ? result : compact(result)
}

function settled(evaluation: Evaluation, vector: VectorValue): VectorValue {
  const isDelayed = evaluation.features.delayedNameRemoval
  const dropped = dropNames(vector, isDelayed)
  return (isDelayed && vector.grid.steps === 1) || isOneMetric(vector.grid.labels) ? dropped : mergeSameLabels(dropped)
}

function onlyValue(input: VectorValue): ScalarValue {
  const grid = floatsOf(input.grid, '')
  const values = new Float64Array(grid.steps).fill(NaN)
  for (let j = 0; j < grid.steps; j++) {
    let found = 0
    for (let at = j; at < grid.values.length; at += grid.steps) {
      if (grid.present[at] === 0) continue
      found++
      values[j] = found === 1 ? grid.values[at]! : NaN
    }
  }
  return { kind: 'scalar', values }
}

function constant(values: Float64Array): VectorValue {
  return vectorOf({ labels: [[]], steps: values.length, values: values.slice(), present: new Uint8Array(values.length).fill(1) })
}

function extremeOf(a: Float64Array, b: Float64Array, isMax: boolean): ScalarValue {
  return { kind: 'scalar', values: a.map((value, j) => (isMax ? greater(value, b[j]!) : lesser(value, b[j]!))) }
}

/** `timestamp(selector)` is the sample's own time; of any other vector it is the evaluation time. */
function timestamp(evaluation: Evaluation, call: Call, steps: Steps): VectorValue {
  const [arg] = call.args
  const inner = arg === undefined ? undefined : withoutParens(arg)
  if (inner?.kind === 'vectorSelector') return settled(evaluation, evalSelectorTimes(evaluation, inner, steps))
  const { labels, values, present } = argument(evaluation, call, 0, steps).grid
  const seconds = secondsOf(steps)
  return mapped(evaluation, vectorOf({ labels, steps: steps.count, values, present }), (_value, j) => seconds[j]!)
}

/** `start_timestamp(selector)`; any other vector has no samples that could tell. */
function startTimestamp(evaluation: Evaluation, call: Call, steps: Steps): VectorValue {
  const [arg] = call.args
  const inner = arg === undefined ? undefined : withoutParens(arg)
  if (inner?.kind === 'vectorSelector') return settled(evaluation, evalSelectorStarts(evaluation, inner, steps))
  argument(evaluation, call, 0, steps)
  return emptyVector(steps.count)
}

function clamp(evaluation: Evaluation, call: Call, steps: Steps): VectorValue {
  const vector = argument(evaluation, call, 0, steps)
  const first = number(evaluation, call, 1, steps)
  const none = new Float64Array(steps.count)
  const least = call.name === 'clamp_max' ? none.fill(-Infinity) : first
  const most = call.name === 'clamp' ? number(evaluation, call, 2, steps) : first
  const greatest = call.name === 'clamp_min' ? none.fill(Infinity) : most
  const clamped = mapped(evaluation, vector, (value, j) => greater(least[j]!, lesser(greatest[j]!, value)))
  for (let at = 0; at < clamped.grid.present.length; at++) {
    const j = at % steps.count
    if (greatest[j]! < least[j]!) clamped.grid.present[at] = 0
  }
  return compact(clamped)
}

function round(evaluation: Evaluation, call: Call, steps: Steps): VectorValue {
  const vector = argument(evaluation, call, 0, steps)
  const nearest = call.args.length > 1 ? number(evaluation, call, 1, steps) : new Float64Array(steps.count).fill(1)
  // Dividing by the inverse causes fewer inaccuracies than multiplying.
  return mapped(evaluation, vector, (value, j) => {
    const inverse = 1 / nearest[j]!
    return Math.floor(value * inverse + 0.5) / inverse
  })
}
