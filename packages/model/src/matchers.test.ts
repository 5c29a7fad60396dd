import { expect, test } from 'vitest'
import { compareLabels, labelsKey, labelsOf, makeLabels, withLabel } from './labels.ts'
import type { MatchOp } from './matchers.ts'
import { compileMatcher, compileMatchers, matchesEmpty } from './matchers.ts'
import { MAX_PATTERN_LENGTH, compileAnchored, literalAlternatives } from './regex.ts'

function check(op: MatchOp, pattern: string, value: string, want: boolean): void {
  expect(compileMatcher({ name: 'l', op, value: pattern })(value), `${value} ${op} ${pattern}`).toBe(want)
}

test('matchers compare whole values, with RE2 and a dot that spans lines', () => {
  check('=', 'a', 'a', true)
  check('=', 'a', 'ab', false)
  check('!=', 'a', '', true)
  check('=~', 'a.*', 'ab', true)
  check('=~', 'a', 'ab', false)
  check('=~', 'a.b', 'a\nb', true)
  check('=~', '2..', '204', true)
  check('!~', '2..', '204', false)
  check('=~', 'GET|POST', 'POST', true)
  check('=~', 'GET|POST', 'GET|POST', false)
  check('=~', '(?i)error', 'ERROR', true)
  check('=~', '', '', true)
})

test('an absent label has the value of an empty one', () => {
  const labels = labelsOf({ job: 'api' })
  expect(compileMatchers([{ name: 'env', op: '=', value: '' }])(labels)).toBe(true)
  expect(compileMatchers([{ name: 'env', op: '!~', value: 'prod' }])(labels)).toBe(true)
  expect(matchesEmpty({ name: 'env', op: '=~', value: '.*' })).toBe(true)
  expect(matchesEmpty({ name: 'env', op: '=~', value: '.+' })).toBe(false)
})

test('a pattern that would hang a backtracking engine answers at once', () => {
  expect(compileAnchored('(a+)+$')(`${'a'.repeat(40)}!`)).toBe(false)
})

test('a pattern that RE2 does not know is refused by name', () => {
  expect(() => compileAnchored('(?=look)ahead')).toThrow(/cannot compile regex "\(\?=look\)ahead"/)
  expect(() => compileAnchored(`${'x'.repeat(MAX_PATTERN_LENGTH)}.`)).toThrow(/limit 4096/)
})

test('only plain alternatives count as literals', () => {
  expect(literalAlternatives('a|b|')).toEqual(['a', 'b', ''])
  expect(literalAlternatives('a|b.')).toBeUndefined()
})

test('labels are sorted, without empty values, and keyed by content', () => {
  const labels = makeLabels([
    ['b', '2'],
    ['a', '1'],
    ['c', ''],
  ])
  expect(labels.map(({ name }) => name)).toEqual(['a', 'b'])
  expect(labelsKey(labels)).toBe(labelsKey(labelsOf({ a: '1', b: '2' })))
  expect(labelsKey(labelsOf({ a: '1b' }))).not.toBe(labelsKey(labelsOf({ a: '1', b: '' })))
  expect(labelsKey(labelsOf({ a: 'x\u{2}b\u{1}y' }))).not.toBe(labelsKey(labelsOf({ a: 'x', b: 'y' })))
  expect(withLabel(labels, 'a', '')).toEqual([{ name: 'b', value: '2' }])
  expect(compareLabels(labelsOf({ a: '1' }), labels)).toBeLessThan(0)
})
