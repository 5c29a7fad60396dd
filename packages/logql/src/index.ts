export * from './evaluate.ts'
export * from './result.ts'
export * from './syntax.ts'
