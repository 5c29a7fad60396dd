// The signals' way from decompressed bytes to the commit queues, whatever door they came through.

import type { Clock, LogBlock, SpanBlock, Telemetry } from '@oriel/model'
import type { Sink } from '@oriel/store'
import type { LogTarget } from '@oriel/wire'
import { decodeLokiJson, decodeLokiProtobuf, decodeOtlpLogs, decodeOtlpTraces, Interner } from '@oriel/wire'
import type { BatchLimits } from './batch.ts'
import { CommitQueue } from './batch.ts'
import { logBlocks, spanBlocks } from './blocks.ts'
import type { IngestLimits } from './limits.ts'
import type { LogOptions } from './log-streams.ts'
import type { Accepted } from './log-writer.ts'
import { LogWriter, makeLogInterners } from './log-writer.ts'
import { RecentIds, requestBase, RetryingQueue } from './retries.ts'
import { SpanWriter } from './span-writer.ts'

/** What receivers are opened with. */
export interface ReceiverOptions {
  readonly sink: Sink
  readonly telemetry: Telemetry
  readonly limits: IngestLimits
  readonly batch: BatchLimits
  readonly logs: LogOptions
  readonly now: Clock
}

/** Takes logs. Each function decodes at once (the body may be reused when it returns) and resolves after the commit. */
export interface LogReceiver {
  readonly otlp: (tenant: string, body: Uint8Array) => Promise<Accepted>
  readonly lokiJson: (tenant: string, body: Uint8Array) => Promise<Accepted>
  /** `body` with snappy undone. */
  readonly lokiProtobuf: (tenant: string, body: Uint8Array) => Promise<Accepted>
  /** Reads the ids of requests that are stored, after a start. */
  recover(): Promise<void>
  close(): Promise<void>
}

/** Takes traces, as `LogReceiver` takes logs. */
export interface TraceReceiver {
  readonly otlp: (tenant: string, body: Uint8Array) => Promise<Accepted>
  recover(): Promise<void>
  close(): Promise<void>
}

/** Opens the way in of logs. */
export function openLogReceiver({ sink, telemetry, limits, batch, logs, now }: ReceiverOptions): LogReceiver {
  const recent = new RecentIds(now)
  const kind = logBlocks(sink, recent)
  const queue = new CommitQueue<LogBlock>(kind, { limits: batch, telemetry })
  const retrying = new RetryingQueue<LogBlock, Accepted>(queue, recent)
  const interners = makeLogInterners()
  const writers = new PerTenant(() => new LogWriter(logs, limits, interners))
  const count = rowCounter(telemetry, 'logs')
  const append = (tenant: string, body: Uint8Array, form: string, decode: (target: LogTarget) => void) =>
    retrying
      .append(tenant, requestBase(form, tenant, body), (block, rows) =>
        writers.of(tenant).write({ block, rows, nowMs: now() }, decode),
      )
      .then(count)
  return {
    otlp: (tenant, body) => append(tenant, body, 'logs', (target) => decodeOtlpLogs(body, target)),
    lokiJson: (tenant, body) => append(tenant, body, 'loki-json', (target) => decodeLokiJson(body, target)),
    lokiProtobuf: (tenant, body) => append(tenant, body, 'loki', (target) => decodeLokiProtobuf(body, target)),
    recover: () => kind.recover(),
    close: () => queue.close(),
  }
}

/** Opens the way in of traces. */
export function openTraceReceiver({ sink, telemetry, limits, batch, now }: ReceiverOptions): TraceReceiver {
  const recent = new RecentIds(now)
  const kind = spanBlocks(sink, recent)
  const queue = new CommitQueue<SpanBlock>(kind, { limits: batch, telemetry })
  const retrying = new RetryingQueue<SpanBlock, Accepted>(queue, recent)
  const words = new Interner()
  const writers = new PerTenant(() => new SpanWriter(limits, words))
  const count = rowCounter(telemetry, 'traces')
  return {
    otlp: (tenant, body) =>
      retrying
        .append(tenant, requestBase('traces', tenant, body), (block, rows) =>
          writers.of(tenant).write({ block, rows, nowMs: now() }, (target) => decodeOtlpTraces(body, target)),
        )
        .then(count),
    recover: () => kind.recover(),
    close: () => queue.close(),
  }
}

/** One writer a tenant, the longest unused forgotten first: forgetting costs index rows written twice, nothing else. */
class PerTenant<Writer> {
  readonly #make: () => Writer
  readonly #writers = new Map<string, Writer>()

  constructor(make: () => Writer) {
    this.#make = make
  }

  of(tenant: string): Writer {
    let writer = this.#writers.get(tenant)
    if (writer === undefined) {
      writer = this.#make()
      if (this.#writers.size >= MAX_TENANTS) this.#forgetOldest()
    } else this.#writers.delete(tenant)
    this.#writers.set(tenant, writer)
    return writer
  }

  #forgetOldest(): void {
    for (const oldest of this.#writers.keys()) {
      this.#writers.delete(oldest)
      return
    }
  }
}

// 256 tenants that send to one node in one go: a writer at rest holds about 50 KB, one with 16,384 streams about 50 MB.
const MAX_TENANTS = 256

/** Passes results on and counts their rows. */
function rowCounter(telemetry: Telemetry, signal: string): (result: Accepted) => Accepted {
  const accepted = telemetry.counter('oriel_ingest_rows_total', 'Records and spans stored')
  const rejected = telemetry.counter(
    'oriel_ingest_rejected_rows_total',
    'Records and spans refused while the rest of their body was kept',
  )
  return (result) => {
    accepted.add(result.accepted, { signal })
    if (result.rejected > 0) rejected.add(result.rejected, { signal })
    return result
  }
}
