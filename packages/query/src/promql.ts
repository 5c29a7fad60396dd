import type { Labels, NativeHistogram, UnixMs } from '@oriel/model'
import type { Explanation, PromqlQuery, PromqlResult, SampleCounts } from '@oriel/promql'
import { evaluate, parseExpr, printNote } from '@oriel/promql'
import type { MetricSource, QueryContext, Source } from '@oriel/store'
import { isCacheable } from './cacheable.ts'
import type { RangeCache } from './range-cache.ts'
import type { PromQLRequest, QueryAnswer, QueryWarning } from './requests.ts'
import type { PromQLSettings } from './settings.ts'

/**
 * One series of an answer: only the points that have a value, times rising.
 *
 * `histograms`, absent where all points are floats, has an entry for each point that is a native histogram; its value is NaN.
 */
export interface MatrixSeries {
  readonly labels: Labels
  readonly tMs: Float64Array
  readonly values: Float64Array
  readonly histograms?: readonly (NativeHistogram | undefined)[]
}

/** One value of an answer for one moment: `histogram` when it is a native one, then `value` is NaN. */
export interface VectorSample {
  readonly labels: Labels
  readonly value: number
  readonly histogram?: NativeHistogram
}

/** What a PromQL query answers: series sorted by labels, unless the query sorts an instant answer itself. */
export type PromQLData =
  | { readonly kind: 'scalar'; readonly tMs: UnixMs; readonly value: number }
  | { readonly kind: 'string'; readonly tMs: UnixMs; readonly value: string }
  | {
      readonly kind: 'vector'
      readonly tMs: UnixMs
      readonly samples: readonly VectorSample[]
    }
  | { readonly kind: 'matrix'; readonly series: readonly MatrixSeries[] }

/** `counts` where the request asked for them. */
export interface PromQLAnswer extends QueryAnswer<PromQLData> {
  readonly counts?: SampleCounts
}

/** What one query runs with. */
export interface PromQLRun {
  readonly context: QueryContext
  readonly settings: PromQLSettings
  /** What range queries computed before. */
  readonly cache?: RangeCache
  /** Gathers what the asker should know. */
  readonly warnings: QueryWarning[]
  /** Takes the counts of a request that asks for them. */
  readonly onCounts?: (counts: SampleCounts) => void
  /** Told what each operator did. */
  readonly explain?: (explanation: Explanation) => void
}

/** Evaluates PromQL over the store's metrics. A range query answers a matrix, also over a single step. */
export async function runPromQL(source: Source, request: PromQLRequest, run: PromQLRun): Promise<PromQLData> {
  const result =
    request.kind === 'instant'
      ? await evaluate(
          source.metrics,
          queryOf(request, run, { startMs: request.tMs, endMs: request.tMs, stepMs: 1 }),
          run.context,
          { explain: run.explain },
        )
      : await runRange(source.metrics, request, run)
  for (const note of [...result.warnings, ...result.infos]) {
    const level = note.severity === 'info' ? 'info' : 'warning'
    run.warnings.push({ level, message: printNote(request.expr, note), position: note.span })
  }
  if (result.counts !== undefined) run.onCounts?.(result.counts)
  const data = dataOf(result)
  return request.kind === 'range' ? asMatrix(data) : data
}

type RangeRequest = Extract<PromQLRequest, { readonly kind: 'range' }>
type Times = Pick<PromqlQuery, 'startMs' | 'endMs' | 'stepMs'>

function queryOf(request: PromQLRequest, { settings }: PromQLRun, times: Times): PromqlQuery {
  const { expr, lookbackMs = settings.lookbackMs, isCounted = false } = request
  return { expr, ...times, lookbackMs, features: settings.features, defaultSubqueryStepMs: settings.subqueryStepMs, isCounted }
}

/** With the steps that were computed before and have not changed since, where the expression allows it. */
async function runRange(metrics: MetricSource, request: RangeRequest, run: PromQLRun): Promise<PromqlResult> {
  const { context, cache, settings } = run
  const { startMs, endMs, stepMs } = request
  const query = queryOf(request, run, { startMs, endMs, stepMs })
  // What is counted or explained must be done.
  const isFresh = request.isFresh === true || request.isCounted === true || run.explain !== undefined
  if (cache === undefined || isFresh || !(stepMs > 0 && endMs - startMs >= stepMs)) {
    return evaluate(metrics, query, context, { explain: run.explain })
  }
  const { tenants } = context
  const expr = parseExpr(request.expr, settings.features)
  if (metrics.lastChange(tenants, endMs) === undefined || !isCacheable(expr, settings.features)) {
    return evaluate(metrics, { ...query, expr }, context)
  }
  const { lookbackMs, features, defaultSubqueryStepMs } = query
  return cache.run({
    key: JSON.stringify([tenants, stepMs, lookbackMs, defaultSubqueryStepMs, features, request.expr]),
    startMs,
    endMs,
    stepMs,
    evaluate: (fromMs, untilMs) => evaluate(metrics, { ...query, expr, startMs: fromMs, endMs: untilMs }, context),
    lastChange: (untilMs) => metrics.lastChange(tenants, untilMs),
  })
}

/** An answer of the evaluator as series and samples. */
export function dataOf(result: PromqlResult): PromQLData {
  switch (result.kind) {
    case 'scalar':
      return { kind: 'scalar', tMs: result.tMs, value: result.value }
    case 'string':
      return { kind: 'string', tMs: result.tMs, value: result.value }
    case 'vector': {
      const { labels, values, histograms, tMs } = result
      return { kind: 'vector', tMs, samples: labels.map((of, i) => sampleOf(of, values[i]!, histograms?.[i])) }
    }
    case 'matrix':
      return { kind: 'matrix', series: seriesOfGrid(result) }
    case 'ranges': {
      const { labels, offsets, tMs, values, histograms } = result
      const series = labels.map((of, i) => {
        const [from = 0, to = 0] = [offsets[i], offsets[i + 1]]
        return seriesOf(of, tMs.subarray(from, to), values.subarray(from, to), histograms?.slice(from, to))
      })
      return { kind: 'matrix', series }
    }
  }
}

function sampleOf(labels: Labels, value: number, histogram: NativeHistogram | undefined): VectorSample {
  return histogram === undefined ? { labels, value } : { labels, value, histogram }
}

function seriesOf(
  labels: Labels,
  tMs: Float64Array,
  values: Float64Array,
  histograms: MatrixSeries['histograms'] | undefined,
): MatrixSeries {
  const isFloat = histograms?.some((histogram) => histogram !== undefined) !== true
  return isFloat ? { labels, tMs, values } : { labels, tMs, values, histograms }
}

/** Series without any value are left out. */
function seriesOfGrid({
  labels,
  steps,
  startMs,
  stepMs,
  values,
  present,
  histograms,
}: Extract<PromqlResult, { kind: 'matrix' }>): MatrixSeries[] {
  const series: MatrixSeries[] = []
  // Shared by all series that have a value at every step.
  const times = Float64Array.from({ length: steps }, (_, j) => startMs + j * stepMs)
  for (const [row, of] of labels.entries()) {
    let points = 0
    for (let at = row * steps; at < (row + 1) * steps; at++) points += present[at]!
    if (points === 0) continue
    if (points === steps) {
      const [from, to] = [row * steps, (row + 1) * steps]
      series.push(seriesOf(of, times, values.subarray(from, to), histograms?.slice(from, to)))
      continue
    }
    const tMs = new Float64Array(points)
    const kept = new Float64Array(points)
    const cells: (NativeHistogram | undefined)[] = []
    let to = 0
    for (let j = 0; j < steps; j++) {
      if (present[row * steps + j] === 0) continue
      tMs[to] = startMs + j * stepMs
      if (histograms !== undefined) cells.push(histograms[row * steps + j])
      kept[to++] = values[row * steps + j]!
    }
    series.push(seriesOf(of, tMs, kept, histograms === undefined ? undefined : cells))
  }
  return series
}

/** The evaluator answers a range of one step as a moment; its asker still expects a matrix. */
function asMatrix(data: PromQLData): PromQLData {
  if (data.kind === 'scalar') return { kind: 'matrix', series: [point([], data.tMs, data.value)] }
  if (data.kind !== 'vector') return data
  return { kind: 'matrix', series: data.samples.map(({ labels, value, histogram }) => point(labels, data.tMs, value, histogram)) }
}

function point(labels: Labels, tMs: number, value: number, histogram?: NativeHistogram): MatrixSeries {
  const times = Float64Array.of(tMs)
  return seriesOf(labels, times, Float64Array.of(value), histogram === undefined ? undefined : [histogram])
}
