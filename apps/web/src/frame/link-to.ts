import { unreachable } from '@oriel/model'
import type { AppSearch } from './search.ts'
import { stringifySearch } from './search.ts'
import type { RangeText } from './time-range.ts'

/** What a click leads to. */
export type Target =
  | { readonly kind: 'services' }
  | { readonly kind: 'service'; readonly service: string }
  | { readonly kind: 'trace'; readonly traceId: string; readonly spanId?: string }
  | { readonly kind: 'traces'; readonly search?: Pick<AppSearch, 'service' | 'operation' | 'status' | 'min' | 'max' | 'q' | 'f'> }
  | { readonly kind: 'logs'; readonly q?: string; readonly service?: string; readonly traceId?: string; readonly spanId?: string }
  | { readonly kind: 'metrics'; readonly q?: string; readonly service?: string; readonly metric?: string }
  | { readonly kind: 'targets' }
  | { readonly kind: 'rules' }
  | { readonly kind: 'queries' }
  | { readonly kind: 'cardinality'; readonly metric?: string }

/** What a click carries along: the time range, as text so that a live range stays live. */
export interface LinkContext extends Partial<RangeText> {
  readonly refresh?: string
}

/** The address of a pivot: the only place where the page builds links. */
export function linkTo(target: Target, { from, to, refresh }: LinkContext): string {
  const time: AppSearch = { ...(from && { from }), ...(to && { to }), ...(refresh && { refresh }) }
  switch (target.kind) {
    case 'services':
      return `/services${stringifySearch(time)}`
    case 'service':
      return `/services/${encodeURIComponent(target.service)}${stringifySearch(time)}`
    case 'trace': {
      const sel = target.spanId === undefined ? undefined : spanSelection(target.traceId, target.spanId)
      return `/traces/${encodeURIComponent(target.traceId)}${stringifySearch({ ...time, sel })}`
    }
    case 'traces':
      return `/traces${stringifySearch({ ...time, ...target.search })}`
    case 'logs':
      return `/logs${stringifySearch({ ...time, q: target.q ?? logQuery(target), ...logSelection(target) })}`
    case 'metrics':
      // Not `/metrics`: there the server tells about itself, in Prometheus's text format.
      return `/explore/metrics${stringifySearch({ ...time, metric: target.metric, q: target.q ?? metricQuery(target.service) })}`
    case 'targets':
      return `/targets${stringifySearch(time)}`
    case 'rules':
      return `/rules${stringifySearch(time)}`
    case 'queries':
      return `/queries${stringifySearch(time)}`
    case 'cardinality':
      return `/cardinality${stringifySearch({ ...time, metric: target.metric })}`
    default:
      return unreachable(target)
  }
}

/** `sel` for a span. */
export function spanSelection(traceId: string, spanId: string): string {
  return `span:${traceId}:${spanId}`
}

/** The span that `sel` names, `undefined` when it names none. */
export function selectedSpan(sel: string | undefined): { traceId: string; spanId: string } | undefined {
  const [kind, traceId, spanId] = sel?.split(':') ?? []
  return kind === 'span' && traceId !== undefined && spanId !== undefined ? { traceId, spanId } : undefined
}

/** LogQL that finds the lines of a service, a trace or both. */
export function logQuery({ service, traceId }: { readonly service?: string; readonly traceId?: string }): string {
  // Loki wants one matcher that does not match the empty string.
  const selector = service === undefined ? '{service_name=~".+"}' : `{service_name=${quote(service)}}`
  return traceId === undefined ? selector : `${selector} | trace_id=${quote(traceId)}`
}

/** The service that a series' labels name, and the labels that a pivot to logs or traces cannot carry. */
export function serviceOfLabels(labels: Readonly<Record<string, string>>): {
  readonly service: string | undefined
  readonly dropped: readonly string[]
} {
  const key = SERVICE_LABELS.find((name) => labels[name] !== undefined && labels[name] !== '')
  const value = key === undefined ? undefined : labels[key]
  // OpenTelemetry's Prometheus mapping: job = service.namespace/service.name.
  const service = key === 'job' && value !== undefined ? value.slice(value.lastIndexOf('/') + 1) : value
  const dropped = Object.keys(labels).filter((name) => name !== key && name !== 'job' && name !== '__name__')
  return { service, dropped }
}

/** First match wins: what names a service, from the most explicit on. */
const SERVICE_LABELS = ['service_name', 'service', 'job'] as const

function logSelection({ traceId, spanId }: { readonly traceId?: string; readonly spanId?: string }): AppSearch {
  return traceId === undefined || spanId === undefined ? {} : { sel: spanSelection(traceId, spanId) }
}

function metricQuery(service: string | undefined): string | undefined {
  return service === undefined ? undefined : `{job=~${quote(`(.*/)?${escapeRegex(service)}`)}}`
}

function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)
}

function quote(text: string): string {
  return JSON.stringify(text)
}
