// The way in, opened: receivers for each signal, the doors before them, the gRPC listener.

import type { Clock, Telemetry } from '@oriel/model'
import { silentTelemetry } from '@oriel/model'
import type { Sink } from '@oriel/store'
import type { BatchLimits } from './batch.ts'
import { DEFAULT_BATCH_LIMITS } from './batch.ts'
import type { GrpcListener, GrpcMethod, ListenAddress } from './grpc.ts'
import { listenGrpc } from './grpc.ts'
import { CardinalityGuard } from './guard/cardinality.ts'
import { BodyReader } from './http/body.ts'
import { BufferPool } from './http/buffers.ts'
import type { DoorOptions, HttpDoor } from './http/door.ts'
import { lokiDoors } from './http/loki.ts'
import type { OtlpAccept, OtlpSignal } from './http/otlp.ts'
import { encodeExportResponse, OTLP_SIGNALS, otlpDoors } from './http/otlp.ts'
import { remoteWriteDoors } from './http/remote-write.ts'
import type { IngestLimits } from './limits.ts'
import { DEFAULT_INGEST_LIMITS } from './limits.ts'
import type { LogOptions } from './log-streams.ts'
import { DEFAULT_LOG_OPTIONS } from './log-streams.ts'
import type { MetricsWriter } from './metrics.ts'
import { openMetricsWriter } from './metrics.ts'
import type { StartMode } from './metrics-target.ts'
import { openLogReceiver, openTraceReceiver } from './receivers.ts'

/** What the way in is opened with. Everything but the sink has a default. */
export interface IngestOptions {
  readonly sink: Sink
  readonly telemetry?: Telemetry
  readonly limits?: IngestLimits
  readonly batch?: BatchLimits
  readonly logs?: LogOptions
  readonly now?: Clock
  /** Bounds the series of tenants; one with default budgets if not given. */
  readonly guard?: CardinalityGuard
  /** What becomes of the starts that sources of metrics tell. */
  readonly starts?: StartMode
  /** Whether types and units of metrics become labels. */
  readonly hasTypeLabels?: boolean
  /** Tenant of requests without X-Scope-OrgID. */
  readonly defaultTenant?: string
  /** Whether a web page of this origin may send OTLP from a browser. Pages served from loopback, by default. */
  readonly isAllowedOrigin?: (origin: string) => boolean
}

/** The open way in. */
export interface Ingest {
  /** Doors for a plain `node:http` server: mount each at its method and path. */
  readonly doors: readonly HttpDoor[]
  /** Takes OTLP export requests of this process itself: our own telemetry. */
  readonly accept: Readonly<Record<OtlpSignal, OtlpAccept>>
  /** Where scrapes and imports put their samples. */
  readonly metrics: MetricsWriter
  /** Opens OTLP/gRPC. May be called more than once; `close` closes them all. */
  listenGrpc(address: ListenAddress): Promise<GrpcListener>
  /** Takes no new calls, writes what is held, answers those who wait. */
  close(): Promise<void>
}

/**
 * Opens the way in to `sink`. Resolves when the ids of recently stored requests are known: before that a retry could add twice.
 *
 * Rejects as `Sink.recentRequests` does.
 */
export async function openIngest({
  sink,
  telemetry = silentTelemetry,
  limits = DEFAULT_INGEST_LIMITS,
  batch = DEFAULT_BATCH_LIMITS,
  logs: logOptions = DEFAULT_LOG_OPTIONS,
  now = Date.now,
  guard = new CardinalityGuard(telemetry),
  starts = 'ignored',
  hasTypeLabels = false,
  defaultTenant = 'default',
  isAllowedOrigin = isLoopbackOrigin,
}: IngestOptions): Promise<Ingest> {
  const receiverOptions = { sink, telemetry, limits, batch, logs: logOptions, now }
  const logs = openLogReceiver(receiverOptions)
  const traces = openTraceReceiver(receiverOptions)
  const metrics = openMetricsWriter(sink, { limits, batch, telemetry, now, guard, starts, hasTypeLabels })
  await Promise.all([logs.recover(), traces.recover()])

  const accept: Readonly<Record<OtlpSignal, OtlpAccept>> = { logs: logs.otlp, traces: traces.otlp, metrics: otlpMetrics(metrics) }
  const pool = new BufferPool({ maxLentBytes: limits.maxInFlightBytes })
  const doorOptions: DoorOptions = { bodies: new BodyReader(limits, pool), limits, telemetry, defaultTenant }
  const listeners: GrpcListener[] = []
  return {
    doors: [
      ...otlpDoors({ accept, isAllowedOrigin }, doorOptions),
      ...lokiDoors(logs, doorOptions),
      ...remoteWriteDoors(metrics, doorOptions),
    ],
    accept,
    metrics,
    async listenGrpc(address) {
      const listener = await listenGrpc(address, { methods: otlpMethods(accept), limits, pool, telemetry, defaultTenant })
      listeners.push(listener)
      return listener
    },
    async close() {
      await Promise.all([...listeners.map((listener) => listener.close()), logs.close(), traces.close(), metrics.close()])
    },
  }
}

const SERVICES: Readonly<Record<OtlpSignal, string>> = { logs: 'LogsService', traces: 'TraceService', metrics: 'MetricsService' }
const PACKAGES: Readonly<Record<OtlpSignal, string>> = { logs: 'logs', traces: 'trace', metrics: 'metrics' }

function otlpMethods(accept: Readonly<Record<OtlpSignal, OtlpAccept>>): ReadonlyMap<string, GrpcMethod> {
  return new Map(
    OTLP_SIGNALS.map((signal) => [
      `/opentelemetry.proto.collector.${PACKAGES[signal]}.v1.${SERVICES[signal]}/Export`,
      (tenant: string, message: Uint8Array) => accept[signal](tenant, message).then(encodeExportResponse),
    ]),
  )
}

function otlpMetrics(metrics: MetricsWriter): OtlpAccept {
  return (tenant, body) => metrics.writeOtlp(tenant, body)
}

/** Pages of this machine: a page from anywhere else has no business with a listener on loopback unless it is told. */
function isLoopbackOrigin(origin: string): boolean {
  return /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/.test(origin)
}
