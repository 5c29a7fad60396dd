/** Structured metadata keys that carry the ids, as Loki's own OTLP endpoint and the Grafana agents name them. */
export const TRACE_ID_KEYS: ReadonlySet<string> = new Set(['trace_id', 'traceid', 'traceID', 'traceId'])
export const SPAN_ID_KEYS: ReadonlySet<string> = new Set(['span_id', 'spanid', 'spanID', 'spanId'])

/** 40: a W3C trace id is 32; a little room for vendors' prefixes. Longer values stay ordinary metadata. */
export const MAX_ID_LENGTH = 40
