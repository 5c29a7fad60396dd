export * from './parameters.ts'
export * from './search.ts'
export * from './syntax.ts'
