import type { TableFamily } from './migration.ts'
import { DURABLE } from './migration.ts'

// The hour between metric and series wins every read (2026-11): one hour of a metric lies together, all its series in order.
const SAMPLES = `CREATE TABLE IF NOT EXISTS samples (
  tenant LowCardinality(String),
  metric_id UInt64 CODEC(ZSTD(1)),
  series_id UInt128 CODEC(ZSTD(1)),
  t DateTime64(3) CODEC(DoubleDelta, ZSTD(1)),
  value Float64 CODEC(Delta(8), ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toDate(t)
ORDER BY (tenant, metric_id, toStartOfHour(t), series_id, t)
SETTINGS index_granularity = 8192, ${DURABLE}`

export const METRIC_TABLES: TableFamily = { name: 'metrics', migrations: [{ version: 1, statements: [SAMPLES] }] }
