export * from './oriel.ts'
export * from './cardinality.ts'
