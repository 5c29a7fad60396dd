export * from './errors.ts'
export type { MatrixSeries, PromQLAnswer, PromQLData } from './promql.ts'
export * from './requests.ts'
export * from './runner.ts'
