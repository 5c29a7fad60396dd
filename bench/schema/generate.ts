// Telemetry of the shape that the seeds describe, made in columns: the same for every variant of a table.

import type { LogBlock, SpanBlock } from '@oriel/model'
import { labelsOf, makeLogBlock, makeSpanBlock, MS_PER_DAY, NS_PER_MS } from '@oriel/model'
import { hash64, seriesId } from '@oriel/store'

/** A source of random numbers that gives the same ones in every run. */
export function makeRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    // Source: mulberry32, public domain.
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const SERVICES = 20
const HEX = '0123456789abcdef'
const METHODS = ['GET', 'GET', 'GET', 'POST', 'PUT']

/** Log records of 20 services with 5 streams each, 6 attributes and a trace id on two thirds; about 150 bytes a line. */
export function makeLogs(rows: number, startNs: bigint, spanNs: bigint, random: () => number): LogBlock {
  const block = makeLogBlock('bench')
  const pick = (count: number) => Math.floor(random() * count)
  const hex = (length: number) => Array.from({ length }, () => HEX[pick(16)]).join('')
  const streams = Array.from({ length: 5 * SERVICES }, (_, i) => {
    const service = `service-${i % SERVICES}`
    const labels = labelsOf({ service_name: service, pod: `${service}-${Math.floor(i / SERVICES)}`, env: 'prod' })
    return { service, labels, id: seriesId(labels) }
  })
  const day = Number(startNs / NS_PER_MS / BigInt(MS_PER_DAY))
  for (const { service, labels, id } of streams) block.streams.push({ id, labels, service, day })
  const columns = block.records
  for (let row = 0; row < rows; row++) {
    const { service, id } = streams[pick(streams.length)]!
    columns.service.push(service)
    columns.streamId.pushFrom(id, 0)
    columns.tNs.pushBigInt(startNs + (spanNs * BigInt(row)) / BigInt(rows))
    columns.severity.push(9)
    columns.level.push(random() < 0.03 ? 'error' : 'info')
    for (const column of [columns.severityText, columns.scopeName, columns.scopeVersion]) column.push('')
    columns.body.pushString(makeLine(pick, hex))
    columns.traceId.pushString(row % 3 === 0 ? '' : hex(32))
    columns.spanId.pushString(row % 3 === 0 ? '' : hex(16))
    columns.attributes.pushRecord({
      http_method: METHODS[pick(METHODS.length)] ?? '',
      http_route: `/api/v1/things/${pick(40)}`,
      http_status_code: String(200 + pick(5) * 100),
      user_id: String(pick(50_000)),
      thread_name: `worker-${pick(64)}`,
      code_lineno: String(pick(900)),
    })
    columns.resourceId.pushBigInt(hash64(service))
    columns.requestId.pushBigInt(BigInt(1 + Math.floor(row / 1_000)))
  }
  return block
}

function makeLine(pick: (count: number) => number, hex: (length: number) => string): string {
  switch (pick(4)) {
    case 0:
      return `level=info caller=http.go:${pick(400)} method=GET path=/api/v1/items/${pick(100_000)} status=200 duration=${pick(900)}ms user=${hex(16)}`
    case 1:
      return `{"msg":"order placed","order_id":"${hex(16)}","amount":${pick(10_000)},"currency":"EUR","items":[${pick(99)},${pick(99)}]}`
    case 2:
      return `Connection from 10.${pick(255)}.${pick(255)}.7 accepted, session ${hex(16)} established after ${pick(90)} ms; hit ratio 0.${pick(100)}`
    default:
      return `Exception in thread worker-${pick(64)}: java.net.SocketTimeoutException: Read timed out\n\tat com.shop.Client.call(Client.java:${pick(900)})\n\tat com.shop.Service.run(Service.java:${pick(500)})`
  }
}

/** Spans of 20 services in traces of ten, 12 attributes each. */
export function makeSpans(rows: number, startNs: bigint, spanNs: bigint, random: () => number): SpanBlock {
  const block = makeSpanBlock('bench')
  const pick = (count: number) => Math.floor(random() * count)
  const hex = (length: number) => Array.from({ length }, () => HEX[pick(16)]).join('')
  const columns = block.spans
  let traceId = ''
  let rootId = ''
  for (let row = 0; row < rows; row++) {
    const isRoot = row % 10 === 0
    const service = `service-${pick(SERVICES)}`
    const spanId = hex(16)
    if (isRoot) [traceId, rootId] = [hex(32), spanId]
    columns.service.push(service)
    columns.name.push(`${METHODS[pick(METHODS.length)]} /api/v1/${service}/${pick(8)}`)
    columns.traceId.pushString(traceId)
    columns.spanId.pushString(spanId)
    columns.parentSpanId.pushString(isRoot ? '' : rootId)
    columns.traceState.push('')
    columns.kind.push(isRoot ? 2 : 1 + pick(3))
    columns.status.push(random() < 0.02 ? 2 : 0)
    columns.statusMessage.push('')
    columns.startNs.pushBigInt(startNs + (spanNs * BigInt(row)) / BigInt(rows))
    columns.durationNs.pushNumber(Math.floor(1e6 * 1.02 ** (random() * 400)))
    columns.attributes.pushRecord({
      'http.request.method': METHODS[pick(METHODS.length)] ?? '',
      'http.route': `/api/v1/${service}/:id`,
      'http.response.status_code': String(200 + pick(5) * 100),
      'server.address': `${service}.prod.svc`,
      'server.port': '8080',
      'user_agent.original': 'node-fetch/1.0 (+https://github.com/bitinn/node-fetch)',
      'network.protocol.version': '1.1',
      'user.id': String(pick(50_000)),
      'thread.id': String(pick(64)),
      'db.query.text': `SELECT * FROM things WHERE id = ${pick(1_000_000)}`,
      'code.function.name': `handle${pick(200)}`,
      'order.id': hex(16),
    })
    columns.resourceId.pushBigInt(hash64(service))
    columns.scopeName.push('@opentelemetry/instrumentation-http')
    columns.scopeVersion.push('0.52.1')
    columns.flags.push(257)
    columns.events.pushString('')
    columns.links.pushString('')
    columns.requestId.pushBigInt(BigInt(1 + Math.floor(row / 1_000)))
  }
  return block
}
