import type { LogSource, QueryContext } from '@oriel/store'
import { QueryError } from '@oriel/syntax'
import type { Grid } from '@oriel/vector'
import { rowsWithValues } from '@oriel/vector'
import { compareLabels } from '@oriel/model'
import type { LogQLExpr, MetricExpr } from './ast.ts'
import { evaluateLog } from './evaluate-log.ts'
import { evaluateMetric } from './evaluate-metric.ts'
import { orderedRows } from './metric/select.ts'
import type { MetricValue, Steps } from './metric/steps.ts'
import { constantGrid } from './metric/steps.ts'
import { parseLogQL } from './parse.ts'
import type { LogQLData, LogQLQuery } from './result.ts'

/** What a LogQL query answers, with warnings. */
export interface LogQLEvaluation {
  readonly data: LogQLData
  readonly warnings: readonly string[]
}

/**
 * Evaluates LogQL, as text or parsed, over a source of logs.
 *
 * Throws `QueryError`: QUERY_SYNTAX and QUERY_TYPE for the text, QUERY_UNSUPPORTED for what is not offered (by name),
 * QUERY_EXECUTION for data that cannot be evaluated, QUERY_LIMIT for too many series or samples.
 */
export async function evaluateLogQL(
  source: LogSource,
  text: string | LogQLExpr,
  query: LogQLQuery,
  context: QueryContext,
): Promise<LogQLEvaluation> {
  const expr = typeof text === 'string' ? parseLogQL(text) : text
  if (expr.kind === 'log') {
    if (query.kind === 'range') {
      return { data: { kind: 'streams', streams: await evaluateLog(source, expr, query, context) }, warnings: [] }
    }
    throw new QueryError(
      'QUERY_TYPE',
      'log queries are not supported as an instant query type, please change your query to a range query type',
      { span: expr.span },
    )
  }
  const steps = stepsOf(query)
  const value = await evaluateMetric(expr, { source, context, steps })
  const data = query.kind === 'range' ? matrixOf(value, steps) : instantOf(expr, value, steps)
  return { data, warnings: expr.kind === 'aggregate' && expr.op === 'approx_topk' ? [APPROXIMATE] : [] }
}

const APPROXIMATE = 'approx_topk is answered exactly'

function stepsOf(query: LogQLQuery): Steps {
  if (query.kind === 'instant') return { startMs: query.tMs, stepMs: 1, count: 1 }
  const startMs = Number(query.startNs / 1_000_000n)
  const endMs = Number(query.endNs / 1_000_000n)
  return { startMs, stepMs: query.stepMs, count: Math.floor((endMs - startMs) / query.stepMs) + 1 }
}

function matrixOf(value: MetricValue, steps: Steps): LogQLData {
  const grid = typeof value === 'number' ? constantGrid([], value, steps) : value
  const rows = rowsByLabels(grid)
  return { kind: 'matrix', series: rows.map((row) => ({ labels: grid.labels[row] ?? [], ...pointsOf(grid, row, steps) })) }
}

function rowsByLabels(grid: Grid): number[] {
  return rowsWithValues(grid).sort((a, b) => compareLabels(grid.labels[a] ?? [], grid.labels[b] ?? []))
}

function pointsOf(grid: Grid, row: number, { startMs, stepMs }: Steps): { tMs: Float64Array; values: Float64Array } {
  const tMs: number[] = []
  const values: number[] = []
  for (let j = 0; j < grid.steps; j++) {
    if (grid.present[row * grid.steps + j] === 0) continue
    tMs.push(startMs + j * stepMs)
    values.push(grid.values[row * grid.steps + j]!)
  }
  return { tMs: Float64Array.from(tMs), values: Float64Array.from(values) }
}

function instantOf(expr: MetricExpr, value: MetricValue, { startMs }: Steps): LogQLData {
  if (typeof value === 'number') return { kind: 'scalar', tMs: startMs, value }
  const order = orderOf(expr)
  const there = new Set(rowsWithValues(value))
  const rows = order === undefined ? rowsByLabels(value) : orderedRows(value, order === 'falling').filter((row) => there.has(row))
  const samples = rows.map((row) => ({ labels: value.labels[row] ?? [], value: value.values[row]! }))
  return { kind: 'vector', tMs: startMs, samples }
}

/** The order by value that the outermost operator promises, if any. */
function orderOf(expr: MetricExpr): 'rising' | 'falling' | undefined {
  if (expr.kind !== 'aggregate') return undefined
  if (expr.op === 'topk' || expr.op === 'approx_topk' || expr.op === 'sort_desc') return 'falling'
  return expr.op === 'bottomk' || expr.op === 'sort' ? 'rising' : undefined
}
