import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { checkConfigs } from './check.ts'
import { checkExposition } from './check-metrics.ts'
import { checkRules } from './check-rules.ts'
import { testRules } from './test-rules.ts'

let directory = ''
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'oriel-check-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

function write(name: string, text: string): string {
  const file = join(directory, name)
  writeFileSync(file, text)
  return file
}

const GOOD = 'groups: [{name: g, rules: [{record: r, expr: up}, {record: r, expr: up, labels: {a: b}}]}]'
const TWICE = 'groups:\n- name: g\n  rules:\n  - {record: r, expr: up}\n  - {record: r, expr: down}\n'

it('good rules exit with 0, bad ones with 1 and their place, duplicates with 3 where lint is fatal', () => {
  const good = write('good.yml', GOOD)
  const bad = write('bad.yml', 'groups: [{name: g, rules: [{record: r, expr: "up +"}]}]')
  const twice = write('twice.yml', TWICE)
  expect(checkRules([good], { lint: 'all' })).toEqual({
    text: `Checking ${good}\n  SUCCESS: 2 rules found\n\n`,
    errors: '',
    exitCode: 0,
  })
  const failed = checkRules([good, bad], { lint: 'all' })
  expect(failed.exitCode).toBe(1)
  expect(failed.errors).toBe(
    `  FAILED:\n${bad}: 1:46: group "g", rule 1, "r": could not parse expression: 1:5: parse error: unexpected end of input\n`,
  )
  expect(checkRules([twice], { lint: 'duplicate-rules' }).exitCode).toBe(0)
  const fatal = checkRules([twice], { lint: 'duplicate-rules', lintFatal: true })
  expect([fatal.exitCode, fatal.errors]).toEqual([3, expect.stringContaining('Line(s): 4, 5')])
  expect(checkRules([twice], { lint: 'none', lintFatal: true }).exitCode).toBe(0)
  expect(checkRules([join(directory, 'none.yml')], { lint: 'all' }).exitCode).toBe(1)
})

it('a prometheus.yml is checked with the files it names', () => {
  const base = { lint: 'duplicate-rules', lookbackDelta: '5m' }
  write('twice.yml', TWICE)
  const config = write('prometheus.yml', 'rule_files: [twice.yml]\nscrape_configs: [{job_name: a, scrape_interval: 10m}]\n')
  expect(checkConfigs([config], base).exitCode).toBe(0)
  expect(checkConfigs([config], { ...base, lintFatal: true }).exitCode).toBe(3)
  expect(checkConfigs([config], { ...base, lint: 'too-long-scrape-interval' }).errors).toMatch(/too long scrape interval found/)
  const missing = write('prometheus-missing.yml', 'rule_files: [nope.yml]\n')
  expect(checkConfigs([missing], base)).toMatchObject({
    exitCode: 1,
    errors: '  FAILED: "nope.yml" does not point to an existing file\n',
  })
  expect(checkConfigs([missing], { ...base, syntaxOnly: true }).exitCode).toBe(0)
})

it('an oriel.yaml is checked with its prometheus.yml and its rules', () => {
  write('bad-rules.yml', 'groups: [{rules: []}]')
  const own = write('oriel.yaml', 'rules: [bad-rules.yml]\n')
  const checked = checkConfigs([own], { lint: 'all', lookbackDelta: '5m' })
  expect(checked.exitCode).toBe(1)
  expect(checked.text).toContain(`SUCCESS: ${own} is a valid configuration`)
  expect(checked.errors).toContain('Groupname must not be empty')
})

it('metrics are linted in the words of promlint, and counted', () => {
  const check = (text: string, flags = { lint: 'all' }) => checkExposition(Buffer.from(text), flags)
  expect(check('# HELP a_seconds A.\n# TYPE a_seconds gauge\na_seconds 1\n')).toEqual({ text: '', errors: '', exitCode: 0 })
  expect(check('# TYPE requestTime_ms counter\nrequestTime_ms{le="1"} 1\n').errors).toBe(
    `requestTime_ms counter metrics should have "_total" suffix
requestTime_ms metric names should not contain abbreviated units
requestTime_ms metric names should be written in 'snake_case' not 'camelCase'
requestTime_ms no help text
requestTime_ms non-histogram metrics should not have "le" label
`
      .split('\n')
      .filter((line) => line !== '')
      .sort()
      .map((line) => `${line}\n`)
      .join(''),
  )
  expect(check('a{').exitCode).toBe(1)
  expect(check('a 1 0.5\n').errors).toMatch(/line 1: expected integer as timestamp/)
  const histogram = '# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\nb 1\n'
  const counted = checkExposition(Buffer.from(histogram), { lint: 'none', extended: true })
  expect(counted.text.split('\n').map((line) => line.split(/\s+/).slice(0, 2).join(' '))).toEqual([
    'Metric Cardinality',
    'h 4',
    'b 1',
    'Total 5',
    '',
  ])
})

it('unit tests run on their rules; what is expected otherwise is shown, as JSON and as a difference too', async () => {
  write('rules.yml', 'groups: [{name: g, rules: [{alert: Down, expr: up == 0, for: 2m, labels: {sev: page}}]}]')
  const test = (name: string, at: string, alerts: string) =>
    write(
      name,
      `rule_files: [rules.yml]\ntests:\n- name: t\n  input_series: [{series: 'up{i="a"}', values: 0x10}]\n  alert_rule_test: [{eval_time: ${at}, alertname: Down, exp_alerts: ${alerts}}]\n`,
    )
  const good = test('good-test.yml', '2m', '[{exp_labels: {i: a, sev: page}}]')
  expect(await testRules([good], {})).toEqual({ text: `Unit Testing:  ${good}\n  SUCCESS: 1 test\n`, errors: '', exitCode: 0 })
  const bad = test('bad-test.yml', '1m', '[{exp_labels: {i: a, sev: page}}]')
  const failed = await testRules([bad], {})
  expect([failed.exitCode, failed.text]).toEqual([1, expect.stringContaining('got:[]')])
  expect((await testRules([bad], { run: ['other'] })).exitCode).toBe(0)
  expect((await testRules([bad], { diff: true })).text).toContain('        -       "sev": "page"')
  expect(JSON.parse((await testRules([bad], { json: true })).text)).toMatchObject([
    { isGood: false, tests: [{ name: 't', line: 3, failures: [{ kind: 'alert', got: [] }] }] },
  ])
})
