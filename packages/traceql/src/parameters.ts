import { SPAN_KINDS } from '@oriel/model'
import type { SpanCondition, SpanFilter, TraceSearchRequest } from '@oriel/store'
import { parseGoDuration, QueryError } from '@oriel/syntax'

/** The part of a search request that says what to find. */
export type SearchFilter = Pick<TraceSearchRequest, 'filter' | 'minTraceDurationNs' | 'maxTraceDurationNs'>

/** Tempo's older search: `tags` in logfmt, and bounds on the trace's duration as Go durations. */
export interface TagsSearch {
  readonly tags: string
  readonly minDuration?: string
  readonly maxDuration?: string
}

/**
 * Tempo's `tags` search: every tag must be on some span, values match as case-insensitive parts.
 *
 * `name`, `error=true`, `status.code`, `root.name` and `root.service.name` mean the span's own fields.
 * Throws `QueryError` QUERY_SYNTAX for a malformed pair or duration. Source: Grafana Tempo API documentation, "Search".
 */
export function tagsFilter({ tags, minDuration, maxDuration }: TagsSearch): SearchFilter {
  const filters = parseTags(tags).map(({ key, value }) => condition(tagCondition(key, value)))
  const filter: SpanFilter = { kind: 'all', filters }
  return {
    filter,
    ...(isGiven(minDuration) ? { minTraceDurationNs: durationNs('minDuration', minDuration) } : {}),
    ...(isGiven(maxDuration) ? { maxTraceDurationNs: durationNs('maxDuration', maxDuration) } : {}),
  }
}

/** Jaeger's search: exact tags on the same span, bounds on the span's duration as Go durations. */
export interface JaegerSearch {
  readonly service: string
  readonly operation?: string
  readonly tags?: Readonly<Record<string, string>>
  readonly minDuration?: string
  readonly maxDuration?: string
}

/**
 * Jaeger's search parameters as a filter: all conditions hold on one span.
 *
 * `error=true` finds spans with status error too, `span.kind` the kind. Throws `QueryError` QUERY_SYNTAX for a bad duration.
 * Source: Jaeger 2.20 query API documentation.
 */
export function jaegerFilter({ service, operation, tags = {}, minDuration, maxDuration }: JaegerSearch): SearchFilter {
  const filters: SpanFilter[] = []
  if (service !== '') filters.push(condition({ kind: 'service', op: '=', value: service }))
  if (isGiven(operation)) filters.push(condition({ kind: 'name', op: '=', value: operation }))
  for (const [key, value] of Object.entries(tags)) filters.push(jaegerTag(key, value))
  if (isGiven(minDuration))
    filters.push(condition({ kind: 'duration', op: '>=', valueNs: durationNs('minDuration', minDuration) }))
  if (isGiven(maxDuration))
    filters.push(condition({ kind: 'duration', op: '<=', valueNs: durationNs('maxDuration', maxDuration) }))
  return { filter: { kind: 'all', filters } }
}

function isGiven(text: string | undefined): text is string {
  return text !== undefined && text !== ''
}

function condition(of: SpanCondition): SpanFilter {
  return { kind: 'condition', condition: of }
}

function durationNs(name: string, text: string): bigint {
  const parsed = parseGoDuration(text)
  if (!parsed.ok) throw new QueryError('QUERY_SYNTAX', `cannot read ${name}: ${parsed.reason}`)
  return parsed.value
}

const PAIR = /([^\s="]+)=(?:"((?:[^"\\]|\\.)*)"|(\S*))\s*/y

function parseTags(text: string): { key: string; value: string }[] {
  const pairs: { key: string; value: string }[] = []
  const trimmed = text.trim()
  let at = 0
  while (at < trimmed.length) {
    PAIR.lastIndex = at
    const match = PAIR.exec(trimmed)
    if (match === null)
      throw new QueryError('QUERY_SYNTAX', `cannot read tags: expected key=value at ${JSON.stringify(trimmed.slice(at))}`)
    const [whole, key = '', quoted, bare = ''] = match
    pairs.push({ key, value: quoted === undefined ? bare : quoted.replaceAll(/\\(.)/g, '$1') })
    at += whole.length
  }
  return pairs
}

function tagCondition(key: string, value: string): SpanCondition {
  const pattern = `(?i).*${value.replaceAll(/[\\^$.|?*+()[\]{}]/g, String.raw`\$&`)}.*`
  if (key === 'error' && value === 'true') return { kind: 'status', op: '=', value: 'error' }
  if (key === 'status.code') return { kind: 'status', op: '=', value: value === 'error' || value === 'ok' ? value : 'unset' }
  if (key === 'name') return { kind: 'name', op: '=~', value: pattern }
  if (key === 'service.name') return { kind: 'service', op: '=~', value: pattern }
  if (key === 'root.name') return { kind: 'rootName', op: '=~', value: pattern }
  if (key === 'root.service.name') return { kind: 'rootService', op: '=~', value: pattern }
  return { kind: 'attribute', scope: 'any', key, op: '=~', value: pattern }
}

function jaegerTag(key: string, value: string): SpanFilter {
  const own = condition({ kind: 'attribute', scope: 'any', key, op: '=', value })
  if (key === 'error' && value === 'true')
    return { kind: 'any', filters: [condition({ kind: 'status', op: '=', value: 'error' }), own] }
  const kind = SPAN_KINDS.find((known) => known === value)
  if (key === 'span.kind' && kind !== undefined) return condition({ kind: 'spanKind', op: '=', value: kind })
  return own
}
