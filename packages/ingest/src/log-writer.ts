// From decoded records to rows of a log block: stream, day, resource, level, trace id. A hot path (bench/HOTPATHS.md).

import type { Labels, LogBlock, LogColumns } from '@oriel/model'
import { LogColumns as EmptyColumns } from '@oriel/model'
import type { LogRow, LogTarget } from '@oriel/wire'
import { ByteTable, decodeOtlpResource, decodeOtlpScope, Interner, MAX_ID_LENGTH, TRACE_ID_KEYS } from '@oriel/wire'
import { dayOf, isStorable } from './day.ts'
import type { IngestLimits } from './limits.ts'
import { levelOfBody, levelOfSeverity, levelWord } from './log-level.ts'
import type { LogEntity, LogOptions } from './log-streams.ts'
import { metadataKey, resourceEntity, streamEntity, streamOn } from './log-streams.ts'
import type { RequestRows } from './retries.ts'
import { findTraceId } from './trace-id.ts'

/** What became of a body's records. */
export interface Accepted {
  readonly accepted: number
  readonly rejected: number
  /** Why the first rejected record was rejected, '' for none. */
  readonly reason: string
}

/** Where the rows of one body go. */
export interface LogRequestContext {
  readonly block: LogBlock
  readonly rows: RequestRows
  readonly nowMs: number
}

/** Strings that repeat in logs: attribute keys under their stored names, and words. */
export interface LogInterners {
  readonly keys: Interner
  readonly words: Interner
}

/** Makes empty interners. */
export function makeLogInterners(): LogInterners {
  return { keys: new Interner(metadataKey), words: new Interner() }
}

/** Fills log blocks of one tenant. Remembers the tenant's streams and resources between bodies; takes one body at a time. */
export class LogWriter implements LogTarget {
  records: LogColumns = new EmptyColumns()
  readonly #options: LogOptions
  readonly #limits: IngestLimits
  readonly #resources = new ByteTable<LogEntity>({ maxEntries: MAX_ENTITIES })
  readonly #streams = new ByteTable<LogEntity>({ maxEntries: MAX_ENTITIES })
  readonly #keys: Interner
  readonly #words: Interner
  readonly #foundId = { start: 0, end: 0 }
  #context: LogRequestContext | undefined
  #entity: LogEntity
  readonly #noResource: LogEntity
  #scope: LogScope = NO_SCOPE
  /** The open row's attribute that holds a trace id, -1 for none. */
  #traceEntry = -1
  #accepted = 0
  #rejected = 0
  #reason = ''

  /** `interners` may be shared by all writers of a process. */
  constructor(options: LogOptions, limits: IngestLimits, interners: LogInterners = makeLogInterners()) {
    this.#keys = interners.keys
    this.#words = interners.words
    this.#options = options
    this.#limits = limits
    this.#noResource = resourceEntity({}, options, limits)
    this.#entity = this.#noResource
  }

  /** Runs `decode` with this as its target; its rows go to the context's block. Throws what `decode` throws. */
  write(context: LogRequestContext, decode: (target: LogTarget) => void): Accepted {
    this.#context = context
    this.records = context.block.records
    this.#entity = this.#noResource
    this.#scope = NO_SCOPE
    this.#traceEntry = -1
    this.#accepted = 0
    this.#rejected = 0
    this.#reason = ''
    decode(this)
    return { accepted: this.#accepted, rejected: this.#rejected, reason: this.#reason }
  }

  enterResource(source: Uint8Array, start: number, end: number): void {
    let entity = start === end ? this.#noResource : this.#resources.get(source, start, end)
    if (entity === undefined) {
      entity = resourceEntity(decodeOtlpResource(source, start, end), this.#options, this.#limits)
      this.#resources.add(source, start, end, entity)
    }
    this.#entity = entity
    this.#scope = NO_SCOPE
  }

  enterScope(source: Uint8Array, start: number, end: number): void {
    if (start === end) {
      this.#scope = NO_SCOPE
      return
    }
    const { name, version, attributes } = decodeOtlpScope(source, start, end)
    const entries = Object.entries(attributes).filter(([, value]) => value !== '')
    const keys = entries.map(([key]) => metadataKey(key))
    const values = entries.map(([, value]) => value)
    this.#scope = { name, version, keys, values }
  }

  enterStream(key: Uint8Array, start: number, end: number, labels: () => Labels): void {
    let entity = this.#streams.get(key, start, end)
    if (entity === undefined) {
      entity = streamEntity(labels(), this.#options, this.#limits)
      this.#streams.add(key, start, end, entity)
    }
    this.#entity = entity
    this.#scope = NO_SCOPE
  }

  attributeKey(source: Uint8Array, start: number, end: number): string {
    const key = this.#keys.intern(source, start, end)
    // The decoder pushes the entry next: this is its place.
    if (TRACE_ID_KEYS.has(key)) this.#traceEntry = this.records.attributes.keys.length
    return key
  }

  word(source: Uint8Array, start: number, end: number): string {
    return this.#words.intern(source, start, end)
  }

  closeRow(row: LogRow): void {
    this.#closeRow(row, this.#context!)
    this.#traceEntry = -1
  }

  #closeRow(row: LogRow, context: LogRequestContext): void {
    const { block, rows } = context
    const { records } = block
    const refusal = this.#entity.refusal ?? this.#refusalOf(row, context)
    if (refusal !== undefined) {
      this.#rejected++
      if (this.#reason === '') this.#reason = refusal
      records.attributes.truncate(records.rows)
      return
    }
    this.#accepted++
    if (row.severity > MAX_SEVERITY) row.severity = 0
    const day = this.#setTime(row, context)
    if (rows.isStored) {
      records.attributes.truncate(records.rows)
      return
    }
    this.#pushIndex(block, day, context.nowMs)
    this.#pushRow(row, records)
    records.requestId.push(rows.low, rows.high)
  }

  /** Why this one record is refused. */
  #refusalOf(row: LogRow, { block, rows }: LogRequestContext): string | undefined {
    const { attributes } = block.records
    if (!isStorable(row.timeHigh)) return 'time after 2262-04-11'
    if (!rows.admits(dayOf(row.timeLow, row.timeHigh), this.#limits.maxDaysPerBody))
      return `records of more than ${this.#limits.maxDaysPerBody} days in one body`
    const lineBytes = row.bodyEnd - row.bodyStart
    if (lineBytes > this.#limits.maxLineBytes) return `line of ${lineBytes} bytes, limit ${this.#limits.maxLineBytes}`
    const count = attributes.openEntries
    return count > this.#limits.maxAttributes ? `record of ${count} attributes, limit ${this.#limits.maxAttributes}` : undefined
  }

  /** Settles the record's time and selects its request id. Returns its day. */
  #setTime(row: LogRow, { rows, nowMs }: LogRequestContext): number {
    if (row.timeLow !== 0 || row.timeHigh !== 0) {
      const day = dayOf(row.timeLow, row.timeHigh)
      rows.select(day)
      return day
    }
    const nowNs = BigInt(nowMs) * 1_000_000n
    row.timeLow = Number(nowNs & 0xffff_ffffn)
    row.timeHigh = Number(nowNs >> 32n)
    rows.selectNone()
    return dayOf(row.timeLow, row.timeHigh)
  }

  #pushIndex(block: LogBlock, day: number, nowMs: number): void {
    const stream = streamOn(this.#entity, day)
    if (stream.claim(block)) block.streams.push(stream)
    const { resource } = this.#entity
    if (resource !== undefined && resource.claimOn(Math.floor(nowMs / MS_PER_DAY), block)) block.resources.push(resource)
  }

  #pushRow(row: LogRow, records: LogColumns): void {
    const entity = this.#entity
    const scope = this.#scope
    const { attributes } = records
    records.service.push(entity.service)
    records.streamId.pushFrom(entity.streamId, 0)
    records.tNs.push(row.timeLow, row.timeHigh)
    records.severity.push(row.severity)
    records.level.push(this.#levelOf(row))
    records.body.pushBytes(row.body, row.bodyStart, row.bodyEnd)
    this.#pushTraceId(row, records)
    records.spanId.pushBytes(row.spanId, row.spanIdStart, row.spanIdEnd)
    for (let i = 0; i < entity.keys.length; i++) {
      attributes.keys.push(entity.keys[i]!)
      attributes.values.pushString(entity.values[i]!)
    }
    for (let i = 0; i < scope.keys.length; i++) {
      attributes.keys.push(scope.keys[i]!)
      attributes.values.pushString(scope.values[i]!)
    }
    attributes.closeRow()
    records.severityText.push(row.severity === 0 ? '' : row.severityText)
    records.scopeName.push(scope.name)
    records.scopeVersion.push(scope.version)
    const resource = entity.resource
    records.resourceId.push(resource?.low ?? 0, resource?.high ?? 0)
  }

  /** The id that the record has, else that of an attribute, else that of a JSON line. */
  #pushTraceId(row: LogRow, { traceId, attributes }: LogColumns): void {
    const found = this.#foundId
    if (row.traceIdEnd > row.traceIdStart) traceId.pushBytes(row.traceId, row.traceIdStart, row.traceIdEnd)
    else if (this.#traceEntry !== -1) traceId.pushString(attributes.values.stringAt(this.#traceEntry).slice(0, MAX_ID_LENGTH))
    else if (findTraceId(row.body, row.bodyStart, row.bodyEnd, found)) traceId.pushBytes(row.body, found.start, found.end)
    else traceId.pushBytes(row.body, 0, 0)
  }

  #levelOf(row: LogRow): string {
    const told = levelOfSeverity(row.severity)
    if (told !== '') return told
    if (row.severityText !== '') return levelWord(row.severityText)
    if (!this.#options.detectLevel) return ''
    if (this.#entity.level !== '') return levelWord(this.#entity.level)
    return levelOfBody(row.body, row.bodyStart, row.bodyEnd)
  }
}

/** The instrumentation scope of the records to come, its attributes under their stored names. */
interface LogScope {
  readonly name: string
  readonly version: string
  readonly keys: readonly string[]
  readonly values: readonly string[]
}

const NO_SCOPE: LogScope = { name: '', version: '', keys: [], values: [] }

// 16,384: streams of a large tenant on one node; when full the table starts over.
const MAX_ENTITIES = 16_384
const MS_PER_DAY = 86_400_000
// Source: OpenTelemetry logs data model, SeverityNumber. Other numbers say nothing.
const MAX_SEVERITY = 24
