import fc from 'fast-check'
import { expect, test } from 'vitest'
import { WireError } from '../errors.ts'
import { decodeOtlpLogs } from './logs.ts'
import { encodeOtlp, LogNotes, long } from './testing.ts'

function decode(bytes: Uint8Array): Record<string, unknown>[] {
  const target = new LogNotes()
  decodeOtlpLogs(bytes, target)
  return target.notes
}

/** A request of one record. */
function record(fields: object): Uint8Array {
  return encodeOtlp('logs', { resourceLogs: [{ scopeLogs: [{ logRecords: [fields] }] }] })
}

test('a record is read with its resource, scope and ids', () => {
  const request = {
    resourceLogs: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'cart' } }] },
        scopeLogs: [
          {
            scope: { name: 'lib' },
            logRecords: [
              {
                timeUnixNano: long(1_700_000_000_123_456_789n),
                observedTimeUnixNano: long(1_800_000_000_000_000_000n),
                severityNumber: 17,
                severityText: 'ERROR',
                body: { stringValue: 'né' },
                attributes: [{ key: 'a.b', value: { stringValue: 'c' } }],
                traceId: Buffer.from('0af7651916cd43dd8448eb211c80319c', 'hex'),
                spanId: Buffer.from('b7ad6b7169203331', 'hex'),
                eventName: 'e',
              },
            ],
          },
        ],
      },
    ],
  }
  expect(decode(encodeOtlp('logs', request))).toEqual([
    {
      resource: { 'service.name': 'cart' },
      scope: 'lib',
      tNs: 1_700_000_000_123_456_789n,
      severity: 17,
      severityText: 'ERROR',
      body: 'né',
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
      attributes: { 'a.b': 'c', event_name: 'e' },
    },
  ])
})

test('values of every kind become text', () => {
  const check = (value: object, want: string) => {
    const [note] = decode(record({ body: value, attributes: [{ key: 'k', value }] }))
    expect([note?.['body'], note?.['attributes']]).toEqual([want, { k: want }])
  }
  check({ stringValue: '' }, '')
  check({}, '')
  check({ boolValue: true }, 'true')
  check({ boolValue: false }, 'false')
  check({ intValue: -7 }, '-7')
  check({ intValue: { low: 0, high: -2_147_483_648, unsigned: false } }, '-9223372036854775808')
  check({ doubleValue: 0.1 }, '0.1')
  check({ doubleValue: 1e21 }, '1e+21')
  check({ doubleValue: Number.NaN }, 'NaN')
  check({ doubleValue: -Infinity }, '-Inf')
  check({ bytesValue: Buffer.of(1, 2, 255) }, 'AQL/')
  check(
    { arrayValue: { values: [{ intValue: 1 }, { stringValue: 'x"' }, {}, { doubleValue: Infinity }] } },
    '[1,"x\\"",null,"+Inf"]',
  )
  check(
    { kvlistValue: { values: [{ key: 'a', value: { kvlistValue: { values: [{ key: 'b', value: { boolValue: true } }] } } }] } },
    '{"a":{"b":true}}',
  )
})

test('a record without a time has that of its observation', () => {
  expect(decode(record({ observedTimeUnixNano: long(5n) }))[0]).toMatchObject({ tNs: 5n })
  expect(decode(record({ body: { stringValue: 'x' } }))[0]).toMatchObject({ tNs: 0n })
})

test('ids of zeros, and ids longer than an id, are none', () => {
  expect(decode(record({ traceId: Buffer.alloc(16), spanId: Buffer.alloc(9, 1) }))[0]).toMatchObject({ traceId: '', spanId: '' })
})

test('a resource that stands behind its records is theirs all the same', () => {
  const scopeLogs = encodeOtlp('logs', { resourceLogs: [{ scopeLogs: [{ logRecords: [{ severityNumber: 1 }] }] }] })
  const resource = encodeOtlp('logs', {
    resourceLogs: [{ resource: { attributes: [{ key: 'a', value: { stringValue: 'b' } }] } }],
  })
  // Both are one ResourceLogs field: its two halves joined in the wrong order.
  const halves = [scopeLogs.subarray(2), resource.subarray(2)]
  const size = halves.reduce((sum, half) => sum + half.length, 0)
  expect(decode(Uint8Array.of(10, size, ...halves.flatMap((half) => [...half])))[0]).toMatchObject({ resource: { a: 'b' } })
})

test('any strings survive, and agree with protobufjs', () => {
  const key = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => text !== '__proto__')
  const entry = fc.record({ key, value: fc.string({ unit: 'grapheme' }) })
  const anyRecord = fc.record({
    time: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    body: fc.string({ unit: 'grapheme' }),
    entries: fc.uniqueArray(entry, { maxLength: 5, selector: ({ key }) => key }),
  })
  fc.assert(
    fc.property(fc.array(anyRecord, { maxLength: 5 }), (records) => {
      const logRecords = records.map(({ time, body, entries }) => ({
        timeUnixNano: long(time),
        body: { stringValue: body },
        attributes: entries.map(({ key, value }) => ({ key, value: { stringValue: value } })),
      }))
      const notes = decode(encodeOtlp('logs', { resourceLogs: [{ scopeLogs: [{ logRecords }] }] }))
      expect(notes.map(({ tNs, body, attributes }) => ({ tNs, body, attributes }))).toEqual(
        records.map(({ time, body, entries }) => ({
          tNs: time,
          body,
          attributes: Object.fromEntries(entries.map(({ key, value }) => [key, value])),
        })),
      )
    }),
  )
})

test('damaged requests are read or refused with a WireError', () => {
  const good = record({
    body: { arrayValue: { values: [{ stringValue: 'x' }, { kvlistValue: { values: [{ key: 'a', value: { intValue: 3 } }] } }] } },
    attributes: [{ key: 'k', value: { doubleValue: 2 } }],
    traceId: Buffer.alloc(16, 7),
    severityText: 'INFO',
  })
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

test('values nested past the limit are refused', () => {
  let value: object = { intValue: 1 }
  for (let i = 0; i < 40; i++) value = { arrayValue: { values: [value] } }
  expect(() => decode(record({ body: value }))).toThrow(/nested deeper than 64/)
})
