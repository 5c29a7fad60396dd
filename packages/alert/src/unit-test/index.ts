export type { TestFailure } from './run.ts'
export { runTestFile } from './suite.ts'
export type { FileResult, SuiteOptions, TestResult } from './suite.ts'
export { parseUnitTests } from './test-file.ts'
