export * from './oriel.ts'
export * from './cardinality.ts'
export * from './retention.ts'
