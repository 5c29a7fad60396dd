import type { Labels, LogBatch, LogBlock, LogRecord, Matcher } from '@oriel/model'
import {
  compareLabels,
  compileMatchers,
  compileRegex,
  labelsKey,
  labelValue,
  makeLabels,
  NS_PER_MS,
  printSeverity,
} from '@oriel/model'
import type { QueryContext } from '../context.ts'
import { throwIfAborted } from '../context.ts'
import type { GridSeries, IndexRequest, LineFilter, LogGridRequest, LogRequest, LogSource } from '../source.ts'
import { limited } from './limited.ts'
import { touchesDay } from './metrics.ts'

/** The logs of a memory store. */
export interface MemoryLogs extends LogSource {
  write(blocks: readonly LogBlock[]): void
}

interface StoredRecord {
  readonly stream: StoredStream
  readonly tNs: bigint
  readonly line: string
  readonly lineBytes: number
  readonly level: string
  readonly metadata: Labels
  /** Place in the order of arrival. */
  readonly order: number
}

interface StoredStream {
  labels: Labels
  readonly days: Set<number>
}

interface TenantLogs {
  readonly streams: Map<string, StoredStream>
  readonly records: StoredRecord[]
}

// 1,000: small enough that a reader of a few lines does not wait, as the engine's own batches.
const BATCH_RECORDS = 1_000

/** Opens empty logs. Reads scan everything: right for tests, not for load. */
export function openMemoryLogs(): MemoryLogs {
  const tenants = new Map<string, TenantLogs>()
  const find = (request: IndexRequest, context: QueryContext) => findStreams(tenants, request, context)
  return {
    write: (blocks) => blocks.forEach((block) => writeBlock(tenants, block)),
    records: (request, context) => readRecords(tenants, request, context),
    grid: async (request, context) => countOnGrid(tenants, request, context),
    streams: async (request, context) => limited(find(request, context), request.limit),
    labelNames: async (request, context) => {
      const names = find(request, context).flatMap((labels) => labels.map((label) => label.name))
      return limited([...new Set(names)].sort(), request.limit)
    },
    labelValues: async (label, request, context) => {
      const values = find(request, context).map((labels) => labelValue(labels, label))
      return limited([...new Set(values)].filter((value) => value !== '').sort(), request.limit)
    },
    volume: async (request, context) => readVolume(tenants, request, context),
  }
}

function writeBlock(tenants: Map<string, TenantLogs>, { tenant, records, streams }: LogBlock): void {
  let stored = tenants.get(tenant)
  if (stored === undefined) tenants.set(tenant, (stored = { streams: new Map(), records: [] }))
  for (const { id, labels, day } of streams) {
    const stream = streamOf(stored, id, 0)
    stream.labels = labels
    stream.days.add(day)
  }
  const lines = records.body
  for (let row = 0; row < records.rows; row++) {
    const level = records.level.stringAt(row)
    stored.records.push({
      stream: streamOf(stored, records.streamId.words, row),
      tNs: records.tNs.at(row),
      line: lines.stringAt(row),
      lineBytes: lines.bytesAt(row).length,
      level,
      metadata: recordMetadata(records.attributes.recordAt(row), {
        trace_id: records.traceId.stringAt(row),
        span_id: records.spanId.stringAt(row),
        detected_level: level,
        severity_number: printSeverity(records.severity.at(row)),
        severity_text: records.severityText.stringAt(row),
        scope_name: records.scopeName.stringAt(row),
        scope_version: records.scopeVersion.stringAt(row),
      }),
      order: stored.records.length,
    })
  }
}

/** Attributes with what the columns know laid over them; an empty column leaves an attribute of its name alone. */
function recordMetadata(attributes: Record<string, string>, columns: Record<string, string>): Labels {
  const known = Object.entries(columns).filter(([, value]) => value !== '')
  return makeLabels([...Object.entries(attributes), ...known])
}

function streamOf(stored: TenantLogs, ids: Uint32Array, row: number): StoredStream {
  const key = ids.subarray(4 * row, 4 * row + 4).join()
  let stream = stored.streams.get(key)
  if (stream === undefined) stored.streams.set(key, (stream = { labels: [], days: new Set() }))
  return stream
}

async function* readRecords(
  tenants: Map<string, TenantLogs>,
  request: LogRequest,
  context: QueryContext,
): AsyncGenerator<LogBatch> {
  const { range, direction, limit } = request
  const inRange = (record: StoredRecord) => record.tNs >= range.startNs && record.tNs < range.endNs
  const forward = selectRecords(tenants, request, context).filter(inRange).sort(byTime)
  const ordered = limited(direction === 'forward' ? forward : forward.reverse(), limit)
  for (let start = 0; start < ordered.length; start += BATCH_RECORDS) {
    throwIfAborted(context)
    yield makeBatch(ordered.slice(start, start + BATCH_RECORDS))
  }
}

function byTime(a: StoredRecord, b: StoredRecord): number {
  if (a.tNs !== b.tNs) return a.tNs < b.tNs ? -1 : 1
  return a.order - b.order
}

function makeBatch(stored: readonly StoredRecord[]): LogBatch {
  const streams: Labels[] = []
  const indexOf = new Map<StoredStream, number>()
  const records: LogRecord[] = stored.map(({ stream, tNs, line, metadata }) => {
    let index = indexOf.get(stream)
    if (index === undefined) {
      index = streams.push(stream.labels) - 1
      indexOf.set(stream, index)
    }
    return { stream: index, tNs, line, metadata }
  })
  return { streams, records }
}

function selectRecords(
  tenants: Map<string, TenantLogs>,
  request: Pick<LogRequest, 'matchers' | 'lineFilters' | 'metadataMatchers'>,
  context: QueryContext,
): StoredRecord[] {
  throwIfAborted(context)
  const matchesStream = compileMatchers(request.matchers)
  const matchesMetadata = compileMatchers(request.metadataMatchers)
  const filters = request.lineFilters.map(compileLineFilter)
  const selected = context.tenants
    .flatMap((tenant) => tenants.get(tenant)?.records ?? [])
    .filter(({ stream, metadata }) => matchesStream(stream.labels) && matchesMetadata(metadata))
    .filter(({ line }) => filters.every((accepts) => accepts(line)))
  context.stats.rows += selected.length
  return selected
}

function compileLineFilter({ op, patterns }: LineFilter): (line: string) => boolean {
  const isRegex = op === '|~' || op === '!~'
  const tests = patterns.map((pattern) => {
    if (!isRegex) return (line: string) => line.includes(pattern)
    const regex = compileRegex(pattern)
    return (line: string) => regex.matcher(line).find()
  })
  const isWanted = op === '|=' || op === '|~'
  return (line) => tests.some((test) => test(line)) === isWanted
}

function countOnGrid(tenants: Map<string, TenantLogs>, request: LogGridRequest, context: QueryContext): GridSeries {
  const { startMs, endMs, stepMs, rangeMs, offsetMs, count, by } = request
  const steps = Math.floor((endMs - startMs) / stepMs) + 1
  const groups = new Map<string, { labels: Labels; values: Float64Array; present: Uint8Array }>()
  for (const record of selectRecords(tenants, request, context)) {
    const labels = by === undefined ? record.stream.labels : groupLabels(record, by)
    const amount = count === 'records' ? 1 : record.lineBytes
    for (let step = 0; step < steps; step++) {
      const endNs = BigInt(startMs + step * stepMs - offsetMs) * NS_PER_MS
      if (record.tNs > endNs || record.tNs <= endNs - BigInt(rangeMs) * NS_PER_MS) continue
      const key = labelsKey(labels)
      const group = groups.get(key) ?? { labels, values: new Float64Array(steps).fill(NaN), present: new Uint8Array(steps) }
      groups.set(key, group)
      group.values[step] = (group.present[step] === 1 ? group.values[step]! : 0) + amount
      group.present[step] = 1
    }
  }
  const sorted = [...groups.values()].sort((a, b) => compareLabels(a.labels, b.labels))
  const values = new Float64Array(sorted.length * steps)
  const present = new Uint8Array(sorted.length * steps)
  for (const [i, group] of sorted.entries()) {
    values.set(group.values, i * steps)
    present.set(group.present, i * steps)
  }
  return { labels: sorted.map(({ labels }) => labels), steps, values, present }
}

function groupLabels(record: StoredRecord, by: readonly string[]): Labels {
  const valueOf = (name: string) =>
    name === 'detected_level' && record.level !== '' ? record.level : labelValue(record.stream.labels, name)
  return makeLabels(by.map((name) => [name, valueOf(name)]))
}

function findStreams(tenants: Map<string, TenantLogs>, request: IndexRequest, context: QueryContext): Labels[] {
  throwIfAborted(context)
  const test = anyOf(request.matcherSets)
  const found = context.tenants
    .flatMap((tenant) => [...(tenants.get(tenant)?.streams.values() ?? [])])
    .filter(({ labels, days }) => days.size > 0 && test(labels) && touchesDay(days, request.range))
    .map(({ labels }) => labels)
    .sort(compareLabels)
  return found.filter((labels, i) => i === 0 || compareLabels(found[i - 1]!, labels) !== 0)
}

function anyOf(matcherSets: readonly (readonly Matcher[])[]): (labels: Labels) => boolean {
  const tests = matcherSets.map(compileMatchers)
  return (labels) => tests.length === 0 || tests.some((test) => test(labels))
}

function readVolume(
  tenants: Map<string, TenantLogs>,
  { matcherSets, range, limit }: IndexRequest,
  context: QueryContext,
): { labels: Labels; bytes: number; records: number }[] {
  throwIfAborted(context)
  const test = anyOf(matcherSets)
  const volumes = new Map<string, { labels: Labels; bytes: number; records: number }>()
  for (const { stream, tNs, lineBytes } of context.tenants.flatMap((tenant) => tenants.get(tenant)?.records ?? [])) {
    if (tNs < BigInt(range.startMs) * NS_PER_MS || tNs > BigInt(range.endMs) * NS_PER_MS || !test(stream.labels)) continue
    const key = labelsKey(stream.labels)
    const volume = volumes.get(key) ?? { labels: stream.labels, bytes: 0, records: 0 }
    volumes.set(key, { ...volume, bytes: volume.bytes + lineBytes, records: volume.records + 1 })
  }
  const sorted = [...volumes.values()].sort((a, b) => b.bytes - a.bytes || compareLabels(a.labels, b.labels))
  return limited(sorted, limit)
}
