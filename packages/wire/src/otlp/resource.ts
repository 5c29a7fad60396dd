import { ProtoReader } from '../protobuf.ts'
import { readAttributes, readKeyValue } from './any-value.ts'

/** The instrumentation scope of OTLP records. */
export interface OtlpScope {
  readonly name: string
  readonly version: string
  readonly attributes: Readonly<Record<string, string>>
}

/** Attributes of the OTLP Resource message in `source[start, end)`, values as text. Throws `WireError`. */
export function decodeOtlpResource(source: Uint8Array, start: number, end: number): Record<string, string> {
  return readAttributes(new ProtoReader(source, start, end), 1)
}

/** The OTLP InstrumentationScope message in `source[start, end)`. Throws `WireError`. */
export function decodeOtlpScope(source: Uint8Array, start: number, end: number): OtlpScope {
  const reader = new ProtoReader(source, start, end)
  const attributes: Record<string, string> = {}
  let name = ''
  let version = ''
  while (reader.next() !== 0) {
    if (reader.field === 1) name = reader.string()
    else if (reader.field === 2) version = reader.string()
    else if (reader.field === 3) readKeyValue(reader, attributes)
    else reader.skip()
  }
  return { name, version, attributes }
}

/** Calls `visit` for each scope group of the ResourceLogs, ResourceSpans or ResourceMetrics that `reader` has entered. */
export interface OtlpGroups {
  /** The group's resource message bytes; an empty range when it has none. */
  resource(source: Uint8Array, start: number, end: number): void
  /** Reads the scope group that `reader` has entered. */
  scopeGroup(reader: ProtoReader): void
}

/**
 * Walks an OTLP export request: for each resource group first its resource, then its scope groups, whatever order they are sent in.
 *
 * Throws `WireError` for bytes that are no such message.
 */
export function walkOtlp(reader: ProtoReader, groups: OtlpGroups): void {
  while (reader.next() !== 0) {
    if (reader.field !== 1) {
      reader.skip()
      continue
    }
    const outer = reader.enter()
    walkResourceGroup(reader, groups)
    reader.leave(outer)
  }
}

function walkResourceGroup(reader: ProtoReader, groups: OtlpGroups): void {
  const from = reader.pos
  let isResourceKnown = false
  while (reader.next() !== 0) {
    if (reader.field === 1) {
      reader.range()
      groups.resource(reader.bytes, reader.start, reader.stop)
      isResourceKnown = true
    } else if (reader.field === 2) {
      if (!isResourceKnown) {
        findResource(reader, from, groups)
        isResourceKnown = true
      }
      const outer = reader.enter()
      groups.scopeGroup(reader)
      reader.leave(outer)
    } else reader.skip()
  }
}

/** The resource comes first from every sender we know; protobuf allows it later, or not at all. */
function findResource(reader: ProtoReader, from: number, groups: OtlpGroups): void {
  const ahead = new ProtoReader(reader.bytes, from, reader.end)
  while (ahead.next() !== 0) {
    if (ahead.field === 1) {
      ahead.range()
      groups.resource(ahead.bytes, ahead.start, ahead.stop)
      return
    }
    ahead.skip()
  }
  groups.resource(reader.bytes, from, from)
}
