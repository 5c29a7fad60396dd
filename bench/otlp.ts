import { randomBytes } from 'node:crypto'
import protobuf from 'protobufjs'
import type { PreparedRequest } from '../e2e/senders.ts'

// OTLP requests of realistic shape, built with protobufjs (not our own encoder): resource, scope, 8-12 attributes, ids.

const { root } = protobuf.parse(`
  syntax = "proto3";
  message AnyValue { oneof value { string stringValue = 1; bool boolValue = 2; int64 intValue = 3; double doubleValue = 4; } }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message Resource { repeated KeyValue attributes = 1; }
  message Scope { string name = 1; string version = 2; }
  message LogRecord { fixed64 timeUnixNano = 1; int32 severityNumber = 2; string severityText = 3; AnyValue body = 5; repeated KeyValue attributes = 6; bytes traceId = 9; bytes spanId = 10; fixed64 observedTimeUnixNano = 11; }
  message ScopeLogs { Scope scope = 1; repeated LogRecord logRecords = 2; }
  message ResourceLogs { Resource resource = 1; repeated ScopeLogs scopeLogs = 2; }
  message LogsRequest { repeated ResourceLogs resourceLogs = 1; }
  message Status { string message = 2; int32 code = 3; }
  message Span { bytes traceId = 1; bytes spanId = 2; bytes parentSpanId = 4; string name = 5; int32 kind = 6; fixed64 startTimeUnixNano = 7; fixed64 endTimeUnixNano = 8; repeated KeyValue attributes = 9; Status status = 15; }
  message ScopeSpans { Scope scope = 1; repeated Span spans = 2; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scopeSpans = 2; }
  message TracesRequest { repeated ResourceSpans resourceSpans = 1; }
`)
const LogsRequest = root.lookupType('LogsRequest')
const TracesRequest = root.lookupType('TracesRequest')
const ROUTES = ['/api/orders', '/api/products', '/api/cart', '/api/users', '/health', '/api/checkout']
const LEVELS: readonly (readonly [number, string])[] = [
  [9, 'INFO'],
  [9, 'INFO'],
  [9, 'INFO'],
  [5, 'DEBUG'],
  [13, 'WARN'],
  [17, 'ERROR'],
]

/** `records` log records of one service in one request; record i is at `tNs + i` microseconds. */
export function logsRequest(service: string, records: number, tNs: bigint): PreparedRequest {
  const logRecords = Array.from({ length: records }, (_, i) => {
    const [severityNumber, severityText] = LEVELS[i % LEVELS.length]!
    const time = nanoseconds(tNs + BigInt(i) * 1_000n)
    const route = ROUTES[i % ROUTES.length]!
    return {
      timeUnixNano: time,
      observedTimeUnixNano: time,
      severityNumber,
      severityText,
      body: {
        stringValue: `${route} answered ${i % 6 === 5 ? 500 : 200} in ${(i * 7919) % 900} ms for user-${(i * 104_729) % 5_000} request ${randomBytes(6).toString('hex')}`,
      },
      attributes: attributes({
        'http.request.method': 'GET',
        'http.route': route,
        'http.response.status_code': i % 6 === 5 ? 500 : 200,
        'user.id': `user-${(i * 104_729) % 5_000}`,
        'thread.name': `worker-${i % 8}`,
        'code.function': 'handle',
      }),
      traceId: randomBytes(16),
      spanId: randomBytes(8),
    }
  })
  const message = { resourceLogs: [{ resource: resource(service), scopeLogs: [{ scope: { name: 'bench' }, logRecords }] }] }
  return request('/v1/logs', LogsRequest.encode(LogsRequest.fromObject(message)).finish())
}

/** `traces` traces of ten spans each in one request; the ids are returned beside it. */
export function tracesRequest(service: string, traces: number, tNs: bigint): { traceIds: string[]; request: PreparedRequest } {
  const traceIds: string[] = []
  const spans = Array.from({ length: traces }, (_, t) => {
    const traceId = randomBytes(16)
    traceIds.push(traceId.toString('hex'))
    const rootId = randomBytes(8)
    return Array.from({ length: 10 }, (_, i) => {
      const start = tNs + BigInt(t * 10 + i) * 10_000n
      return {
        traceId,
        spanId: i === 0 ? rootId : randomBytes(8),
        ...(i === 0 ? {} : { parentSpanId: rootId }),
        name: i === 0 ? `GET ${ROUTES[t % ROUTES.length]!}` : `SELECT table_${i}`,
        kind: i === 0 ? 2 : 3,
        startTimeUnixNano: nanoseconds(start),
        endTimeUnixNano: nanoseconds(start + BigInt((t * 7919) % 900) * 1_000_000n),
        attributes: attributes({
          'http.request.method': 'GET',
          'http.route': ROUTES[t % ROUTES.length]!,
          'http.response.status_code': 200,
          'url.path': `/api/orders/${t}`,
          'user.id': `user-${t % 5_000}`,
          'db.system': 'postgresql',
          'db.statement': `select * from table_${i} where id = $1`,
          'server.address': '10.0.0.1',
          'server.port': 5432,
          'network.protocol.version': '1.1',
          'thread.id': i,
          'client.address': '10.1.2.3',
        }),
        status: { code: t % 50 === 0 ? 2 : 0 },
      }
    })
  }).flat()
  const message = { resourceSpans: [{ resource: resource(service), scopeSpans: [{ scope: { name: 'bench' }, spans }] }] }
  return { traceIds, request: request('/v1/traces', TracesRequest.encode(TracesRequest.fromObject(message)).finish()) }
}

function resource(service: string): object {
  return {
    attributes: attributes({
      'service.name': service,
      'service.version': '1.4.2',
      'service.instance.id': `${service}-0`,
      'deployment.environment': 'bench',
      'host.name': 'node-7',
      'k8s.namespace.name': 'shop',
      'k8s.pod.name': `${service}-6d9f`,
    }),
  }
}

function attributes(values: Readonly<Record<string, string | number>>): object[] {
  return Object.entries(values).map(([key, value]) => ({
    key,
    value: typeof value === 'number' ? { intValue: value } : { stringValue: value },
  }))
}

// protobufjs takes 64-bit values as low and high words without a long library.
function nanoseconds(tNs: bigint): object {
  return { low: Number(BigInt.asIntN(32, tNs)), high: Number(BigInt.asIntN(32, tNs >> 32n)), unsigned: true }
}

function request(path: string, bytes: Uint8Array): PreparedRequest {
  return { path, headers: { 'content-type': 'application/x-protobuf' }, body: new Uint8Array(bytes) }
}
