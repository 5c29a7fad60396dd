import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parseRuleFile } from './rule-file.ts'

function problemsOf(text: string, options = {}): readonly string[] {
  return parseRuleFile(text, options).problems
}

const ONE = (rule: string): string => `groups:\n  - name: g\n    rules:\n      - ${rule}\n`

it('every field of groups and rules is read; labels of the group are those of its rules', () => {
  const { groups, problems } = parseRuleFile(`
groups:
  - name: g
    interval: 30s
    limit: 7
    query_offset: 1m
    labels: {team: a, sev: low}
    rules:
      - record: job:up:sum
        expr: sum by (job) (up)
        labels: {sev: high}
      - alert: Down
        expr: up == 0
        for: 5m
        keep_firing_for: 1h
        annotations: {text: "{{ $labels.job }} is down"}
`)
  expect(problems).toEqual([])
  const [group] = groups
  expect(group).toMatchObject({ name: 'g', intervalMs: 30_000, limit: 7, queryOffsetMs: 60_000 })
  const [record, alert] = group?.rules ?? []
  expect(record).toMatchObject({ kind: 'recording', name: 'job:up:sum', place: { line: 9, column: 17 } })
  expect([...(record?.labels ?? [])]).toEqual([
    ['team', 'a'],
    ['sev', 'high'],
  ])
  expect(alert).toMatchObject({ kind: 'alerting', forMs: 300_000, keepFiringForMs: 3_600_000 })
})

it('numbers and booleans are texts where texts are expected, null is nothing', () => {
  expect(problemsOf(ONE('{record: a, expr: 1}'))).toEqual([])
  expect(problemsOf('groups:\n  - name: g\n    rules:\n')).toEqual([])
  expect(problemsOf('')).toEqual([])
  expect(problemsOf(ONE('{alert: a, expr: up, labels: {a: true, b: 1}, annotations: null}'))).toEqual([])
})

it('anchors and merge keys are followed', () => {
  const { groups, problems } = parseRuleFile(
    'groups:\n- name: g\n  rules:\n  - &a\n    alert: A\n    expr: up\n    labels: {x: y}\n  - <<: *a\n    alert: B\n',
  )
  expect(problems).toEqual([])
  expect(groups[0]?.rules.map(({ name, labels }) => [name, labels.get('x')])).toEqual([
    ['A', 'y'],
    ['B', 'y'],
  ])
})

it('what go-yaml refuses is refused with its line', () => {
  const yaml = (line: string): string => `yaml: unmarshal errors:\n  ${line}`
  expect(problemsOf(ONE('{record: a, expr: 1, nope: 2}'))).toEqual([yaml('line 4: field nope not found in type rulefmt.Rule')])
  expect(problemsOf(ONE('{record: a, expr: 1, nope: 2}'), { ignoresUnknownFields: true })).toEqual([])
  expect(problemsOf(ONE('{alert: a, expr: 1, for: 5 m}'))).toEqual([yaml('line 4: not a valid duration string: "5 m"')])
  expect(problemsOf('groups:\n  - name: g\n    limit: x\n')).toEqual([yaml('line 3: cannot unmarshal !!str `x` into int')])
  expect(problemsOf('groups: 1')).toEqual([yaml('line 1: cannot unmarshal !!str `1` into []rulefmt.RuleGroup')])
  expect(problemsOf(ONE('{record: a, record: b, expr: 1}'))).toEqual([yaml('line 4: mapping key "record" already defined')])
  expect(problemsOf('a: [')[0]).toMatch(/^yaml: unmarshal errors:\n {2}line 1: /)
})

it('what rulefmt refuses is refused in its words, with line and column', () => {
  const check = (rule: string, want: string): void => expect([rule, problemsOf(ONE(rule))[0]]).toEqual([rule, want])
  check('{record: a, alert: b, expr: 1}', `4:18: 4:28: group "g", rule 1, "b": only one of 'record' and 'alert' must be set`)
  check('{expr: 1}', `4:16: group "g", rule 1, "": one of 'record' or 'alert' must be set`)
  check('{record: a}', `4:9: group "g", rule 1, "a": field 'expr' must be set in rule`)
  check(
    '{record: a, expr: "1 +"}',
    '4:27: group "g", rule 1, "a": could not parse expression: 1:4: parse error: unexpected end of input',
  )
  check('{record: a, expr: 1, for: 1m}', `4:18: group "g", rule 1, "a": invalid field 'for' in recording rule`)
  check(
    '{record: "a{b}", expr: 1}',
    '4:18: group "g", rule 1, "a{b}": braces present in the recording rule name; should it be in expr?: a{b}',
  )
  check('{record: a, expr: 1, labels: {__name__: x}}', 'group "g", rule 1, "a": invalid label name: __name__')
  check(
    '{alert: a, expr: 1, annotations: {t: "{{ nope }}"}}',
    'group "g", rule 1, "a": annotation "t": template: __alert_a:1: function "nope" not defined',
  )
  expect(problemsOf('groups: [{name: a}, {name: a}, {rules: []}]')).toEqual([
    '1:21: groupname: "a" is repeated in the same file',
    '1:32: Groupname must not be empty',
  ])
  expect(problemsOf(ONE('{record: "a-b", expr: 1}'))).toEqual([])
  expect(problemsOf(ONE('{record: "a-b", expr: 1}'), { names: 'legacy' })).toHaveLength(1)
})

it('only the first of several documents counts, with a word', () => {
  const { groups, notes } = parseRuleFile('groups: [{name: a}]\n---\ngroups: [{name: b}]\n')
  expect([groups.map(({ name }) => name), notes.length]).toEqual([['a'], 1])
})

it('any text is either read or refused by name', () => {
  const piece = fc.constantFrom(
    'groups:',
    '\n',
    '  ',
    '- ',
    'name: ',
    'rules:',
    'expr: ',
    'up',
    'record: ',
    '&a',
    '*a',
    '<<: ',
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    '{{',
    '}}',
    '|',
    '!!int',
  )
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 4 })), { maxLength: 30 }), (pieces) => {
      expect(Array.isArray(problemsOf(pieces.join('')))).toBe(true)
    }),
    { numRuns: 1_000 },
  )
})
