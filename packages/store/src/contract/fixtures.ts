import type { LogBlock, Matcher, MetricBlock, NativeHistogram, SpanBlock, SpanKind, SpanStatus, TimeRangeNs } from '@oriel/model'
import {
  HISTOGRAM_HIGH,
  HISTOGRAM_LOW,
  labelsOf,
  labelValue,
  makeLogBlock,
  makeMetricBlock,
  makeSpanBlock,
  METRIC_NAME,
  MS_PER_DAY,
  NS_PER_MS,
  sampleDay,
  SPAN_KINDS,
  SPAN_STATUSES,
  STALE_HIGH,
  STALE_LOW,
} from '@oriel/model'
import type { QueryContext } from '../context.ts'
import { DEFAULT_QUERY_LIMITS, makeQueryStats } from '../context.ts'
import { hash64, resourceId, seriesId } from '../identity.ts'
import type { LogBatch } from '@oriel/model'
import type { LogRequest, Store } from '../source.ts'

/** A store under test and a tenant that no other fact uses. */
export interface FactInput {
  readonly store: Store
  readonly tenant: string
}

/** One fact of the contract. `skip` is the reason why an implementation may not be asked. */
export interface Fact {
  readonly title: string
  readonly run: (input: FactInput) => Promise<void>
}

/** 2026-03-14T12:00:00Z: a noon, so that an hour to either side is the same day. */
export const NOON_MS = 1_773_489_600_000
export const NOON_NS: bigint = BigInt(NOON_MS) * NS_PER_MS

/** What a test sample is worth when it is a staleness marker. */
export const STALE = 'stale'

export interface TestSeries {
  readonly labels: Readonly<Record<string, string>>
  readonly samples: readonly (readonly [tMs: number, value: number | typeof STALE | NativeHistogram])[]
}

/** A block with the series, their index rows and their samples. */
export function metricBlock(tenant: string, seriesList: readonly TestSeries[]): MetricBlock {
  const block = makeMetricBlock(tenant)
  for (const series of seriesList) {
    const labels = labelsOf(series.labels)
    const id = seriesId(labels)
    const days = new Set(series.samples.map(([tMs]) => sampleDay(tMs)))
    for (const day of days) block.series.push({ id, labels, day })
    for (const [tMs, value] of series.samples) {
      block.samples.metricId.pushBigInt(hash64(labelValue(labels, METRIC_NAME)))
      block.samples.seriesId.pushFrom(id, 0)
      block.samples.tMs.pushNumber(tMs)
      if (value === STALE) block.samples.values.push(STALE_LOW, STALE_HIGH)
      else if (typeof value === 'number') block.samples.values.pushDouble(value)
      else {
        block.samples.values.push(HISTOGRAM_LOW, HISTOGRAM_HIGH)
        block.histograms.push(block.samples, block.samples.rows - 1, value)
      }
    }
  }
  return block
}

export interface TestRecord {
  readonly labels: Readonly<Record<string, string>>
  readonly tNs: bigint
  readonly line: string
  readonly level?: string
  readonly severity?: number
  readonly severityText?: string
  readonly scopeName?: string
  readonly scopeVersion?: string
  readonly traceId?: string
  readonly spanId?: string
  readonly attributes?: Readonly<Record<string, string>>
  readonly requestId?: bigint
}

/** A block with the records and the index rows of their streams. The service is the label `service_name`. */
export function logBlock(tenant: string, records: readonly TestRecord[]): LogBlock {
  const block = makeLogBlock(tenant)
  const known = new Set<string>()
  for (const record of records) {
    const labels = labelsOf(record.labels)
    const id = seriesId(labels)
    const service = record.labels['service_name'] ?? 'unknown_service'
    const day = Number(record.tNs / NS_PER_MS / BigInt(MS_PER_DAY))
    if (!known.has(`${id.join()} ${day}`)) block.streams.push({ id, labels, service, day })
    known.add(`${id.join()} ${day}`)
    const columns = block.records
    columns.service.push(service)
    columns.streamId.pushFrom(id, 0)
    columns.tNs.pushBigInt(record.tNs)
    columns.severity.push(record.severity ?? 0)
    columns.level.push(record.level ?? '')
    columns.severityText.push(record.severityText ?? '')
    columns.scopeName.push(record.scopeName ?? '')
    columns.scopeVersion.push(record.scopeVersion ?? '')
    columns.body.pushString(record.line)
    columns.traceId.pushString(record.traceId ?? '')
    columns.spanId.pushString(record.spanId ?? '')
    columns.attributes.pushRecord(record.attributes ?? {})
    columns.resourceId.pushBigInt(0n)
    columns.requestId.pushBigInt(record.requestId ?? 0n)
  }
  return block
}

export interface TestSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly service: string
  readonly name: string
  readonly startNs: bigint
  readonly durationNs: bigint
  readonly kind?: SpanKind
  readonly status?: SpanStatus
  readonly statusMessage?: string
  readonly attributes?: Readonly<Record<string, string>>
  readonly resource?: Readonly<Record<string, string>>
  readonly events?: string
  readonly links?: string
  readonly requestId?: bigint
}

/** A block with the spans and their resources. */
export function spanBlock(tenant: string, spans: readonly TestSpan[]): SpanBlock {
  const block = makeSpanBlock(tenant)
  for (const span of spans) {
    const attributes = { 'service.name': span.service, ...span.resource }
    const id = resourceId(attributes)
    if (!block.resources.some((resource) => resource.id === id)) {
      block.resources.push({ id, service: span.service, attributes })
    }
    const columns = block.spans
    columns.service.push(span.service)
    columns.name.push(span.name)
    columns.traceId.pushString(span.traceId)
    columns.spanId.pushString(span.spanId)
    columns.parentSpanId.pushString(span.parentSpanId ?? '')
    columns.traceState.push('')
    columns.kind.push(SPAN_KINDS.indexOf(span.kind ?? 'internal'))
    columns.status.push(SPAN_STATUSES.indexOf(span.status ?? 'unset'))
    columns.statusMessage.push(span.statusMessage ?? '')
    columns.startNs.pushBigInt(span.startNs)
    columns.durationNs.pushBigInt(span.durationNs)
    columns.attributes.pushRecord(span.attributes ?? {})
    columns.resourceId.pushBigInt(id)
    columns.scopeName.push('contract')
    columns.scopeVersion.push('1.0')
    columns.flags.push(1)
    columns.events.pushString(span.events ?? '')
    columns.links.pushString(span.links ?? '')
    columns.requestId.pushBigInt(span.requestId ?? 0n)
  }
  return block
}

/** A context for one read. */
export function contextFor(...tenants: string[]): QueryContext {
  const { signal } = new AbortController()
  return { tenants, signal, limits: DEFAULT_QUERY_LIMITS, stats: makeQueryStats() }
}

/** A context whose caller has gone. */
export function cancelledContext(tenant: string): QueryContext {
  return { ...contextFor(tenant), signal: AbortSignal.abort() }
}

/** One matcher, from `name`, operator and value. */
export function matcher(name: string, op: Matcher['op'], value: string): Matcher {
  return { name, op, value }
}

/** The hour that starts at noon. */
export const HOUR_NS: TimeRangeNs = { startNs: NOON_NS, endNs: NOON_NS + 3_600_000_000_000n }

/** A read of all records of the hour, forward; `change` overrides. */
export function logRequest(change: Partial<LogRequest> = {}): LogRequest {
  return {
    matchers: [],
    lineFilters: [],
    metadataMatchers: [],
    range: HOUR_NS,
    direction: 'forward',
    limit: 0,
    ...change,
  }
}

/** All batches of a read. */
export async function readBatches(batches: AsyncIterable<LogBatch>): Promise<LogBatch[]> {
  const all: LogBatch[] = []
  for await (const batch of batches) all.push(batch)
  return all
}

/** The lines of a read, in order. */
export async function readLines(batches: AsyncIterable<LogBatch>): Promise<string[]> {
  return (await readBatches(batches)).flatMap(({ records }) => records.map(({ line }) => line))
}
