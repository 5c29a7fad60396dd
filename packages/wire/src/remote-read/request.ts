import type { Matcher } from '@oriel/model'
import { WireError } from '../errors.ts'
import { ProtoReader } from '../protobuf.ts'

/** One question of a remote read: series that hold all matchers, with their samples from `startMs` to `endMs`, both inclusive. */
export interface ReadQuery {
  readonly startMs: number
  readonly endMs: number
  readonly matchers: readonly Matcher[]
}

/** How the asker can be answered, in its order of liking. */
export type ReadForm = 'samples' | 'chunks' | 'unknown'

/** A decoded `prometheus.ReadRequest`. */
export interface ReadRequest {
  readonly queries: readonly ReadQuery[]
  /** Empty where the asker says nothing: then samples are meant. */
  readonly accepted: readonly ReadForm[]
}

/**
 * Decodes a `prometheus.ReadRequest` (decompressed). Throws `WireError` for bytes that are no such message.
 *
 * Hints are read over: they never narrow what is answered. Source: Prometheus 3.14 prompb/remote.proto.
 */
export function decodeReadRequest(body: Uint8Array): ReadRequest {
  const reader = new ProtoReader(body)
  const queries: ReadQuery[] = []
  const accepted: ReadForm[] = []
  while (reader.next() !== 0) {
    if (reader.field === 1) {
      const outer = reader.enter()
      queries.push(decodeQuery(reader))
      reader.leave(outer)
    } else if (reader.field === 2) {
      if (reader.wire === 0) accepted.push(formOf(reader.int()))
      else {
        const outer = reader.enter()
        while (reader.pos < reader.end) {
          reader.varintRaw()
          accepted.push(formOf(reader.low))
        }
        reader.leave(outer)
      }
    } else reader.skip()
  }
  return { queries, accepted }
}

function formOf(value: number): ReadForm {
  if (value === 0) return 'samples'
  return value === 1 ? 'chunks' : 'unknown'
}

function decodeQuery(reader: ProtoReader): ReadQuery {
  let startMs = 0
  let endMs = 0
  const matchers: Matcher[] = []
  while (reader.next() !== 0) {
    if (reader.field === 1) startMs = reader.int()
    else if (reader.field === 2) endMs = reader.int()
    else if (reader.field === 3) {
      const outer = reader.enter()
      matchers.push(decodeMatcher(reader))
      reader.leave(outer)
    } else reader.skip()
  }
  return { startMs, endMs, matchers }
}

const OPS = ['=', '!=', '=~', '!~'] as const

function decodeMatcher(reader: ProtoReader): Matcher {
  let type = 0
  let name = ''
  let value = ''
  while (reader.next() !== 0) {
    if (reader.field === 1) type = reader.int()
    else if (reader.field === 2) name = reader.string()
    else if (reader.field === 3) value = reader.string()
    else reader.skip()
  }
  const op = OPS[type]
  if (op === undefined) throw new WireError('WIRE_MALFORMED', `cannot read matcher: type ${type} is none`, { offset: reader.pos })
  return { name, op, value }
}
