import fc from 'fast-check'
import { expect, test } from 'vitest'
import { WireError } from '../errors.ts'
import { encodeOtlp, long, SpanNotes } from './testing.ts'
import { decodeOtlpTraces } from './traces.ts'

function decode(bytes: Uint8Array): Record<string, unknown>[] {
  const target = new SpanNotes()
  decodeOtlpTraces(bytes, target)
  return target.notes
}

const SPAN = {
  traceId: Buffer.from('0af7651916cd43dd8448eb211c80319c', 'hex'),
  spanId: Buffer.from('b7ad6b7169203331', 'hex'),
  parentSpanId: Buffer.from('00f067aa0ba902b7', 'hex'),
  traceState: 'a=b',
  name: 'GET /',
  kind: 2,
  startTimeUnixNano: long(1_700_000_000_000_000_001n),
  endTimeUnixNano: long(1_700_000_000_250_000_000n),
  attributes: [{ key: 'http.route', value: { stringValue: '/' } }],
  events: [
    {
      timeUnixNano: long(1_700_000_000_000_000_009n),
      name: 'exception',
      attributes: [{ key: 'exception.message', value: { stringValue: 'no "x"' } }],
    },
    { name: 'second' },
  ],
  links: [{ traceId: Buffer.alloc(16, 1), spanId: Buffer.alloc(8, 2), attributes: [{ key: 'n', value: { intValue: 7 } }] }],
  status: { code: 2, message: 'failed' },
  flags: 257,
}

function request(span: object): Uint8Array {
  return encodeOtlp('traces', {
    resourceSpans: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'cart' } }] },
        scopeSpans: [{ scope: { name: 'lib' }, spans: [span] }],
      },
    ],
  })
}

test('a span is read with everything it holds', () => {
  expect(decode(request(SPAN))).toEqual([
    {
      resource: { 'service.name': 'cart' },
      scope: 'lib',
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
      parentSpanId: '00f067aa0ba902b7',
      startNs: 1_700_000_000_000_000_001n,
      endNs: 1_700_000_000_250_000_000n,
      name: 'GET /',
      kind: 2,
      status: 2,
      statusMessage: 'failed',
      traceState: 'a=b',
      flags: 257,
      events:
        '{"timeUnixNano":"1700000000000000009","name":"exception","attributes":{"exception.message":"no \\"x\\""}},{"timeUnixNano":"0","name":"second","attributes":{}}',
      links: '{"traceId":"01010101010101010101010101010101","spanId":"0202020202020202","traceState":"","attributes":{"n":"7"}}',
      attributes: { 'http.route': '/' },
    },
  ])
})

test('golden bytes: a span by hand', () => {
  // ResourceSpans{ScopeSpans{Span{trace_id, span_id, name "a", kind 3}}}
  const bytes = '0a251223122' + '10a10' + '01'.repeat(16) + '1208' + '02'.repeat(8) + '2a0161' + '3003'
  expect(decode(Uint8Array.from(Buffer.from(bytes, 'hex')))[0]).toMatchObject({
    traceId: '01'.repeat(16),
    spanId: '02'.repeat(8),
    parentSpanId: '',
    name: 'a',
    kind: 3,
  })
})

test('a parent of zeros is none', () => {
  expect(decode(request({ ...SPAN, parentSpanId: Buffer.alloc(8) }))[0]).toMatchObject({ parentSpanId: '' })
})

test('damaged requests are read or refused with a WireError', () => {
  const good = request(SPAN)
  const damaged = fc
    .array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
    .map((changes) => changes.reduce((bytes, [at, byte]) => bytes.with(at, byte), good))
  fc.assert(
    fc.property(
      fc.oneof(
        damaged,
        fc.uint8Array({ maxLength: 100 }),
        fc.nat(good.length).map((n) => good.subarray(0, n)),
      ),
      (bytes) => {
        try {
          decode(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(WireError)
        }
      },
    ),
    { numRuns: 3_000 },
  )
})
