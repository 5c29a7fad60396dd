import type { Span } from '@oriel/model'

/** A tag in Jaeger's JSON. */
interface JaegerTag {
  readonly key: string
  readonly type: 'string' | 'bool'
  readonly value: string | boolean
}

/** Spans of one trace as Jaeger's legacy JSON has them: times in microseconds, processes apart. */
export function jaegerTrace(traceId: string, spans: readonly Span[]): Readonly<Record<string, unknown>> {
  const processIds = new Map<string, string>()
  const processes: Record<string, { serviceName: string; tags: JaegerTag[] }> = {}
  const printed = spans.map((span) => {
    const key = `${span.service}\u{0}${JSON.stringify(span.resource)}`
    const known = processIds.get(key)
    const processId = known ?? `p${processIds.size + 1}`
    if (known === undefined) {
      processIds.set(key, processId)
      const { 'service.name': _, ...tags } = span.resource
      processes[processId] = { serviceName: span.service, tags: jaegerTags(tags) }
    }
    return jaegerSpan(span, processId)
  })
  return { traceID: traceId, spans: printed, processes, warnings: null }
}

function jaegerSpan(span: Span, processId: string): Readonly<Record<string, unknown>> {
  return {
    traceID: span.traceId,
    spanID: span.spanId,
    flags: 1,
    operationName: span.name,
    references: referencesOf(span),
    startTime: Number(span.startNs / 1_000n),
    duration: Number(span.durationNs / 1_000n),
    tags: spanTags(span),
    logs: span.events.map(({ tNs, name, attributes }) => ({
      timestamp: Number(tNs / 1_000n),
      fields: [...(name === '' ? [] : jaegerTags({ event: name })), ...jaegerTags(attributes)],
    })),
    processID: processId,
    warnings: null,
  }
}

/** The parent, then the links. Source: Jaeger 2.20 internal/uimodel/converter. */
function referencesOf({ traceId, parentSpanId, links }: Span): unknown[] {
  const parent = parentSpanId === '' ? [] : [{ refType: 'CHILD_OF', traceID: traceId, spanID: parentSpanId }]
  return [...parent, ...links.map((link) => ({ refType: 'FOLLOWS_FROM', traceID: link.traceId, spanID: link.spanId }))]
}

/** Attributes, then what OpenTelemetry keeps in fields of their own. Source: OpenTelemetry to Jaeger transformation. */
function spanTags(span: Span): JaegerTag[] {
  const { kind, status, statusMessage, scope, traceState } = span
  const tags = jaegerTags(span.attributes)
  if (scope.name !== '') tags.push(...jaegerTags({ 'otel.scope.name': scope.name }))
  if (scope.version !== '') tags.push(...jaegerTags({ 'otel.scope.version': scope.version }))
  if (kind !== 'unspecified') tags.push(...jaegerTags({ 'span.kind': kind }))
  if (status !== 'unset') tags.push(...jaegerTags({ 'otel.status_code': status === 'ok' ? 'OK' : 'ERROR' }))
  if (status === 'error') tags.push({ key: 'error', type: 'bool', value: true })
  if (statusMessage !== '') tags.push(...jaegerTags({ 'otel.status_description': statusMessage }))
  if (traceState !== '') tags.push(...jaegerTags({ 'w3c.tracestate': traceState }))
  return tags
}

function jaegerTags(attributes: Readonly<Record<string, string>>): JaegerTag[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, type: 'string', value }))
}
