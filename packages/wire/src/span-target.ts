import type { SpanColumns } from '@oriel/model'

/** What a decoder knows of one span besides its attributes. One object is used for all spans of a body. */
export class SpanRow {
  /** Ids as lower-case hex text in `ids`; an empty range for none. */
  readonly ids: Uint8Array = new Uint8Array(2 * (MAX_TRACE_ID_BYTES + 2 * MAX_SPAN_ID_BYTES))
  traceIdEnd = 0
  spanIdEnd: number = SPAN_ID_AT
  parentSpanIdEnd: number = PARENT_ID_AT
  startLow = 0
  startHigh = 0
  endLow = 0
  endHigh = 0
  kind = 0
  status = 0
  flags = 0
  name = ''
  traceState = ''
  statusMessage = ''
  /** JSON texts of events and links, without the brackets around; '' for none. */
  events = ''
  links = ''

  /** Back to "nothing known". */
  clear(): void {
    this.traceIdEnd = 0
    this.spanIdEnd = SPAN_ID_AT
    this.parentSpanIdEnd = PARENT_ID_AT
    this.startLow = 0
    this.startHigh = 0
    this.endLow = 0
    this.endHigh = 0
    this.kind = 0
    this.status = 0
    this.flags = 0
    this.name = ''
    this.traceState = ''
    this.statusMessage = ''
    this.events = ''
    this.links = ''
  }
}

/** Where a decoder of traces puts what it reads: it names the entity, pushes each span's attributes, then closes the row. */
export interface SpanTarget {
  /** The decoder pushes a span's own attributes to `spans.attributes` (without closing the row) and touches nothing else. */
  readonly spans: SpanColumns
  /** Spans from here on come from this OTLP resource, given as its message bytes (an empty range: no resource). */
  enterResource(source: Uint8Array, start: number, end: number): void
  /** ... and from this OTLP instrumentation scope (an empty range: none). */
  enterScope(source: Uint8Array, start: number, end: number): void
  /** A text that repeats: attribute keys, names, trace states. */
  word(source: Uint8Array, start: number, end: number): string
  /** Ends the span. One that is stored already is dropped with its attributes. */
  closeRow(row: SpanRow): void
}

/** Bytes of OTLP ids. */
export const MAX_TRACE_ID_BYTES = 16
export const MAX_SPAN_ID_BYTES = 8
/** Where the ids start in `SpanRow.ids`; the trace id starts at 0. */
export const SPAN_ID_AT: number = 2 * MAX_TRACE_ID_BYTES
export const PARENT_ID_AT: number = SPAN_ID_AT + 2 * MAX_SPAN_ID_BYTES
