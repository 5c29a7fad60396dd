// What the commit queues must know of log and span blocks.

import type { LogBlock, SpanBlock } from '@oriel/model'
import { makeLogBlock, makeSpanBlock } from '@oriel/model'
import type { Sink } from '@oriel/store'
import type { BlockKind } from './batch.ts'
import type { RecentIds } from './retries.ts'
import { settleSeen } from './seen.ts'

/** Log blocks, written to `sink`; ids that the store knows after an outage go to `recent`. */
export function logBlocks(sink: Sink, recent: RecentIds): BlockKind<LogBlock> {
  return {
    signal: 'logs',
    make: makeLogBlock,
    rows: (block) => block.records.rows,
    bytes: ({ records, streams, resources }) =>
      records.rows * LOG_ROW_BYTES +
      records.body.byteLength +
      records.attributes.values.byteLength +
      (streams.length + resources.length) * INDEX_ENTRY_BYTES,
    checkpoint(block) {
      const { records, streams, resources } = block
      const [rows, streamCount, resourceCount] = [records.rows, streams.length, resources.length]
      return () => {
        records.truncate(rows)
        cut(streams, streamCount)
        cut(resources, resourceCount)
      }
    },
    settled({ streams, resources }, isStored) {
      settleSeen(streams, isStored)
      settleSeen(resources, isStored)
    },
    reset({ records, streams, resources }) {
      records.clear()
      streams.length = 0
      resources.length = 0
    },
    write: (blocks) => sink.writeLogs(blocks),
    async recover() {
      recent.add(await sink.recentRequests('logs'))
    },
  }
}

/** Span blocks, written to `sink`; ids that the store knows after an outage go to `recent`. */
export function spanBlocks(sink: Sink, recent: RecentIds): BlockKind<SpanBlock> {
  return {
    signal: 'traces',
    make: makeSpanBlock,
    rows: (block) => block.spans.rows,
    bytes: ({ spans, resources }) =>
      spans.rows * SPAN_ROW_BYTES +
      spans.attributes.values.byteLength +
      spans.events.byteLength +
      spans.links.byteLength +
      resources.length * INDEX_ENTRY_BYTES,
    checkpoint({ spans, resources }) {
      const [rows, resourceCount] = [spans.rows, resources.length]
      return () => {
        spans.truncate(rows)
        cut(resources, resourceCount)
      }
    },
    settled: ({ resources }, isStored) => settleSeen(resources, isStored),
    reset({ spans, resources }) {
      spans.clear()
      resources.length = 0
    },
    write: (blocks) => sink.writeSpans(blocks),
    async recover() {
      recent.add(await sink.recentRequests('traces'))
    },
  }
}

// Fixed-width columns of a row, its ids, and about ten attribute keys: sizes for limits, not for accounts.
const LOG_ROW_BYTES = 120
const SPAN_ROW_BYTES = 200
// A stream or resource with its labels.
const INDEX_ENTRY_BYTES = 500

function cut(entries: object[], length: number): void {
  settleSeen(entries, false, length)
  entries.length = length
}
