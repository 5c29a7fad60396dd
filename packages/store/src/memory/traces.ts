import type { Span, SpanBlock, TimeRangeNs, TraceSummary } from '@oriel/model'
import { SPAN_KINDS, SPAN_STATUSES } from '@oriel/model'
import type { QueryContext } from '../context.ts'
import { throwIfAborted } from '../context.ts'
import type { TraceSearchRequest, TraceSource } from '../source.ts'
import { parseSpanEvents, parseSpanLinks } from '../span-json.ts'
import { compileSpanFilter, describeTrace } from './filter.ts'
import { limited } from './limited.ts'
import { readRed, readRedExemplars } from './red.ts'

/** The traces of a memory store. */
export interface MemoryTraces extends TraceSource {
  write(blocks: readonly SpanBlock[]): void
}

interface TenantTraces {
  /** Spans by trace id, then span id. */
  readonly traces: Map<string, Map<string, Span>>
  readonly resources: Map<bigint, Readonly<Record<string, string>>>
}

type Tenants = Map<string, TenantTraces>

/** Opens empty traces. Reads scan everything: right for tests, not for load. */
export function openMemoryTraces(): MemoryTraces {
  const tenants: Tenants = new Map()
  const inRange = (range: TimeRangeNs, context: QueryContext) => spansInRange(tenants, range, context)
  return {
    write: (blocks) => blocks.forEach((block) => writeBlock(tenants, block)),
    byId: async (traceId, context) => (tracesOf(tenants, context).get(traceId) ?? []).toSorted(byStart),
    search: async (request, context) => search(tenants, request, context),
    services: async (range, context) => distinct(inRange(range, context).map((span) => span.service)),
    operations: async (service, range, context) => operations(inRange(range, context), service),
    tagNames: async (scope, range, context) =>
      distinct(inRange(range, context).flatMap((span) => Object.keys(scope === 'span' ? span.attributes : span.resource))),
    tagValues: async (scope, key, range, limit, context) => {
      const values = inRange(range, context).flatMap((span) => [
        ...(scope === 'resource' ? [] : [span.attributes[key]]),
        ...(scope === 'span' ? [] : [span.resource[key]]),
      ])
      return limited(distinct(values.filter((value) => value !== undefined)), limit)
    },
    red: async (request, context) => readRed(allSpans(tenants, context), request),
    redExemplars: async (request, limit, context) => readRedExemplars(allSpans(tenants, context), request, limit),
  }
}

function writeBlock(tenants: Tenants, { tenant, spans, resources }: SpanBlock): void {
  let stored = tenants.get(tenant)
  if (stored === undefined) tenants.set(tenant, (stored = { traces: new Map(), resources: new Map() }))
  for (const { id, attributes } of resources) stored.resources.set(id, attributes)
  for (let row = 0; row < spans.rows; row++) {
    const span = spanAt(spans, row, stored.resources)
    const trace = stored.traces.get(span.traceId) ?? new Map<string, Span>()
    stored.traces.set(span.traceId, trace.set(span.spanId, span))
  }
}

function spanAt(spans: SpanBlock['spans'], row: number, resources: TenantTraces['resources']): Span {
  return {
    traceId: spans.traceId.stringAt(row),
    spanId: spans.spanId.stringAt(row),
    parentSpanId: spans.parentSpanId.stringAt(row),
    traceState: spans.traceState.stringAt(row),
    service: spans.service.stringAt(row),
    name: spans.name.stringAt(row),
    kind: SPAN_KINDS[spans.kind.values[row]!] ?? 'unspecified',
    status: SPAN_STATUSES[spans.status.values[row]!] ?? 'unset',
    statusMessage: spans.statusMessage.stringAt(row),
    startNs: spans.startNs.at(row),
    durationNs: spans.durationNs.at(row),
    attributes: spans.attributes.recordAt(row),
    resource: resources.get(spans.resourceId.at(row)) ?? {},
    scope: { name: spans.scopeName.stringAt(row), version: spans.scopeVersion.stringAt(row) },
    flags: spans.flags.values[row]!,
    events: parseSpanEvents(spans.events.stringAt(row)),
    links: parseSpanLinks(spans.links.stringAt(row)),
  }
}

function tracesOf(tenants: Tenants, context: QueryContext): Map<string, Span[]> {
  throwIfAborted(context)
  const merged = new Map<string, Span[]>()
  for (const tenant of context.tenants)
    for (const [id, spans] of tenants.get(tenant)?.traces ?? []) merged.set(id, [...(merged.get(id) ?? []), ...spans.values()])
  return merged
}

function allSpans(tenants: Tenants, context: QueryContext): Span[] {
  return [...tracesOf(tenants, context).values()].flat()
}

function spansInRange(tenants: Tenants, range: TimeRangeNs, context: QueryContext): Span[] {
  return allSpans(tenants, context).filter((span) => isInRange(span, range))
}

function isInRange(span: Span, { startNs, endNs }: TimeRangeNs): boolean {
  return span.startNs >= startNs && span.startNs < endNs
}

function byStart(a: Span, b: Span): number {
  if (a.startNs !== b.startNs) return a.startNs < b.startNs ? -1 : 1
  return a.spanId < b.spanId ? -1 : 1
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)].filter((value) => value !== '').sort()
}

function operations(spans: readonly Span[], service: string): { name: string; kind: Span['kind'] }[] {
  const found = new Map<string, { name: string; kind: Span['kind'] }>()
  for (const { service: of, name, kind } of spans) if (of === service) found.set(`${name}\u{1}${kind}`, { name, kind })
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, operation]) => operation)
}

function search(tenants: Tenants, request: TraceSearchRequest, context: QueryContext): TraceSummary[] {
  const passes = compileSpanFilter(request.filter)
  const found: { newestNs: bigint; summary: TraceSummary }[] = []
  for (const [traceId, spans] of tracesOf(tenants, context)) {
    const trace = describeTrace(spans)
    if (request.minTraceDurationNs !== undefined && trace.durationNs < request.minTraceDurationNs) continue
    if (request.maxTraceDurationNs !== undefined && trace.durationNs > request.maxTraceDurationNs) continue
    const matched = spans.filter((span) => isInRange(span, request.range) && passes(span, trace)).sort(byStart)
    const newest = matched.at(-1)
    if (newest === undefined) continue
    const summary = {
      traceId,
      ...trace,
      ...countSpans(spans),
      matched: matched.slice(0, request.spansPerTrace),
      matchedCount: matched.length,
    }
    found.push({ newestNs: newest.startNs, summary })
  }
  found.sort((a, b) =>
    a.newestNs === b.newestNs ? (a.summary.traceId < b.summary.traceId ? -1 : 1) : a.newestNs > b.newestNs ? -1 : 1,
  )
  return limited(
    found.map(({ summary }) => summary),
    request.limit,
  )
}

function countSpans(spans: readonly Span[]): Pick<TraceSummary, 'spanCount' | 'errorCount' | 'services'> {
  const services = new Map<string, { spans: number; errors: number }>()
  let errorCount = 0
  for (const { service, status } of spans) {
    const counts = services.get(service) ?? { spans: 0, errors: 0 }
    const errors = status === 'error' ? 1 : 0
    errorCount += errors
    services.set(service, { spans: counts.spans + 1, errors: counts.errors + errors })
  }
  return { spanCount: spans.length, errorCount, services }
}
