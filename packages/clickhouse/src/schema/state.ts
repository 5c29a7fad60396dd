import type { TableFamily } from './migration.ts'
import { DURABLE } from './migration.ts'

// Versions are added, never changed: the newest wins, the others are the history.
const STATE = `CREATE TABLE IF NOT EXISTS state (
  tenant LowCardinality(String),
  kind LowCardinality(String),
  id String,
  version UInt32,
  author String,
  at DateTime64(3, 'UTC'),
  deleted UInt8,
  body String CODEC(ZSTD(1))
) ENGINE = MergeTree
ORDER BY (kind, tenant, id, version)
SETTINGS ${DURABLE}`

/** Our own state. */
export const STATE_TABLES: TableFamily = { name: 'state', migrations: [{ version: 1, statements: [STATE] }] }
