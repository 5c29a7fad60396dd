export * from './evaluate.ts'
export * from './result.ts'
