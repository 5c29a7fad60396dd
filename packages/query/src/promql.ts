import type { Labels, UnixMs } from '@oriel/model'
import type { PromqlResult } from '@oriel/promql'
import { evaluate, printNote } from '@oriel/promql'
import type { QueryContext, Source } from '@oriel/store'
import type { PromQLRequest, QueryAnswer, QueryWarning } from './requests.ts'
import type { PromQLSettings } from './settings.ts'

/** One series of an answer: only the points that have a value, times rising. */
export interface MatrixSeries {
  readonly labels: Labels
  readonly tMs: Float64Array
  readonly values: Float64Array
}

/** What a PromQL query answers: series sorted by labels, unless the query sorts an instant answer itself. */
export type PromQLData =
  | { readonly kind: 'scalar'; readonly tMs: UnixMs; readonly value: number }
  | { readonly kind: 'string'; readonly tMs: UnixMs; readonly value: string }
  | {
      readonly kind: 'vector'
      readonly tMs: UnixMs
      readonly samples: readonly { readonly labels: Labels; readonly value: number }[]
    }
  | { readonly kind: 'matrix'; readonly series: readonly MatrixSeries[] }

export type PromQLAnswer = QueryAnswer<PromQLData>

/** What one query runs with. */
export interface PromQLRun {
  readonly context: QueryContext
  readonly settings: PromQLSettings
  /** Gathers what the asker should know. */
  readonly warnings: QueryWarning[]
}

/** Evaluates PromQL over the store's metrics. A range query answers a matrix, also over a single step. */
export async function runPromQL(
  source: Source,
  request: PromQLRequest,
  { context, settings, warnings }: PromQLRun,
): Promise<PromQLData> {
  const { expr } = request
  const { features, subqueryStepMs } = settings
  const times =
    request.kind === 'instant'
      ? { startMs: request.tMs, endMs: request.tMs, stepMs: 1 }
      : { startMs: request.startMs, endMs: request.endMs, stepMs: request.stepMs }
  const lookbackMs = request.lookbackMs ?? settings.lookbackMs
  const query = { expr, ...times, lookbackMs, features, defaultSubqueryStepMs: subqueryStepMs }
  const result = await evaluate(source.metrics, query, context)
  for (const note of [...result.warnings, ...result.infos]) {
    const level = note.severity === 'info' ? 'info' : 'warning'
    warnings.push({ level, message: printNote(expr, note), position: note.span })
  }
  const data = dataOf(result)
  return request.kind === 'range' ? asMatrix(data) : data
}

function dataOf(result: PromqlResult): PromQLData {
  switch (result.kind) {
    case 'scalar':
      return { kind: 'scalar', tMs: result.tMs, value: result.value }
    case 'string':
      return { kind: 'string', tMs: result.tMs, value: result.value }
    case 'vector': {
      const { labels, values, tMs } = result
      return { kind: 'vector', tMs, samples: labels.map((of, i) => ({ labels: of, value: values[i]! })) }
    }
    case 'matrix':
      return { kind: 'matrix', series: seriesOfGrid(result) }
    case 'ranges': {
      const { labels, offsets, tMs, values } = result
      const series = labels.map((of, i) => ({
        labels: of,
        tMs: tMs.subarray(offsets[i], offsets[i + 1]),
        values: values.subarray(offsets[i], offsets[i + 1]),
      }))
      return { kind: 'matrix', series }
    }
  }
}

/** Series without any value are left out. */
function seriesOfGrid({
  labels,
  steps,
  startMs,
  stepMs,
  values,
  present,
}: Extract<PromqlResult, { kind: 'matrix' }>): MatrixSeries[] {
  const series: MatrixSeries[] = []
  for (const [row, of] of labels.entries()) {
    let points = 0
    for (let at = row * steps; at < (row + 1) * steps; at++) points += present[at]!
    if (points === 0) continue
    const tMs = new Float64Array(points)
    const kept = new Float64Array(points)
    let to = 0
    for (let j = 0; j < steps; j++) {
      if (present[row * steps + j] === 0) continue
      tMs[to] = startMs + j * stepMs
      kept[to++] = values[row * steps + j]!
    }
    series.push({ labels: of, tMs, values: kept })
  }
  return series
}

/** The evaluator answers a range of one step as a moment; its asker still expects a matrix. */
function asMatrix(data: PromQLData): PromQLData {
  if (data.kind === 'scalar') return { kind: 'matrix', series: [point([], data.tMs, data.value)] }
  if (data.kind !== 'vector') return data
  return { kind: 'matrix', series: data.samples.map(({ labels, value }) => point(labels, data.tMs, value)) }
}

function point(labels: Labels, tMs: number, value: number): MatrixSeries {
  return { labels, tMs: Float64Array.of(tMs), values: Float64Array.of(value) }
}
