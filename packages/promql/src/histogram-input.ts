import type { Labels, NativeHistogram } from '@oriel/model'
import { dropLabels, labelsKey, labelValue, METRIC_NAME } from '@oriel/model'
import type { TextSpan } from '@oriel/syntax'
import { parseNumberLiteral, quote } from '@oriel/syntax'
import type { Bucket, Grid } from '@oriel/vector'
import { makeGrid } from '@oriel/vector'
import type { Expr } from './ast.ts'
import { withoutParens } from './ast.ts'
import type { Evaluation } from './evaluation.ts'
import { vectorAt } from './evaluation.ts'
import type { Steps } from './values.ts'

/** The histograms that a vector holds: native ones, and classic ones whose buckets are series. */
export interface HistogramInput {
  readonly grid: Grid
  readonly natives: readonly NativeSeries[]
  readonly classics: readonly ClassicHistogram[]
  readonly span: TextSpan
}

/** A series with native histograms. */
export interface NativeSeries {
  readonly labels: Labels
  readonly row: number
}

/** The series that are the buckets of one classic histogram. */
export interface ClassicHistogram {
  /** Without `le`. */
  readonly labels: Labels
  readonly rows: { readonly upperBound: number; readonly row: number }[]
  /** The native histograms with the same labels: where both are, neither counts. */
  nativeRow?: number
}

/** What a function makes of the histograms at one step. */
export interface HistogramFolds {
  readonly native: (histogram: NativeHistogram, step: number, labels: Labels) => number
  readonly classic: (buckets: readonly Bucket[], step: number, labels: Labels) => number
}

/** Evaluates `arg` and finds its histograms; says which series are no buckets. Source: Prometheus 3.14 resetHistograms. */
export function histogramInput(evaluation: Evaluation, arg: Expr, steps: Steps): HistogramInput {
  const { grid } = vectorAt(evaluation, arg, steps)
  const { span } = withoutParens(arg)
  const natives: NativeSeries[] = []
  const classics = new Map<string, ClassicHistogram>()
  for (const [row, labels] of grid.labels.entries()) {
    const { hasFloat, hasHistogram } = kindsOf(grid, row)
    if (hasHistogram) natives.push({ labels, row })
    if (!hasFloat) continue
    const le = labelValue(labels, 'le')
    const upperBound = parseBound(le)
    if (upperBound === undefined) {
      const message = `bucket label "le" is missing or has a malformed value of ${quote(le)}`
      evaluation.notes.warn(`${message}${ofMetric(shownName(evaluation, labels))}`, span)
      continue
    }
    const rest = dropLabels(labels, BUCKET_LABEL)
    const key = labelsKey(rest)
    let classic = classics.get(key)
    if (classic === undefined) classics.set(key, (classic = { labels: rest, rows: [] }))
    classic.rows.push({ upperBound, row })
  }
  for (const { labels, row } of natives) {
    const classic = classics.get(labelsKey(labels))
    if (classic !== undefined) classic.nativeRow = row
  }
  return { grid, natives, classics: [...classics.values()], span }
}

/** Folds each histogram at each step: a series for each, native ones first. */
export function foldHistograms(evaluation: Evaluation, input: HistogramInput, steps: Steps, folds: HistogramFolds): Grid {
  const { grid, natives, classics } = input
  const out = makeGrid(
    [...natives, ...classics].map(({ labels }) => labels),
    steps.count,
  )
  const conflicts = new Set<number>()
  for (const [i, classic] of classics.entries())
    foldClassic(evaluation, input, steps, classic, natives.length + i, out, folds, conflicts)
  for (const [i, { labels, row }] of natives.entries()) {
    for (let j = 0; j < steps.count; j++) {
      const from = row * steps.count + j
      const histogram = grid.present[from] === 1 && !conflicts.has(from) ? grid.histograms?.[from] : undefined
      if (histogram === undefined) continue
      out.values[i * steps.count + j] = folds.native(histogram, j, labels)
      out.present[i * steps.count + j] = 1
    }
  }
  return out
}

/** The name that notes give a metric: none where names go at once, as they are gone when Prometheus writes the note. */
export function shownName(evaluation: Evaluation, labels: Labels): string {
  return evaluation.features.delayedNameRemoval ? labelValue(labels, METRIC_NAME) : ''
}

/** ` for metric name "x"`, or nothing. */
export function ofMetric(name: string): string {
  return name === '' ? '' : ` for metric name ${quote(name)}`
}

const BUCKET_LABEL = new Set(['le'])

function foldClassic(
  evaluation: Evaluation,
  { grid, span }: HistogramInput,
  steps: Steps,
  { labels, rows, nativeRow }: ClassicHistogram,
  outRow: number,
  out: Grid,
  { classic }: HistogramFolds,
  conflicts: Set<number>,
): void {
  for (let j = 0; j < steps.count; j++) {
    const buckets: Bucket[] = []
    for (const { upperBound, row } of rows) {
      const at = row * steps.count + j
      if (grid.present[at] === 1 && grid.histograms?.[at] === undefined) buckets.push({ upperBound, count: grid.values[at]! })
    }
    if (buckets.length === 0) continue
    const native = nativeRow === undefined ? -1 : nativeRow * steps.count + j
    if (native >= 0 && grid.present[native] === 1 && grid.histograms?.[native] !== undefined) {
      const name = ofMetric(shownName(evaluation, labels))
      evaluation.notes.warn(`vector contains a mix of classic and native histograms${name}`, span)
      conflicts.add(native)
      continue
    }
    out.values[outRow * steps.count + j] = classic(buckets, j, labels)
    out.present[outRow * steps.count + j] = 1
  }
}

function kindsOf({ steps, present, histograms }: Grid, row: number): { hasFloat: boolean; hasHistogram: boolean } {
  if (histograms === undefined) return { hasFloat: true, hasHistogram: false }
  let [hasFloat, hasHistogram] = [false, false]
  for (let at = row * steps; at < (row + 1) * steps; at++) {
    if (present[at] === 0) continue
    if (histograms[at] === undefined) hasFloat = true
    else hasHistogram = true
  }
  return { hasFloat, hasHistogram }
}

function parseBound(le: string): number | undefined {
  const isNegative = le.startsWith('-')
  const value = parseNumberLiteral(isNegative || le.startsWith('+') ? le.slice(1) : le)
  if (value === undefined) return undefined
  return isNegative ? -value : value
}
