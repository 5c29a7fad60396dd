import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseGoDuration, parsePromDuration, printGoDuration, printPromDuration } from './durations.ts'
import { parseNumberLiteral, printGoNumber, printNumber, printTwoDigits } from './numbers.ts'
import { quote, unquote } from './strings.ts'

describe('durations', () => {
  it('Prometheus durations have units in order, each at most once', () => {
    const check = (text: string, want: number | undefined) => {
      const parsed = parsePromDuration(text)
      expect(parsed.ok ? parsed.value : undefined).toBe(want)
    }
    check('5m', 300_000)
    check('1h30m', 5_400_000)
    check('1d2h3m4s5ms', 93_784_005)
    check('1y', 365 * 86_400_000)
    check('0', 0)
    check('', undefined)
    check('5', undefined)
    check('30m1h', undefined)
    check('1m1m', undefined)
    check('1.5h', undefined)
    check('300y', undefined)
  })

  it('whole Prometheus durations print and read back', () => {
    fc.assert(
      fc.property(fc.nat(10 ** 12), (ms) => {
        expect(parsePromDuration(printPromDuration(ms))).toEqual({ ok: true, value: ms })
      }),
    )
    expect(printPromDuration(-90_000)).toBe('-1m30s')
    expect(printPromDuration(14 * 86_400_000)).toBe('2w')
    expect(printPromDuration(15 * 86_400_000)).toBe('15d')
  })

  it('Go durations take fractions, signs and small units', () => {
    const check = (text: string, want: bigint | undefined) => {
      const parsed = parseGoDuration(text)
      expect(parsed.ok ? parsed.value : undefined).toBe(want)
    }
    check('1.5s', 1_500_000_000n)
    check('-300ms', -300_000_000n)
    check('2us', 2_000n)
    check('1h30m', 5_400_000_000_000n)
    check('.5m', 30_000_000_000n)
    check('1d', 86_400_000_000_000n)
    check('', undefined)
    check('5', undefined)
    check('1h-3m', undefined)
  })

  it('Go durations print as Go prints them and read back', () => {
    expect(printGoDuration(5_400_000_000_000n)).toBe('1h30m0s')
    expect(printGoDuration(1_500_000n)).toBe('1.5ms')
    expect(printGoDuration(-2_000n)).toBe('-2µs')
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }), (ns) => {
        expect(parseGoDuration(printGoDuration(ns))).toEqual({ ok: true, value: ns })
      }),
    )
  })
})

describe('numbers', () => {
  it('literals are read as Go reads them', () => {
    const check = (text: string, want: number | undefined) => expect(parseNumberLiteral(text)).toBe(want)
    check('1_000', 1_000)
    check('.5', 0.5)
    check('5.', 5)
    check('1e3', 1_000)
    check('0x1F', 31)
    check('017', 15)
    check('08', 8)
    check('Inf', Infinity)
    check('nan', NaN)
    check('abc', undefined)
    check('', undefined)
    check('1e', undefined)
  })

  it('sample values print as the Prometheus API prints them and read back', () => {
    expect([1e21, 1e-7, -0, Infinity, 0.1, 1e20].map(printNumber)).toEqual([
      '1e+21',
      '1e-07',
      '-0',
      '+Inf',
      '0.1',
      '100000000000000000000',
    ])
    expect(printGoNumber(0.00005)).toBe('5e-05')
    expect([1e5, 123456, 1e6, 1234567.5, 1e21, -0.0001].map(printGoNumber)).toEqual([
      '100000',
      '123456',
      '1e+06',
      '1.2345675e+06',
      '1e+21',
      '-0.0001',
    ])
    expect([0, 1, 12.34, 99.6, 100, 145, 155, 12.5, 0.000123, 0.0123].map(printTwoDigits)).toEqual([
      '0',
      '1',
      '12',
      '1e+02',
      '1e+02',
      '1.4e+02',
      '1.6e+02',
      '12',
      '0.00012',
      '0.012',
    ])
    fc.assert(
      fc.property(fc.double(), (value) => {
        expect(Number(printNumber(value).replace('Inf', 'Infinity'))).toBe(value)
      }),
    )
  })
})

describe('strings', () => {
  it('literals follow Go', () => {
    const check = (literal: string, want: string | undefined) => {
      const parsed = unquote(literal)
      expect(parsed.ok ? parsed.value : undefined).toBe(want)
    }
    check('"a\\n\\t\\"b\\""', 'a\n\t"b"')
    check("'it\\'s'", "it's")
    check('`raw \\n`', 'raw \\n')
    check('"\\x41\\101\\u00e9\\U0001F600"', 'AAé😀')
    check('"\\xe2\\x82\\xac"', '€')
    check('"\\\'"', undefined)
    check('"\\q"', undefined)
    check('"\\ud800"', undefined)
    check('"open', undefined)
    check('"', undefined)
  })

  it('any text without lone surrogates is quoted and read back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(unquote(quote(text))).toEqual({ ok: true, value: text })
      }),
    )
  })
})
