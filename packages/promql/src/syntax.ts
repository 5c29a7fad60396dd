// The browser-safe part: everything about PromQL as a text, nothing about data.
export * from './ast.ts'
export * from './features.ts'
export * from './functions.ts'
export { nameOfType, typeOf } from './check.ts'
export { parse, parseExpr } from './parse.ts'
export { parseMetricSelector } from './parse-metric-selector.ts'
export type { ParseResult } from './parse.ts'
export * from './print.ts'
