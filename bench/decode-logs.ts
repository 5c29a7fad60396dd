// Decoding OTLP logs into columns, alone: `node --conditions=source bench/decode-logs.ts`. One thread; records per CPU-second.
import { makeLogBlock } from '@oriel/model'
import { decodeOtlpLogs } from '@oriel/wire'
import { DEFAULT_INGEST_LIMITS } from '../packages/ingest/src/limits.ts'
import { DEFAULT_LOG_OPTIONS } from '../packages/ingest/src/log-streams.ts'
import { LogWriter } from '../packages/ingest/src/log-writer.ts'
import { RecentIds, requestBase, RequestRows } from '../packages/ingest/src/retries.ts'
import { printDecodeRounds } from './decode.ts'
import { logsRequest } from './otlp.ts'

const RECORDS = 500
const bodies = Array.from({ length: 20 }, (_, i) => logsRequest(`service-${i}`, RECORDS, 1_790_000_000_000_000_000n).body)
const recent = new RecentIds(Date.now)
const writer = new LogWriter(DEFAULT_LOG_OPTIONS, DEFAULT_INGEST_LIMITS)
const block = makeLogBlock('bench')

printDecodeRounds('OTLP logs', bodies.length * RECORDS, bodies, (body) => {
  const rows = new RequestRows(requestBase('logs', 'bench', body), recent)
  writer.write({ block, rows, nowMs: Date.now() }, (target) => decodeOtlpLogs(body, target))
  if (block.records.rows >= 50_000) block.records.clear()
})
