import { labelsOf, labelsToRecord } from '@oriel/model'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LineLabels } from '../line-labels.ts'
import { extractJson, isJsonObject, jsonAt, parseJsonPath } from './json.ts'
import { compileIp, ipsIn } from './ip.ts'
import { extractLogfmt } from './logfmt.ts'
import { sanitizedName } from './names.ts'

function json(line: string, stream: Record<string, string> = {}): Record<string, string> | string {
  const labels = new LineLabels()
  labels.reset(labelsOf(stream), [])
  const isFine = extractJson(line, labels, undefined)
  return isFine ? labelsToRecord(labels.joined()) : 'malformed'
}

function logfmt(line: string, isStrict = false): Record<string, string> | string {
  const labels = new LineLabels()
  labels.reset([], [])
  const problem = extractLogfmt(line, labels, undefined, isStrict)
  return problem ?? labelsToRecord(labels.joined())
}

describe('json', () => {
  test('numbers keep their digits', () => {
    expect(json('{"a":1.0,"b":12345678901234567890,"c":-1e-7}')).toEqual({ a: '1.0', b: '12345678901234567890', c: '-1e-7' })
  })
  test('nested names are joined, arrays and nulls are skipped, the first of two equal names wins', () => {
    expect(json('{"a":{"b":{"c":true}},"d":[1],"e":null,"f":1,"f":2}')).toEqual({ a_b_c: 'true', f: '1' })
  })
  test('names become label names', () => {
    expect(json('{"http.status-code":1,"1st":2," x ":3}')).toEqual({ http_status_code: '1', _1st: '2', x: '3' })
  })
  test('a name of the stream gets a suffix', () => {
    expect(json('{"app":"inner"}', { app: 'outer' })).toEqual({ app: 'outer', app_extracted: 'inner' })
  })
  test('what is no object is malformed', () => {
    for (const line of [
      '',
      'x',
      '[1]',
      '{',
      '{"a"}',
      '{"a":}',
      '{"a":1,}',
      '{"a":1} x',
      '{"a":tru}',
      '{"a":"\\q"}',
      '{"a":1 "b":2}',
      '"x"',
    ]) {
      expect(json(line), line).toBe('malformed')
    }
  })
  test('nesting has a bound', () => {
    expect(json(`${'{"a":'.repeat(1_000)}1${'}'.repeat(1_000)}`)).toBe('malformed')
    expect(isJsonObject(`{"a":${'['.repeat(1_000)}${']'.repeat(1_000)}}`)).toBe(false)
  })
  test('every JSON object is read as JSON.parse reads it', () => {
    const scalar = fc.oneof(fc.string(), fc.integer(), fc.boolean())
    const object = fc.dictionary(fc.stringMatching(/^[a-z]{1,3}$/), fc.oneof(scalar, fc.array(fc.jsonValue()), fc.constant(null)))
    fc.assert(
      fc.property(object, (given) => {
        const want: Record<string, string> = {}
        for (const [key, value] of Object.entries(given)) {
          if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') want[key] = String(value)
          if (value === '') delete want[key]
        }
        expect(json(JSON.stringify(given))).toEqual(want)
        expect(json(JSON.stringify(given, undefined, 2))).toEqual(want)
      }),
    )
  })
  test('no text makes it throw', () => {
    const soup = fc.array(fc.constantFrom('{', '}', '[', ']', '"', ',', ':', '1', 'a', ' ', '\\', 'null', '"a":'), {
      maxLength: 20,
    })
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          soup.map((parts) => parts.join('')),
        ),
        (line) => void json(line),
      ),
    )
  })
  test('a path reads fields, items and quoted names', () => {
    const line = '{"a":{"b":[1,{"c d":"x"}]},"e":2.50}'
    const at = (path: string) => jsonAt(line, parseJsonPath(path) ?? [])
    expect([at('a.b[1]["c d"]'), at('a.b[0]'), at('a.b'), at('e'), at('a.x'), at('e.x'), at('a.b[7]')]).toEqual([
      'x',
      '1',
      '[1,{"c d":"x"}]',
      '2.50',
      undefined,
      undefined,
      undefined,
    ])
  })
})

describe('logfmt', () => {
  test('quoted values, bare words and empty values', () => {
    expect(logfmt('a=1 b="x \\"y\\" z" lone c= d=é')).toEqual({ a: '1', b: 'x "y" z', d: 'é' })
  })
  test('malformed pairs are skipped, or told when strict', () => {
    expect(logfmt('a=1 b=x"y =3 c=4')).toEqual({ a: '1', c: '4' })
    expect(logfmt('a=1 b=x"y', true)).toBe('malformed pair at position 7')
    expect(logfmt('a="open', true)).toContain('malformed pair')
  })
  test('every plain record is read back', () => {
    const record = fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), fc.stringMatching(/^[^\s"=\\]{1,8}$/))
    fc.assert(
      fc.property(record, (given) => {
        const line = Object.entries(given).map(([key, value]) => `${key}=${value}`)
        expect(logfmt(line.join(' '))).toEqual({ ...given })
        const quoted = Object.entries(given).map(([key, value]) => `${key}=${JSON.stringify(`${value} "${value}"`)}`)
        expect(logfmt(quoted.join(' '))).toEqual(Object.fromEntries(Object.entries(given).map(([k, v]) => [k, `${v} "${v}"`])))
      }),
    )
  })
  test('no text makes it throw or hang', () => {
    const soup = fc.array(fc.constantFrom('=', '"', ' ', 'a', '\\', '\n', '1'), { maxLength: 20 })
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          soup.map((parts) => parts.join('')),
        ),
        (line) => void logfmt(line),
      ),
    )
  })
})

test('addresses match by value, range and network in both families', () => {
  expect(compileIp('192.168.4.5-192.168.4.20')('192.168.4.20')).toBe(true)
  expect(compileIp('192.168.4.0/28')('192.168.4.16')).toBe(false)
  expect(compileIp('2001:db8::/32')('2001:db8:1::')).toBe(true)
  expect(() => compileIp('300.1.1.1')).toThrow('cannot read ip("300.1.1.1")')
  expect(ipsIn('from 10.0.0.1:8080 or 10.0.0.2, [::1]')).toContain('10.0.0.2')
})

test('a sanitised name is a label name', () => {
  fc.assert(fc.property(fc.string({ minLength: 1 }), (text) => /^([A-Za-z_][A-Za-z0-9_]*)?$/.test(sanitizedName(text))))
})
