import { describe, expect, it } from 'vitest'
import { openDelivery } from './delivery.ts'
import type { TelemetryPart } from './telemetry.ts'
import { makeTelemetry } from './telemetry.ts'
import { parseTraceparent } from './tracing.ts'

const quiet = { writeLine: () => {} }

describe('spans', () => {
  it('nest through asynchronous work and share a trace', async () => {
    const telemetry = makeTelemetry(quiet)
    await telemetry.span('outer', {}, async () => {
      await Promise.all([telemetry.span('a', {}, async () => {}), telemetry.span('b', {}, async () => {})])
    })
    const [a, b, outer] = telemetry.tracer.drain()
    expect([a?.name, b?.name, outer?.name]).toEqual(['a', 'b', 'outer'])
    expect([a?.parentSpanId, b?.parentSpanId, outer?.parentSpanId]).toEqual([outer?.spanId, outer?.spanId, ''])
    expect(new Set([a?.traceId, b?.traceId, outer?.traceId]).size).toBe(1)
  })

  it('read attributes when they end, and keep reserved keys apart', async () => {
    const telemetry = makeTelemetry(quiet)
    const attributes: Record<string, string> = { 'span.kind': 'server', traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` }
    await telemetry.span('request', attributes, async () => {
      attributes['http.response.status_code'] = '503'
      attributes['otel.status_description'] = 'engine is down'
    })
    expect(telemetry.tracer.drain()).toMatchObject([
      {
        kind: 'server',
        traceId: 'a'.repeat(32),
        parentSpanId: 'b'.repeat(16),
        attributes: { 'http.response.status_code': '503' },
        error: 'engine is down',
      },
    ])
  })

  it('fail with the exception and let it through', async () => {
    const telemetry = makeTelemetry(quiet)
    await expect(telemetry.span('x', {}, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(telemetry.tracer.drain()).toMatchObject([{ error: 'no' }])
  })

  it('beyond the budget are counted, whole traces at a time', async () => {
    const telemetry = makeTelemetry(quiet)
    const one = () => telemetry.span('outer', {}, () => telemetry.span('inner', {}, async () => {}))
    for (let i = 0; i < 600; i++) await one()
    expect(telemetry.tracer.drain()).toHaveLength(1_000)
    expect(telemetry.tracer.dropped).toBe(100)
  })

  it('are not recorded when nothing is delivered', async () => {
    const telemetry = makeTelemetry({ ...quiet, isDelivered: false })
    expect(await telemetry.span('x', {}, async () => 7)).toBe(7)
    expect(telemetry.tracer.drain()).toEqual([])
  })
})

describe('logs', () => {
  it('are one logfmt line each, with the running trace kept for delivery', async () => {
    const lines: string[] = []
    const telemetry = makeTelemetry({ writeLine: (line) => lines.push(line), now: () => 0 })
    await telemetry.span('x', {}, async () => {
      telemetry.log('info', 'Listening on', { name: 'http', address: '127.0.0.1:1', reason: 'a "b"\nc', skipped: undefined })
    })
    expect(lines).toEqual([
      'time=1970-01-01T00:00:00.000Z level=info msg="Listening on" name=http address=127.0.0.1:1 reason="a \\"b\\"\\nc"\n',
    ])
    const [span] = telemetry.tracer.drain()
    expect(telemetry.drainLogs()).toMatchObject([{ message: 'Listening on', traceId: span?.traceId, spanId: span?.spanId }])
  })

  it('below the level are not written', () => {
    const lines: string[] = []
    makeTelemetry({ writeLine: (line) => lines.push(line), minLevel: 'warn' }).log('info', 'x')
    expect(lines).toEqual([])
  })
})

describe('delivery', () => {
  it('of our own telemetry leaves nothing to deliver', async () => {
    const telemetry = makeTelemetry(quiet)
    const parts: TelemetryPart[] = []
    const delivery = openDelivery(telemetry, async (part) => {
      parts.push(part)
      telemetry.log('info', 'storing our own')
      await telemetry.span('insert', {}, async () => {})
    })
    await telemetry.span('work', {}, async () => {})
    await delivery.flush()
    await delivery.close()
    expect(parts.map(({ spans, logs }) => [spans.length, logs.length])).toEqual([
      [1, 0],
      [0, 0],
    ])
  })

  it('that fails is counted and does not stop the next', async () => {
    const telemetry = makeTelemetry(quiet)
    let calls = 0
    const delivery = openDelivery(telemetry, async () => {
      if (++calls === 1) throw new Error('down')
    })
    await delivery.flush()
    await delivery.close()
    expect(calls).toBe(2)
    const family = telemetry.registry.families().find(({ name }) => name === 'oriel_self_delivery_failures_total')
    expect([...(family?.points.values() ?? [])]).toMatchObject([{ value: 1 }])
  })
})

describe('parseTraceparent', () => {
  function check(header: string, want: boolean): void {
    expect(parseTraceparent(header) !== undefined).toBe(want)
  }
  it('takes only well-formed headers with ids', () => {
    check(`00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`, true)
    check(`00-${'0'.repeat(32)}-${'b'.repeat(16)}-00`, false)
    check(`00-${'a'.repeat(31)}-${'b'.repeat(16)}-00`, false)
    check('', false)
  })
})
