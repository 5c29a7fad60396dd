import fc from 'fast-check'
import type { Label } from '@oriel/model'
import { expect, test } from 'vitest'
import { WireError } from '../errors.ts'
import { TextScanner } from './scan.ts'
import { decodeTextSeries } from './series.ts'

interface Sample {
  readonly series: string
  readonly value: number
  readonly tMs?: number
  readonly exemplar?: string
}

const encoder = new TextEncoder()
const scratch = new DataView(new ArrayBuffer(8))

function scan(text: string, isOpenMetrics = false): (Sample | string)[] {
  const scanner = new TextScanner(encoder.encode(text), { isOpenMetrics })
  const found: (Sample | string)[] = []
  for (let line = scanner.next(); line !== 'end'; line = scanner.next()) {
    if (line === 'type') found.push(`${scanner.metric}: ${scanner.metricType}`)
    else if (line !== 'sample') found.push(`${line} ${scanner.metric}: ${scanner.text}`)
    else {
      scanner.scanSeries()
      const series = print(scanner.readSeries())
      scanner.scanValue()
      found.push({ series, value: valueOf(scanner), ...(scanner.hasTime ? { tMs: scanner.tMs } : {}), ...exemplarOf(scanner) })
    }
  }
  return found
}

function exemplarOf(scanner: TextScanner): { exemplar?: string } {
  if (scanner.exemplarStart === scanner.exemplarEnd) return {}
  const exemplar = scanner.readExemplar()
  return { exemplar: `${print(exemplar.labels)} ${valueOf(exemplar)} ${exemplar.tMs ?? ''}` }
}

function valueOf({ valueLow, valueHigh }: { valueLow: number; valueHigh: number }): number {
  scratch.setUint32(0, valueLow, true)
  scratch.setUint32(4, valueHigh, true)
  return scratch.getFloat64(0, true)
}

function print(labels: readonly Label[]): string {
  return labels.map(({ name, value }) => `${name}=${JSON.stringify(value)}`).join(' ')
}

function check(text: string, want: (Sample | string)[], isOpenMetrics = false): void {
  expect(scan(text, isOpenMetrics)).toEqual(want)
}

function refuse(text: string, reason: RegExp, isOpenMetrics = false): void {
  expect(() => scan(text, isOpenMetrics)).toThrow(reason)
}

test('samples of the text format', () => {
  check('a 1\n', [{ series: '__name__="a"', value: 1 }])
  check('a 1', [{ series: '__name__="a"', value: 1 }])
  check('a{} 1\n', [{ series: '__name__="a"', value: 1 }])
  check('\n  a\t{ b = "c" , d="e",}\t2.5\t123\n\n', [{ series: '__name__="a" b="c" d="e"', value: 2.5, tMs: 123 }])
  check('a{b="x\\\\y\\"z\\n{}"} -3 7\n', [{ series: '__name__="a" b="x\\\\y\\"z\\n{}"', value: -3, tMs: 7 }])
  check('a{b="c" d="e"}1\n', [{ series: '__name__="a" b="c" d="e"', value: 1 }])
  check('a{b="c\nd"} 1\n', [{ series: '__name__="a" b="c\\nd"', value: 1 }])
  check('a{b="c\u{0}"} 1\n\u{0}anything', [{ series: '__name__="a" b="c\\u0000"', value: 1 }])
  check('{"a.b",c="d","e f"="g"} 1\n', [{ series: '__name__="a.b" c="d" e f="g"', value: 1 }])
  check('a{b=""} 1\n', [{ series: '__name__="a" b=""', value: 1 }])
})

test('metadata of the text format', () => {
  check('# HELP a one\\ntwo \\\\ "x"\n# TYPE a counter\n# TYPE b untyped\n# other\n#\na 1\n', [
    'help a: one\ntwo \\ "x"',
    'a: counter',
    'b: unknown',
    { series: '__name__="a"', value: 1 },
  ])
  check('# UNIT a seconds\n', [])
  check('# HELP a\n', ['help a: '])
  check('# HELP a  b \n# HELP c \n# HELPd\n#TYPE e f\n# TYPE\n', ['help a:  b ', 'help c: '])
  check('# HELP a \\"\\\\\n', ['help a: \\"\\'])
  check('# TYPE "a\nb" counter\n', ['a\nb: counter'])
  refuse('# TYPE a counter \n', /unknown metric type "counter "/)
  refuse('# TYPE #\n', /expected a metric name and text after TYPE/)
})

test('OpenMetrics: units, exemplars, times in seconds, and the end mark', () => {
  check(
    '# TYPE a counter\n# UNIT a_seconds seconds\na_total{b="c"} 5 1.5 # {trace_id="x"} 0.25 1520879607.789\na_created 1.25\n# EOF\n',
    [
      'a: counter',
      'unit a_seconds: seconds',
      { series: '__name__="a_total" b="c"', value: 5, tMs: 1_500, exemplar: 'trace_id="x" 0.25 1520879607789' },
      { series: '__name__="a_created"', value: 1.25 },
    ],
    true,
  )
  check('a_bucket{le="1"} 5 # {} 0.25\n# EOF', [{ series: '__name__="a_bucket" le="1"', value: 5, exemplar: ' 0.25 ' }], true)
  refuse('a 1\n', /no # EOF/, true)
  refuse('a 1\n# EOF\na 2\n', /text after # EOF/, true)
  refuse('a 1\n\n# EOF\n', /expected a value|no metric name/, true)
  refuse('# TYPE a untyped\n# EOF\n', /unknown metric type/, true)
  refuse('# UNIT a_seconds bytes\n# EOF\n', /unit "bytes" is no suffix of metric "a_seconds"/, true)
  check('# HELP a \\"\n# EOF\n', ['help a: "'], true)
})

test('OpenMetrics: one space between the parts of a line, and nothing else', () => {
  for (const line of ['a  1', 'a\t1', ' a 1', 'a{b="c" } 1', 'a {b="c"} 1', 'a 1 ', 'a 1  2', 'a 1\t2', '{ "a"} 1'])
    expect(() => scan(`${line}\n# EOF\n`, true)).toThrow(WireError)
  refuse('a{b="c"d="e"} 1\n# EOF\n', /expected "," or "}"/, true)
  refuse('a{b="c\nd"} 1\n# EOF\n', /line break in a label value/, true)
  refuse('#  TYPE a gauge\n# EOF\n', /unknown line/, true)
  refuse('# TYPE a  gauge\n# EOF\n', /unknown metric type " gauge"/, true)
  refuse('# HELP a\n# EOF\n', /expected a metric name and text after HELP/, true)
  refuse('a 1 NaN\n# EOF\n', /a timestamp must be finite/, true)
})

test('OpenMetrics: an exemplar is checked with its line', () => {
  for (const exemplar of [
    '#{b="c"} 1',
    '# {b="c"}',
    '# {b="c"} 1 2 3',
    '# {b="c"} x',
    '# {"b"} 1',
    '# {b} 1',
    '# b 1',
    '#',
    '# {b="c"} 1 Inf',
  ])
    expect(() => scan(`a 1 ${exemplar}\n# EOF\n`, true)).toThrow(WireError)
  refuse('a 1 # {"b"} 1\n# EOF\n', /a metric name where none may be/, true)
})

test('numbers as Go reads them', () => {
  for (const [text, want] of [
    ['1e3', 1_000],
    ['+5', 5],
    ['.5', 0.5],
    ['5.', 5],
    ['-0', -0],
    ['NaN', NaN],
    ['nan', NaN],
    ['+Inf', Infinity],
    ['-inf', -Infinity],
    ['Infinity', Infinity],
    ['1.7976931348623157e308', Number.MAX_VALUE],
    ['0.1', 0.1],
    ['123456789012345678', 123456789012345680],
  ] as const)
    check(`a ${text}\n`, [{ series: '__name__="a"', value: want }])
  for (const text of ['0x10', '1_000', '1e', '--1', '1e400', '1p3', 'in', '+NaN', '.', '-']) refuse(`a ${text}\n`, /no number/)
})

test('NaN is the NaN of Prometheus, bit for bit', () => {
  const scanner = new TextScanner(encoder.encode('a NaN\n'), { isOpenMetrics: false })
  scanner.next()
  scanner.scanSeries()
  scanner.scanValue()
  expect([scanner.valueHigh, scanner.valueLow]).toEqual([0x7ff8_0000, 1])
})

test('broken lines are refused with their place', () => {
  refuse('a\n', /expected a value/)
  refuse('a{b="c" 1\n', /labels have no end|has no end/)
  refuse('a{b=c} 1\n', /expected a quoted value/)
  refuse('a{b} 1\n', /expected "="/)
  refuse('{"a","b"} 1\n', /a metric name where none may be/)
  refuse('a{"b"} 1\n', /a metric name where none may be/)
  refuse('{a="b"} 1\n', /no metric name/)
  refuse('{b="c"', /no end/)
  refuse('1a 1\n', /text after the series/)
  refuse('a 1 2 3\n', /text after the timestamp at byte 6/)
  refuse('a 1 1.5\n', /no timestamp: "1.5"/)
  refuse('a 1 -5\n', /no timestamp: "-5"/)
  refuse('# TYPE a gizmo\n', /unknown metric type "gizmo"/)
  expect(() => decodeTextSeries(Uint8Array.of(0x61, 0x7b, 0x62, 0x3d, 0x22, 0xff, 0x22, 0x7d), 0, 8)).toThrow(
    expect.objectContaining({ code: 'WIRE_NOT_UTF8' }),
  )
})

test('every double that JavaScript prints is read back', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(scan(`a ${value}\n`)).toEqual([{ series: '__name__="a"', value: Object.is(value, -0) ? 0 : value }])
    }),
    { numRuns: 2_000 },
  )
})

test('a series known from before is accepted only where it ends there', () => {
  const known = new DataView(encoder.encode('a{b="c"}').buffer)
  const at = (text: string): boolean => {
    const scanner = new TextScanner(encoder.encode(text), { isOpenMetrics: false })
    scanner.next()
    return scanner.acceptSeries(known, 0, text.startsWith('a{') ? 8 : 1)
  }
  expect(at('a{b="c"} 1\n')).toBe(true)
  expect(at('a{b="d"} 1\n')).toBe(false)
  expect(at('a 1\n')).toBe(true)
  expect(at('ab 1\n')).toBe(false)
  expect(at('a {b="c"} 1\n')).toBe(false)
})

test('metadata known from before is accepted only as a whole line, and not after the end', () => {
  const line = '# TYPE a counter'
  const known = new DataView(encoder.encode(line).buffer)
  const at = (text: string): boolean => {
    const scanner = new TextScanner(encoder.encode(text), { isOpenMetrics: text.endsWith('# EOF\n') })
    const isAccepted = scanner.acceptMetadata(known, 0, line.length)
    if (isAccepted) expect(scanner.next()).toBe(text.includes('x') ? 'sample' : 'end')
    return isAccepted
  }
  expect(at(`${line}\nx 1\n`)).toBe(true)
  expect(at(`${line}\n# EOF\n`)).toBe(true)
  expect(at(line)).toBe(true)
  expect(at(`${line} \n`)).toBe(false)
  expect(at('# TYPE a counte\n')).toBe(false)
  expect(at('# TYPE b counter\n')).toBe(false)
  const ended = new TextScanner(encoder.encode(`# EOF\n${line}\n`), { isOpenMetrics: true })
  expect(() => ended.next()).toThrow(/text after # EOF/)
  expect(ended.acceptMetadata(known, 0, line.length)).toBe(false)
})

test('broken texts are refused with a WireError and never loop', () => {
  const valid = '# HELP a b\n# TYPE a counter\na{b="c\\"",d="e"} 1.5 12 # {x="y"} 1 2\n{"x y",z="w"} NaN\n# EOF\n'
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(valid.length), fc.constantFrom(...Array.from('{}"\\,=# \n\ta1.\u{0}é')))),
      fc.boolean(),
      (edits, open) => {
        let text = valid
        for (const [at, char] of edits) text = text.slice(0, at) + char + text.slice(at + 1)
        try {
          scan(text, open)
        } catch (error) {
          expect(error).toBeInstanceOf(WireError)
        }
      },
    ),
    { numRuns: 3_000 },
  )
})
