import { expect, test } from 'vitest'
import { draftRule, isStructural, ruleText } from './rule-draft.ts'

test('a rule about a part of a histogram is about all its parts, any other about its metric alone', () => {
  expect(draftRule('drop', 'a.b_bucket', [])).toEqual({
    action: 'drop',
    metric: String.raw`a\.b_(bucket|count|sum)`,
    isPattern: true,
    labels: [],
  })
  expect(draftRule('drop_labels', 'x_total', ['user'])).toMatchObject({ metric: 'x_total', isPattern: false })
  expect(draftRule('drop', '_count', [])).toMatchObject({ metric: '_count', isPattern: false })
})

test('a rule is said in words', () => {
  const check = (action: 'drop' | 'drop_labels' | 'keep_labels', labels: string[], want: string) =>
    expect(ruleText({ action, metric: 'm', isPattern: false, labels })).toBe(want)
  check('drop', [], 'Drop m')
  check('drop_labels', ['a', 'b'], 'Drop a, b of m')
  check('keep_labels', ['a'], 'Keep only a of m')
  check('keep_labels', [], 'Keep no label of m')
  expect([isStructural('le'), isStructural('path')]).toEqual([true, false])
})
