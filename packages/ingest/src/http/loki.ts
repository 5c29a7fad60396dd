// Loki push. Source: Grafana Loki HTTP API, "Ingest logs".

import type { IncomingMessage } from 'node:http'
import { decompress } from '@oriel/wire'
import type { IngestLimits } from '../limits.ts'
import type { Accepted } from '../log-writer.ts'
import type { LogReceiver } from '../receivers.ts'
import type { DoorOptions, HttpDoor, HttpReceiver, Reply } from './door.ts'
import { checkJsonBytes, makeHandler } from './door.ts'

/** The doors of Loki's push API: the path of today and the one of before. */
export function lokiDoors(logs: LogReceiver, options: DoorOptions): HttpDoor[] {
  const handle = makeHandler(lokiReceiver(logs, options.limits), options)
  return ['/loki/api/v1/push', '/api/prom/push'].map((path) => ({ method: 'POST', path, handle }))
}

function lokiReceiver(logs: LogReceiver, limits: IngestLimits): HttpReceiver {
  return {
    receiver: 'loki',
    signal: 'logs',
    // Protobuf is always a snappy block; some senders name that in Content-Encoding and some do not, so `accept` undoes it.
    check: (request) => (isJson(request) ? (request.headers['content-encoding'] ?? '') : ''),
    accept(tenant, body, request) {
      if (isJson(request)) {
        checkJsonBytes(body, limits.maxJsonBytes)
        return logs.lokiJson(tenant, body).then(reply)
      }
      return logs.lokiProtobuf(tenant, decompress(body, 'snappy', { maxBytes: limits.maxDecodedBytes })).then(reply)
    },
    refuse({ code, httpStatus, message, retryAfterSeconds }) {
      // Loki's clients wait and retry on 429, whatever runs full. Loki knows no 415.
      let status = code === 'INGEST_OVERLOADED' ? 429 : httpStatus
      if (status === 415) status = 400
      const retry = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }
      return { status, headers: { ...TEXT, ...retry }, body: `${message}\n` }
    },
  }
}

const TEXT = { 'content-type': 'text/plain; charset=utf-8' }

/** Loki keeps the good entries and answers 400 with what it thinks of the others. */
function reply({ rejected, reason }: Accepted): Reply {
  if (rejected === 0) return { status: 204 }
  return { status: 400, headers: TEXT, body: `${rejected} entries refused, the others are stored: ${reason}\n` }
}

function isJson(request: IncomingMessage): boolean {
  return (request.headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase() === 'application/json'
}
