import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { completePromQL, isBareMetricName } from './complete.ts'

/** Completes where `|` stands. */
function at(text: string): ReturnType<typeof completePromQL> {
  const offset = text.indexOf('|')
  return completePromQL(text.replace('|', ''), offset)
}

const check = (text: string, want: Partial<ReturnType<typeof completePromQL>>): void => expect(at(text), text).toMatchObject(want)

describe('completePromQL', () => {
  it('offers expressions where one starts', () => {
    check('|', { kind: 'expression', from: 0 })
    check('ra|', { kind: 'expression', from: 0 })
    check('sum(ra|', { kind: 'expression', from: 4 })
    check('a + |', { kind: 'expression', choices: ['on (', 'ignoring ('] })
    check('a > |', { kind: 'expression', choices: ['bool', 'on (', 'ignoring ('] })
    check('clamp(a, |', { kind: 'expression', from: 9 })
    check('sum by (job) (|', { kind: 'expression', from: 14 })
  })

  it('offers label names in braces, of the selector as far as it is written', () => {
    check('up{|', { kind: 'label', from: 3, selector: 'up{}' })
    check('up{jo|', { kind: 'label', from: 3, selector: 'up{}' })
    check('up{job="a", i|', { kind: 'label', from: 12, selector: 'up{job="a"}' })
    check('{|', { kind: 'label', from: 1, selector: '' })
    check('{"a.b", |', { kind: 'label', selector: '{"a.b"}' })
    check('rate(up{|}[5m])', { kind: 'label', selector: 'up{}' })
  })

  it('offers values within their quotes', () => {
    check('up{job="|', { kind: 'value', from: 8, label: 'job', selector: 'up{}' })
    check('up{a="x",job=~"f|', { kind: 'value', from: 15, label: 'job', selector: 'up{a="x"}' })
    check('{"service.name"="|', { kind: 'value', label: 'service.name' })
  })

  it('offers labels of what is grouped, before or behind', () => {
    check('sum by (|) (rate(http_total{code="500"}[5m]))', { kind: 'label', from: 8, selector: 'http_total{code="500"}' })
    check('sum(rate(http_total[5m])) by (jo|', { kind: 'label', selector: 'http_total' })
    check('a * on (|', { kind: 'label', selector: 'a' })
    check('sum by (job, |', { kind: 'label', from: 13, selector: '' })
    check('sum by (job |', { kind: 'nothing' })
  })

  it('offers operators behind an operand, and grouping where it may stand', () => {
    expect(at('up |')).toMatchObject({ kind: 'operator', choices: expect.arrayContaining(['+', 'unless', 'offset', '@']) })
    expect(at('sum(up) |')).toMatchObject({ kind: 'operator', choices: expect.arrayContaining(['by (', 'and']) })
    expect(at('sum |')).toMatchObject({ kind: 'operator', choices: ['by (', 'without ('] })
    expect(at('rate(up[5m]) |')).not.toMatchObject({ choices: expect.arrayContaining(['by (']) })
    check('a / on (job) |', { kind: 'expression', choices: ['group_left', 'group_right'] })
    check('up @ |', { kind: 'operator', choices: ['start()', 'end()'] })
    check('up{job|', { kind: 'label' })
    check('up{job |', { kind: 'matcher', choices: ['=', '!=', '=~', '!~'] })
  })

  it('offers durations in brackets and behind offset, with the number that is typed', () => {
    check('rate(up[|', { kind: 'duration', from: 8 })
    expect(at('rate(up[15|')).toMatchObject({ kind: 'duration', from: 8, choices: expect.arrayContaining(['15s', '15m']) })
    check('up offset |', { kind: 'duration', from: 10 })
    check('max_over_time(up[1h:|', { kind: 'duration' })
  })

  it('offers nothing in free text and within numbers', () => {
    check('label_replace(up, "a|', { kind: 'nothing' })
    check('up > 12|', { kind: 'nothing' })
  })

  it('never throws and never points outside the text', () => {
    const piece = fc.constantFrom(
      'up',
      'sum',
      ' by ',
      '(',
      ')',
      '{',
      '}',
      '[',
      ']',
      '"',
      "'",
      'job',
      '=',
      '=~',
      ',',
      '5m',
      '12',
      ' ',
      '\n',
      '€',
      '!',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), fc.nat(60), (pieces, place) => {
        const text = pieces.join('')
        const offset = Math.min(place, text.length)
        const { from } = completePromQL(text, offset)
        return from >= 0 && from <= offset
      }),
      { numRuns: 2_000 },
    )
  })
})

it('isBareMetricName knows which names need braces', () => {
  expect(['up', 'job:up:sum', '_a1'].every(isBareMetricName)).toBe(true)
  expect(['http.requests', '1up', '', 'a-b', 'ünit'].some(isBareMetricName)).toBe(false)
})
