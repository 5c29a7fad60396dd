import type { Span, TraceSummary } from '@oriel/model'
import type { TraceSearch } from '@oriel/query'
import type { Answer, Exchange } from '../http/exchange.ts'
import { callerOf, jsonAnswer } from '../http/exchange.ts'
import type { ApiServices } from '../services.ts'
import { otlpAttributes } from './otlp.ts'
import { bad, limitOf, searchRange } from './params.ts'

// What Tempo answers when the parameters are absent.
const DEFAULT_LIMIT = 20
const DEFAULT_SPANS = 3

/** GET /api/search: by `q` in TraceQL, or by `tags`, `minDuration` and `maxDuration`. */
export async function search(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const query = {
    search: searchOf(exchange),
    range: searchRange(exchange, services.now),
    limit: limitOf(exchange, 'limit', DEFAULT_LIMIT),
    spansPerTrace: limitOf(exchange, 'spss', DEFAULT_SPANS),
  }
  const answer = await services.runner.runTraceSearch(query, callerOf(exchange, 'tempo'))
  const metrics = {
    inspectedTraces: answer.data.length,
    inspectedBytes: String(answer.stats.bytes),
    completedJobs: 1,
    totalJobs: 1,
  }
  return jsonAnswer({ traces: answer.data.map(summaryOf), metrics })
}

function searchOf({ query }: Exchange): TraceSearch {
  const expr = query.get('q') ?? ''
  const tags = query.get('tags') ?? ''
  const minDuration = query.get('minDuration') ?? ''
  const maxDuration = query.get('maxDuration') ?? ''
  if (expr === '') {
    return { kind: 'tags', tags, ...(minDuration !== '' && { minDuration }), ...(maxDuration !== '' && { maxDuration }) }
  }
  if (tags !== '' || minDuration !== '' || maxDuration !== '')
    throw bad('invalid request: q cannot be combined with tags or durations')
  return { kind: 'traceql', expr }
}

function summaryOf(trace: TraceSummary): Readonly<Record<string, unknown>> {
  const spanSet = { spans: trace.matched.map(spanOf), matched: trace.matchedCount }
  const serviceStats: Record<string, { spanCount: number; errorCount?: number }> = {}
  for (const [service, { spans, errors }] of trace.services) {
    serviceStats[service] = errors > 0 ? { spanCount: spans, errorCount: errors } : { spanCount: spans }
  }
  return {
    traceID: trace.traceId.replace(/^0+(?=.)/, ''),
    rootServiceName: trace.rootService,
    rootTraceName: trace.rootName,
    startTimeUnixNano: String(trace.startNs),
    durationMs: Number(trace.durationNs / 1_000_000n),
    spanSet,
    spanSets: [spanSet],
    serviceStats,
  }
}

function spanOf(span: Span): Readonly<Record<string, unknown>> {
  return {
    spanID: span.spanId,
    name: span.name,
    startTimeUnixNano: String(span.startNs),
    durationNanos: String(span.durationNs),
    attributes: otlpAttributes({ 'service.name': span.service }),
  }
}
