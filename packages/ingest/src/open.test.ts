import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { compress, ProtoWriter } from '@oriel/wire'
import { openMemoryStore } from '@oriel/store'
import type { Store } from '@oriel/store'
import { makeQueryStats, DEFAULT_QUERY_LIMITS } from '@oriel/store'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openIngest, type Ingest } from './index.ts'

let store: Store
let ingest: Ingest
let server: Server
let base: string

beforeEach(async () => {
  store = openMemoryStore()
  ingest = await openIngest({ sink: store.sink, now: () => 1_700_000_000_000 })
  server = createServer((request, response) => {
    const door = ingest.doors.find(({ method, path }) => method === request.method && path === request.url)
    if (door === undefined) response.writeHead(404).end()
    else door.handle(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const address: AddressInfo | string | null = server.address()
  base = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
})

afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await ingest.close()
})

function context() {
  return { tenants: ['default'], signal: new AbortController().signal, limits: DEFAULT_QUERY_LIMITS, stats: makeQueryStats() }
}

async function lines(): Promise<string[]> {
  const found: string[] = []
  const request = {
    matchers: [],
    lineFilters: [],
    metadataMatchers: [],
    range: { startNs: 0n, endNs: 2n ** 63n },
    direction: 'forward' as const,
    limit: 0,
  }
  for await (const batch of store.logs.records(request, context()))
    for (const record of batch.records)
      found.push(
        `${JSON.stringify(Object.fromEntries(batch.streams[record.stream]!.map((l) => [l.name, l.value])))} ${record.tNs} ${record.line} ${JSON.stringify(Object.fromEntries(record.metadata.map((l) => [l.name, l.value])))}`,
      )
  return found
}

test('a Loki push in JSON is stored with service name, level and trace id', async () => {
  const body = {
    streams: [
      {
        stream: { app: 'shop', env: 'prod' },
        values: [['1700000000000000001', 'level=error msg="no"', { trace_id: 'abc', user: '7' }]],
      },
    ],
  }
  const response = await fetch(`${base}/loki/api/v1/push`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  expect(response.status).toBe(204)
  expect(await lines()).toEqual([
    '{"app":"shop","env":"prod","service_name":"shop"} 1700000000000000001 level=error msg="no" {"detected_level":"error","trace_id":"abc","user":"7"}',
  ])
})

test('OTLP logs in JSON are stored as Loki stores them', async () => {
  const body = {
    resourceLogs: [
      {
        resource: {
          attributes: [
            { key: 'service.name', value: { stringValue: 'cart' } },
            { key: 'host.name', value: { stringValue: 'h1' } },
          ],
        },
        scopeLogs: [
          {
            scope: { name: 'lib' },
            logRecords: [
              {
                timeUnixNano: '1700000000000000005',
                severityNumber: 'SEVERITY_NUMBER_WARN',
                severityText: 'WARN',
                body: { kvlistValue: { values: [{ key: 'a', value: { intValue: '12' } }] } },
                attributes: [{ key: 'http.route', value: { stringValue: '/x' } }],
                traceId: '0AF7651916CD43DD8448EB211C80319C',
                spanId: 'b7ad6b7169203331',
              },
            ],
          },
        ],
      },
    ],
  }
  const response = await fetch(`${base}/v1/logs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  expect([response.status, await response.text()]).toEqual([200, '{}'])
  expect(await lines()).toEqual([
    '{"service_name":"cart"} 1700000000000000005 {"a":12} {"detected_level":"warn","host_name":"h1","http_route":"/x","scope_name":"lib","severity_number":"13","severity_text":"WARN","span_id":"b7ad6b7169203331","trace_id":"0af7651916cd43dd8448eb211c80319c"}',
  ])
})

test('a trace id is found in an attribute, and in a JSON body', async () => {
  const record = (fields: object) => ({ timeUnixNano: '1700000000000000005', severityNumber: 9, ...fields })
  const logRecords = [
    record({ body: { stringValue: 'a' }, attributes: [{ key: 'trace.id', value: { stringValue: 'abc' } }] }),
    record({ body: { stringValue: '{"traceId":"def"}' } }),
    record({ body: { stringValue: 'b' } }),
  ]
  await fetch(`${base}/v1/logs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] }),
  })
  const ids = (await lines()).map((line) => /"trace_id":"(\w+)"/.exec(line)?.[1])
  expect(ids).toEqual(['abc', 'def', undefined])
})

function spanRequest(): Uint8Array {
  const writer = new ProtoWriter()
  const group = writer.open(1)
  const scope = writer.open(2)
  const span = writer.open(2)
  writer.data(1, new Uint8Array(16).fill(1))
  writer.data(2, new Uint8Array(8).fill(2))
  writer.string(5, 'GET /')
  writer.int(6, 2)
  writer.fixed64(7, 1_700_000_000_000_000_000n)
  writer.fixed64(8, 1_700_000_000_250_000_000n)
  writer.close(span)
  writer.close(scope)
  writer.close(group)
  return writer.finish()
}

test('a span sent twice, compressed differently, is stored once', async () => {
  for (const encoding of ['gzip', 'zstd'] as const) {
    const response = await fetch(`${base}/otlp/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf', 'content-encoding': encoding },
      body: Buffer.from(compress(spanRequest(), encoding)),
    })
    expect([response.status, (await response.bytes()).length]).toEqual([200, 0])
  }
  const spans = await store.traces.byId('01'.repeat(16), context())
  expect(spans.map(({ name, kind, durationNs, service }) => [name, kind, durationNs, service])).toEqual([
    ['GET /', 'server', 250_000_000n, 'unknown_service'],
  ])
})
