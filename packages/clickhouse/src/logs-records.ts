import type { Labels, LogBatch, LogRecord } from '@oriel/model'
import { makeLabels, printSeverity } from '@oriel/model'
import type { LogRequest, QueryContext } from '@oriel/store'
import { throwIfAborted } from '@oriel/store'
import { Bindings } from './conditions.ts'
import type { EngineClient } from './engine/client.ts'
import { recordCondition } from './logs-filter.ts'
import type { NativeBlock } from './native/index.ts'
import type { StreamIndex } from './streams.ts'
import type { NsWindow } from './time.ts'
import { firstSlice, restAfter, windowOf } from './time.ts'

/**
 * Records in time order, read slice by slice of time so that neither side ever sorts or holds everything.
 *
 * Slices begin small at the end where reading begins, and grow or shrink by what they held: the newest hundred lines of a busy
 * store touch its last slice only, and a rare line in a month is found in about ten statements.
 */
export async function* readRecords(
  client: EngineClient,
  streams: StreamIndex,
  request: LogRequest,
  context: QueryContext,
): AsyncGenerator<LogBatch, void, undefined> {
  let left = request.limit === 0 ? Infinity : request.limit
  let sliceNs = request.limit === 0 ? FIRST_SLICE_OF_ALL_NS : FIRST_SLICE_NS
  let rest = windowOf(request.range)
  // The first statement goes out even for an empty range, so that a bad pattern is refused whatever the range.
  for (;;) {
    const slice = firstSlice(rest, sliceNs, request.direction)
    let rows = 0
    for await (const block of readSlice(client, request, slice, left, context)) {
      // What has arrived already would come without another word from the engine.
      throwIfAborted(context)
      rows += block.rows
      yield await makeBatch(block, streams, context)
    }
    left -= rows
    if (left <= 0) return
    sliceNs = nextSize(slice, rows)
    const after = restAfter(rest, slice, request.direction)
    if (after === undefined) return
    rest = after
  }
}

const NS_PER_MINUTE = 60_000_000_000n
// 5 minutes: at 10,000 lines a second the first slice holds 3M rows, of which only times are read; an idle store needs few more.
const FIRST_SLICE_NS = 5n * NS_PER_MINUTE
// 10 s where every record is wanted: the engine then sorts whole records, and 10,000 lines a second are what it should hold at once.
const FIRST_SLICE_OF_ALL_NS = NS_PER_MINUTE / 6n
const GROWTH = 4n
// 100,000 rows: about 30 MB to sort in the engine; a slice that held more is followed by a smaller one.
const AIMED_ROWS = 100_000
const SMALLEST_SLICE_NS = 1_000_000_000n
// 8,192 rows: what one batch carries to its reader at most; smaller blocks make the engine's scans slower.
const BATCH_ROWS = 8_192
// 128 MiB: a burst after quiet times may fill a slice with more than was aimed at; what is above this is sorted on disk.
const SORT_BYTES = 128 * 2 ** 20

function nextSize({ firstNs, lastNs }: NsWindow, rows: number): bigint {
  const sizeNs = lastNs - firstNs + 1n
  if (rows <= AIMED_ROWS / Number(GROWTH)) return sizeNs * GROWTH
  if (rows <= AIMED_ROWS) return sizeNs
  const smaller = (sizeNs * BigInt(AIMED_ROWS)) / BigInt(rows)
  return smaller > SMALLEST_SLICE_NS ? smaller : SMALLEST_SLICE_NS
}

function readSlice(
  client: EngineClient,
  request: LogRequest,
  slice: NsWindow,
  limit: number,
  context: QueryContext,
): AsyncGenerator<NativeBlock, void, undefined> {
  const { sql, params } = sliceStatement(request, slice, limit, context)
  return client.stream(sql, {
    params,
    context,
    settings: { max_block_size: BATCH_ROWS, max_bytes_before_external_sort: SORT_BYTES },
  })
}

/** The statement for one slice; exported for the test that pins it. */
export function sliceStatement(
  request: LogRequest,
  slice: NsWindow,
  limit: number,
  context: QueryContext,
): { sql: string; params: Bindings['params'] } {
  const bindings = new Bindings()
  const order = request.direction === 'forward' ? 'ASC' : 'DESC'
  const sql = `SELECT toString(stream) AS stream_id, toUnixTimestamp64Nano(ts) AS ns, body,
  ${METADATA.map(({ column }) => column).join(', ')}, attributes
FROM logs
WHERE ${recordCondition(request, slice, context, bindings)}
ORDER BY ts ${order}, arrival ${order}${limit === Infinity ? '' : `\nLIMIT ${limit}`}`
  return { sql, params: bindings.params }
}

async function makeBatch(block: NativeBlock, index: StreamIndex, context: QueryContext): Promise<LogBatch> {
  const ids = block.strings('stream_id')
  const labels = await index.labelsOf(new Set(ids), context)
  const streams: Labels[] = []
  const positions = new Map<string, number>()
  const times = block.bigints('ns')
  const lines = block.strings('body')
  const known = METADATA.map(({ name, column }) => ({ name, values: columnOf(block, column) }))
  const attributes = block.maps('attributes')
  const records: LogRecord[] = []
  for (let row = 0; row < block.rows; row++) {
    const id = ids[row]!
    let stream = positions.get(id)
    if (stream === undefined) {
      stream = streams.push(labels.get(id) ?? []) - 1
      positions.set(id, stream)
    }
    const metadata = attributes[row]!
    for (const { name, values } of known) if (values[row] !== '') metadata[name] = values[row]!
    records.push({ stream, tNs: times[row]!, line: lines[row]!, metadata: makeLabels(Object.entries(metadata)) })
  }
  return { streams, records }
}

/** What columns hold of a record's metadata, by its name there. */
const METADATA = [
  { name: 'detected_level', column: 'level' },
  { name: 'severity_number', column: 'severity' },
  { name: 'severity_text', column: 'severity_text' },
  { name: 'scope_name', column: 'scope_name' },
  { name: 'scope_version', column: 'scope_version' },
  { name: 'trace_id', column: 'trace_id' },
  { name: 'span_id', column: 'span_id' },
] as const

function columnOf(block: NativeBlock, column: string): readonly string[] {
  if (column !== 'severity') return block.strings(column)
  return Array.from(block.numbers(column), printSeverity)
}
