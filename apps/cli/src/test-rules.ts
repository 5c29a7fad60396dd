// `oriel test rules`, as promtool has it.

import { writeFileSync } from 'node:fs'
import type { FileResult, TestFailure } from '@oriel/alert/unit-test'
import { runTestFile } from '@oriel/alert/unit-test'
import { labelsToRecord } from '@oriel/model'
import { featuresOfFlags } from '@oriel/promql/syntax'
import { printJunit } from './junit.ts'
import type { Outcome } from './outcome.ts'
import { EXIT } from './outcome.ts'

/** Flags of `oriel test rules`. */
export interface TestRulesFlags {
  readonly run?: readonly string[]
  readonly diff?: boolean
  readonly debug?: boolean
  /** File that takes the results as JUnit's XML. */
  readonly junit?: string
  readonly json?: boolean
  readonly ignoreUnknownFields?: boolean
  readonly enableFeature?: string
}

/** Runs unit-test files. */
export async function testRules(files: readonly string[], flags: TestRulesFlags): Promise<Outcome> {
  const options = {
    features: featuresOfFlags((flags.enableFeature ?? '').split(',')),
    only: flags.run ?? [],
    ignoresUnknownFields: flags.ignoreUnknownFields === true,
  }
  const debugged: string[] = []
  const debug = flags.debug === true ? { debug: (text: string) => void debugged.push(`DEBUG: ${text}\n`) } : {}
  const results: FileResult[] = []
  for (const file of files) results.push(await runTestFile(file, { ...options, ...debug }))
  if (flags.junit !== undefined) writeFileSync(flags.junit, printJunit(results, Date.now()))
  const exitCode = results.every(isGood) ? EXIT.success : EXIT.failure
  if (flags.json === true) {
    return { text: `${JSON.stringify(results.map(jsonOf), undefined, 2)}\n`, errors: debugged.join(''), exitCode }
  }
  const print = (result: FileResult): string => printResult(result, flags.diff === true)
  const warnings = results.flatMap(({ warnings: own }) => own.map((warning) => `  WARNING: ${warning}\n`)).join('')
  return { text: results.map(print).join('\n'), errors: debugged.join('') + warnings, exitCode }
}

function isGood({ problem, tests }: FileResult): boolean {
  return problem === '' && tests.every(({ failures }) => failures.length === 0)
}

function printResult(result: FileResult, isDiff: boolean): string {
  const head = `Unit Testing:  ${result.file}\n`
  if (isGood(result)) return `${head}  SUCCESS: ${count(result.tests.length)}\n`
  if (result.problem !== '') return `${head}  FAILED:\n${result.problem}\n`
  const failed = result.tests.filter(({ failures }) => failures.length > 0)
  const lines = failed.flatMap(({ name, line, failures }) => [
    `  ${name} (line ${line}):`,
    ...failures.map((failure) => (isDiff ? printDiff(failure) : failure.message)),
    '',
  ])
  return `${head}  FAILED: ${failed.length} of ${count(result.tests.length)}\n${lines.join('\n')}`
}

function count(tests: number): string {
  return `${tests} ${tests === 1 ? 'test' : 'tests'}`
}

/** Lines that were expected with `-`, those that came with `+`, what both have between them. */
function printDiff(failure: TestFailure): string {
  switch (failure.kind) {
    case 'error':
      return failure.message
    case 'query':
      return `    expr: ${JSON.stringify(failure.expr)}, time: ${failure.at},\n${diff([failure.expected], [failure.got])}`
    case 'alert': {
      const head = `    alertname: ${failure.alert}, time: ${failure.at},`
      return `${head}\n${diff(linesOf(failure.expected), linesOf(failure.got))}`
    }
  }
}

function linesOf(alerts: Extract<TestFailure, { kind: 'alert' }>['expected']): string[] {
  return JSON.stringify(alerts.map(recordOf), undefined, 2).split('\n')
}

function recordOf({ labels, annotations }: Extract<TestFailure, { kind: 'alert' }>['expected'][number]): object {
  return { labels: labelsToRecord(labels), annotations: labelsToRecord(annotations) }
}

/** A line diff by the longest common subsequence; alerts of one test are few. */
function diff(expected: readonly string[], got: readonly string[]): string {
  const lengths = Array.from({ length: expected.length + 1 }, () => new Uint32Array(got.length + 1))
  for (let i = expected.length - 1; i >= 0; i--)
    for (let j = got.length - 1; j >= 0; j--)
      lengths[i]![j] = expected[i] === got[j] ? lengths[i + 1]![j + 1]! + 1 : Math.max(lengths[i + 1]![j]!, lengths[i]![j + 1]!)
  const lines: string[] = []
  let [i, j] = [0, 0]
  while (i < expected.length || j < got.length) {
    if (i < expected.length && j < got.length && expected[i] === got[j]) {
      lines.push(`          ${expected[i++]!}`)
      j++
    } else if (j >= got.length || (i < expected.length && lengths[i + 1]![j]! >= lengths[i]![j + 1]!)) {
      lines.push(`        - ${expected[i++]!}`)
    } else lines.push(`        + ${got[j++]!}`)
  }
  return lines.join('\n')
}

function jsonOf({ file, problem, warnings, tests }: FileResult): object {
  return {
    file,
    isGood: isGood({ file, problem, warnings, tests }),
    ...(problem !== '' && { problem }),
    warnings,
    tests: tests.map(({ name, line, failures }) => ({ name, line, failures: failures.map(failureJson) })),
  }
}

function failureJson(failure: TestFailure): object {
  if (failure.kind !== 'alert') return failure
  return { ...failure, expected: failure.expected.map(recordOf), got: failure.got.map(recordOf) }
}
