export * from './ast.ts'
export * from './parameters.ts'
export * from './parse.ts'
export * from './search.ts'
