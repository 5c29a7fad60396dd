import { compileRegex, makeLabels } from '@oriel/model'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { expandTemplate } from './expand.ts'
import { compareNatural } from './natural.ts'
import { ratioOffset, xxhash64 } from './ratio.ts'
import { parseScript } from './testing/script.ts'
import { parseSeriesLine } from './testing/series.ts'

describe('xxhash64', () => {
  it('has the published values', () => {
    const check = (text: string, want: bigint) => expect(xxhash64(new TextEncoder().encode(text))).toBe(want)
    check('', 0xef46_db37_51d8_e999n)
    check('a', 0xd24e_c4f1_a98c_6e5bn)
    check('abc', 0x44bc_2cf5_ad77_0999n)
    check('Nobody inspects the spammish repetition', 0xfbce_a83c_8a37_8bf1n)
  })

  it('places every series between 0 and 1, always at the same place', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), fc.string()), (record) => {
        const offset = ratioOffset(makeLabels(Object.entries(record)))
        expect(offset >= 0 && offset <= 1).toBe(true)
        expect(ratioOffset(makeLabels(Object.entries(record).toReversed()))).toBe(offset)
      }),
    )
  })
})

describe('templates', () => {
  it('expand as in Go: the longest name counts, an unknown one is empty', () => {
    const check = (template: string, want: string) => {
      const matcher = compileRegex('(?P<word>[a-z]+)-(\\d+)').matcher('abc-42')
      expect(matcher.matches()).toBe(true)
      expect(expandTemplate(template, matcher)).toBe(want)
    }
    check('$1/$2', 'abc/42')
    check('${1}x', 'abcx')
    check('$1x', '')
    check('$word', 'abc')
    check('$$1', '$1')
    check('$9', '')
    check('$', '$')
  })
})

describe('natural order', () => {
  it('runs of digits count as numbers', () => {
    expect(['a10', 'a9', 'b', 'a', 'a09'].sort(compareNatural)).toEqual(['a', 'a9', 'a09', 'a10', 'b'])
  })

  it('is an order', () => {
    const text = fc.stringMatching(/^[ab0-9]{0,6}$/)
    fc.assert(
      fc.property(text, text, text, (a, b, c) => {
        expect(Math.sign(compareNatural(a, b)) + Math.sign(compareNatural(b, a))).toBe(0)
        if (compareNatural(a, b) <= 0 && compareNatural(b, c) <= 0) expect(compareNatural(a, c)).toBeLessThanOrEqual(0)
      }),
    )
  })
})

describe('series notation', () => {
  it('repeats, steps, gaps and markers are written out', () => {
    const { labels, values } = parseSeriesLine(`m{a="b", "c d"='e'} 1 -2+3x2 _x2 stale 5x1 NaN {{sum:1}}x1`)
    expect(labels).toEqual(
      makeLabels([
        ['__name__', 'm'],
        ['a', 'b'],
        ['c d', 'e'],
      ]),
    )
    expect(values.map((value) => (value.kind === 'value' ? value.value : value.kind))).toEqual([
      1,
      -2,
      1,
      4,
      'omitted',
      'omitted',
      'stale',
      5,
      5,
      NaN,
      'histogram',
      'histogram',
    ])
  })

  it('what is no series is refused', () => {
    for (const text of ['m{a=} 1', 'm 1y', 'm 1+2', 'm {{sum:1', 'm{a="b" 1']) expect(() => parseSeriesLine(text)).toThrow()
  })

  it('a command that is not understood is kept as unknown, with its line', () => {
    expect(parseScript('# note\n\nload 1x\n  a 1\n\nclear\n')).toMatchObject([
      { kind: 'unknown', line: 3 },
      { kind: 'clear', line: 6 },
    ])
  })
})
