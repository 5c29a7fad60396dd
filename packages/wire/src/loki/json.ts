import type { Labels } from '@oriel/model'
import { makeLabels } from '@oriel/model'
import { WireError } from '../errors.ts'
import type { LogTarget } from '../log-target.ts'
import { LEVEL_KEYS, LogRow } from '../log-target.ts'
import { MAX_ID_LENGTH, SPAN_ID_KEYS, TRACE_ID_KEYS } from './ids.ts'
import { parseStreamLabels } from './labels.ts'

/**
 * Decodes a Loki push in JSON, `{"streams":[{"stream":{..},"values":[["<ns>","line",{..}]]}]}` or the legacy form with `labels` and
 * `entries`, into `target`.
 *
 * Throws `WireError` WIRE_MALFORMED for what Loki refuses as a whole. `body` is UTF-8 text; nothing of it is kept.
 * Source: Grafana Loki HTTP API, "Ingest logs".
 */
export function decodeLokiJson(body: Uint8Array, target: LogTarget): void {
  const push = parseJson(body)
  const streams = isRecord(push) ? push['streams'] : undefined
  if (streams === undefined || streams === null) return
  if (!Array.isArray(streams)) throw malformed('"streams" is not an array')
  const writer = new JsonRows(target)
  for (const stream of streams) {
    if (!isRecord(stream)) throw malformed('a stream is not an object')
    writer.enter(streamLabels(stream))
    const values = stream['values'] ?? stream['entries'] ?? []
    if (!Array.isArray(values)) throw malformed('"values" is not an array')
    for (const value of values) writer.add(value)
  }
}

class JsonRows {
  readonly #target: LogTarget
  readonly #row = new LogRow()
  #line = new Uint8Array(4_096)
  #ids = new Uint8Array(256)

  constructor(target: LogTarget) {
    this.#target = target
  }

  enter(labels: Labels): void {
    const key = encoder.encode(JSON.stringify(labels))
    this.#target.enterStream(key, 0, key.length, () => labels)
  }

  add(value: unknown): void {
    this.#row.clear()
    if (Array.isArray(value)) this.#readTuple(value)
    else if (isRecord(value)) this.#readLegacy(value)
    else throw malformed('an entry is neither an array nor an object')
    this.#target.closeRow(this.#row)
  }

  #readTuple(value: readonly unknown[]): void {
    const [time, line, metadata]: readonly unknown[] = value
    if (typeof time !== 'string') throw malformed('a timestamp is not a string of nanoseconds')
    if (typeof line !== 'string') throw malformed('a line is not a string')
    this.#setTime(parseNanoseconds(time))
    this.#setLine(line)
    if (metadata !== undefined && metadata !== null) this.#addMetadata(metadata)
  }

  #readLegacy(entry: Readonly<Record<string, unknown>>): void {
    const time = entry['ts'] ?? entry['timestamp']
    const line = entry['line']
    if (typeof time !== 'string') throw malformed('an entry has no "ts" string')
    if (typeof line !== 'string') throw malformed('an entry has no "line" string')
    this.#setTime(parseRfc3339(time))
    this.#setLine(line)
    const metadata = entry['structuredMetadata']
    if (metadata !== undefined && metadata !== null) this.#addMetadata(metadata)
  }

  #setTime(ns: bigint): void {
    this.#row.timeLow = Number(ns & 0xffff_ffffn)
    this.#row.timeHigh = Number(ns >> 32n)
  }

  #setLine(line: string): void {
    if (3 * line.length > this.#line.length) this.#line = new Uint8Array(6 * line.length)
    this.#row.body = this.#line
    this.#row.bodyEnd = encoder.encodeInto(line, this.#line).written
  }

  #addMetadata(metadata: unknown): void {
    if (!isRecord(metadata)) throw malformed('structured metadata is not an object')
    const nested = metadata['structuredMetadata']
    const flat = isRecord(nested) ? nested : metadata
    for (const [key, value] of Object.entries(flat)) {
      if (isRecord(value) || Array.isArray(value)) throw malformed(`structured metadata ${JSON.stringify(key)} is not a string`)
      const text = typeof value === 'string' ? value : String(value)
      if (LEVEL_KEYS.has(key)) this.#row.severityText = text
      if (!this.#isId(key, text)) {
        this.#target.records.attributes.keys.push(key)
        this.#target.records.attributes.values.pushString(text)
      }
    }
  }

  #isId(key: string, text: string): boolean {
    const isTrace = TRACE_ID_KEYS.has(key)
    if ((!isTrace && !SPAN_ID_KEYS.has(key)) || text === '' || text.length > MAX_ID_LENGTH) return false
    const start = isTrace ? 0 : 3 * MAX_ID_LENGTH
    const end = start + encoder.encodeInto(text, this.#ids.subarray(start)).written
    const row = this.#row
    if (isTrace) {
      row.traceId = this.#ids
      row.traceIdStart = start
      row.traceIdEnd = end
    } else {
      row.spanId = this.#ids
      row.spanIdStart = start
      row.spanIdEnd = end
    }
    return true
  }
}

const MAX_U64 = 2n ** 64n - 1n
const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

function streamLabels(stream: Readonly<Record<string, unknown>>): Labels {
  const text = stream['labels']
  if (typeof text === 'string') return parseStreamLabels(text)
  const labels = stream['stream'] ?? {}
  if (!isRecord(labels)) throw malformed('"stream" is not an object')
  return makeLabels(
    Object.entries(labels).map(([name, value]) => {
      if (typeof value !== 'string') throw malformed(`label ${JSON.stringify(name)} is not a string`)
      return [name, value]
    }),
  )
}

function parseNanoseconds(text: string): bigint {
  if (!/^\d{1,20}$/.test(text)) throw malformed(`timestamp ${JSON.stringify(text.slice(0, 40))} is not a number of nanoseconds`)
  const ns = BigInt(text)
  if (ns > MAX_U64) throw malformed(`timestamp ${text} is out of range`)
  return ns
}

/** RFC 3339 with up to nine digits of a second, as Go prints times. */
function parseRfc3339(text: string): bigint {
  const parts = /^(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)$/.exec(text)
  const ms = parts === null ? Number.NaN : Date.parse(`${parts[1]}${parts[3]}`.toUpperCase())
  if (parts === null || !(ms >= 0)) throw malformed(`timestamp ${JSON.stringify(text.slice(0, 40))} is not RFC 3339 from 1970 on`)
  return BigInt(ms) * 1_000_000n + BigInt((parts[2] ?? '').padEnd(9, '0'))
}

function parseJson(body: Uint8Array): unknown {
  try {
    const value: unknown = JSON.parse(decoder.decode(body))
    return value
  } catch (error) {
    throw malformed(error instanceof Error ? error.message : String(error))
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function malformed(reason: string): WireError {
  return new WireError('WIRE_MALFORMED', `cannot read Loki push: ${reason}`)
}
