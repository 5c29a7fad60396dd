// Loki push in protobuf. A hot path (bench/HOTPATHS.md).
//
// Source: Grafana Loki HTTP API, "Ingest logs"; field numbers as published in its push API.

import type { LogTarget } from '../log-target.ts'
import { LEVEL_KEYS, LogRow } from '../log-target.ts'
import { ProtoReader } from '../protobuf.ts'
import { MAX_ID_LENGTH, SPAN_ID_KEYS, TRACE_ID_KEYS } from './ids.ts'
import { parseStreamLabels } from './labels.ts'

/**
 * Decodes a decompressed PushRequest into `target`.
 *
 * Throws `WireError` when the bytes are no such message or a stream's labels are no labels: the caller then cuts back what was added.
 */
export function decodeLokiProtobuf(body: Uint8Array, target: LogTarget): void {
  const reader = new ProtoReader(body)
  const entries = new Entries(target)
  while (reader.next() !== 0) {
    if (reader.field !== 1) {
      reader.skip()
      continue
    }
    const outer = reader.enter()
    entries.readStream(reader)
    reader.leave(outer)
  }
}

class Entries {
  readonly #target: LogTarget
  readonly #row = new LogRow()

  constructor(target: LogTarget) {
    this.#target = target
  }

  readStream(reader: ProtoReader): void {
    enterLabels(reader, this.#target)
    while (reader.next() !== 0) {
      if (reader.field === 2) {
        const outer = reader.enter()
        this.#readEntry(reader)
        reader.leave(outer)
      } else reader.skip()
    }
  }

  #readEntry(reader: ProtoReader): void {
    const row = this.#row
    row.clear()
    while (reader.next() !== 0) {
      switch (reader.field) {
        case 1:
          readTimestamp(reader, row)
          break
        case 2:
          reader.range()
          row.body = reader.bytes
          row.bodyStart = reader.start
          row.bodyEnd = reader.stop
          break
        case 3:
          this.#readMetadata(reader, row)
          break
        default:
          reader.skip()
      }
    }
    this.#target.closeRow(row)
  }

  #readMetadata(reader: ProtoReader, row: LogRow): void {
    let key = ''
    let start = 0
    let stop = 0
    const outer = reader.enter()
    while (reader.next() !== 0) {
      if (reader.field === 1) {
        reader.range()
        key = this.#target.word(reader.bytes, reader.start, reader.stop)
      } else if (reader.field === 2) {
        reader.range()
        start = reader.start
        stop = reader.stop
      } else reader.skip()
    }
    reader.leave(outer)
    if (LEVEL_KEYS.has(key)) row.severityText = this.#target.word(reader.bytes, start, stop)
    if (takeId(reader.bytes, { key, start, stop }, row)) return
    const { attributes } = this.#target.records
    attributes.keys.push(key)
    attributes.values.pushBytes(reader.bytes, start, stop)
  }
}

/** Whether a metadata entry is one of the ids, which then goes to `row`. */
function takeId(bytes: Uint8Array, { key, start, stop }: { key: string; start: number; stop: number }, row: LogRow): boolean {
  if (start === stop || stop - start > MAX_ID_LENGTH) return false
  if (TRACE_ID_KEYS.has(key)) {
    row.traceId = bytes
    row.traceIdStart = start
    row.traceIdEnd = stop
    return true
  }
  if (!SPAN_ID_KEYS.has(key)) return false
  row.spanId = bytes
  row.spanIdStart = start
  row.spanIdEnd = stop
  return true
}

/** Labels may stand after the entries: look ahead for them, as every entry needs its stream. */
function enterLabels(reader: ProtoReader, target: LogTarget): void {
  const ahead = new ProtoReader(reader.bytes, reader.pos, reader.end)
  while (ahead.next() !== 0) {
    if (ahead.field === 1) {
      ahead.range()
      const { bytes, start, stop } = ahead
      target.enterStream(bytes, start, stop, () => parseStreamLabels(decoder.decode(bytes.subarray(start, stop))))
      return
    }
    ahead.skip()
  }
  target.enterStream(reader.bytes, reader.pos, reader.pos, () => parseStreamLabels(''))
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** google.protobuf.Timestamp into `row`'s nanoseconds; times before 1970 count as none. */
function readTimestamp(reader: ProtoReader, row: LogRow): void {
  let seconds = 0
  let nanos = 0
  const outer = reader.enter()
  while (reader.next() !== 0) {
    if (reader.field === 1) seconds = reader.int()
    else if (reader.field === 2) nanos = reader.int()
    else reader.skip()
  }
  reader.leave(outer)
  if (seconds < 0 || nanos < 0 || seconds > MAX_SECONDS || nanos >= NS_PER_SECOND) return
  const ns = BigInt(seconds) * 1_000_000_000n + BigInt(nanos)
  row.timeLow = Number(ns & 0xffff_ffffn)
  row.timeHigh = Number(ns >> 32n)
}

const NS_PER_SECOND = 1_000_000_000
// 2^64 ns.
const MAX_SECONDS = 18_446_744_072
