import fc from 'fast-check'
import { expect, test } from 'vitest'
import { WireError } from '../errors.ts'
import { otlpJsonToProtobuf } from './json.ts'
import { decodeOtlpLogs } from './logs.ts'
import { LogNotes, SpanNotes } from './testing.ts'
import { decodeOtlpTraces } from './traces.ts'

const encoder = new TextEncoder()

function logs(text: string): Record<string, unknown>[] {
  const target = new LogNotes()
  decodeOtlpLogs(otlpJsonToProtobuf('logs', encoder.encode(text)), target)
  return target.notes
}

function record(fields: string): Record<string, unknown> | undefined {
  return logs(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{${fields}}]}]}]}`)[0]
}

test('nanoseconds may be strings or numbers, and keep every digit', () => {
  expect(record('"timeUnixNano":"1700000000123456789"')).toMatchObject({ tNs: 1_700_000_000_123_456_789n })
  expect(record('"timeUnixNano": 1700000000123456789 ')).toMatchObject({ tNs: 1_700_000_000_123_456_789n })
})

test('a number that looks like a key in a string is left alone', () => {
  const body = '{\\"a\\":12345678901234567890}'
  expect(record(`"body":{"stringValue":"${body}"}`)).toMatchObject({ body: '{"a":12345678901234567890}' })
})

test('enums may be numbers, names or numbers in text', () => {
  for (const value of ['13', '"SEVERITY_NUMBER_WARN"', '"13"'])
    expect(record(`"severityNumber":${value}`)).toMatchObject({ severity: 13 })
  expect(() => record('"severityNumber":"LOUD"')).toThrow(/severityNumber is no value of this enum: "LOUD"/)
})

test('ids are hex in either case, and anything else is refused by its path', () => {
  expect(record('"traceId":"0AF7651916cd43dd8448eb211c80319c"')).toMatchObject({ traceId: '0af7651916cd43dd8448eb211c80319c' })
  expect(() => record('"traceId":"zz"')).toThrow(/logs\.resourceLogs\.scopeLogs\.logRecords\.traceId is no hex text: "zz"/)
})

test('values of every kind are read', () => {
  const check = (value: string, want: string) => expect(record(`"body":${value}`)).toMatchObject({ body: want })
  check('{"stringValue":"é"}', 'é')
  check('{"intValue":"-9223372036854775808"}', '-9223372036854775808')
  check('{"intValue":5}', '5')
  check('{"doubleValue":"NaN"}', 'NaN')
  check('{"boolValue":true}', 'true')
  check('{"bytesValue":"AQL/"}', 'AQL/')
  check('{"arrayValue":{"values":[{"intValue":1},{}]}}', '[1,null]')
  check('{"kvlistValue":{"values":[{"key":"a","value":{"stringValue":"b"}}]}}', '{"a":"b"}')
})

test('unknown keys and nulls are passed over', () => {
  expect(record('"unknown":{"a":[1]},"severityText":null,"severityNumber":9')).toMatchObject({ severity: 9, severityText: '' })
})

test('a span with events and links is read', () => {
  const target = new SpanNotes()
  const span = {
    traceId: '01'.repeat(16),
    spanId: '02'.repeat(8),
    name: 'x',
    kind: 'SPAN_KIND_CLIENT',
    startTimeUnixNano: '5',
    endTimeUnixNano: 9,
    events: [{ timeUnixNano: '7', name: 'e' }],
    links: [{ traceId: '03'.repeat(16), spanId: '04'.repeat(8) }],
    status: { code: 'STATUS_CODE_ERROR', message: 'no' },
  }
  const text = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] })
  decodeOtlpTraces(otlpJsonToProtobuf('traces', encoder.encode(text)), target)
  expect(target.notes[0]).toMatchObject({
    traceId: '01'.repeat(16),
    kind: 3,
    startNs: 5n,
    endNs: 9n,
    status: 2,
    statusMessage: 'no',
    events: '{"timeUnixNano":"7","name":"e","attributes":{}}',
    links: `{"traceId":"${'03'.repeat(16)}","spanId":"${'04'.repeat(8)}","traceState":"","attributes":{}}`,
  })
})

test('nesting past the limit is refused', () => {
  const deep = `${'{"arrayValue":{"values":['.repeat(60)}{}${']}}'.repeat(60)}`
  expect(() => record(`"body":${deep}`)).toThrow(/nested deeper than 64/)
})

test('any JSON is read or refused with a WireError', () => {
  const keys = fc.constantFrom(
    'resourceLogs',
    'scopeLogs',
    'logRecords',
    'body',
    'attributes',
    'key',
    'value',
    'timeUnixNano',
    'values',
  )
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 8 },
      fc.constantFrom('', 'x', 1, -1, 1.5, true, null, '12', '1e400'),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(keys, tie('tree'), { maxKeys: 4 }),
    ),
  }))
  fc.assert(
    fc.property(
      fc.oneof(
        tree.map((value) => JSON.stringify(value)),
        fc.json(),
        fc.string(),
      ),
      (text) => {
        try {
          logs(text)
        } catch (error) {
          expect(error).toBeInstanceOf(WireError)
        }
      },
    ),
    { numRuns: 2_000 },
  )
})
