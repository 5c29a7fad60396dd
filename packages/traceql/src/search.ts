import type { TimeRangeNs, TraceSummary } from '@oriel/model'
import type { QueryContext, TraceSource } from '@oriel/store'
import { QueryError } from '@oriel/syntax'
import { parseTraceQL } from './parse.ts'
import { planPipeline } from './plan.ts'
import type { SpansetStep } from './spanset.ts'
import { compileSpansets } from './spanset.ts'
import { Trace } from './trace.ts'

/** How far and how much to search. */
export interface SearchBounds {
  readonly range: TimeRangeNs
  /** At most so many traces. */
  readonly limit: number
  /** At most so many matching spans of each trace; all are counted. */
  readonly spansPerTrace: number
}

/** Traces found, newest first, with what the asker should know. */
export interface TraceSearchResult {
  readonly traces: readonly TraceSummary[]
  readonly warnings: readonly string[]
}

// 500 candidates, 8 at a time: bounds the work of a query that the store cannot decide, at a trace each.
const MAX_CANDIDATES = 500
const CONCURRENT_READS = 8

/**
 * Finds traces with a TraceQL query, newest first.
 *
 * A condition on one span is answered by the store alone. For everything else (structural operators, aggregates, grouping) the
 * store gives candidates and the query is evaluated over each whole trace; when there are more candidates than we look at, a
 * warning says so. Throws `QueryError`: QUERY_SYNTAX, QUERY_TYPE, QUERY_UNSUPPORTED (metrics functions, by name).
 */
export async function searchTraceQL(
  source: TraceSource,
  text: string,
  bounds: SearchBounds,
  context: QueryContext,
): Promise<TraceSearchResult> {
  const { pipeline, metrics } = parseTraceQL(text)
  if (metrics !== undefined) {
    const message = `cannot search: ${metrics.func}() makes series, which a trace search does not answer`
    throw new QueryError('QUERY_UNSUPPORTED', message, { span: metrics.span })
  }
  const step = compileSpansets(pipeline)
  const { filter, isExact } = planPipeline(pipeline)
  if (isExact) return { traces: await source.search({ filter, ...bounds }, context), warnings: [] }
  const request = { filter, range: bounds.range, limit: MAX_CANDIDATES, spansPerTrace: 1 }
  const candidates = await source.search(request, context)
  const { traces, looked } = await evaluateCandidates(source, candidates, { step, bounds, context })
  const isCut = candidates.length === MAX_CANDIDATES && looked === candidates.length && traces.length < bounds.limit
  const warning = `only the newest ${MAX_CANDIDATES} traces that may match were looked at: narrow the time range or the conditions`
  return { traces, warnings: isCut ? [warning] : [] }
}

interface Evaluation {
  readonly step: SpansetStep
  readonly bounds: SearchBounds
  readonly context: QueryContext
}

async function evaluateCandidates(
  source: TraceSource,
  candidates: readonly TraceSummary[],
  { step, bounds, context }: Evaluation,
): Promise<{ traces: TraceSummary[]; looked: number }> {
  const traces: TraceSummary[] = []
  let looked = 0
  while (looked < candidates.length && traces.length < bounds.limit) {
    const batch = candidates.slice(looked, looked + CONCURRENT_READS)
    const read = await Promise.all(batch.map(({ traceId }) => source.byId(traceId, context)))
    looked += batch.length
    for (const [i, spans] of read.entries()) {
      const candidate = batch[i]
      if (candidate === undefined || traces.length >= bounds.limit) continue
      context.stats.samples += spans.length
      const matched = [...new Set(step([spans], new Trace(spans)).flat())]
      if (matched.length === 0) continue
      traces.push({ ...candidate, matched: matched.slice(0, bounds.spansPerTrace), matchedCount: matched.length })
    }
  }
  return { traces, looked }
}
