import { HALF_HOUR } from '../time.ts'
import type { TableFamily } from './migration.ts'
import { DURABLE } from './migration.ts'

// Half hours first, as for logs. Traces are found through the projection, which holds only where the rows of each trace are: one binary
// search a part, where bloom filters cost a look at every granule, and cheaper to write (bench/schema, 2026-11).
// 12, not 5: as for logs.
const SPANS = `CREATE TABLE IF NOT EXISTS spans (
  tenant LowCardinality(String),
  service LowCardinality(String),
  name LowCardinality(String),
  ts DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
  duration UInt64 CODEC(ZSTD(1)),
  trace_id String CODEC(ZSTD(1)),
  span_id String CODEC(ZSTD(1)),
  parent_id String CODEC(ZSTD(1)),
  trace_state LowCardinality(String),
  kind UInt8 CODEC(ZSTD(1)),
  status UInt8 CODEC(ZSTD(1)),
  status_message LowCardinality(String),
  attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  resource UInt64 CODEC(ZSTD(1)),
  scope_name LowCardinality(String),
  scope_version LowCardinality(String),
  flags UInt32 CODEC(ZSTD(1)),
  events String CODEC(ZSTD(1)),
  links String CODEC(ZSTD(1)),
  request UInt64 CODEC(ZSTD(1)),
  arrival UInt64 CODEC(Delta(8), ZSTD(1)),
  INDEX attribute_values mapValues(attributes) TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX arrivals arrival TYPE minmax GRANULARITY 1,
  PROJECTION by_trace (SELECT _part_offset ORDER BY trace_id)
) ENGINE = MergeTree
PARTITION BY toDate32(ts)
ORDER BY (tenant, ${HALF_HOUR}, service, name, ts)
SETTINGS merge_selector_base = 12, ${DURABLE}`

/** Spans. Resources are in the table that logs made. */
export const TRACE_TABLES: TableFamily = { name: 'traces', migrations: [{ version: 2, statements: [SPANS] }] }
