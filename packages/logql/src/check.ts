import { compileAnchored, matchesEmpty } from '@oriel/model'
import type { Diagnostic, QueryErrorCode, TextSpan } from '@oriel/syntax'
import type { LogExpr, LogQLExpr, MetricExpr, RangeExpr, RangeFunction } from './ast.ts'
import { SET_OPS } from './ast.ts'

type Report = (message: string, span: TextSpan, code?: QueryErrorCode) => void

/** What is wrong with the meaning of a sound tree: selectors that match everything, missing or needless `unwrap`, grouping. */
export function check(expr: LogQLExpr): Diagnostic[] {
  const problems: Diagnostic[] = []
  const report: Report = (message, span, code = 'QUERY_TYPE') => problems.push({ severity: 'error', code, message, span })
  if (expr.kind === 'log') checkLog(expr, false, report)
  else checkMetric(expr, report)
  return problems
}

function checkMetric(expr: MetricExpr, report: Report): void {
  switch (expr.kind) {
    case 'range':
      checkRange(expr, report)
      break
    case 'aggregate':
      checkMetric(expr.expr, report)
      if ((expr.op === 'sort' || expr.op === 'sort_desc') && expr.grouping !== undefined) {
        report(`${expr.op} takes no grouping`, expr.grouping.span)
      }
      if (expr.op === 'approx_topk' && expr.grouping !== undefined) report('approx_topk takes no grouping', expr.grouping.span)
      if (expr.parameter !== undefined && !(expr.parameter > 0)) report(`${expr.op} needs a count above 0`, expr.span)
      break
    case 'binary':
      checkMetric(expr.left, report)
      checkMetric(expr.right, report)
      if (SET_OPS.some((op) => op === expr.op)) {
        if (isNumber(expr.left) || isNumber(expr.right)) report(`${expr.op} joins vectors, not numbers`, expr.span)
        if (expr.matching?.group !== undefined) report(`${expr.op} takes no group_left or group_right`, expr.matching.span)
      }
      break
    case 'labelReplace':
      checkMetric(expr.expr, report)
      checkCompiles(expr.regex, expr.span, report)
      break
    case 'histogramQuantile':
      checkMetric(expr.expr, report)
      break
    case 'vector':
    case 'number':
      break
  }
}

function isNumber(expr: MetricExpr): boolean {
  return expr.kind === 'number'
}

function checkCompiles(regex: string, span: TextSpan, report: Report): void {
  try {
    compileAnchored(regex)
  } catch (error) {
    report(error instanceof Error ? error.message : String(error), span)
  }
}

/** Functions that read numbers and so need `unwrap`; the others but `rate` count lines and take none. */
const NEEDS_UNWRAP: ReadonlySet<RangeFunction> = new Set<RangeFunction>([
  'rate_counter',
  'sum_over_time',
  'avg_over_time',
  'max_over_time',
  'min_over_time',
  'first_over_time',
  'last_over_time',
  'stdvar_over_time',
  'stddev_over_time',
  'quantile_over_time',
])

/** Functions that accept `by` and `without`. Source: Grafana Loki documentation, "Unwrapped range aggregations". */
const GROUPS: ReadonlySet<RangeFunction> = new Set<RangeFunction>([
  'avg_over_time',
  'max_over_time',
  'min_over_time',
  'first_over_time',
  'last_over_time',
  'stdvar_over_time',
  'stddev_over_time',
  'quantile_over_time',
])

function checkRange(expr: RangeExpr, report: Report): void {
  const { func, log, grouping, parameter, span } = expr
  checkLog(log, true, report)
  const unwrap = log.stages.find((stage) => stage.kind === 'unwrap')
  if (NEEDS_UNWRAP.has(func) && unwrap === undefined) report(`${func} needs numbers: add "| unwrap <label>"`, span)
  if (!NEEDS_UNWRAP.has(func) && func !== 'rate' && func !== 'absent_over_time' && unwrap !== undefined) {
    report(`${func} works on lines: remove unwrap`, unwrap.span)
  }
  if (grouping !== undefined && !GROUPS.has(func)) report(`${func} takes no grouping`, grouping.span)
  if (func === 'quantile_over_time') {
    if (parameter === undefined) report('quantile_over_time needs a quantile, such as quantile_over_time(0.99, ...)', span)
  } else if (parameter !== undefined) report(`${func} takes no parameter`, span)
}

function checkLog({ matchers, stages, span }: LogExpr, isRange: boolean, report: Report): void {
  if (!matchers.some((matcher) => !matchesEmpty(matcher))) {
    report('a query needs at least one matcher that does not match an absent label, such as app="api" or app=~".+"', span)
  }
  const unwraps = stages.filter((stage) => stage.kind === 'unwrap')
  const [first, second] = unwraps
  if (first !== undefined && !isRange) report('unwrap stands only inside a range aggregation', first.span)
  if (second !== undefined) report('unwrap may stand only once', second.span)
  for (const stage of first === undefined ? [] : stages.slice(stages.indexOf(first) + 1)) {
    if (stage.kind !== 'labelFilter' && stage.kind !== 'unwrap') report('only label filters may follow unwrap', stage.span)
  }
  for (const stage of stages) {
    if (stage.kind !== 'labelFormat') continue
    const names = new Set<string>()
    for (const { label, span: where } of stage.formats) {
      if (names.has(label)) report(`label "${label}" is written twice in one label_format`, where)
      names.add(label)
    }
  }
}
