import { VALUE_OF_DECIMALS } from '../metrics/decimals.ts'
import type { TableFamily } from './migration.ts'
import { DURABLE } from './migration.ts'

// 12, not 5: a row is merged fewer times on its way into a large part. Engine CPU a sample, merges in, at 64,000 rows an insert:
// 0.84 us against 0.99 (medians of three, 2026-11); twice the parts while a table is written to.
const MERGES = 'merge_selector_base = 12'

// What lies before 1970 belongs to the first hour: as an unsigned number its own would be at the end of time.
const HOUR = 'hour UInt32 MATERIALIZED intDiv(greatest(toUnixTimestamp64Milli(t), 0), 3600000)'

// The hour between metric and series wins every read (2026-11): one hour of a metric lies together, all its series in order. As a
// column of its own it prunes exactly (1 granule for a series and an hour, 13 with `toStartOfHour(t)` in the key), at no cost on
// disk. 1,024 rows a granule: a series of one hour is read with 10 times less around it, for 3 % more bytes.
// Values are whole numbers over a power of ten where they can be, see metrics/decimals.ts: 0.43 bytes a sample of real expositions in
// all, where doubles take 0.56, and 0.65 with ids by LZ4 (bench/bytes.ts, 2026-11). Blocks come in the order of the key, so that ZSTD
// finds the runs of ids and costs no more than LZ4 did.
const SAMPLES = `CREATE TABLE IF NOT EXISTS samples (
  tenant LowCardinality(String),
  metric_id UInt64 CODEC(ZSTD(1)),
  ${HOUR} CODEC(ZSTD(1)),
  series_id UInt128 CODEC(ZSTD(1)),
  t DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  mantissa Int64 CODEC(Delta(8), ZSTD(1)),
  decimals UInt8 CODEC(ZSTD(1)),
  value Float64 ALIAS ${VALUE_OF_DECIMALS}
) ENGINE = MergeTree
PARTITION BY intDiv(hour, 24)
ORDER BY (tenant, metric_id, hour, series_id, t)
SETTINGS index_granularity = 1024, ${MERGES}, ${DURABLE}`

// One row a day and series: what exists on a day is read from that day's rows alone, and old days go away as their samples do.
const SERIES = `CREATE TABLE IF NOT EXISTS series (
  tenant LowCardinality(String),
  day UInt32,
  metric LowCardinality(String),
  id UInt128 CODEC(ZSTD(1)),
  labels Map(LowCardinality(String), String) CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree
PARTITION BY intDiv(day, 28)
ORDER BY (tenant, day, metric, id)
SETTINGS index_granularity = 1024, ${DURABLE}`

// Names and values without the series: answers completion in a few milliseconds where the series table takes hundreds.
const LABEL_VALUES = `CREATE TABLE IF NOT EXISTS label_values (
  tenant LowCardinality(String),
  day UInt32,
  name LowCardinality(String),
  value String CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree
PARTITION BY intDiv(day, 28)
ORDER BY (tenant, day, name, value)
SETTINGS ${DURABLE}`

// Two exemplars of one time are two unless they are the same in everything.
const EXEMPLARS = `CREATE TABLE IF NOT EXISTS exemplars (
  tenant LowCardinality(String),
  metric_id UInt64 CODEC(ZSTD(1)),
  ${HOUR} CODEC(ZSTD(1)),
  series_id UInt128 CODEC(ZSTD(1)),
  t DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  value Float64 CODEC(ZSTD(1)),
  trace_id String CODEC(ZSTD(1)),
  labels Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  content UInt64 DEFAULT cityHash64(reinterpretAsUInt64(value), mapKeys(labels), mapValues(labels)) CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree
PARTITION BY intDiv(hour, 24)
ORDER BY (tenant, metric_id, hour, series_id, t, trace_id, content)
SETTINGS index_granularity = 1024, ${DURABLE}`

// What the rows of `samples` with the histogram marker hold. Spans are offset and length in turn; buckets are absolute counts as doubles,
// which with a delta between neighbours take 64 bytes a histogram of real latencies where maps take 71 (2026-11).
const HISTOGRAMS = `CREATE TABLE IF NOT EXISTS histograms (
  tenant LowCardinality(String),
  metric_id UInt64 CODEC(ZSTD(1)),
  ${HOUR} CODEC(ZSTD(1)),
  series_id UInt128 CODEC(ZSTD(1)),
  t DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  schema Int8 CODEC(ZSTD(1)),
  reset_hint UInt8 CODEC(ZSTD(1)),
  zero_threshold Float64 CODEC(ZSTD(1)),
  zero_count Float64 CODEC(Delta(8), ZSTD(1)),
  count Float64 CODEC(Delta(8), ZSTD(1)),
  sum Float64 CODEC(Delta(8), ZSTD(1)),
  positive_spans Array(Int32) CODEC(ZSTD(1)),
  negative_spans Array(Int32) CODEC(ZSTD(1)),
  positive_buckets Array(Float64) CODEC(Delta(8), ZSTD(1)),
  negative_buckets Array(Float64) CODEC(Delta(8), ZSTD(1)),
  custom_bounds Array(Float64) CODEC(ZSTD(1))
) ENGINE = MergeTree
PARTITION BY intDiv(hour, 24)
ORDER BY (tenant, metric_id, hour, series_id, t)
SETTINGS index_granularity = 1024, ${MERGES}, ${DURABLE}`

// When counters began, a row for each sample whose source told it: written only where that is asked for.
const STARTS = `CREATE TABLE IF NOT EXISTS sample_starts (
  tenant LowCardinality(String),
  metric_id UInt64 CODEC(LZ4),
  ${HOUR} CODEC(LZ4),
  series_id UInt128 CODEC(LZ4),
  t DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  start DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1))
) ENGINE = MergeTree
PARTITION BY intDiv(hour, 24)
ORDER BY (tenant, metric_id, hour, series_id, t)
SETTINGS index_granularity = 1024, ${MERGES}, ${DURABLE}`

const METADATA = `CREATE TABLE IF NOT EXISTS metric_metadata (
  tenant LowCardinality(String),
  metric String,
  type LowCardinality(String),
  help String,
  unit LowCardinality(String),
  written DateTime64(9, 'UTC') DEFAULT now64(9, 'UTC')
) ENGINE = ReplacingMergeTree(written)
ORDER BY (tenant, metric)
SETTINGS ${DURABLE}`

// What was acknowledged and is not in `samples` yet: a row a tenant and commit, see metrics/journal. Never merged, as a partition is
// dropped within a minute.
const JOURNAL = `CREATE TABLE IF NOT EXISTS samples_journal (
  generation UInt64,
  number UInt32,
  tenant LowCardinality(String),
  words Array(UInt32) CODEC(LZ4)
) ENGINE = MergeTree
PARTITION BY generation
ORDER BY number
SETTINGS max_bytes_to_merge_at_max_space_in_pool = 1, max_bytes_to_merge_at_min_space_in_pool = 1, ${DURABLE}`

/** Samples, the index of their series, and what goes with them. */
export const METRIC_TABLES: TableFamily = {
  name: 'metrics',
  migrations: [{ version: 8, statements: [SAMPLES, JOURNAL, SERIES, LABEL_VALUES, EXEMPLARS, HISTOGRAMS, STARTS, METADATA] }],
}
