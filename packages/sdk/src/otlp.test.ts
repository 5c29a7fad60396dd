import { describe, expect, it } from 'vitest'
import { MetricRegistry } from './metrics.ts'
import { encodeLogs, encodeMetrics, encodeSpans } from './otlp.ts'

const resource = { 'service.name': 'oriel' }

/** Reads protobuf without a schema: what a length-delimited field holds is text or a message, as the test knows. */
function fields(bytes: Uint8Array): { field: number; value: bigint | Uint8Array }[] {
  const found: { field: number; value: bigint | Uint8Array }[] = []
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes[at++] ?? 0
      value += (byte % 128) * shift
      if (byte < 128) return value
    }
  }
  while (at < bytes.length) {
    const tag = varint()
    const field = Math.floor(tag / 8)
    if (tag % 8 === 0) found.push({ field, value: BigInt(varint()) })
    else if (tag % 8 === 1) {
      found.push({ field, value: new DataView(bytes.buffer, bytes.byteOffset + at, 8).getBigUint64(0, true) })
      at += 8
    } else {
      const size = varint()
      found.push({ field, value: bytes.subarray(at, at + size) })
      at += size
    }
  }
  return found
}

/** The message at a path of field numbers. */
function at(bytes: Uint8Array, ...path: number[]): Uint8Array {
  let inner = bytes
  for (const step of path) {
    const value = fields(inner).find(({ field }) => field === step)?.value
    if (!(value instanceof Uint8Array)) throw new Error(`no message ${step}`)
    inner = value
  }
  return inner
}

const textAt = (bytes: Uint8Array, ...path: number[]): string => Buffer.from(at(bytes, ...path)).toString()
const numberAt = (bytes: Uint8Array, field: number): unknown => fields(bytes).find((one) => one.field === field)?.value

describe('OTLP of our own telemetry', () => {
  it('holds resource, scope and span', () => {
    const span = {
      traceId: 'a'.repeat(32),
      spanId: 'b'.repeat(16),
      parentSpanId: '',
      name: 'GET /',
      kind: 'server',
      startNs: 5n,
      endNs: 9n,
      attributes: { a: 'b' },
      error: 'bad',
    } as const
    const bytes = encodeSpans(resource, [span])
    expect(textAt(bytes, 1, 1, 1, 2, 1)).toBe('oriel')
    const encoded = at(bytes, 1, 2, 2)
    expect(Buffer.from(at(encoded, 1)).toString('hex')).toBe(span.traceId)
    expect([textAt(encoded, 5), numberAt(encoded, 6), numberAt(encoded, 7), numberAt(encoded, 8)]).toEqual(['GET /', 2n, 5n, 9n])
    expect([textAt(encoded, 15, 2), numberAt(at(encoded, 15), 3)]).toEqual(['bad', 2n])
  })

  it('holds logs with severity and trace', () => {
    const log = { tMs: 1, level: 'warn', message: 'hello', fields: {}, traceId: 'c'.repeat(32), spanId: '' } as const
    const encoded = at(encodeLogs(resource, [log]), 1, 2, 2)
    expect([numberAt(encoded, 1), numberAt(encoded, 2), textAt(encoded, 5, 1)]).toEqual([1_000_000n, 13n, 'hello'])
    expect(Buffer.from(at(encoded, 9)).toString('hex')).toBe(log.traceId)
  })

  it('holds counters as cumulative monotonic sums and histograms with bounds', () => {
    const registry = new MetricRegistry()
    registry.counter('a_total', 'A.').add(3)
    registry.histogram('b', 'B.', [1, 2]).observe(1.5)
    registry.gauge('never_set', 'C.')
    const scope = at(encodeMetrics(resource, registry.families(), { startNs: 1n, nowNs: 2n }), 1, 2)
    const metrics = fields(scope).flatMap(({ field, value }) => (field === 2 && value instanceof Uint8Array ? [value] : []))
    expect(metrics.map((metric) => textAt(metric, 1))).toEqual(['a_total', 'b'])
    const [sum, histogram] = metrics
    expect([numberAt(at(sum!, 7), 2), numberAt(at(sum!, 7), 3)]).toEqual([2n, 1n])
    const point = at(histogram!, 9, 1)
    expect([numberAt(point, 4), at(point, 6).length, at(point, 7).length]).toEqual([1n, 24, 16])
  })
})
