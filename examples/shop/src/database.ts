import { DatabaseSync } from 'node:sqlite'
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { Histogram } from 'prom-client'
import { registry } from './service.ts'

const queryDurations = new Histogram({
  name: 'db_query_duration_seconds',
  help: 'Time of a database statement.',
  labelNames: ['operation', 'table'],
  buckets: [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1],
  registers: [registry],
})
const tracer = trace.getTracer('shop-database', '1.0.0')

/** A row of an answer. */
export type Row = Readonly<Record<string, string | number | bigint | null | Uint8Array>>

/**
 * A SQLite database in this process whose statements are spans, named and attributed by the OpenTelemetry database conventions
 * (node:sqlite has no auto-instrumentation).
 */
export class Database {
  readonly #db = new DatabaseSync(':memory:')
  readonly #name: string

  constructor(name: string, schema: string) {
    this.#name = name
    this.#db.exec(schema)
  }

  /** Runs one statement with bound parameters. Throws what SQLite throws, after marking the span. */
  run(operation: string, table: string, sql: string, ...parameters: (string | number)[]): Row[] {
    const attributes = {
      'db.system.name': 'sqlite',
      'db.namespace': this.#name,
      'db.operation.name': operation,
      'db.collection.name': table,
      'db.query.text': sql,
    }
    return tracer.startActiveSpan(`${operation} ${table}`, { kind: SpanKind.CLIENT, attributes }, (span) => {
      const stop = queryDurations.startTimer({ operation, table })
      try {
        const rows: Row[] = this.#db.prepare(sql).all(...parameters)
        span.setAttribute('db.response.returned_rows', rows.length)
        return rows
      } catch (error) {
        span.recordException(error instanceof Error ? error : String(error))
        span.setStatus({ code: SpanStatusCode.ERROR, message: String(error) })
        throw error
      } finally {
        stop()
        span.end()
      }
    })
  }

  /** Throws when the database does not answer. */
  check(): void {
    this.#db.prepare('select 1').get()
  }
}
