import type { Labels } from '@oriel/model'
import { dropLabels, labelsKey, labelValue, METRIC_NAME, withLabel } from '@oriel/model'
import { parseNumberLiteral, printNumber, quote } from '@oriel/syntax'
import type { Bucket, MonotonicityFix } from '@oriel/vector'
import { bucketFraction, bucketQuantile, makeGrid } from '@oriel/vector'
import type { Call, Expr } from './ast.ts'
import { stringOf } from './eval-labels.ts'
import type { Evaluation } from './evaluation.ts'
import { scalarAt, vectorAt } from './evaluation.ts'
import { noteQuantiles } from './range-functions.ts'
import type { Steps, VectorValue } from './values.ts'
import { compact, dropNames, mergeSameLabels, vectorOf } from './values.ts'

/** `histogram_quantile(q, buckets)` over classic histograms. */
export function evalHistogramQuantile(evaluation: Evaluation, { args }: Call, steps: Steps): VectorValue {
  const [quantileArg, bucketArg] = args
  if (quantileArg === undefined || bucketArg === undefined) throw new TypeError('histogram_quantile needs two arguments')
  const quantiles = scalarAt(evaluation, quantileArg, steps)
  noteQuantiles(evaluation, quantiles, quantileArg)
  const histograms = gather(evaluation, bucketArg, steps)
  const notes = new FixNotes(evaluation, bucketArg, steps)
  const out = overHistograms(histograms, steps, (buckets, step, { labels }) => {
    const { value, fix } = bucketQuantile(quantiles[step]!, buckets)
    if (fix !== undefined) notes.add(labels, step, fix)
    return value
  })
  notes.emit()
  return settled(evaluation, out)
}

/** `histogram_quantiles(buckets, label, q...)`: one series a quantile, told apart by `label`. */
export function evalHistogramQuantiles(evaluation: Evaluation, { args }: Call, steps: Steps): VectorValue {
  const [bucketArg, labelArg, ...quantileArgs] = args
  if (bucketArg === undefined || labelArg === undefined) throw new TypeError('histogram_quantiles needs three arguments')
  const label = stringOf(labelArg)
  const histograms = gather(evaluation, bucketArg, steps)
  const notes = new FixNotes(evaluation, bucketArg, steps)
  const parts = quantileArgs.map((arg) => {
    const quantiles = scalarAt(evaluation, arg, steps)
    noteQuantiles(evaluation, quantiles, arg)
    const { grid } = overHistograms(histograms, steps, (buckets, step, of) => {
      const { value, fix } = bucketQuantile(quantiles[step]!, buckets)
      if (fix !== undefined) notes.add(of.labels, step, fix)
      return value
    })
    const name = openMetricsNumber(quantiles[0] ?? NaN)
    return { ...grid, labels: grid.labels.map((labels) => withLabel(labels, label, name)) }
  })
  notes.emit()
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
  return settled(evaluation, vectorOf(out))
}

/** `histogram_fraction(lower, upper, buckets)`: the share of observations between two values. */
export function evalHistogramFraction(evaluation: Evaluation, { args }: Call, steps: Steps): VectorValue {
  const [lowerArg, upperArg, bucketArg] = args
  if (lowerArg === undefined || upperArg === undefined || bucketArg === undefined) {
    throw new TypeError('histogram_fraction needs three arguments')
  }
  const lower = scalarAt(evaluation, lowerArg, steps)
  const upper = scalarAt(evaluation, upperArg, steps)
  const histograms = gather(evaluation, bucketArg, steps)
  return settled(
    evaluation,
    overHistograms(histograms, steps, (buckets, step) => bucketFraction(lower[step]!, upper[step]!, buckets)),
  )
}

/** The series that are the buckets of one histogram. */
interface Histogram {
  /** Without `le`. */
  readonly labels: Labels
  readonly rows: { readonly upperBound: number; readonly row: number }[]
}

interface Histograms {
  readonly vector: VectorValue
  readonly list: readonly Histogram[]
}

function gather(evaluation: Evaluation, arg: Expr, steps: Steps): Histograms {
  const vector = vectorAt(evaluation, arg, steps)
  const byKey = new Map<string, Histogram>()
  for (const [row, labels] of vector.grid.labels.entries()) {
    const le = labelValue(labels, 'le')
    const upperBound = parseBound(le)
    if (upperBound === undefined) {
      noteBadBound(evaluation, labels, le, arg)
      continue
    }
    const rest = dropLabels(labels, BUCKET_LABEL)
    const key = labelsKey(rest)
    let histogram = byKey.get(key)
    if (histogram === undefined) byKey.set(key, (histogram = { labels: rest, rows: [] }))
    histogram.rows.push({ upperBound, row })
  }
  return { vector, list: [...byKey.values()] }
}

const BUCKET_LABEL = new Set(['le'])

function parseBound(le: string): number | undefined {
  const isNegative = le.startsWith('-')
  const value = parseNumberLiteral(isNegative || le.startsWith('+') ? le.slice(1) : le)
  if (value === undefined) return undefined
  return isNegative ? -value : value
}

function noteBadBound(evaluation: Evaluation, labels: Labels, le: string, arg: Expr): void {
  const name = evaluation.features.delayedNameRemoval ? labelValue(labels, METRIC_NAME) : ''
  evaluation.notes.warn(`bucket label "le" is missing or has a malformed value of ${quote(le)}${ofMetric(name)}`, arg.span)
}

function ofMetric(name: string): string {
  return name === '' ? '' : ` for metric name ${quote(name)}`
}

function overHistograms(
  { vector, list }: Histograms,
  steps: Steps,
  fold: (buckets: readonly Bucket[], step: number, histogram: Histogram) => number,
): VectorValue {
  const { grid } = vector
  const out = makeGrid(
    list.map(({ labels }) => labels),
    steps.count,
  )
  for (const [i, histogram] of list.entries()) {
    for (let j = 0; j < steps.count; j++) {
      const buckets: Bucket[] = []
      for (const { upperBound, row } of histogram.rows) {
        const at = row * steps.count + j
        if (grid.present[at] === 1) buckets.push({ upperBound, count: grid.values[at]! })
      }
      if (buckets.length === 0) continue
      out.values[i * steps.count + j] = fold(buckets, j, histogram)
      out.present[i * steps.count + j] = 1
    }
  }
  return vectorOf(out)
}

function settled(evaluation: Evaluation, vector: VectorValue): VectorValue {
  const isDelayed = evaluation.features.delayedNameRemoval
  const dropped = compact(dropNames(vector, isDelayed))
  return isDelayed && evaluation.isInstant ? dropped : mergeSameLabels(dropped)
}

/** Gathers, metric by metric, where buckets were not cumulative. */
class FixNotes {
  readonly #evaluation: Evaluation
  readonly #arg: Expr
  readonly #steps: Steps
  readonly #fixes = new Map<string, MonotonicityFix & { firstStep: number; lastStep: number; count: number }>()

  constructor(evaluation: Evaluation, arg: Expr, steps: Steps) {
    this.#evaluation = evaluation
    this.#arg = arg
    this.#steps = steps
  }

  add(labels: Labels, step: number, fix: MonotonicityFix): void {
    const name = this.#evaluation.features.delayedNameRemoval ? labelValue(labels, METRIC_NAME) : ''
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
      const times = [firstStep, lastStep].map((step) => new Date(startMs + step * stepMs).toISOString().replace('.000Z', 'Z'))
      this.#evaluation.notes.inform(
        `input to histogram_quantile needed to be fixed for monotonicity (see ${HELP})${ofMetric(name)}, ` +
          `from buckets ${goG(minBucket)} to ${goG(maxBucket)}, with a max diff of ${Number(maxDiff.toPrecision(2))}, ` +
          `over ${count} samples from ${times.join(' to ')}`,
        this.#arg.span,
      )
    }
  }
}

const HELP = 'https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile'

function goG(value: number): string {
  return printNumber(value)
}

/** OpenMetrics writes whole numbers with `.0`. */
function openMetricsNumber(value: number): string {
  const text = printNumber(value)
  return /^-?\d+$/.test(text) ? `${text}.0` : text
}
