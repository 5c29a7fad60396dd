import fc from 'fast-check'
import { expect, test } from 'vitest'
import { WireError } from '../errors.ts'
import { LogNotes } from '../otlp/testing.ts'
import { ProtoWriter } from '../protobuf-writer.ts'
import { decodeLokiJson } from './json.ts'
import { parseStreamLabels } from './labels.ts'
import { decodeLokiProtobuf } from './protobuf.ts'

const encoder = new TextEncoder()

function json(text: string): Record<string, unknown>[] {
  const target = new LogNotes()
  decodeLokiJson(encoder.encode(text), target)
  return target.notes
}

function protobuf(bytes: Uint8Array): Record<string, unknown>[] {
  const target = new LogNotes()
  decodeLokiProtobuf(bytes, target)
  return target.notes
}

interface Entry {
  readonly seconds: number
  readonly nanos: number
  readonly line: string
  readonly metadata: readonly (readonly [string, string])[]
}

function push(labels: string, entries: readonly Entry[], { labelsLast = false } = {}): Uint8Array {
  const writer = new ProtoWriter()
  const stream = writer.open(1)
  if (!labelsLast) writer.string(1, labels)
  for (const { seconds, nanos, line, metadata } of entries) {
    const entry = writer.open(2)
    const timestamp = writer.open(1)
    writer.int(1, seconds)
    writer.int(2, nanos)
    writer.close(timestamp)
    writer.string(2, line)
    for (const [name, value] of metadata) {
      const pair = writer.open(3)
      writer.string(1, name)
      writer.string(2, value)
      writer.close(pair)
    }
    writer.close(entry)
  }
  if (labelsLast) writer.string(1, labels)
  writer.bigint(3, 2n ** 63n)
  writer.close(stream)
  return writer.finish()
}

test('both forms of a push are read alike, ids and level taken out of the metadata', () => {
  const want = [
    {
      stream: { app: 'a', env: 'p"q' },
      tNs: 1_700_000_000_000_000_005n,
      severity: 0,
      severityText: 'warn',
      body: 'line é',
      traceId: '0af7',
      spanId: 'b7',
      attributes: { level: 'warn', user: '7' },
    },
  ]
  const text =
    '{"streams":[{"stream":{"app":"a","env":"p\\"q"},"values":[["1700000000000000005","line é",{"trace_id":"0af7","span_id":"b7","level":"warn","user":"7"}]]}]}'
  expect(json(text)).toEqual(want)
  const entry: Entry = {
    seconds: 1_700_000_000,
    nanos: 5,
    line: 'line é',
    metadata: [
      ['trace_id', '0af7'],
      ['span_id', 'b7'],
      ['level', 'warn'],
      ['user', '7'],
    ],
  }
  expect(protobuf(push('{app="a", env="p\\"q"}', [entry]))).toEqual(want)
  expect(protobuf(push('{app="a", env="p\\"q"}', [entry], { labelsLast: true }))).toEqual(want)
})

test('the old JSON form is read', () => {
  const text = '{"streams":[{"labels":"{app=\\"a\\"}","entries":[{"ts":"2023-11-14T22:13:20.000000005+00:00","line":"x"}]}]}'
  expect(json(text)).toMatchObject([{ stream: { app: 'a' }, tNs: 1_700_000_000_000_000_005n, body: 'x' }])
})

test('metadata under its own key, numbers and booleans in it, are read', () => {
  const text = '{"streams":[{"stream":{"a":"b"},"values":[["1","x",{"structuredMetadata":{"n":1,"t":true},"parsed":{}}]]}]}'
  expect(json(text)[0]).toMatchObject({ attributes: { n: '1', t: 'true' } })
})

test('an empty push is nothing', () => {
  expect([json('{"streams":[]}'), json('{}'), protobuf(new Uint8Array(0))]).toEqual([[], [], []])
})

test('stream labels are read as Go strings', () => {
  const check = (text: string, want: Record<string, string>) =>
    expect(Object.fromEntries(parseStreamLabels(text).map(({ name, value }) => [name, value]))).toEqual(want)
  check('{}', {})
  check(' { a = "b" , _c9="d", } ', { a: 'b', _c9: 'd' })
  check('{a="\\n\\t\\\\\\"\\x41\\u00e9\\U0001F600\\101"}', { a: '\n\t\\"Aé😀A' })
  check('{a=`raw\\n"`}', { a: 'raw\\n"' })
  check('{a="}", b="{,="}', { a: '}', b: '{,=' })
  for (const bad of ['', '{', '{a}', '{a=}', '{a="b}', '{a="b"c="d"}', '{a="b"} x', '{a!="b"}', '{9="b"}', '{a="\\q"}'])
    expect(() => parseStreamLabels(bad), bad).toThrow(WireError)
})

test('any labels that JSON can quote read back', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', 'é', '"', '\\', '}', ',', '\n', '`') }), (value) => {
      const [label] = parseStreamLabels(`{a=${JSON.stringify(value)},z="z"}`)
      expect(value === '' ? '' : label?.value).toBe(value)
    }),
  )
})

test('damaged pushes are read or refused with a WireError', () => {
  const good = push('{a="b"}', [{ seconds: 1, nanos: 2, line: 'x', metadata: [['k', 'v']] }])
  const damaged = fc
    .array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 })
    .map((changes) => changes.reduce((bytes, [at, byte]) => bytes.with(at, byte), good))
  const refusesWell = (read: () => void) => {
    try {
      read()
    } catch (error) {
      expect(error).toBeInstanceOf(WireError)
    }
  }
  fc.assert(
    fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 60 })), (bytes) => refusesWell(() => protobuf(bytes))),
    { numRuns: 2_000 },
  )
  const values = fc.array(fc.oneof(fc.constantFrom('1', 'x', '', 5, null), fc.dictionary(fc.string(), fc.jsonValue())), {
    maxLength: 3,
  })
  const streams = fc.array(fc.record({ stream: fc.jsonValue(), values: fc.oneof(fc.array(values), fc.jsonValue()) }))
  fc.assert(
    fc.property(fc.oneof(fc.record({ streams }), fc.jsonValue()), (value) => refusesWell(() => json(JSON.stringify(value)))),
    { numRuns: 1_000 },
  )
})
