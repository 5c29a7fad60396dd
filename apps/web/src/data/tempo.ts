import { API_BASES } from '@oriel/contract'
import type { TimeRange } from '@oriel/model'
import { getJson } from './api.ts'

const BASE = `${API_BASES.tempo}/api/v2/search`

interface Tags {
  readonly scopes: readonly { readonly name: string; readonly tags: readonly string[] }[]
}

interface TagValues {
  readonly tagValues: readonly { readonly type: string; readonly value: string }[]
}

/** Attributes of spans in the range as TraceQL writes them: `span.http.route`, `resource.service.name`. */
export async function attributeNames(range: TimeRange, signal: AbortSignal): Promise<string[]> {
  const { scopes } = await getJson<Tags>(`${BASE}/tags`, rangeSeconds(range), { signal })
  return scopes
    .filter(({ name }) => name === 'span' || name === 'resource')
    .flatMap(({ name, tags }) => tags.map((tag) => `${name}.${tag}`))
}

/** Values of an attribute in the range; `type` tells whether TraceQL quotes them. */
export async function attributeValues(field: string, range: TimeRange, signal: AbortSignal): Promise<TagValues['tagValues']> {
  return (await getJson<TagValues>(`${BASE}/tag/${encodeURIComponent(field)}/values`, rangeSeconds(range), { signal })).tagValues
}

function rangeSeconds({ startMs, endMs }: TimeRange): { start: number; end: number } {
  return { start: Math.floor(startMs / 1_000), end: Math.ceil(endMs / 1_000) }
}
