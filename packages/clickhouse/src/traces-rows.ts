import type { Span } from '@oriel/model'
import { SPAN_KINDS, SPAN_STATUSES } from '@oriel/model'
import type { QueryContext } from '@oriel/store'
import { parseSpanEvents, parseSpanLinks } from '@oriel/store'
import type { NativeBlock } from './native/index.ts'
import type { ResourceIndex } from './resources.ts'

/** The columns of `spans` that `readSpans` needs. */
export const SPAN_COLUMNS = `service, name, toUnixTimestamp64Nano(ts) AS ns, duration, trace_id, span_id, parent_id, trace_state, kind,
  status, status_message, attributes, resource, scope_name, scope_version, flags, events, links`

/** Spans of result blocks, in their order. */
export async function readSpans(
  blocks: readonly NativeBlock[],
  resources: ResourceIndex,
  context: QueryContext,
): Promise<Span[]> {
  const ids = new Set(blocks.flatMap((block) => [...block.bigints('resource')]))
  const attributes = await resources.attributesOf(ids, context)
  return blocks.flatMap((block) => blockSpans(block, attributes))
}

const TEXTS = [
  'trace_id',
  'span_id',
  'parent_id',
  'trace_state',
  'service',
  'name',
  'status_message',
  'scope_name',
  'scope_version',
  'events',
  'links',
] as const

function blockSpans(block: NativeBlock, resources: ReadonlyMap<bigint, Readonly<Record<string, string>>>): Span[] {
  const texts = new Map(TEXTS.map((name) => [name, block.strings(name)]))
  const text = (name: (typeof TEXTS)[number], row: number) => texts.get(name)?.[row] ?? ''
  const [kinds, statuses, flags] = ['kind', 'status', 'flags'].map((name) => block.numbers(name))
  const [starts, durations, resourceIds] = ['ns', 'duration', 'resource'].map((name) => block.bigints(name))
  return block.maps('attributes').map((attributes, row) => ({
    traceId: text('trace_id', row),
    spanId: text('span_id', row),
    parentSpanId: text('parent_id', row),
    traceState: text('trace_state', row),
    service: text('service', row),
    name: text('name', row),
    kind: SPAN_KINDS[kinds![row]!] ?? 'unspecified',
    status: SPAN_STATUSES[statuses![row]!] ?? 'unset',
    statusMessage: text('status_message', row),
    startNs: starts![row]!,
    durationNs: durations![row]!,
    attributes,
    resource: resources.get(resourceIds![row]!) ?? {},
    scope: { name: text('scope_name', row), version: text('scope_version', row) },
    flags: flags![row]!,
    events: parseSpanEvents(text('events', row)),
    links: parseSpanLinks(text('links', row)),
  }))
}
