export * from './oriel.ts'
