import type {
  ExplainAnswer,
  QueriesAnswer,
  ServiceAnswer,
  ServicesAnswer,
  StatusAnswer,
  TraceAnswer,
  TracesAnswer,
} from '@oriel/contract'
import { ORIEL_API } from '@oriel/contract'
import type { TimeRange } from '@oriel/model'
import type { AppSearch } from '../frame/search.ts'
import { stepFor } from '../frame/time-range.ts'
import { getJson } from './api.ts'

// 40 points draw a sparkline of 120 px; 100 a chart of a third of the page.
const SPARK_POINTS = 40
const CHART_POINTS = 100

/** What runs, where to send things, and whether anything came in. */
export function loadStatus(signal: AbortSignal): Promise<StatusAnswer> {
  return getJson(`${ORIEL_API}/status`, {}, { signal })
}

/** RED of every service in the range. */
export function loadServices(range: TimeRange, signal: AbortSignal): Promise<ServicesAnswer> {
  return getJson(`${ORIEL_API}/services`, gridParams(range, SPARK_POINTS), { signal })
}

/** RED of one service, its operations and exemplars. */
export function loadService(service: string, range: TimeRange, signal: AbortSignal): Promise<ServiceAnswer> {
  return getJson(`${ORIEL_API}/services/${encodeURIComponent(service)}`, gridParams(range, CHART_POINTS), { signal })
}

/** All spans of a trace. */
export function loadTrace(traceId: string, signal: AbortSignal): Promise<TraceAnswer> {
  return getJson(`${ORIEL_API}/traces/${encodeURIComponent(traceId)}`, {}, { signal })
}

/** Traces that match a form or a TraceQL query, newest first. */
export function loadTraces(
  search: Pick<AppSearch, 'q' | 'service' | 'operation' | 'status' | 'min' | 'max' | 'f'>,
  { range, limit, signal }: { readonly range: TimeRange; readonly limit: number; readonly signal: AbortSignal },
): Promise<TracesAnswer> {
  const { q, service, operation, status, min, max, f } = search
  const query = q === undefined ? { service, operation, status, minDuration: min, maxDuration: max, f } : { q }
  const { startMs, endMs } = range
  return getJson(`${ORIEL_API}/traces`, { from: Math.floor(startMs), to: Math.ceil(endMs), limit, ...query }, { signal })
}

/** What runs and what ended, of every tenant. */
export function loadQueries(signal: AbortSignal): Promise<QueriesAnswer> {
  return getJson(`${ORIEL_API}/queries`, { all: true }, { signal })
}

/** Stops a query of any tenant, in the engine too. Throws `ApiError` with status 404 when it has ended already. */
export async function stopQuery(id: string): Promise<void> {
  const { signal } = new AbortController()
  await getJson(`${ORIEL_API}/queries/${encodeURIComponent(id)}`, { all: true }, { signal, method: 'DELETE' })
}

/** Runs a PromQL query over the range and tells what each of its operators did. */
export function explainQuery(
  query: string,
  { range, stepMs, signal }: { readonly range: TimeRange; readonly stepMs: number | undefined; readonly signal: AbortSignal },
): Promise<ExplainAnswer> {
  const step = stepMs ?? stepFor(range, EXPLAIN_POINTS)
  const params = { query, from: Math.floor(range.startMs / step) * step, to: Math.floor(range.endMs / step) * step, step }
  return getJson(`${ORIEL_API}/explain`, params, { signal })
}

// As many as the chart that it explains has.
const EXPLAIN_POINTS = 240

function gridParams(range: TimeRange, points: number): Record<string, number> {
  const step = stepFor(range, points)
  return { from: Math.floor(range.startMs / step) * step, to: Math.ceil(range.endMs / step) * step, step }
}
