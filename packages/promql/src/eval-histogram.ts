import type { Labels, NativeHistogram } from '@oriel/model'
import { withLabel } from '@oriel/model'
import type { TextSpan } from '@oriel/syntax'
import { printGoNumber, printTwoDigits } from '@oriel/syntax'
import type { Bucket, Grid, MonotonicityFix } from '@oriel/vector'
import { bucketFraction, bucketQuantile, makeGrid, nativeFraction, nativeQuantile } from '@oriel/vector'
import type { Call } from './ast.ts'
import { stringOf } from './eval-labels.ts'
import type { Evaluation } from './evaluation.ts'
import { scalarAt } from './evaluation.ts'
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
  noteQuantiles(evaluation, quantiles, quantileArg)
  const input = histogramInput(evaluation, histogramArg, steps)
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
  const quantiles = quantileArgs.map((arg) => {
    const of = scalarAt(evaluation, arg, steps)
    noteQuantiles(evaluation, of, arg)
    return of
  })
  const input = histogramInput(evaluation, histogramArg, steps)
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
  return isDelayed && evaluation.isInstant ? dropped : mergeSameLabels(dropped)
}

/** Gathers, metric by metric, where buckets were not cumulative. */
class FixNotes {
  readonly #evaluation: Evaluation
  readonly #span: TextSpan
  readonly #steps: Steps
  readonly #fixes = new Map<string, MonotonicityFix & { firstStep: number; lastStep: number; count: number }>()

  constructor(evaluation: Evaluation, span: TextSpan, steps: Steps) {
    this.#evaluation = evaluation
    this.#span = span
    this.#steps = steps
  }

  add(labels: Labels, step: number, fix: MonotonicityFix): void {
    const name = shownName(this.#evaluation, labels)
    const known = this.#fixes.get(name)
    this.#fixes.set(name, {
      minBucket: Math.min(known?.minBucket ?? Infinity, fix.minBucket),
      maxBucket: Math.max(known?.maxBucket ?? -Infinity, fix.maxBucket),
      maxDiff: Math.max(known?.maxDiff ?? 0, fix.maxDiff),
      firstStep: Math.min(known?.firstStep ?? step, step),
      lastStep: Math.max(known?.lastStep ?? step, step),
      count: (known?.count ?? 0) + 1,
    })
  }

  emit(): void {
    for (const [name, { minBucket, maxBucket, maxDiff, firstStep, lastStep, count }] of this.#fixes) {
      const { startMs, stepMs } = this.#steps
      const times = [firstStep, lastStep].map((step) => new Date(startMs + step * stepMs).toISOString().replace(/\.\d+Z$/, 'Z'))
      this.#evaluation.notes.inform(
        `input to histogram_quantile needed to be fixed for monotonicity (see ${HELP})${ofMetric(name)}, ` +
          `from buckets ${printGoNumber(minBucket)} to ${printGoNumber(maxBucket)}, with a max diff of ${printTwoDigits(maxDiff)}, ` +
          `over ${count} samples from ${times.join(' to ')}`,
        this.#span,
      )
    }
  }
}

const HELP = 'https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile'

/** OpenMetrics writes whole numbers with `.0`. Source: Prometheus 3.14 labels.FormatOpenMetricsFloat. */
function openMetricsNumber(value: number): string {
  const text = printGoNumber(value)
  return /^-?\d+$/.test(text) ? `${text}.0` : text
}
