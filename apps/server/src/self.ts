import type { Deliver } from '@oriel/node'
import { encodeLogs, encodeMetrics, encodeSpans, nowNs } from '@oriel/node'
import { hostname } from 'node:os'

/** Takes an OTLP export request in protobuf, as the doors of ingest do after they have read it. */
export type AcceptOtlp = (signal: 'logs' | 'traces' | 'metrics', tenant: string, body: Uint8Array) => Promise<unknown>

/** The service that our own telemetry belongs to. */
const SELF_SERVICE = 'oriel'

/** Delivers our own telemetry into our own ingest: the same road as everybody's from the decoder on. */
export function deliverToSelf(accept: AcceptOtlp, tenant: string, version: string): Deliver {
  const startNs = nowNs()
  const resource = {
    'service.name': SELF_SERVICE,
    'service.version': version,
    'service.instance.id': `${hostname()}-${process.pid}`,
    'host.name': hostname(),
    'process.pid': String(process.pid),
  }
  return async ({ metrics, logs, spans }) => {
    const parts = [accept('metrics', tenant, encodeMetrics(resource, metrics, { startNs, nowNs: nowNs() }))]
    if (logs.length > 0) parts.push(accept('logs', tenant, encodeLogs(resource, logs)))
    if (spans.length > 0) parts.push(accept('traces', tenant, encodeSpans(resource, spans)))
    // One signal that is refused must not take the others with it.
    const failed = (await Promise.allSettled(parts)).find(({ status }) => status === 'rejected')
    if (failed?.status === 'rejected') throw failed.reason
  }
}
