// Results of tests in the XML of JUnit, for build servers. Source: Prometheus 3.14 util/junitxml.

import type { FileResult, TestResult } from '@oriel/alert/unit-test'

/** Prints results, a suite for each file; a file that could not be run has one test, with the error. */
export function printJunit(results: readonly FileResult[], nowMs: number): string {
  return `<testsuites>${results.map((result) => printSuite(result, nowMs)).join('')}</testsuites>`
}

function printSuite({ file, problem, tests }: FileResult, nowMs: number): string {
  const isRun = problem === ''
  const failures = tests.reduce((sum, test) => sum + test.failures.length, 0)
  const time = isRun ? new Date(nowMs).toISOString().slice(0, 'YYYY-MM-DDThh:mm:ss'.length) : ''
  const counts = `tests="${isRun ? tests.length : 1}" failures="${failures}" errors="${isRun ? 0 : 1}" skipped="0"`
  const cases = isRun ? tests.map(printCase).join('') : `<testcase name="unknown"><error>${escape(problem)}</error></testcase>`
  return `<testsuite name="${escape(file)}" ${counts} timestamp="${time}">${cases}</testsuite>`
}

function printCase({ name, failures }: TestResult): string {
  const failed = failures.map(({ message }) => `<failure>${escape(message)}</failure>`).join('')
  return `<testcase name="${escape(name)}">${failed}</testcase>`
}

/** Text for elements and attributes; what XML has no room for becomes U+FFFD. */
function escape(text: string): string {
  // oxlint-disable-next-line no-control-regex
  const allowed = text.replaceAll(/[\u{0}-\u{8}\u{b}\u{c}\u{e}-\u{1f}\u{fffe}\u{ffff}]/gu, '\u{fffd}')
  return allowed.replaceAll(/[&<>"'\t\n\r]/g, (character) => ENTITIES[character] ?? character)
}

// As Go's encoding/xml writes them.
const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
  '\t': '&#x9;',
  '\n': '&#xA;',
  '\r': '&#xD;',
}
