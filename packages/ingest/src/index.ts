export * from './batch.ts'
export * from './errors.ts'
