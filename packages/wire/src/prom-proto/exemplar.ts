import type { Label } from '@oriel/model'
import type { ProtoReader } from '../protobuf.ts'

/** An exemplar of a family; `tMs` absent where it has no time of its own. */
export interface FamilyExemplar {
  readonly labels: readonly Label[]
  readonly valueLow: number
  readonly valueHigh: number
  readonly tMs: number | undefined
}

/** Reads the Exemplar message that follows. */
export function readExemplar(reader: ProtoReader): FamilyExemplar {
  const outer = reader.enter()
  const labels: Label[] = []
  let valueLow = 0
  let valueHigh = 0
  let tMs: number | undefined
  while (reader.next() !== 0) {
    if (reader.field === 1) labels.push(readLabel(reader))
    else if (reader.field === 2) {
      reader.fixed64()
      valueLow = reader.low
      valueHigh = reader.high
    } else if (reader.field === 3) tMs = readTimestamp(reader)
    else reader.skip()
  }
  reader.leave(outer)
  return { labels, valueLow, valueHigh, tMs }
}

/** Reads the LabelPair message that follows. */
export function readLabel(reader: ProtoReader): Label {
  const outer = reader.enter()
  let name = ''
  let value = ''
  while (reader.next() !== 0) {
    if (reader.field === 1) name = reader.string()
    else if (reader.field === 2) value = reader.string()
    else reader.skip()
  }
  reader.leave(outer)
  return { name, value }
}

/** The google.protobuf.Timestamp that follows, in milliseconds. */
export function readTimestamp(reader: ProtoReader): number {
  const outer = reader.enter()
  let tMs = 0
  while (reader.next() !== 0) {
    if (reader.field === 1) tMs += reader.int() * 1_000
    else if (reader.field === 2) tMs += Math.trunc(reader.int() / 1e6)
    else reader.skip()
  }
  reader.leave(outer)
  return tMs
}
