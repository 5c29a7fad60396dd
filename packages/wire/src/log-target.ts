import type { Labels, LogColumns } from '@oriel/model'

/**
 * What a decoder knows of one record when it has read it. One object is used for all records of a body.
 *
 * Byte ranges point into their source and are valid until the target's `closeRow` returns.
 */
export class LogRow {
  /** Nanoseconds since 1970 as two words; both 0 when the record has no time. */
  timeLow = 0
  timeHigh = 0
  /** OpenTelemetry severity number, 0 unknown. */
  severity = 0
  /** The sender's word for it. */
  severityText = ''
  body: Uint8Array = NO_BYTES
  bodyStart = 0
  bodyEnd = 0
  /** Ids as text, in whatever form the sender has them; an empty range for none. */
  traceId: Uint8Array = NO_BYTES
  traceIdStart = 0
  traceIdEnd = 0
  spanId: Uint8Array = NO_BYTES
  spanIdStart = 0
  spanIdEnd = 0

  /** Back to "nothing known". */
  clear(): void {
    this.timeLow = 0
    this.timeHigh = 0
    this.severity = 0
    this.severityText = ''
    this.bodyStart = 0
    this.bodyEnd = 0
    this.traceIdStart = 0
    this.traceIdEnd = 0
    this.spanIdStart = 0
    this.spanIdEnd = 0
  }
}

/**
 * Where a decoder of logs puts what it reads: it names the entity, pushes each record's attributes, then closes the row.
 *
 * Sources are the body being decoded; a target keeps nothing of them.
 */
export interface LogTarget {
  /** The decoder pushes a record's own attributes to `records.attributes` (without closing the row) and touches nothing else. */
  readonly records: LogColumns
  /** Records from here on come from this OTLP resource, given as its message bytes (an empty range: no resource). */
  enterResource(source: Uint8Array, start: number, end: number): void
  /** ... and from this OTLP instrumentation scope. */
  enterScope(source: Uint8Array, start: number, end: number): void
  /** Records from here on belong to the Loki stream with these labels. `key` is equal only for equal labels. */
  enterStream(key: Uint8Array, start: number, end: number, labels: () => Labels): void
  /** The attribute key to use for a key as sent. */
  attributeKey(source: Uint8Array, start: number, end: number): string
  /** A short text that repeats, such as a severity word. */
  word(source: Uint8Array, start: number, end: number): string
  /** Ends the record. A record that is stored already is dropped with its attributes. */
  closeRow(row: LogRow): void
}

/**
 * Labels and metadata keys that hold a level.
 *
 * Source: Grafana Loki documentation, log_level_fields.
 */
export const LEVEL_KEYS: ReadonlySet<string> = new Set([
  'level',
  'LEVEL',
  'Level',
  'log.level',
  'log_level',
  'severity',
  'SEVERITY',
  'Severity',
  'SeverityText',
  'lvl',
  'LVL',
  'Lvl',
  'severity_text',
  'detected_level',
])

const NO_BYTES = new Uint8Array(0)
