import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { QueryContext } from '@oriel/store'
import { throwIfAborted } from '@oriel/store'
import type { NativeBlock } from '../native/index.ts'
import { NativeReader } from '../native/index.ts'
import { connectionError, exceptionError } from './failure.ts'
import type { BodyPieces, Endpoint } from './http.ts'
import { openEngineHttp } from './http.ts'
import type { Params } from './params.ts'
import { printParam } from './params.ts'
import { DATABASE } from '../schema/migration.ts'

/** What goes with a statement. */
interface StatementOptions {
  /** Values of `{name:Type}` placeholders: user input goes here, never into the SQL text. */
  readonly params?: Params
  readonly settings?: Readonly<Record<string, string | number>>
  /** Rows sent along, which the statement reads as a table of that name: for long lists of ids. */
  readonly table?: SentTable
  /** Limits, cancel and stats of the query that this statement belongs to. */
  readonly context?: QueryContext
}

/** A table that lives as long as the statement it is sent with. */
export interface SentTable {
  readonly name: string
  /** Columns as in CREATE TABLE: `id UInt128`. */
  readonly structure: string
  /** The rows in the RowBinary format. */
  readonly rows: Uint8Array
}

/**
 * Speaks to the engine, embedded or remote. Every call rejects with `StoreError`.
 *
 * Reads stop in the engine too when the context's signal is aborted or the consumer stops reading.
 */
export interface EngineClient {
  /** All blocks of a result. For results of known, small size. */
  query(sql: string, options?: StatementOptions): Promise<NativeBlock[]>
  /** Blocks of a result as they come: leave the loop to stop the engine. */
  stream(sql: string, options?: StatementOptions): AsyncGenerator<NativeBlock, void, undefined>
  /** Runs a statement without a result. */
  command(sql: string, options?: StatementOptions): Promise<void>
  /** Inserts Native blocks, given as pieces in order; resolves when they are on disk and visible. */
  insert(table: string, pieces: BodyPieces, options?: StatementOptions): Promise<void>
  close(): void
}

/** Where to send a statement: rejects with STORE_UNAVAILABLE while there is no engine. */
export type EndpointOf = () => Promise<Endpoint>

/**
 * Opens a client over an endpoint that may change (the embedded engine's port does at each restart).
 *
 * Statements run in `database`, so they name tables alone; '' for none, before the database exists.
 */
export function openClient(endpointOf: EndpointOf, { database = DATABASE }: { readonly database?: string } = {}): EngineClient {
  return new HttpClient(endpointOf, database)
}

class HttpClient implements EngineClient {
  readonly #http = openEngineHttp()
  readonly #endpointOf: EndpointOf
  readonly #database: string

  constructor(endpointOf: EndpointOf, database: string) {
    this.#endpointOf = endpointOf
    this.#database = database
  }

  async query(sql: string, options: StatementOptions = {}): Promise<NativeBlock[]> {
    const blocks: NativeBlock[] = []
    for await (const block of this.stream(sql, options)) blocks.push(block)
    return blocks
  }

  async *stream(sql: string, options: StatementOptions = {}): AsyncGenerator<NativeBlock, void, undefined> {
    const { context } = options
    if (context !== undefined) throwIfAborted(context)
    const endpoint = await this.#endpointOf()
    const queryId = randomUUID()
    const search = this.#search(queryId, options)
    search.set('default_format', 'Native')
    const body = statementBody(sql, options, search)
    const kill = () => void this.#kill(queryId)
    context?.signal.addEventListener('abort', kill, { once: true })
    let response: IncomingMessage | undefined
    let isDone = false
    try {
      response = await this.#http.post(endpoint, { search, ...body, ...(context !== undefined && { signal: context.signal }) })
      await failOnException(response, context)
      yield* readBlocks(response, context)
      isDone = true
    } catch (error) {
      isDone = response !== undefined && response.complete
      throw connectionError(error, context)
    } finally {
      context?.signal.removeEventListener('abort', kill)
      if (!isDone) {
        response?.destroy()
        if (context?.signal.aborted !== true) kill()
      }
    }
  }

  async command(sql: string, options: StatementOptions = {}): Promise<void> {
    const search = this.#search(randomUUID(), options)
    await this.#send(search, statementBody(sql, options, search), options.context)
  }

  async insert(table: string, pieces: BodyPieces, options: StatementOptions = {}): Promise<void> {
    const search = this.#search(randomUUID(), options)
    search.set('query', `INSERT INTO ${table} FORMAT Native`)
    // The engine's default (26.7) queues inserts and may join or cut their blocks; ingest has gathered already.
    search.set('async_insert', '0')
    await this.#send(search, { body: pieces }, options.context)
  }

  close(): void {
    this.#http.close()
  }

  async #send(search: URLSearchParams, call: StatementBody, context: QueryContext | undefined): Promise<void> {
    const endpoint = await this.#endpointOf()
    try {
      const response = await this.#http.post(endpoint, { search, ...call })
      await failOnException(response, context)
      const text = await textOf(response)
      if (text.includes(EXCEPTION_MARK)) throw exceptionError(text, context)
      addStats(response, context)
    } catch (error) {
      throw connectionError(error, context)
    }
  }

  /** Stops a statement whose reader has gone. Failing is harmless: the engine then ends it at its time limit. */
  async #kill(queryId: string): Promise<void> {
    try {
      await this.command('KILL QUERY WHERE query_id = {id:String} ASYNC', { params: { id: queryId } })
    } catch {
      // The engine is gone, and the statement with it.
    }
  }

  #search(queryId: string, { settings, context }: StatementOptions): URLSearchParams {
    const search = new URLSearchParams({ query_id: queryId })
    if (this.#database !== '') search.set('database', this.#database)
    if (context !== undefined) {
      const { timeoutMs, maxBytes } = context.limits
      search.set('max_execution_time', String(Math.max(1, Math.ceil(timeoutMs / 1_000))))
      // The limit is the time itself, not the engine's guess of it.
      search.set('timeout_before_checking_execution_speed', '0')
      if (maxBytes > 0) search.set('max_bytes_to_read', String(maxBytes))
    }
    for (const [name, value] of Object.entries(settings ?? {})) search.set(name, String(value))
    return search
  }
}

interface StatementBody {
  readonly headers?: Readonly<Record<string, string>>
  readonly body: BodyPieces
}

// 8 KiB: parameters up to here ride in the address (the engine takes 1 MiB); longer ones go as a form.
const MAX_SEARCH_BYTES = 8_192

/** The SQL as the body with parameters in the address; as a form when the parameters are long or rows are sent along. */
function statementBody(sql: string, { params = {}, table }: StatementOptions, search: URLSearchParams): StatementBody {
  const entries = Object.entries(params).map(([name, value]): [string, string] => [`param_${name}`, printParam(value)])
  const size = entries.reduce((sum, [, value]) => sum + value.length, 0)
  if (size <= MAX_SEARCH_BYTES) {
    for (const [name, value] of entries) search.set(name, value)
    if (table === undefined) return { body: [Buffer.from(sql, 'utf8')] }
  }
  const boundary = `oriel-${randomUUID()}`
  const fields: [string, string][] = size <= MAX_SEARCH_BYTES ? [['query', sql]] : [['query', sql], ...entries]
  const body: Uint8Array[] = fields.map(([name, value]) => formPart(boundary, `name="${name}"`, value))
  if (table !== undefined) {
    search.set(`${table.name}_structure`, table.structure)
    search.set(`${table.name}_format`, 'RowBinary')
    body.push(formPart(boundary, `name="${table.name}"; filename="rows"`, ''), table.rows, Buffer.from('\r\n'))
  }
  body.push(Buffer.from(`--${boundary}--\r\n`))
  return { headers: { 'Content-Type': `multipart/form-data; boundary=${boundary}` }, body }
}

function formPart(boundary: string, attributes: string, value: string): Uint8Array {
  const end = value === '' ? '' : '\r\n'
  return Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; ${attributes}\r\n\r\n${value}${end}`, 'utf8')
}

// An exception after the head was sent comes at the end of the body behind this word. Source: ClickHouse docs, HTTP interface.
const EXCEPTION_MARK = '__exception__'
// 16 KiB: the longest tail that the engine writes for an exception.
const TAIL_BYTES = 16_384

async function* readBlocks(
  response: IncomingMessage,
  context: QueryContext | undefined,
): AsyncGenerator<NativeBlock, void, undefined> {
  const reader = new NativeReader()
  let tail: Buffer = Buffer.alloc(0)
  let failure: unknown
  const received = { rows: 0, bytes: 0 }
  try {
    const pieces: AsyncIterable<Buffer> = response
    for await (const piece of pieces) {
      tail = piece.length >= TAIL_BYTES ? piece : Buffer.concat([tail.subarray(-TAIL_BYTES), piece])
      received.bytes += piece.length
      if (failure !== undefined) continue
      try {
        reader.push(piece)
        for (let block = reader.next(); block !== undefined; block = reader.next()) {
          received.rows += block.rows
          yield block
        }
      } catch (error) {
        failure = error
      }
    }
  } catch (error) {
    failure ??= error
  }
  const text = tail.subarray(-TAIL_BYTES).toString('utf8')
  if (text.includes(EXCEPTION_MARK)) throw exceptionError(text.slice(text.indexOf(EXCEPTION_MARK)), context)
  if (failure !== undefined) throw failure
  if (!reader.isBetweenBlocks) throw new Error('the engine closed the connection within a block')
  addStats(response, context, received)
}

async function failOnException(response: IncomingMessage, context: QueryContext | undefined): Promise<void> {
  if (response.statusCode === 200 && response.headers['x-clickhouse-exception-code'] === undefined) return
  throw exceptionError(await textOf(response), context)
}

async function textOf(response: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  const body: AsyncIterable<Buffer> = response
  for await (const piece of body) pieces.push(piece)
  return Buffer.concat(pieces).toString('utf8')
}

interface Received {
  readonly rows: number
  readonly bytes: number
}

/** Adds what the head of the response says of the work done; of a long result it knows only the beginning, then what came counts. */
function addStats(
  response: IncomingMessage,
  context: QueryContext | undefined,
  received: Received = { rows: 0, bytes: 0 },
): void {
  if (context === undefined) return
  const header = response.headers['x-clickhouse-summary']
  const summary: Readonly<Record<string, string>> = typeof header === 'string' ? JSON.parse(header) : {}
  context.stats.rows += Math.max(received.rows, Number(summary['read_rows'] ?? 0))
  context.stats.bytes += Math.max(received.bytes, Number(summary['read_bytes'] ?? 0))
  context.stats.engineMs += Number(summary['elapsed_ns'] ?? 0) / NS_PER_MS
}

const NS_PER_MS = 1e6
