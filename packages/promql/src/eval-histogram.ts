import type { Labels, NativeHistogram } from '@oriel/model'
import { withLabel } from '@oriel/model'
import type { TextSpan } from '@oriel/syntax'
import { printGoNumber } from '@oriel/syntax'
import type { Bucket, Grid, MonotonicityFix } from '@oriel/vector'
import { bucketFraction, bucketQuantile, makeGrid, nativeFraction, nativeQuantile } from '@oriel/vector'
import type { Call } from './ast.ts'
import { stringOf } from './eval-labels.ts'
import type { BucketFixes, Evaluation } from './evaluation.ts'
import { joinFixes, scalarAt } from './evaluation.ts'
import type { HistogramInput } from './histogram-input.ts'
import { foldHistograms, histogramInput, ofMetric, shownName } from './histogram-input.ts'
import { noteQuantiles } from './range-functions.ts'
import type { Steps, VectorValue } from './values.ts'
import { compact, dropNames, mergeSameLabels, vectorOf } from './values.ts'

/** `histogram_quantile(q, histograms)`. */
export function evalHistogramQuantile(evaluation: Evaluation, { args }: Call, steps: Steps): VectorValue {
  const [quantileArg, histogramArg] = args
  if (quantileArg === undefined || histogramArg === undefined) throw new TypeError('histogram_quantile needs two arguments')
  const quantiles = scalarAt(evaluation, quantileArg, steps)
  const input = histogramInput(evaluation, histogramArg, steps)
  noteQuantiles(evaluation, quantiles, quantileArg)
  const notes = new FixNotes(evaluation, input.span, steps)
  const out = quantilesOf(evaluation, input, steps, quantiles, notes)
  notes.emit()
  return settled(evaluation, out)
}

/** `histogram_quantiles(histograms, label, q...)`: one series a quantile, told apart by `label`. */
export function evalHistogramQuantiles(evaluation: Evaluation, { args }: Call, steps: Steps): VectorValue {
  const [histogramArg, labelArg, ...quantileArgs] = args
  if (histogramArg === undefined || labelArg === undefined) throw new TypeError('histogram_quantiles needs three arguments')
  const label = stringOf(labelArg)
  const input = histogramInput(evaluation, histogramArg, steps)
  const quantiles = quantileArgs.map((arg) => scalarAt(evaluation, arg, steps))
  for (const [i, arg] of quantileArgs.entries()) noteQuantiles(evaluation, quantiles[i]!, arg)
  const notes = new FixNotes(evaluation, input.span, steps)
  const parts = quantiles.flatMap((of) => {
    const grid = quantilesOf(evaluation, input, steps, of, notes)
    return [...new Set(of)].map((quantile) => labelledPart(grid, of, quantile, label))
  })
  notes.emit()
  return settled(evaluation, joinedParts(parts, steps))
}

/** `histogram_fraction(lower, upper, histograms)`: the share of observations between two values. */
export function evalHistogramFraction(evaluation: Evaluation, { args }: Call, steps: Steps): VectorValue {
  const [lowerArg, upperArg, histogramArg] = args
  if (lowerArg === undefined || upperArg === undefined || histogramArg === undefined) {
    throw new TypeError('histogram_fraction needs three arguments')
  }
  const lower = scalarAt(evaluation, lowerArg, steps)
  const upper = scalarAt(evaluation, upperArg, steps)
  const input = histogramInput(evaluation, histogramArg, steps)
  const native = (histogram: NativeHistogram, step: number, labels: Labels) => {
    const { value, hasNaN } = nativeFraction(lower[step]!, upper[step]!, histogram)
    if (hasNaN === true) {
      const text = 'input to histogram_fraction has NaN observations, which are excluded from all fractions'
      evaluation.notes.inform(`${text}${ofMetric(shownName(evaluation, labels))}`, input.span)
    }
    return value
  }
  const classic = (buckets: readonly Bucket[], step: number) => bucketFraction(lower[step]!, upper[step]!, buckets)
  return settled(evaluation, foldHistograms(evaluation, input, steps, { native, classic }))
}

function quantilesOf(
  evaluation: Evaluation,
  input: HistogramInput,
  steps: Steps,
  quantiles: Float64Array,
  notes: FixNotes,
): Grid {
  return foldHistograms(evaluation, input, steps, {
    native: (histogram, step, labels) => {
      const { value, nanEffect } = nativeQuantile(quantiles[step]!, histogram)
      if (nanEffect !== undefined) {
        const effect = nanEffect === 'result' ? 'result is NaN' : 'result is skewed higher'
        const text = `input to histogram_quantile has NaN observations, ${effect}`
        evaluation.notes.inform(`${text}${ofMetric(shownName(evaluation, labels))}`, input.span)
      }
      return value
    },
    classic: (buckets, step, labels) => {
      const { value, fix } = bucketQuantile(quantiles[step]!, buckets)
      if (fix !== undefined) notes.add(labels, step, fix)
      return value
    },
  })
}

/** The steps of a grid at which the quantile is `quantile`, under its label. */
function labelledPart(grid: Grid, quantiles: Float64Array, quantile: number, label: string): Grid {
  const name = openMetricsNumber(quantile)
  const present = grid.present.map((is, at) => (is === 1 && Object.is(quantiles[at % grid.steps], quantile) ? 1 : 0))
  return { ...grid, present, labels: grid.labels.map((labels) => withLabel(labels, label, name)) }
}

function joinedParts(parts: readonly Grid[], steps: Steps): Grid {
  const out = makeGrid(
    parts.flatMap(({ labels }) => labels),
    steps.count,
  )
  let at = 0
  for (const part of parts) {
    out.values.set(part.values, at)
    out.present.set(part.present, at)
    at += part.values.length
  }
  return out
}

function settled(evaluation: Evaluation, grid: Grid): VectorValue {
  const isDelayed = evaluation.features.delayedNameRemoval
  const dropped = compact(dropNames(vectorOf(grid), isDelayed))
  return isDelayed && grid.steps === 1 ? dropped : mergeSameLabels(dropped)
}

/**
 * Gathers, metric by metric, where buckets were not cumulative.
 *
 * Prometheus joins the account of each step with itself once more, so its number of samples doubles with every step that follows.
 */
class FixNotes {
  readonly #evaluation: Evaluation
  readonly #span: TextSpan
  readonly #steps: Steps
  readonly #fixes = new Map<string, Map<number, BucketFixes>>()
  readonly #fixed = new Map<Labels, Set<number>>()

  constructor(evaluation: Evaluation, span: TextSpan, steps: Steps) {
    this.#evaluation = evaluation
    this.#span = span
    this.#steps = steps
  }

  /** `labels` are those of the one histogram: once fixed, it stays so for further quantiles. */
  add(labels: Labels, step: number, { minBucket, maxBucket, maxDiff }: MonotonicityFix): void {
    const fixed = this.#fixed.get(labels) ?? new Set<number>()
    this.#fixed.set(labels, fixed)
    if (fixed.has(step)) return
    fixed.add(step)
    const name = shownName(this.#evaluation, labels)
    const byStep = this.#fixes.get(name) ?? new Map<number, BucketFixes>()
    this.#fixes.set(name, byStep)
    const tMs = this.#steps.startMs + step * this.#steps.stepMs
    const fix = { minBucket, maxBucket, maxDiff, firstMs: tMs, lastMs: tMs, count: 1n }
    const known = byStep.get(step)
    byStep.set(step, known === undefined ? fix : joinFixes(known, fix))
  }

  emit(): void {
    for (const [name, byStep] of this.#fixes) {
      let all: BucketFixes | undefined
      for (let step = 0; step < this.#steps.count; step++) {
        const fix = byStep.get(step)
        if (all === undefined) all = fix
        else {
          const joined = fix === undefined ? all : joinFixes(all, fix)
          all = { ...joined, count: BigInt.asIntN(64, 2n * joined.count) }
        }
      }
      const text = `input to histogram_quantile needed to be fixed for monotonicity (see ${HELP})${ofMetric(name)}`
      if (all !== undefined) this.#evaluation.notes.fixed(text, all, this.#span)
    }
  }
}

const HELP = 'https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile'

/** OpenMetrics writes whole numbers with `.0`. Source: Prometheus 3.14 labels.FormatOpenMetricsFloat. */
function openMetricsNumber(value: number): string {
  const text = printGoNumber(value)
  return /^-?\d+$/.test(text) ? `${text}.0` : text
}
