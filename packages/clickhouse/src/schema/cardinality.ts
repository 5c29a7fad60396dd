import type { TableFamily } from './migration.ts'
import { DURABLE } from './migration.ts'

// The last day a metric was queried on. Rows come once a minute at most, and fall together as parts are merged.
const USES = `CREATE TABLE IF NOT EXISTS metric_uses (
  tenant LowCardinality(String),
  metric String,
  pattern UInt8,
  day SimpleAggregateFunction(max, UInt32)
) ENGINE = AggregatingMergeTree
ORDER BY (tenant, metric, pattern)
SETTINGS ${DURABLE}`

/** What is known of metrics beside their samples. */
export const CARDINALITY_TABLES: TableFamily = { name: 'cardinality', migrations: [{ version: 1, statements: [USES] }] }
