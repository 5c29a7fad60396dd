export { CLICKHOUSE_ERRORS, ClickhouseError } from './errors.ts'
export { openEngine } from './open.ts'
export type { EngineHandle, EngineOptions, OpenEngine } from './open.ts'
export type { EngineState } from './engine/supervisor.ts'
