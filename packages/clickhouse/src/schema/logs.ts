import { HALF_HOUR } from '../time.ts'
import type { TableFamily } from './migration.ts'
import { DURABLE } from './migration.ts'

// The half hour in front keeps "newest of everything" and the retry check to the last slices of the table, for a few percent on
// reads of one service (bench/schema, 2026-11). `arrival` is the commit's time in ns plus the row's place: it orders records of one
// time as they came. Parts hold one day each, so that a request's rows of a day are stored all or not at all.
// Words by a bloom filter: a tenth of what a text index costs at insert and a fifth of its bytes, for the same few ms until a
// search covers tens of millions of lines. Attributes as a map: the JSON type costs three times all the rest at insert. What nearly
// every record of OpenTelemetry has is out of the map: a column of words costs the engine a tenth of a map's entry.
// 12, not 5: rows are merged fewer times on their way into a large part; a fifth of the engine's time at insert (2026-11).
const LOGS = `CREATE TABLE IF NOT EXISTS logs (
  tenant LowCardinality(String),
  service LowCardinality(String),
  stream UInt128 CODEC(ZSTD(1)),
  ts DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
  severity UInt8 CODEC(ZSTD(1)),
  level LowCardinality(String),
  severity_text LowCardinality(String),
  scope_name LowCardinality(String),
  scope_version LowCardinality(String),
  body String CODEC(ZSTD(1)),
  trace_id String CODEC(ZSTD(1)),
  span_id String CODEC(ZSTD(1)),
  attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  resource UInt64 CODEC(ZSTD(1)),
  request UInt64 CODEC(ZSTD(1)),
  arrival UInt64 CODEC(Delta(8), ZSTD(1)),
  INDEX body_words body TYPE tokenbf_v1(49152, 4, 0),
  INDEX trace_ids trace_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX arrivals arrival TYPE minmax GRANULARITY 1
) ENGINE = MergeTree
PARTITION BY toDate32(ts)
ORDER BY (tenant, ${HALF_HOUR}, service, stream, ts)
SETTINGS merge_selector_base = 12, ${DURABLE}`

const STREAMS = `CREATE TABLE IF NOT EXISTS streams (
  tenant LowCardinality(String),
  day Date32,
  stream UInt128,
  service LowCardinality(String),
  labels Map(LowCardinality(String), String)
) ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (tenant, day, service, stream)
SETTINGS ${DURABLE}`

const RESOURCES = `CREATE TABLE IF NOT EXISTS resources (
  tenant LowCardinality(String),
  id UInt64,
  service LowCardinality(String),
  attributes Map(LowCardinality(String), String)
) ENGINE = ReplacingMergeTree
ORDER BY (tenant, id)
SETTINGS ${DURABLE}`

/** Log records, the index of their streams, and the resources that logs and spans refer to. */
export const LOG_TABLES: TableFamily = {
  name: 'logs',
  migrations: [{ version: 2, statements: [LOGS, STREAMS, RESOURCES] }],
}
