import type { Span } from '@oriel/model'
import { NS_PER_MS } from '@oriel/model'
import { exemplarBuckets, redSteps } from '../red-grid.ts'
import type { RedRequest, RedSeries, SpanExemplar } from '../source.ts'

const NS_PER_MS_NUMBER = Number(NS_PER_MS)

/** RED of entry spans by scanning; quantiles by nearest rank, exact. */
export function readRed(spans: readonly Span[], request: RedRequest): RedSeries[] {
  const groups = new Map<string, Span[]>()
  for (const span of spans.filter((candidate) => isCounted(candidate, request))) {
    const key = `${span.service}\u{1}${request.groupBy === 'operation' ? span.name : ''}`
    groups.set(key, [...(groups.get(key) ?? []), span])
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, group]) => describeGroup(key, group, request))
}

/** Slow and failed entry spans, by time. */
export function readRedExemplars(spans: readonly Span[], request: RedRequest, limit: number): SpanExemplar[] {
  const { bucketMs, perBucket } = exemplarBuckets(request, limit)
  const buckets = new Map<number, Span[]>()
  for (const span of spans.filter((candidate) => isCounted(candidate, request))) {
    const bucket = Math.floor((startMsOf(span) - request.startMs) / bucketMs)
    buckets.set(bucket, [...(buckets.get(bucket) ?? []), span])
  }
  const chosen = [...buckets.values()].flatMap((bucket) => bucket.sort(byWorth).slice(0, perBucket))
  return chosen
    .sort((a, b) => startMsOf(a) - startMsOf(b) || (a.spanId < b.spanId ? -1 : 1))
    .slice(0, limit)
    .map((span) => ({
      traceId: span.traceId,
      spanId: span.spanId,
      name: span.name,
      tMs: startMsOf(span),
      durationMs: durationMsOf(span),
      isError: span.status === 'error',
    }))
}

function isCounted(span: Span, request: RedRequest): boolean {
  const isEntry = span.kind === 'server' || span.kind === 'consumer' || span.parentSpanId === ''
  if (!isEntry || (request.service !== undefined && span.service !== request.service)) return false
  const tMs = startMsOf(span)
  return tMs >= request.startMs && tMs < request.startMs + redSteps(request) * request.stepMs
}

function describeGroup(key: string, spans: readonly Span[], request: RedRequest): RedSeries {
  const [service = '', operation = ''] = key.split('\u{1}')
  const steps = redSteps(request)
  const byStep: Span[][] = Array.from({ length: steps }, () => [])
  for (const span of spans) byStep[Math.floor((startMsOf(span) - request.startMs) / request.stepMs)]?.push(span)
  const column = (read: (step: readonly Span[]) => number) => Float64Array.from(byStep, read)
  return {
    service,
    operation,
    requests: column((step) => step.length),
    errors: column(countErrors),
    p50Ms: column((step) => quantileMs(step, 0.5)),
    p95Ms: column((step) => quantileMs(step, 0.95)),
    p99Ms: column((step) => quantileMs(step, 0.99)),
    total: {
      requests: spans.length,
      errors: countErrors(spans),
      p50Ms: quantileMs(spans, 0.5),
      p95Ms: quantileMs(spans, 0.95),
      p99Ms: quantileMs(spans, 0.99),
    },
  }
}

function countErrors(spans: readonly Span[]): number {
  return spans.filter((span) => span.status === 'error').length
}

function quantileMs(spans: readonly Span[], quantile: number): number {
  const durations = spans.map(durationMsOf).sort((a, b) => a - b)
  return durations[Math.max(0, Math.ceil(quantile * durations.length) - 1)] ?? NaN
}

function byWorth(a: Span, b: Span): number {
  const errorsFirst = Number(b.status === 'error') - Number(a.status === 'error')
  return errorsFirst || Number(b.durationNs - a.durationNs)
}

function startMsOf(span: Span): number {
  return Number(span.startNs / NS_PER_MS)
}

function durationMsOf(span: Span): number {
  return Number(span.durationNs) / NS_PER_MS_NUMBER
}
