import { U128Column, U32Column, U64Column } from './columns.ts'
import { BytesColumn, DictColumn, MapColumn } from './text-columns.ts'
import type { Labels } from './labels.ts'
import type { Resource } from './resource.ts'
import type { UnixNs } from './units.ts'

/** A (stream, day) pair that the index does not hold yet. */
export interface StreamDay {
  /** 128-bit hash of the stream's labels, as `SeriesId`. */
  readonly id: Uint32Array
  readonly labels: Labels
  readonly service: string
  readonly day: number
}

/**
 * Log records of one tenant in columns, row i being one record: what ingest fills and the store writes.
 *
 * A record belongs to a stream (its index labels, as in Loki). `attributes` is what Loki calls structured metadata: OTLP
 * attributes with dots turned to underscores as Loki does. `traceId`/`spanId` are lower-case text as sent ('' when absent; any
 * length: short ids correlate too). `requestId` names the request that brought the row, so that a retry is recognised.
 */
export class LogColumns {
  readonly service: DictColumn = new DictColumn()
  readonly streamId: U128Column = new U128Column()
  readonly tNs: U64Column = new U64Column()
  /** OpenTelemetry severity number 1-24, 0 unknown. */
  readonly severity: U32Column = new U32Column()
  /** Lower-case level word: trace debug info warn error fatal, or what the sender said; '' unknown. */
  readonly level: DictColumn = new DictColumn()
  /** The sender's own word for the severity, where it sent a number too; '' for none. */
  readonly severityText: DictColumn = new DictColumn()
  /** Instrumentation scope; '' for none. Its attributes are among the record's. */
  readonly scopeName: DictColumn = new DictColumn()
  readonly scopeVersion: DictColumn = new DictColumn()
  readonly body: BytesColumn = new BytesColumn()
  readonly traceId: BytesColumn = new BytesColumn()
  readonly spanId: BytesColumn = new BytesColumn()
  readonly attributes: MapColumn = new MapColumn()
  readonly resourceId: U64Column = new U64Column()
  readonly requestId: U64Column = new U64Column()

  get rows(): number {
    return this.tNs.length
  }

  /** Cuts every column back to `rows`. */
  truncate(rows: number): void {
    for (const column of Object.values(this)) if (typeof column === 'object' && column !== null) column.truncate(rows)
  }

  /** Empties every column, dictionaries included, and keeps the arrays for the next block. */
  clear(): void {
    this.truncate(0)
    const { service, level, severityText, scopeName, scopeVersion, attributes } = this
    for (const column of [service, level, severityText, scopeName, scopeVersion, attributes]) column.clear()
  }
}

/** Everything of one tenant that one commit writes for the logs signal. */
export interface LogBlock {
  readonly tenant: string
  readonly records: LogColumns
  readonly streams: StreamDay[]
  readonly resources: Resource[]
}

/** Makes an empty block. */
export function makeLogBlock(tenant: string): LogBlock {
  return { tenant, records: new LogColumns(), streams: [], resources: [] }
}

/** A severity number as metadata shows it: '' for unknown. */
export function printSeverity(severity: number): string {
  return severity === 0 ? '' : String(severity)
}

/** One log record as read from the store. */
export interface LogRecord {
  /** Index into the batch's `streams`. */
  readonly stream: number
  readonly tNs: UnixNs
  readonly line: string
  /**
   * Structured metadata: attributes, and where known `trace_id`, `span_id`, `detected_level`, `severity_number`, `severity_text`,
   * `scope_name`, `scope_version`.
   */
  readonly metadata: Labels
}

/** Records as read from the store, in the order asked for. `streams` may hold labels of streams without records here. */
export interface LogBatch {
  readonly streams: readonly Labels[]
  readonly records: readonly LogRecord[]
}
