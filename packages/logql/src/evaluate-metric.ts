import { unreachable } from '@oriel/model'
import { QueryError } from '@oriel/syntax'
import type { Grid } from '@oriel/vector'
import { aggregate, groupSeries } from '@oriel/vector'
import type { AggregateExpr, MetricExpr } from './ast.ts'
import { applyBinary } from './metric/binary.ts'
import { histogramQuantile } from './metric/histogram.ts'
import { evaluateRange, isCounting } from './metric/range.ts'
import { replaceLabel } from './metric/relabel.ts'
import { selectBest } from './metric/select.ts'
import type { MetricContext, MetricValue } from './metric/steps.ts'
import { constantGrid } from './metric/steps.ts'

/** Evaluates a metric expression at all steps of its context, node by node. */
export async function evaluateMetric(expr: MetricExpr, metric: MetricContext): Promise<MetricValue> {
  switch (expr.kind) {
    case 'number':
      return expr.value
    case 'vector':
      return constantGrid([], expr.value, metric.steps)
    case 'range':
      return evaluateRange(expr, metric)
    case 'aggregate':
      return evaluateAggregate(expr, metric)
    case 'binary': {
      const [left, right] = await Promise.all([evaluateMetric(expr.left, metric), evaluateMetric(expr.right, metric)])
      return applyBinary(expr, left, right)
    }
    case 'labelReplace':
      return replaceLabel(await evaluateGrid(expr.expr, metric), expr)
    case 'histogramQuantile':
      return histogramQuantile(expr.quantile, await evaluateGrid(expr.expr, metric))
    default:
      return unreachable(expr)
  }
}

async function evaluateGrid(expr: MetricExpr, metric: MetricContext): Promise<Grid> {
  const value = await evaluateMetric(expr, metric)
  if (typeof value !== 'number') return value
  throw new QueryError('QUERY_TYPE', 'expected series, found a number: wrap it in vector()', { span: expr.span })
}

async function evaluateAggregate(expr: AggregateExpr, metric: MetricContext): Promise<Grid> {
  const { op, expr: inner, grouping } = expr
  if (op === 'sum' && inner.kind === 'range' && isCounting(inner) && grouping?.kind !== 'without') {
    // A sum of counts is a count over the group: one pass, no series in between.
    return evaluateRange(inner, metric, grouping ?? { kind: 'by', labels: [], span: expr.span })
  }
  const grid = await evaluateGrid(inner, metric)
  switch (op) {
    case 'sum':
    case 'avg':
    case 'min':
    case 'max':
    case 'count':
    case 'stddev':
    case 'stdvar':
      return aggregate(grid, groupSeries(grid.labels, grouping?.labels ?? [], grouping?.kind === 'without'), op)
    case 'topk':
    case 'bottomk':
    case 'approx_topk':
      return selectBest(grid, expr)
    case 'sort':
    case 'sort_desc':
      return grid
    default:
      return unreachable(op)
  }
}
