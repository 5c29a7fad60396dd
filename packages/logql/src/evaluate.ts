import type { LogSource, QueryContext } from '@oriel/store'
import type { LogQLData, LogQLQuery } from './result.ts'

/** What a LogQL query answers, with warnings. */
export interface LogQLEvaluation {
  readonly data: LogQLData
  readonly warnings: readonly string[]
}

/** Evaluates LogQL. */
export async function evaluateLogQL(
  _source: LogSource,
  _expr: string,
  _query: LogQLQuery,
  _context: QueryContext,
): Promise<LogQLEvaluation> {
  throw new Error('not built yet')
}
