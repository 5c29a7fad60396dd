import { expect, it } from 'vitest'
import { printJunit } from './junit.ts'

const NOON_MS = Date.UTC(2026, 2, 14, 12)

it('a suite a file, a case a test, and what was wrong in each', () => {
  const failures = [{ kind: 'error', message: 'a < "b"\n\u{1}' } as const]
  const tests = [
    { name: 'good', line: 3, failures: [] },
    { name: 'bad & worse', line: 9, failures },
  ]
  expect(printJunit([{ file: 't.yml', problem: '', warnings: [], tests }], NOON_MS)).toBe(
    '<testsuites><testsuite name="t.yml" tests="2" failures="1" errors="0" skipped="0" timestamp="2026-03-14T12:00:00">' +
      '<testcase name="good"></testcase><testcase name="bad &amp; worse"><failure>a &lt; &#34;b&#34;&#xA;\u{fffd}</failure></testcase>' +
      '</testsuite></testsuites>',
  )
})

it('a file that could not be run is an error', () => {
  expect(printJunit([{ file: 't.yml', problem: 'no such file', warnings: [], tests: [] }], NOON_MS)).toBe(
    '<testsuites><testsuite name="t.yml" tests="1" failures="0" errors="1" skipped="0" timestamp="">' +
      '<testcase name="unknown"><error>no such file</error></testcase></testsuite></testsuites>',
  )
})
