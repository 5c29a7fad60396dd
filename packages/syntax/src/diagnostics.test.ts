import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { diagnosticError, printDiagnostic } from './diagnostics.ts'
import { parseMatchers, printMatchers, printSeries } from './matchers.ts'
import { printPlace } from './span.ts'

describe('places', () => {
  it('lines and columns count from 1, columns in UTF-8 bytes', () => {
    expect(printPlace('abc', 0)).toBe('1:1')
    expect(printPlace('a\nbc', 3)).toBe('2:2')
    expect(printPlace('é = x', 4)).toBe('1:6')
  })

  it('a diagnostic shows its line with carets below', () => {
    const diagnostic = {
      severity: 'error',
      code: 'QUERY_SYNTAX',
      message: 'unexpected "}"',
      span: { start: 13, end: 15 },
    } as const
    expect(printDiagnostic('sum(\n  rate(foo)\n)', diagnostic)).toBe('2:9: error: unexpected "}"\n    rate(foo)\n          ^^')
    expect(diagnosticError('sum(\n  rate(foo)\n)', diagnostic)).toMatchObject({
      code: 'QUERY_SYNTAX',
      message: '2:9: parse error: unexpected "}"',
      span: { start: 13, end: 15 },
    })
  })
})

describe('matchers', () => {
  it('lists are read with every operator, quote and a trailing comma', () => {
    const text = `{a="1", b!='2', "c d"=~\`x|y\`, e!~"z",} rest`
    const { matchers, errors, end } = parseMatchers(text, 0)
    expect(errors).toEqual([])
    expect(text.slice(end)).toBe(' rest')
    expect(printMatchers(matchers)).toBe('{a="1",b!="2","c d"=~"x|y",e!~"z"}')
  })

  it('every error of a list is reported', () => {
    const { matchers, errors } = parseMatchers('{a, b=1, c="ok", d=~"("}', 0)
    expect(matchers).toEqual([{ name: 'c', op: '=', value: 'ok' }])
    expect(errors.map(({ message }) => message.split(':')[0])).toEqual([
      'expected label matching operator',
      'expected string',
      'cannot compile regex "("',
    ])
  })

  it('never throws and ends inside the text', () => {
    const piece = fc.constantFrom('{', '}', ',', '=', '!=', '=~', '"a"', "'", 'name', ' ', '(')
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const text = `{${pieces.join('')}`
        expect(parseMatchers(text, 0).end).toBeLessThanOrEqual(text.length)
      }),
    )
  })

  it('series print as Prometheus shows them', () => {
    expect(
      printSeries([
        { name: '__name__', value: 'up' },
        { name: 'job', value: 'a"b' },
      ]),
    ).toBe('up{job="a\\"b"}')
    expect(printSeries([{ name: '__name__', value: 'ünï' }])).toBe('{"ünï"}')
    expect(printSeries([])).toBe('{}')
  })
})
