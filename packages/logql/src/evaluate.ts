import { QueryError } from '@oriel/syntax'
import type { LogSource, QueryContext } from '@oriel/store'
import { evaluateLog } from './evaluate-log.ts'
import { parseLogQL } from './parse.ts'
import type { LogQLData, LogQLQuery } from './result.ts'

/** What a LogQL query answers, with warnings. */
export interface LogQLEvaluation {
  readonly data: LogQLData
  readonly warnings: readonly string[]
}

/**
 * Evaluates a LogQL text over a source of logs.
 *
 * Throws `QueryError`: QUERY_SYNTAX and QUERY_TYPE for the text, QUERY_UNSUPPORTED for what is not offered (by name),
 * QUERY_EXECUTION for data that cannot be evaluated, QUERY_LIMIT for too many series or samples.
 */
export async function evaluateLogQL(
  source: LogSource,
  text: string,
  query: LogQLQuery,
  context: QueryContext,
): Promise<LogQLEvaluation> {
  const expr = parseLogQL(text)
  if (expr.kind !== 'log') throw new QueryError('QUERY_UNSUPPORTED', 'metric queries are being built')
  if (query.kind === 'instant') {
    throw new QueryError(
      'QUERY_TYPE',
      'log queries are not supported as an instant query type, please change your query to a range query type',
      { span: expr.span },
    )
  }
  return { data: { kind: 'streams', streams: await evaluateLog(source, expr, query, context) }, warnings: [] }
}
