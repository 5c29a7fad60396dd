import { describe, expect, it } from 'vitest'
import { placeAt } from './place.ts'

describe('placeAt', () => {
  const check = (text: string, want: object): void => expect(placeAt(text), text).toMatchObject(want)

  it('offers names at the start, after an operator and within a call', () => {
    check('', { kind: 'name', from: 0 })
    check('htt', { kind: 'name', from: 0 })
    check('rate(ht', { kind: 'name', from: 5 })
    check('a + b', { kind: 'name', from: 4 })
  })
  it('offers labels within braces, knowing the selector so far', () => {
    check('up{', { kind: 'label', from: 3, selector: 'up{}' })
    check('up{job="a", in', { kind: 'label', from: 12, selector: 'up{job="a"}' })
    check('{', { kind: 'label', selector: '' })
  })
  it('offers labels to group by', () => check('sum by (jo', { kind: 'label', from: 8 }))
  it('offers values within quotes', () => {
    check('up{job="pa', { kind: 'value', label: 'job', from: 8, selector: 'up{}' })
    check('up{a="1",job=~"', { kind: 'value', label: 'job', selector: 'up{a="1"}' })
  })
  it('offers nothing within a range or after a whole matcher', () => {
    check('rate(x[5', { kind: 'none' })
    check('up{job="a"', { kind: 'none' })
  })
})
