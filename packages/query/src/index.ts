export * from './errors.ts'
export type { PromQLAnswer, PromQLData } from './promql.ts'
export * from './requests.ts'
export * from './runner.ts'
