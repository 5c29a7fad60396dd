import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { compileRegex, OrielError } from '@oriel/model'
import type { PromqlFeatures } from '@oriel/promql'
import { AlertError } from '../errors.ts'
import type { LoadedGroup } from '../load.ts'
import { findRuleFiles, loadRuleFiles } from '../load.ts'
import type { TestFailure } from './run.ts'
import { runUnitTest } from './run.ts'
import type { UnitTestFile } from './test-file.ts'
import { parseUnitTests } from './test-file.ts'

/** What a run of unit-test files is told. */
export interface SuiteOptions {
  readonly features: PromqlFeatures
  /** Only tests whose name matches one of these (RE2, anywhere); all when empty. */
  readonly only: readonly string[]
  readonly ignoresUnknownFields: boolean
  /** Takes what happens and what there is in the end, in lines of text. */
  readonly debug?: (text: string) => void
}

/** How one test went. */
export interface TestResult {
  readonly name: string
  readonly line: number
  readonly failures: readonly TestFailure[]
}

/** How a file went. A file whose `problem` is not '' was not run. */
export interface FileResult {
  readonly file: string
  readonly problem: string
  readonly warnings: readonly string[]
  readonly tests: readonly TestResult[]
}

/** Runs the tests of a file. Does not throw for anything in files: what is wrong is in the result. */
export async function runTestFile(file: string, options: SuiteOptions): Promise<FileResult> {
  const warnings: string[] = []
  try {
    const tests = parseUnitTests(readText(file))
    const ruleFiles = tests.ruleFiles.flatMap((pattern) => {
      const found = findRuleFiles([pattern], dirname(file))
      if (found.length === 0) warnings.push(`no file match pattern ${pattern}`)
      return found
    })
    return { file, problem: '', warnings, tests: await runTests(tests, ruleFiles, options) }
  } catch (error) {
    if (!(error instanceof OrielError)) throw error
    return { file, problem: error.message, warnings, tests: [] }
  }
}

async function runTests(file: UnitTestFile, ruleFiles: readonly string[], options: SuiteOptions): Promise<TestResult[]> {
  const patterns = options.only.map((pattern) => compileRegex(pattern))
  const { groups, failures } = loadOrTell(ruleFiles, options)
  const results: TestResult[] = []
  for (const [i, test] of file.tests.entries()) {
    if (patterns.length > 0 && !patterns.some((pattern) => pattern.matcher(test.name).find())) continue
    const name = test.name === '' ? `unnamed#${i}` : test.name
    const beganMs = performance.now()
    options.debug?.(`Starting test ${name}`)
    const found = failures.length > 0 ? failures : await runUnitTest(file, test, groups, options)
    options.debug?.(`Test ${name} finished, took ${(performance.now() - beganMs).toFixed(3)}ms`)
    results.push({ name, line: test.line, failures: found })
  }
  return results
}

/** Rules that cannot be read fail each test, as in promtool. */
function loadOrTell(
  files: readonly string[],
  { features, ignoresUnknownFields }: SuiteOptions,
): { groups: LoadedGroup[]; failures: TestFailure[] } {
  try {
    return { groups: loadRuleFiles(files, { features, ignoresUnknownFields }).groups, failures: [] }
  } catch (error) {
    if (!(error instanceof AlertError)) throw error
    return { groups: [], failures: [{ kind: 'error', message: error.message }] }
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new AlertError('ALERT_NO_FILE', `cannot read ${file}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    })
  }
}
