import type { TimeRangeNs, TraceSummary } from '@oriel/model'
import type { QueryContext, TraceSearchRequest, TraceSource } from '@oriel/store'

/** How far and how much to search. */
export interface SearchBounds {
  readonly range: TimeRangeNs
  readonly limit: number
  readonly spansPerTrace: number
}

/** Finds traces with a TraceQL query. */
export async function searchTraceQL(
  _source: TraceSource,
  _expr: string,
  _bounds: SearchBounds,
  _context: QueryContext,
): Promise<{ readonly traces: readonly TraceSummary[]; readonly warnings: readonly string[] }> {
  throw new Error('not built yet')
}

/** The part of a search request that says what to find. */
export type SearchFilter = Pick<TraceSearchRequest, 'filter' | 'minTraceDurationNs' | 'maxTraceDurationNs'>

/** Tempo's older search parameters. */
export function tagsFilter(_search: {
  readonly tags: string
  readonly minDuration?: string
  readonly maxDuration?: string
}): SearchFilter {
  throw new Error('not built yet')
}

/** Jaeger's search parameters. */
export function jaegerFilter(_search: {
  readonly service: string
  readonly operation?: string
  readonly tags?: Readonly<Record<string, string>>
  readonly minDuration?: string
  readonly maxDuration?: string
}): SearchFilter {
  throw new Error('not built yet')
}
