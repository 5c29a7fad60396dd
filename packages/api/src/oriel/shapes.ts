import type { RedAnswer, SpanAnswer, TraceSummaryAnswer } from '@oriel/contract'
import type { Span, TraceSummary } from '@oriel/model'
import type { RedSeries } from '@oriel/store'

/** RED as the page reads it: NaN turns to null, JSON has no other word for "no value". */
export function redAnswer({ service, operation, requests, errors, p50Ms, p95Ms, p99Ms, total }: RedSeries): RedAnswer {
  return {
    service,
    operation,
    requests: [...requests],
    errors: [...errors],
    p50Ms: Array.from(p50Ms, orNull),
    p95Ms: Array.from(p95Ms, orNull),
    p99Ms: Array.from(p99Ms, orNull),
    total: {
      requests: total.requests,
      errors: total.errors,
      p50Ms: orNull(total.p50Ms),
      p95Ms: orNull(total.p95Ms),
      p99Ms: orNull(total.p99Ms),
    },
  }
}

/** A span as the page reads it. */
export function spanAnswer(span: Span): SpanAnswer {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId,
    service: span.service,
    name: span.name,
    kind: span.kind,
    status: span.status,
    statusMessage: span.statusMessage,
    startNs: String(span.startNs),
    durationNs: String(span.durationNs),
    attributes: span.attributes,
    resource: span.resource,
    scope: span.scope,
    events: span.events.map(({ tNs, name, attributes }) => ({ tNs: String(tNs), name, attributes })),
    links: span.links.map(({ traceId, spanId, attributes }) => ({ traceId, spanId, attributes })),
  }
}

/** A row of a trace list. Services are in order of their span count, most first. */
export function summaryAnswer(trace: TraceSummary): TraceSummaryAnswer {
  const services = [...trace.services].map(([service, { spans, errors }]) => ({ service, spans, errors }))
  return {
    traceId: trace.traceId,
    rootService: trace.rootService,
    rootName: trace.rootName,
    startNs: String(trace.startNs),
    durationNs: String(trace.durationNs),
    spanCount: trace.spanCount,
    errorCount: trace.errorCount,
    services: services.sort((a, b) => b.spans - a.spans || (a.service < b.service ? -1 : 1)),
    matchedCount: trace.matchedCount,
    matched: trace.matched.map(spanAnswer),
  }
}

function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value
}
