export * from './syntax.ts'
export * from './evaluate.ts'
