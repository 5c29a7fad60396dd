// The browser-safe part: everything about TraceQL as a text, nothing about data.
export * from './ast.ts'
export * from './complete.ts'
export * from './lex.ts'
export * from './names.ts'
export * from './parse.ts'
export { STAGE_NAMES } from './parse-pipeline.ts'
export * from './print.ts'
