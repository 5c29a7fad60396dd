import type { LogQLData } from '@oriel/logql'
import { evaluateLogQL, parseLogQL } from '@oriel/logql'
import type { QueryContext, Source } from '@oriel/store'
import { checkLogQL } from './limits.ts'
import type { LogQLRequest, QueryWarning, RunnerLimits } from './requests.ts'

/** Evaluates LogQL over the store's logs. */
export async function runLogQL(
  source: Source,
  request: LogQLRequest,
  { context, limits, warnings }: { context: QueryContext; limits: RunnerLimits; warnings: QueryWarning[] },
): Promise<LogQLData> {
  const expr = parseLogQL(request.expr)
  checkLogQL(request, expr.kind !== 'log', limits)
  const answer = await evaluateLogQL(source.logs, expr, request.query, context)
  for (const message of answer.warnings) warnings.push({ level: 'warning', message })
  return answer.data
}
