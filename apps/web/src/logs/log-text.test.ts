import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { withFilter } from './log-filter.ts'
import { readLogText } from './log-text.ts'

describe('readLogText', () => {
  it('finds the message of a JSON line and leaves out level and time', () => {
    expect(readLogText('{"level":"info","time":1,"msg":"paid","amount":5}')).toEqual({ message: 'paid', fields: { amount: '5' } })
  })
  it('finds the message of a logfmt line, quotes included', () => {
    expect(readLogText(String.raw`level=warn msg="slow \"query\"" ms=12`)).toEqual({
      message: 'slow "query"',
      fields: { ms: '12' },
    })
  })
  it('keeps a sentence with one pair in it whole', () => {
    const line = 'retrying with backoff=2s'
    expect(readLogText(line)).toEqual({ message: line, fields: {} })
  })
  it('keeps broken JSON as it is', () => expect(readLogText('{"msg":').message).toBe('{"msg":'))
  it('never throws', () => fc.assert(fc.property(fc.string(), (line) => typeof readLogText(line).message === 'string')))
})

describe('withFilter', () => {
  it('adds a filter at the end', () =>
    expect(withFilter('{a="b"}', { key: 'level', op: '=', value: 'x"y' })).toBe(String.raw`{a="b"} | level="x\"y"`))
  it('replaces an equal filter on the same key', () => {
    expect(withFilter('{a="b"} | level="info" | json', { key: 'level', op: '=', value: 'error' })).toBe(
      '{a="b"} | level="error" | json',
    )
  })
  it('adds no filter twice', () => {
    const query = '{a="b"} | k!="v"'
    expect(withFilter(query, { key: 'k', op: '!=', value: 'v' })).toBe(query)
  })
})
