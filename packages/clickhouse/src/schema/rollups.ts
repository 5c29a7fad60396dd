import type { TableFamily } from './migration.ts'
import { DURABLE } from './migration.ts'

// What rate, increase and delta need of a series' hour or day (rollups/thin.ts): its first and last sample and both sides of every
// fall; least, greatest and total are for functions over time: 40 bytes a row with them, 30 without (1,000 counters, 15 s, 2026-11).
// `block` is the bucket and the count of its rewrites (`blockOf`): what is read is named by it, so that a rewrite is one insert, and
// rows of earlier ones are nobody's. The arrays are one Nested, whose sizes are stored once.
const columns = (bucket: string): string => `
  tenant LowCardinality(String),
  metric_id UInt64 CODEC(ZSTD(1)),
  ${bucket} UInt32 CODEC(ZSTD(1)),
  series_id UInt128 CODEC(LZ4),
  block UInt64 CODEC(ZSTD(1)),
  samples UInt32 CODEC(ZSTD(1)),
  \`point.at\` Array(UInt32) CODEC(ZSTD(1)),
  \`point.value\` Array(Float64) CODEC(ZSTD(1)),
  least Float64 CODEC(ZSTD(1)),
  greatest Float64 CODEC(ZSTD(1)),
  total Float64 CODEC(ZSTD(1)),
  lacks UInt8 CODEC(ZSTD(1))`

const HOURS = `CREATE TABLE IF NOT EXISTS rollup_hours (${columns('hour')}
) ENGINE = MergeTree
PARTITION BY intDiv(hour, 24)
ORDER BY (tenant, metric_id, hour, series_id)
SETTINGS index_granularity = 1024`

const DAYS = `CREATE TABLE IF NOT EXISTS rollup_days (${columns('day')}
) ENGINE = MergeTree
PARTITION BY intDiv(day, 28)
ORDER BY (tenant, metric_id, day, series_id)
SETTINGS index_granularity = 1024`

// Which buckets are rolled up, by how many samples they had: a bucket that has another number now has changed since.
const BLOCKS = `CREATE TABLE IF NOT EXISTS rollup_blocks (
  kind Enum8('hour' = 0, 'day' = 1),
  bucket UInt32,
  version UInt32,
  samples UInt64
) ENGINE = MergeTree
ORDER BY (kind, bucket, version)
SETTINGS ${DURABLE}`

/** Samples of whole hours and days, thinned. Made from `samples`, and made again where these change. */
export const ROLLUP_TABLES: TableFamily = { name: 'rollups', migrations: [{ version: 3, statements: [HOURS, DAYS, BLOCKS] }] }
