// Prometheus remote write 1.0 and 2.0. Source: https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/

import type { IncomingMessage } from 'node:http'
import { IngestError } from '../errors.ts'
import type { MetricsWriter, RemoteWriteResult } from '../metrics.ts'
import { remoteWriteVersion } from '../metrics.ts'
import type { DoorOptions, HttpDoor, HttpReceiver, Reply } from './door.ts'
import { makeHandler } from './door.ts'

/** The doors of remote write: Prometheus's path, below `/prometheus` too, and Mimir's. */
export function remoteWriteDoors(metrics: MetricsWriter, options: DoorOptions): HttpDoor[] {
  const handle = makeHandler(remoteWriteReceiver(metrics), options)
  const paths = ['/api/v1/write', '/prometheus/api/v1/write', '/api/v1/push']
  return paths.map((path) => ({ method: 'POST', path, handle }))
}

function remoteWriteReceiver(metrics: MetricsWriter): HttpReceiver {
  return {
    receiver: 'remote-write',
    signal: 'metrics',
    check(request) {
      versionOf(request)
      const coding = (request.headers['content-encoding'] ?? 'snappy').trim().toLowerCase()
      if (coding === 'snappy') return coding
      throw new IngestError(
        'INGEST_BAD_ENCODING',
        `cannot accept samples: content encoding ${JSON.stringify(coding)}, expected snappy`,
      )
    },
    accept(tenant, body, request) {
      const version = versionOf(request)
      return metrics.writeRemoteWrite(tenant, body, version, senderOf(request)).then((result) => reply(result, version))
    },
    refuse({ httpStatus, message, retryAfterSeconds }, request) {
      const retry = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }
      const written = remoteWriteVersion(request.headers['content-type'] ?? '') === 2 ? NOTHING_WRITTEN : {}
      return { status: httpStatus, headers: { ...TEXT, ...written, ...retry }, body: `${message}\n` }
    },
  }
}

const TEXT = { 'content-type': 'text/plain; charset=utf-8' }
const NOTHING_WRITTEN = writtenHeaders({ samples: 0, histograms: 0, exemplars: 0 })

function versionOf(request: IncomingMessage): 1 | 2 {
  const contentType = request.headers['content-type'] ?? ''
  const version = remoteWriteVersion(contentType)
  if (version !== undefined) return version
  throw new IngestError('INGEST_BAD_CONTENT_TYPE', `cannot accept samples: content type ${JSON.stringify(contentType)}`)
}

/** Who sends, for the page about cardinality: the first product of its User-Agent. */
function senderOf({ headers }: IncomingMessage): string {
  return `remote write: ${headers['user-agent']?.split(' ')[0]?.slice(0, MAX_SENDER) ?? 'unknown'}`
}

const MAX_SENDER = 80

function reply({ written, rejected }: RemoteWriteResult, version: 1 | 2): Reply {
  // Only version 2 senders expect them: others would take what they say of histograms for an error.
  const headers = version === 2 ? writtenHeaders(written) : {}
  if (rejected.length === 0) return { status: 204, headers }
  const what = rejected.map(({ reason, count, example }) => `${count} ${reason}, such as ${example}`).join('; ')
  // 400 as Prometheus answers: the good samples are stored, and sending the others again would not help.
  return { status: 400, headers: { ...headers, ...TEXT }, body: `some samples refused, the others are stored: ${what}\n` }
}

function writtenHeaders(written: RemoteWriteResult['written']): Record<string, string> {
  return {
    'x-prometheus-remote-write-samples-written': String(written.samples),
    'x-prometheus-remote-write-histograms-written': String(written.histograms),
    'x-prometheus-remote-write-exemplars-written': String(written.exemplars),
  }
}
