export * from './syntax.ts'
export * from './evaluate.ts'
export type { SampleCounts } from './sample-counts.ts'
