import type { Span } from '@oriel/model'

/** An attribute in OTLP JSON. Values are stored as text, so text is what they are. */
export interface OtlpAttribute {
  readonly key: string
  readonly value: { readonly stringValue: string }
}

/** How ids are written: OTLP JSON has hexadecimal, Tempo's v1 answer has proto JSON with base64. */
export type IdForm = 'hex' | 'base64'

const KINDS = {
  unspecified: 'SPAN_KIND_UNSPECIFIED',
  internal: 'SPAN_KIND_INTERNAL',
  server: 'SPAN_KIND_SERVER',
  client: 'SPAN_KIND_CLIENT',
  producer: 'SPAN_KIND_PRODUCER',
  consumer: 'SPAN_KIND_CONSUMER',
} as const

const STATUSES = { unset: 'STATUS_CODE_UNSET', ok: 'STATUS_CODE_OK', error: 'STATUS_CODE_ERROR' } as const

/** Spans as OTLP `ResourceSpans` in JSON: grouped by resource, then scope, each in the order given. */
export function otlpResourceSpans(spans: readonly Span[], idForm: IdForm): readonly unknown[] {
  return groupSpans(spans).map(({ resource, scopes }) => ({
    resource: { attributes: otlpAttributes(resource) },
    scopeSpans: scopes.map(({ scope, spans: own }) => ({ scope, spans: own.map((span) => otlpSpan(span, idForm)) })),
  }))
}

/** Spans of one resource, by scope. */
export interface SpanGroup {
  readonly resource: Readonly<Record<string, string>>
  readonly scopes: readonly { readonly scope: Span['scope']; readonly spans: readonly Span[] }[]
}

/** Groups spans by resource and scope as OTLP does. */
export function groupSpans(spans: readonly Span[]): SpanGroup[] {
  const groups = new Map<string, { resource: Span['resource']; scopes: Map<string, { scope: Span['scope']; spans: Span[] }> }>()
  for (const span of spans) {
    const resource =
      span.resource['service.name'] === undefined ? { 'service.name': span.service, ...span.resource } : span.resource
    const key = JSON.stringify(resource)
    const group = groups.get(key) ?? { resource, scopes: new Map() }
    groups.set(key, group)
    const scopeKey = `${span.scope.name}\u{0}${span.scope.version}`
    const scope = group.scopes.get(scopeKey) ?? { scope: span.scope, spans: [] }
    group.scopes.set(scopeKey, scope)
    scope.spans.push(span)
  }
  return [...groups.values()].map(({ resource, scopes }) => ({ resource, scopes: [...scopes.values()] }))
}

/** Attributes in OTLP JSON. */
export function otlpAttributes(attributes: Readonly<Record<string, string>>): OtlpAttribute[] {
  return Object.entries(attributes).map(([key, stringValue]) => ({ key, value: { stringValue } }))
}

function otlpSpan(span: Span, idForm: IdForm): Readonly<Record<string, unknown>> {
  const id = (hex: string): string => (idForm === 'hex' ? hex : Buffer.from(hex, 'hex').toString('base64'))
  return {
    traceId: id(span.traceId),
    spanId: id(span.spanId),
    ...(span.parentSpanId !== '' && { parentSpanId: id(span.parentSpanId) }),
    ...(span.traceState !== '' && { traceState: span.traceState }),
    name: span.name,
    kind: KINDS[span.kind],
    startTimeUnixNano: String(span.startNs),
    endTimeUnixNano: String(span.startNs + span.durationNs),
    ...(span.flags !== 0 && { flags: span.flags }),
    attributes: otlpAttributes(span.attributes),
    events: span.events.map(({ tNs, name, attributes }) => ({
      timeUnixNano: String(tNs),
      name,
      attributes: otlpAttributes(attributes),
    })),
    links: span.links.map((link) => ({
      traceId: id(link.traceId),
      spanId: id(link.spanId),
      attributes: otlpAttributes(link.attributes),
    })),
    status: otlpStatus(span),
  }
}

function otlpStatus({ status, statusMessage }: Span): Readonly<Record<string, string>> {
  if (status === 'unset') return {}
  return { code: STATUSES[status], ...(statusMessage !== '' && { message: statusMessage }) }
}
