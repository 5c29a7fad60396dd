export * from './block.ts'
export * from './reader.ts'
export * from './writer.ts'
