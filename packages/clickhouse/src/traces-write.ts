import type { Clock, SpanBlock, SpanColumns, U64Column } from '@oriel/model'
import type { EngineClient } from './engine/client.ts'
import { makeArrivals, WHOLE_BLOCKS, writeResources } from './logs-write.ts'
import {
  constantField,
  dateTime64Field,
  dictField,
  mapField,
  nativeBlock,
  stringField,
  u32Field,
  u64Field,
  u8Field,
} from './native/index.ts'

/** Writes span blocks; see `Sink`. */
export interface SpanWriter {
  write(blocks: readonly SpanBlock[]): Promise<void>
}

/** Makes a writer. `now` gives the time of arrival. */
export function makeSpanWriter(client: EngineClient, { now }: { readonly now: Clock }): SpanWriter {
  const nextArrivals = makeArrivals(now)
  return {
    async write(blocks) {
      await writeResources(client, blocks)
      const filled = blocks.filter(({ spans }) => spans.rows > 0)
      const pieces = filled.flatMap((block) => spanPieces(block.tenant, block.spans, nextArrivals(block.spans.rows)))
      if (pieces.length > 0) await client.insert('spans', pieces, { settings: WHOLE_BLOCKS })
    },
  }
}

function spanPieces(tenant: string, spans: SpanColumns, arrivals: U64Column): Uint8Array[] {
  return nativeBlock(spans.rows, [
    constantField('tenant', tenant, spans.rows),
    dictField('service', spans.service),
    dictField('name', spans.name),
    dateTime64Field('ts', 9, spans.startNs),
    u64Field('duration', spans.durationNs),
    stringField('trace_id', spans.traceId),
    stringField('span_id', spans.spanId),
    stringField('parent_id', spans.parentSpanId),
    dictField('trace_state', spans.traceState),
    u8Field('kind', spans.kind),
    u8Field('status', spans.status),
    dictField('status_message', spans.statusMessage),
    mapField('attributes', spans.attributes),
    u64Field('resource', spans.resourceId),
    dictField('scope_name', spans.scopeName),
    dictField('scope_version', spans.scopeVersion),
    u32Field('flags', spans.flags),
    stringField('events', spans.events),
    stringField('links', spans.links),
    u64Field('request', spans.requestId),
    u64Field('arrival', arrivals),
  ])
}
