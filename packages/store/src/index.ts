export * from './context.ts'
export * from './sink.ts'
export * from './source.ts'
export * from './identity.ts'
