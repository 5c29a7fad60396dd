import { U32Column, U64Column } from './columns.ts'
import { BytesColumn, DictColumn, MapColumn } from './text-columns.ts'
import type { Resource } from './resource.ts'
import type { UnixNs } from './units.ts'

/** Span kinds by their OTLP number. */
export const SPAN_KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const
export type SpanKind = (typeof SPAN_KINDS)[number]

/** Span status by its OTLP number. */
export const SPAN_STATUSES = ['unset', 'ok', 'error'] as const
export type SpanStatus = (typeof SPAN_STATUSES)[number]

/**
 * Spans of one tenant in columns, row i being one span: what ingest fills and the store writes.
 *
 * Ids are lower-case hex text (32 and 16 characters from OTLP), parent '' for a root. Attribute values are text
 * (numbers and booleans printed, arrays and maps as JSON). Duplicates of (traceId, spanId) collapse at read.
 */
export class SpanColumns {
  readonly service: DictColumn = new DictColumn()
  readonly name: DictColumn = new DictColumn()
  readonly traceId: BytesColumn = new BytesColumn()
  readonly spanId: BytesColumn = new BytesColumn()
  readonly parentSpanId: BytesColumn = new BytesColumn()
  readonly traceState: DictColumn = new DictColumn()
  readonly kind: U32Column = new U32Column()
  readonly status: U32Column = new U32Column()
  readonly statusMessage: DictColumn = new DictColumn()
  readonly startNs: U64Column = new U64Column()
  readonly durationNs: U64Column = new U64Column()
  readonly attributes: MapColumn = new MapColumn()
  readonly resourceId: U64Column = new U64Column()
  readonly scopeName: DictColumn = new DictColumn()
  readonly scopeVersion: DictColumn = new DictColumn()
  readonly flags: U32Column = new U32Column()
  /** Events as a JSON array of {timeUnixNano: string, name, attributes: {..}}, '' for none. */
  readonly events: BytesColumn = new BytesColumn()
  /** Links as a JSON array of {traceId, spanId, traceState, attributes: {..}}, '' for none. */
  readonly links: BytesColumn = new BytesColumn()
  readonly requestId: U64Column = new U64Column()

  get rows(): number {
    return this.startNs.length
  }

  truncate(rows: number): void {
    for (const column of Object.values(this)) if (typeof column === 'object' && column !== null) column.truncate(rows)
  }

  /** Empties every column, dictionaries included, and keeps the arrays for the next block. */
  clear(): void {
    this.truncate(0)
    for (const column of [
      this.service,
      this.name,
      this.traceState,
      this.statusMessage,
      this.attributes,
      this.scopeName,
      this.scopeVersion,
    ])
      column.clear()
  }
}

/** Everything of one tenant that one commit writes for the traces signal. */
export interface SpanBlock {
  readonly tenant: string
  readonly spans: SpanColumns
  readonly resources: Resource[]
}

/** Makes an empty block. */
export function makeSpanBlock(tenant: string): SpanBlock {
  return { tenant, spans: new SpanColumns(), resources: [] }
}

/** A named moment within a span, such as an exception. */
export interface SpanEvent {
  readonly tNs: UnixNs
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
}

/** A reference from a span to another. */
export interface SpanLink {
  readonly traceId: string
  readonly spanId: string
  readonly traceState: string
  readonly attributes: Readonly<Record<string, string>>
}

/** One span as read from the store. */
export interface Span {
  readonly traceId: string
  readonly spanId: string
  /** '' for a root span. */
  readonly parentSpanId: string
  readonly traceState: string
  readonly service: string
  readonly name: string
  readonly kind: SpanKind
  readonly status: SpanStatus
  readonly statusMessage: string
  readonly startNs: UnixNs
  readonly durationNs: bigint
  readonly attributes: Readonly<Record<string, string>>
  readonly resource: Readonly<Record<string, string>>
  readonly scope: { readonly name: string; readonly version: string }
  readonly flags: number
  readonly events: readonly SpanEvent[]
  readonly links: readonly SpanLink[]
}

/** What a search shows of a trace. */
export interface TraceSummary {
  readonly traceId: string
  readonly rootService: string
  readonly rootName: string
  readonly startNs: UnixNs
  readonly durationNs: bigint
  readonly spanCount: number
  readonly errorCount: number
  /** Spans per service. */
  readonly services: ReadonlyMap<string, { readonly spans: number; readonly errors: number }>
  /** The spans that matched, at most `spansPerTrace`. */
  readonly matched: readonly Span[]
  /** How many spans matched in all. */
  readonly matchedCount: number
}
