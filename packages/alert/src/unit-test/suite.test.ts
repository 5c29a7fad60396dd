import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DEFAULT_FEATURES } from '@oriel/promql'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runTestFile } from './suite.ts'

let directory = ''
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'oriel-unit-test-'))
  writeFileSync(join(directory, 'rules.yml'), RULES)
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const RULES = `groups:
- name: second
  rules: [{record: b, expr: a * 2}]
- name: first
  rules: [{record: a, expr: 'count_over_time(x[5m])'}]
`

async function run(text: string): Promise<{ problem: string; messages: string[] }> {
  const file = join(directory, 'test.yml')
  writeFileSync(file, text)
  const { problem, tests } = await runTestFile(file, { features: DEFAULT_FEATURES, only: [], ignoresUnknownFields: false })
  return { problem, messages: tests.flatMap(({ failures }) => failures.map(({ message }) => message)) }
}

const query = (expr: string, at: string, samples: string): string =>
  `{expr: '${expr}', eval_time: ${at}, exp_samples: ${samples}}`

it('groups run in the order that is asked for', async () => {
  const test = (order: string, expected: string) =>
    `rule_files: [rules.yml]\n${order}tests: [{input_series: [{series: x, values: 1x9}], promql_expr_test: [${query('b', '1m', expected)}]}]`
  expect(await run(test('group_eval_order: [first, second]\n', '[{labels: b, value: 4}]'))).toEqual({ problem: '', messages: [] })
  expect(await run(test('group_eval_order: [second, first]\n', '[{labels: b, value: 2}]'))).toEqual({ problem: '', messages: [] })
  expect((await run(test('group_eval_order: [a, a]\n', '[]'))).problem).toBe('group name repeated in evaluation order: a')
})

it('nothing reads what comes later: series grow with the clock', async () => {
  const test = `rule_files: []\ntests: [{input_series: [{series: x, values: 1 2 3 4}], promql_expr_test: [${query('last_over_time(x[1m] offset -4m)', '1m', '[]')}, ${query('x', '59s', '[{labels: x, value: 1}]')}]}]`
  expect((await run(test)).messages).toEqual([])
})

it('native histograms go in and are compared with their hints', async () => {
  const values = '{{count:2 sum:3 buckets:[2]}}+{{count:1 sum:1.3 buckets:[1]}}x2'
  const test = (expected: string) =>
    `tests: [{input_series: [{series: h, values: '${values}'}], promql_expr_test: [${query('h', '2m', `[{labels: h, histogram: '${expected}'}]`)}]}]`
  expect((await run(test('{{count:4 sum:5.6 counter_reset_hint:not_reset buckets:[4]}}'))).messages).toEqual([])
  expect((await run(test('{{count:4 sum:5.6 buckets:[4]}}'))).messages).toEqual([
    '    expr: "h", time: 2m,\n        exp: {__name__="h"} {{count:4 sum:5.6 buckets:[4]}}\n        got: {__name__="h"} {{count:4 sum:5.6 counter_reset_hint:not_reset buckets:[4]}}',
  ])
})

it('the first histogram of a series continues nothing', async () => {
  const test = `tests: [{input_series: [{series: h, values: '{{count:2 buckets:[2]}}'}], promql_expr_test: [{expr: h, eval_time: 1m, exp_samples: [{labels: h, histogram: '{{count:2 buckets:[2]}}'}]}]}]`
  expect((await run(test)).messages).toEqual([])
})

it('floats are compared bit by bit, or to the next bit where the file says so', async () => {
  const test = (fuzzy: string) =>
    `${fuzzy}tests: [{input_series: [{series: x, values: 2.9999999999999996}], promql_expr_test: [${query('x', '0', '[{labels: x, value: 3}]')}]}]`
  expect((await run(test(''))).messages).toHaveLength(1)
  expect((await run(test('fuzzy_compare: true\n'))).messages).toEqual([])
})

it('what is wrong with a file is told with its line', async () => {
  expect((await run('tests: [{inputs: []}]')).problem).toBe(
    'yaml: unmarshal errors:\n  line 1: field inputs not found in type main.testGroup',
  )
  expect((await run("tests: [{input_series: [{series: 'x{', values: 1}]}]")).messages[0]).toMatch(/^invalid series "x\{ 1"/)
  expect((await run('tests: [{alert_rule_test: [{eval_time: 1m}]}]')).messages).toEqual([
    'an item under alert_rule_test misses required attribute alertname at eval_time 1m',
  ])
})
