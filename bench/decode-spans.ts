// Decoding OTLP spans into columns, alone: `node --conditions=source bench/decode-spans.ts`. One thread; spans per CPU-second.
import { makeSpanBlock } from '@oriel/model'
import { decodeOtlpTraces } from '@oriel/wire'
import { DEFAULT_INGEST_LIMITS } from '../packages/ingest/src/limits.ts'
import { RecentIds, requestBase, RequestRows } from '../packages/ingest/src/retries.ts'
import { SpanWriter } from '../packages/ingest/src/span-writer.ts'
import { printDecodeRounds } from './decode.ts'
import { tracesRequest } from './otlp.ts'

const TRACES = 50
const bodies = Array.from(
  { length: 20 },
  (_, i) => tracesRequest(`service-${i}`, TRACES, 1_790_000_000_000_000_000n + BigInt(i) * 1_000_000_000n).request.body,
)
const recent = new RecentIds(Date.now)
const writer = new SpanWriter(DEFAULT_INGEST_LIMITS)
const block = makeSpanBlock('bench')

printDecodeRounds('OTLP spans', bodies.length * TRACES * 10, bodies, (body) => {
  const rows = new RequestRows(requestBase('traces', 'bench', body), recent)
  writer.write({ block, rows, nowMs: Date.now() }, (target) => decodeOtlpTraces(body, target))
  if (block.spans.rows >= 50_000) block.spans.clear()
})
