export * from './encoding.ts'
export * from './errors.ts'
export * from './protobuf.ts'
export * from './protobuf-writer.ts'
