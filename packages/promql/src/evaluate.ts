import { compareLabels } from '@oriel/model'
import type { Labels, NativeHistogram, SeriesSamples } from '@oriel/model'
import type { MetricSource, QueryContext } from '@oriel/store'
import type { Diagnostic } from '@oriel/syntax'
import { printPlace, QueryError } from '@oriel/syntax'
import type { Grid, PointColumns, Reach, Windows } from '@oriel/vector'
import { extendedPoints } from '@oriel/vector'
import type { Expr } from './ast.ts'
import { withoutParens } from './ast.ts'
import { nameOfType, typeOf } from './check.ts'
import { evalRange } from './eval-selector.ts'
import { Evaluator } from './evaluator.ts'
import type { Explanation } from './explain.ts'
import { Costs } from './explain.ts'
import type { PromqlFeatures } from './features.ts'
import { DEFAULT_FEATURES } from './features.ts'
import { readLeaves } from './leaves.ts'
import { parseExpr } from './parse.ts'
import { fixedParts } from './fixed-parts.ts'
import { resolve } from './resolve.ts'
import type { SampleCounts } from './sample-counts.ts'
import { countSampleWork } from './sample-counts.ts'
import { columnsOf } from './scans.ts'
import type { Steps, Value, VectorValue } from './values.ts'
import { dropMarkedNames, mergeSameLabels, pickSeries } from './values.ts'

/**
 * A query over a range of time, or for one moment when `startMs` equals `endMs`.
 *
 * Step i is at `startMs + i * stepMs`, up to `endMs` inclusive; `stepMs` is above 0 for a range.
 */
export interface PromqlQuery {
  /** The text, or its parsed form. */
  readonly expr: string | Expr
  readonly startMs: number
  readonly endMs: number
  readonly stepMs: number
  /** How far back an instant selector looks; 5 minutes. */
  readonly lookbackMs?: number
  /** The step of subqueries that name none; 1 minute. */
  readonly defaultSubqueryStepMs?: number
  readonly features?: PromqlFeatures
  /** Whether to count the samples that each step looks at: then nothing is left to the engine, which does not count. */
  readonly isCounted?: boolean
}

/** What goes with every answer. Notes have the place in the query text; `printNote` makes Prometheus's text of one. */
export interface ResultNotes {
  readonly warnings: readonly Diagnostic[]
  readonly infos: readonly Diagnostic[]
  /** Present when the query asked for it. */
  readonly counts?: SampleCounts
}

/**
 * The answer to a query.
 *
 * `vector`: one value a series at `tMs`. `matrix` has columns: series i, step j at `values[i * steps + j]` where `present` is
 * 1, sorted by labels. `ranges`: raw samples of a range selector asked for one moment; series i owns positions `offsets[i]`
 * to `offsets[i + 1]`. `scalar` and `string`: for one moment; a scalar over a range is a `matrix` of one series.
 * `histograms`, absent where all values are floats, has an entry at each position whose value is a native histogram.
 */
export type PromqlResult = ResultNotes &
  (
    | VectorResult
    | MatrixResult
    | RangesResult
    | { readonly kind: 'scalar'; readonly tMs: number; readonly value: number }
    | { readonly kind: 'string'; readonly tMs: number; readonly value: string }
  )

/** Native histograms among the values of an answer, by position. */
export type ResultHistograms = readonly (NativeHistogram | undefined)[]

/** One value a series, all at one time. */
export interface VectorResult {
  readonly kind: 'vector'
  readonly tMs: number
  readonly labels: readonly Labels[]
  readonly values: Float64Array
  readonly histograms?: ResultHistograms
}

/** Values of many series on a grid. */
export interface MatrixResult {
  readonly kind: 'matrix'
  readonly startMs: number
  readonly stepMs: number
  readonly steps: number
  readonly labels: readonly Labels[]
  readonly values: Float64Array
  readonly present: Uint8Array
  readonly histograms?: ResultHistograms
}

/** Samples of many series, each with times of its own. */
export interface RangesResult {
  readonly kind: 'ranges'
  readonly labels: readonly Labels[]
  readonly offsets: Uint32Array
  readonly tMs: Float64Array
  readonly values: Float64Array
  readonly histograms?: ResultHistograms
}

// 5 minutes and 1 minute: Prometheus's defaults for lookback and evaluation interval.
const DEFAULT_LOOKBACK_MS = 300_000
const DEFAULT_SUBQUERY_STEP_MS = 60_000

/**
 * Evaluates PromQL as Prometheus 3.14 does.
 *
 * Throws `QueryError`: QUERY_SYNTAX, QUERY_TYPE, QUERY_FEATURE_OFF before anything is read; QUERY_EXECUTION, QUERY_LIMIT,
 * QUERY_CANCELLED after, also when `limits.timeoutMs` is over.
 * Store errors pass through. `now` is a clock in milliseconds that only rises; `explain` is told the tree with what each operator cost.
 */
export async function evaluate(
  source: MetricSource,
  query: PromqlQuery,
  context: QueryContext,
  { now = () => performance.now(), explain }: EvaluateOptions = {},
): Promise<PromqlResult> {
  const deadlineMs = now() + context.limits.timeoutMs
  const { features = DEFAULT_FEATURES, lookbackMs = DEFAULT_LOOKBACK_MS } = query
  const defaultStepMs = query.defaultSubqueryStepMs ?? DEFAULT_SUBQUERY_STEP_MS
  const parsed = typeof query.expr === 'string' ? parseExpr(query.expr, features) : query.expr
  if (query.startMs !== query.endMs) refuseForRange(parsed, query)
  const steps = stepsOf(query)
  const expr = resolve(parsed, steps)
  const looksAtSeries = features.useStartTimestamps || features.typeAndUnitLabels
  const reads = sourceFor(query, source)
  const readFromMs = now()
  const leaves = await readLeaves(expr, steps, { lookbackMs, defaultStepMs, looksAtSeries }, reads, context)
  const readMs = now() - readFromMs
  const costs = new Costs()
  const evaluator = new Evaluator({
    leaves,
    features,
    lookbackMs,
    defaultStepMs,
    once: steps.count === 1 ? new Set<Expr>() : fixedParts(expr),
    context,
    now,
    deadlineMs,
    ...(explain !== undefined && { costs }),
  })
  const inner = withoutParens(expr)
  const answer =
    inner.kind === 'matrixSelector' || inner.kind === 'subquery'
      ? await rangesOf(evaluator, inner, steps)
      : answerOf(await evaluator.run(expr, steps), query, steps)
  explain?.({ tree: costs.explain(expr, leaves), readMs, steps: steps.count })
  const notes = evaluator.notes.all()
  return {
    ...answer,
    warnings: notes.filter(({ severity }) => severity === 'warning'),
    infos: notes.filter(({ severity }) => severity === 'info'),
    ...(query.isCounted === true && { counts: countSampleWork(evaluator, inner, steps) }),
  }
}

/** The engine's grids do not tell what their steps looked at: who counts reads raw samples. */
function sourceFor({ isCounted = false }: PromqlQuery, source: MetricSource): MetricSource {
  return isCounted ? { ...source, grid: async () => undefined } : source
}

/** A clock, and whoever wants to know what an evaluation did. */
export interface EvaluateOptions {
  readonly now?: () => number
  readonly explain?: ((explanation: Explanation) => void) | undefined
}

/** A range query answers a grid: it needs a step, and a bare range or a text has no grid. */
function refuseForRange(expr: Expr, { stepMs }: PromqlQuery): void {
  if (!(stepMs > 0)) throw new QueryError('QUERY_EXECUTION', `cannot evaluate range query: step is ${stepMs} ms, must be above 0`)
  const type = typeOf(expr)
  if (type !== 'matrix' && type !== 'string') return
  const message = `invalid expression type "${nameOfType(type)}" for range query, must be Scalar or instant Vector`
  throw new QueryError('QUERY_TYPE', message, { span: expr.span })
}

/** A warning or info as Prometheus words it: `PromQL info: <message> (1:5)`. */
export function printNote(text: string, { severity, message, span }: Diagnostic): string {
  return `PromQL ${severity}: ${message} (${printPlace(text, span.start)})`
}

type Answer =
  | VectorResult
  | MatrixResult
  | RangesResult
  | Omit<Extract<PromqlResult, { kind: 'scalar' }>, keyof ResultNotes>
  | Omit<Extract<PromqlResult, { kind: 'string' }>, keyof ResultNotes>

function stepsOf({ startMs, endMs, stepMs }: PromqlQuery): Steps {
  if (startMs === endMs) return { startMs, stepMs: stepMs > 0 ? stepMs : 1, count: 1 }
  return { startMs, stepMs, count: Math.max(0, Math.floor((endMs - startMs) / stepMs) + 1), isRange: true }
}

function answerOf(value: Value, query: PromqlQuery, steps: Steps): Answer {
  const isMoment = query.startMs === query.endMs
  switch (value.kind) {
    case 'string':
      return { kind: 'string', tMs: steps.startMs, value: value.value }
    case 'scalar': {
      if (isMoment) return { kind: 'scalar', tMs: steps.startMs, value: value.values[0] ?? NaN }
      const grid = { labels: [[]], steps: steps.count, values: value.values, present: new Uint8Array(steps.count).fill(1) }
      return matrixOf(grid, steps)
    }
    case 'vector': {
      const vector = mergeSameLabels(dropMarkedNames(value))
      if (isMoment) return momentOf(vector, steps.startMs)
      return matrixOf(sortedByLabels(vector).grid, steps)
    }
  }
}

function momentOf({ grid }: VectorValue, tMs: number): Answer {
  const rows = [...grid.labels.keys()].filter((row) => grid.present[row] === 1)
  return {
    kind: 'vector',
    tMs,
    labels: rows.map((row) => grid.labels[row] ?? []),
    values: Float64Array.from(rows, (row) => grid.values[row] ?? NaN),
    ...(grid.histograms !== undefined && { histograms: rows.map((row) => grid.histograms?.[row]) }),
  }
}

function sortedByLabels(vector: VectorValue): VectorValue {
  const { labels } = vector.grid
  // What was only selected is in order already.
  if (labels.every((of, i) => i === 0 || compareLabels(labels[i - 1]!, of) <= 0)) return vector
  const rows = [...labels.keys()].sort((a, b) => compareLabels(labels[a] ?? [], labels[b] ?? []))
  return pickSeries(vector, rows)
}

function matrixOf({ labels, values, present, histograms }: Grid, { startMs, stepMs, count }: Steps): Answer {
  const matrix = { kind: 'matrix' as const, startMs, stepMs, steps: count, labels, values, present }
  return histograms === undefined ? matrix : { ...matrix, histograms }
}

/** A bare range for one moment: the samples in its window, as they are. */
async function rangesOf(
  evaluator: Evaluator,
  node: Extract<Expr, { kind: 'matrixSelector' | 'subquery' }>,
  steps: Steps,
): Promise<Answer> {
  if (node.kind === 'subquery') await evaluator.runOperands(node, steps)
  const { scan, windows } = evalRange(evaluator, node, steps)
  const samples = columnsOf(scan)
  const extension = node.kind === 'matrixSelector' ? node.selector.extension : undefined
  if (extension !== undefined) return extendedRanges(samples, windows, { kind: extension, reachMs: evaluator.lookbackMs })
  const labels: Labels[] = []
  const ends: number[] = [0]
  const picked: number[] = []
  for (const [i, of] of samples.labels.entries()) {
    const before = picked.length
    for (let p = samples.offsets[i]!; p < samples.offsets[i + 1]!; p++) {
      const tMs = samples.tMs[p]!
      if (tMs > windows.firstEndMs - windows.rangeMs && tMs <= windows.firstEndMs) picked.push(p)
    }
    if (picked.length === before) continue
    labels.push(of)
    ends.push(picked.length)
  }
  return {
    kind: 'ranges',
    labels,
    offsets: Uint32Array.from(ends),
    tMs: Float64Array.from(picked, (p) => samples.tMs[p] ?? NaN),
    values: Float64Array.from(picked, (p) => samples.values[p] ?? NaN),
    ...(samples.histograms !== undefined && { histograms: picked.map((p) => samples.histograms?.[p]) }),
  }
}

/** A bare `anchored` or `smoothed` range: a sample at each edge and those between. */
function extendedRanges(samples: SeriesSamples, { firstEndMs, rangeMs }: Windows, reach: Reach): RangesResult {
  if (samples.histograms?.some((histogram) => histogram !== undefined) === true) {
    throw new QueryError('QUERY_EXECUTION', `${reach.kind} modifier is not supported with histograms`)
  }
  const labels: Labels[] = []
  const parts: PointColumns[] = []
  for (const [i, of] of samples.labels.entries()) {
    const [from = 0, to = 0] = [samples.offsets[i], samples.offsets[i + 1]]
    const points = extendedPoints(samples, from, to, firstEndMs - rangeMs, firstEndMs, reach)
    if (points.tMs.length === 0) continue
    labels.push(of)
    parts.push(points)
  }
  let end = 0
  const offsets = Uint32Array.from([0, ...parts.map(({ tMs }) => (end += tMs.length))])
  const tMs = Float64Array.from(parts.flatMap((part) => [...part.tMs]))
  return { kind: 'ranges', labels, offsets, tMs, values: Float64Array.from(parts.flatMap((part) => [...part.values])) }
}
