import type { SpanEvent, SpanLink } from '@oriel/model'

/** Events from a row's JSON text; '' gives none. */
export function parseSpanEvents(json: string): SpanEvent[] {
  if (json === '') return []
  const raw: RawEvent[] = JSON.parse(json)
  return raw.map(({ timeUnixNano, name, attributes }) => ({ tNs: BigInt(timeUnixNano), name, attributes }))
}

/** Links from a row's JSON text; '' gives none. */
export function parseSpanLinks(json: string): SpanLink[] {
  if (json === '') return []
  const raw: SpanLink[] = JSON.parse(json)
  return raw
}

interface RawEvent {
  readonly timeUnixNano: string
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
}
