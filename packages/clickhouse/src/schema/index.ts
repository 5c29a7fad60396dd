import { CARDINALITY_TABLES } from './cardinality.ts'
import { LOG_TABLES } from './logs.ts'
import { METRIC_TABLES } from './metrics.ts'
import { ROLLUP_TABLES } from './rollups.ts'
import { STATE_TABLES } from './state.ts'
import { TRACE_TABLES } from './traces.ts'
import type { TableFamily } from './migration.ts'

export * from './migration.ts'
export { migrate } from './migrate.ts'

/** All tables. A signal adds its family here and its statements in a file of its own. */
export const TABLE_FAMILIES: readonly TableFamily[] = [
  METRIC_TABLES,
  LOG_TABLES,
  TRACE_TABLES,
  STATE_TABLES,
  CARDINALITY_TABLES,
  ROLLUP_TABLES,
]
