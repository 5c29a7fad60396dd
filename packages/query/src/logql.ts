import type { LogQLData } from '@oriel/logql'
import { evaluateLogQL } from '@oriel/logql'
import type { QueryContext, Source } from '@oriel/store'
import type { LogQLRequest, QueryWarning } from './requests.ts'

/** Evaluates LogQL over the store's logs. */
export async function runLogQL(
  source: Source,
  request: LogQLRequest,
  context: QueryContext,
  warnings: QueryWarning[],
): Promise<LogQLData> {
  const answer = await evaluateLogQL(source.logs, request.expr, request.query, context)
  for (const message of answer.warnings) warnings.push({ level: 'warning', message })
  return answer.data
}
