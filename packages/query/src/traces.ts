import type { TraceSummary } from '@oriel/model'
import type { QueryContext, Source } from '@oriel/store'
import { jaegerFilter, searchTraceQL, tagsFilter } from '@oriel/traceql'
import type { QueryWarning, TraceSearch, TraceSearchQuery } from './requests.ts'

/** Finds traces by TraceQL or by the older parameter forms. */
export async function runTraceSearch(
  source: Source,
  { search, range, limit, spansPerTrace }: TraceSearchQuery,
  context: QueryContext,
  warnings: QueryWarning[],
): Promise<readonly TraceSummary[]> {
  const bounds = { range, limit, spansPerTrace }
  if (search.kind === 'traceql') {
    const answer = await searchTraceQL(source.traces, search.expr, bounds, context)
    for (const message of answer.warnings) warnings.push({ level: 'warning', message })
    return answer.traces
  }
  const filter = search.kind === 'tags' ? tagsFilter(search) : jaegerFilter(search)
  return source.traces.search({ ...bounds, ...filter }, context)
}

/** The search as one text, for the query log. */
export function searchText(search: TraceSearch): string {
  if (search.kind === 'traceql') return search.expr
  const { kind, ...parameters } = search
  return `${kind} ${JSON.stringify(parameters)}`
}
