export * from './syntax.ts'
export * from './evaluate.ts'
export type { ExplainedNode, Explanation } from './explain.ts'
export type { SampleCounts } from './sample-counts.ts'
