import { expect, test } from 'vitest'
import { openConfig } from './config-reader.ts'
import { readRelabelRules } from './relabel-config.ts'
import { relabel } from './relabel.ts'
import type { RelabelRule } from './relabel.ts'

function rules(yaml: string): RelabelRule[] {
  return readRelabelRules(openConfig('test.yml', `relabel_configs:\n${yaml}`, []), 'relabel_configs')
}

/** Labels after the rules, `dropped` where they drop. */
function check(labels: Record<string, string>, yaml: string, want: Record<string, string> | 'dropped'): void {
  const map = new Map(Object.entries(labels))
  const isKept = relabel(map, rules(yaml))
  expect(isKept ? Object.fromEntries(map) : 'dropped').toEqual(want)
}

test('replace sets, expands, deletes, and leaves alone what does not match', () => {
  check({ a: 'foo' }, '- { source_labels: [a], target_label: d, regex: "f(.*)", replacement: "ch${1}-ch${1}" }', {
    a: 'foo',
    d: 'choo-choo',
  })
  check({ a: 'foo', b: 'bar' }, '- { source_labels: [a, b], target_label: a, regex: "foo;(b.*)" , replacement: "$1$$x" }', {
    a: 'bar$x',
    b: 'bar',
  })
  check({ a: 'foo' }, '- { source_labels: [a], target_label: d, regex: oo, replacement: x }', { a: 'foo' })
  check({ a: 'foo' }, '- { source_labels: [none], target_label: a, replacement: "" }', {})
  check({ a: 'foo' }, '- { target_label: b, replacement: static }', { a: 'foo', b: 'static' })
  check(
    { a: 'some-name-value' },
    '- { source_labels: [a], regex: "some-([^-]+)-([^,]+)", target_label: "${1}", replacement: "${2}" }',
    { a: 'some-name-value', name: 'value' },
  )
  check({ a: 'foo' }, '- { source_labels: [a], regex: "(?P<x>f)(oo)", target_label: b, replacement: "${x}$1x|$9|$" }', {
    a: 'foo',
    b: 'f||$',
  })
  check({ a: 'x\ny' }, '- { source_labels: [a], target_label: b, regex: "(x.y)" }', { a: 'x\ny', b: 'x\ny' })
})

test('keep, drop and their equal forms', () => {
  check({ a: 'foo' }, '- { source_labels: [a], regex: fo, action: keep }', 'dropped')
  check({ a: 'foo' }, '- { source_labels: [a], regex: "fo+", action: KEEP }', { a: 'foo' })
  check({ a: 'foo' }, '- { source_labels: [a], regex: foo, action: drop }', 'dropped')
  check({ a: 'x', b: 'x' }, '- { source_labels: [a], target_label: b, action: keepequal }', { a: 'x', b: 'x' })
  check({ a: 'x', b: 'y' }, '- { source_labels: [a], target_label: b, action: keepequal }', 'dropped')
  check({ a: 'x', b: 'x' }, '- { source_labels: [a], target_label: b, action: dropequal }', 'dropped')
})

test('hashmod gives the numbers of Prometheus', () => {
  check({ c: 'baz' }, '- { source_labels: [c], target_label: d, separator: ";", action: hashmod, modulus: 1000 }', {
    c: 'baz',
    d: '976',
  })
  check({ c: 'foo\nbar' }, '- { source_labels: [c], target_label: d, action: hashmod, modulus: 1000 }', {
    c: 'foo\nbar',
    d: '734',
  })
})

test('labelmap, labeldrop, labelkeep, lowercase and uppercase', () => {
  check({ __meta_my_a: '1', b: '2' }, '- { regex: "__meta_(my.*)", action: labelmap, replacement: "x_${1}" }', {
    __meta_my_a: '1',
    b: '2',
    x_my_a: '1',
  })
  check({ a: '1', b1: '2', b2: '3' }, '- { regex: "b.*", action: labeldrop }', { a: '1' })
  check({ a: '1', b1: '2' }, '- { regex: "b.*", action: labelkeep }', { b1: '2' })
  check(
    { a: 'BaR' },
    '- { source_labels: [a], action: lowercase, target_label: l }\n- { source_labels: [a], action: uppercase, target_label: u }',
    { a: 'BaR', l: 'bar', u: 'BAR' },
  )
})

test('a YAML boolean in regex or replacement is text', () => {
  check({ a: 'true' }, '- { source_labels: [a], regex: true, target_label: b, replacement: yes }', { a: 'true', b: 'yes' })
})

test('rules that Prometheus refuses are refused, with their line', () => {
  for (const [yaml, reason] of [
    ['- { action: jump }', /test.yml:2 .*unknown relabel action "jump"/],
    ['- { source_labels: [a] }', /needs target_label/],
    ['- { action: hashmod, target_label: b }', /needs a modulus/],
    ['- { action: labeldrop, regex: a, source_labels: [b] }', /takes only regex/],
    ['- { action: keepequal, source_labels: [a], target_label: b, regex: x }', /takes only source_labels and target_label/],
    ['- { source_labels: [a], target_label: b, regex: "(" }', /cannot compile regex/],
  ] as const)
    expect(() => rules(yaml)).toThrow(reason)
})
