// What the tables for logs and spans cost and answer in variants: `node --conditions=source bench/schema/run.ts [logs|spans] [variant...]`.
//
// Every variant gets the same blocks through the program's own writers into an engine of its own. Engine CPU counts inserts and
// all merges down to one part a day (OPTIMIZE FINAL), so it is an upper bound; latencies are medians of five, after one to warm up.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EngineClient } from '../../packages/clickhouse/src/engine/client.ts'
import { makeLogWriter } from '../../packages/clickhouse/src/logs-write.ts'
import { openEngine } from '../../packages/clickhouse/src/open.ts'
import { TABLE_FAMILIES } from '../../packages/clickhouse/src/schema/index.ts'
import { makeSpanWriter } from '../../packages/clickhouse/src/traces-write.ts'
import { makeLogs, makeRandom, makeSpans } from './generate.ts'

const BLOCKS = Number(process.env['BLOCKS'] ?? 25)
const BLOCK_ROWS = Number(process.env['BLOCK_ROWS'] ?? 40_000)
// 2026-03-14T00:00:00Z
const START_NS = 1_773_446_400_000_000_000n
const DAY_NS = 86_400_000_000_000n
const CLOCK_TICKS = 100

type Change = (statement: string) => string
type Signal = 'logs' | 'spans'

const JSON_ATTRIBUTES: Change = (sql) =>
  sql
    .replace(/ {2}INDEX attribute_values .*\n/, '')
    .replace('attributes Map(LowCardinality(String), String) CODEC(ZSTD(1))', 'attributes JSON')

const VARIANTS: Readonly<Record<Signal, Readonly<Record<string, Change>>>> = {
  logs: {
    'as shipped': (sql) => sql,
    'no index of words': (sql) => sql.replace(/ {2}INDEX body_words .*\n/, ''),
    'text index of words': (sql) => sql.replace('TYPE tokenbf_v1(49152, 4, 0)', 'TYPE text(tokenizer = splitByNonAlpha)'),
    'no index of trace ids': (sql) => sql.replace(/ {2}INDEX trace_ids .*\n/, ''),
    'trace ids by projection': (sql) =>
      sql
        .replace(/ {2}INDEX trace_ids .*\n/, '')
        .replace('GRANULARITY 1\n)', 'GRANULARITY 1,\n  PROJECTION by_trace (SELECT _part_offset ORDER BY trace_id)\n)'),
    'service first': (sql) => sql.replace(/intDiv\(toUnixTimestamp64Nano\(ts\), 1800000000000\), /, ''),
    'all LZ4': (sql) => sql.replaceAll('ZSTD(1)', 'LZ4'),
    'attributes as JSON': JSON_ATTRIBUTES,
  },
  spans: {
    'as shipped': (sql) => sql,
    'trace ids by bloom filter': (sql) =>
      sql.replace(/ {2}PROJECTION .*\n/, '  INDEX trace_ids trace_id TYPE bloom_filter(0.01) GRANULARITY 1\n'),
    'no index of values': (sql) => sql.replace(/ {2}INDEX attribute_values .*\n/, ''),
    'text index on values': (sql) =>
      sql.replace(
        'mapValues(attributes) TYPE bloom_filter(0.01) GRANULARITY 1',
        'mapValues(attributes) TYPE text(tokenizer = array)',
      ),
    'service first': (sql) => sql.replace(/intDiv\(toUnixTimestamp64Nano\(ts\), 1800000000000\), /, ''),
    'all LZ4': (sql) => sql.replaceAll('ZSTD(1)', 'LZ4'),
    'attributes as JSON': JSON_ATTRIBUTES,
  },
}

const RANGE = `tenant = 'bench' AND intDiv(toUnixTimestamp64Nano(ts), 1800000000000) BETWEEN 985248 AND 985295`
const NEWEST = `tenant = 'bench' AND ts >= '2026-03-14 23:55:00' AND intDiv(toUnixTimestamp64Nano(ts), 1800000000000) = 985295`

const READS: Readonly<Record<Signal, Readonly<Record<string, string>>>> = {
  logs: {
    'newest 100': `SELECT ts, body, attributes FROM logs WHERE ${NEWEST} ORDER BY ts DESC, arrival DESC LIMIT 100`,
    substring: `SELECT count() FROM logs WHERE ${RANGE} AND position(body, 'worker-63: java.net.SocketTimeoutException: Read') > 0`,
    'rare word': `SELECT count() FROM logs WHERE ${RANGE} AND hasToken(body, 'aaaaaaaaaaaaaaaa') AND position(body, ' aaaaaaaaaaaaaaaa ') > 0`,
    regex: `SELECT count() FROM logs WHERE ${RANGE} AND match(body, '(?-s)status=5.. duration=[89]..ms')`,
    attribute: `SELECT count() FROM logs WHERE ${RANGE} AND attributes['user_id'] = '777'`,
    'trace id': `SELECT body FROM logs WHERE ${RANGE} AND trace_id = '00000000000000000000000000000000'`,
    'levels of a service by minute': `SELECT toStartOfMinute(ts) AS m, level, count() FROM logs WHERE ${RANGE} AND service = 'service-3' GROUP BY m, level`,
    'levels of all by minute': `SELECT toStartOfMinute(ts) AS m, level, count() FROM logs WHERE ${RANGE} GROUP BY m, level`,
    'recent requests': `SELECT DISTINCT request FROM logs WHERE arrival >= (SELECT max(arrival) - 40000 FROM logs) AND request != 0`,
  },
  spans: {
    'trace by id': `SELECT * FROM spans WHERE tenant = 'bench' AND trace_id = (SELECT trace_id FROM spans LIMIT 1)`,
    'unknown trace': `SELECT * FROM spans WHERE tenant = 'bench' AND trace_id = '00000000000000000000000000000000'`,
    'newest 20 traces': `SELECT trace_id, max(ts) AS newest FROM spans WHERE ${NEWEST} GROUP BY trace_id ORDER BY newest DESC LIMIT 20`,
    'rare attribute': `SELECT count() FROM spans WHERE ${RANGE} AND attributes['user.id'] = '777'`,
    'errors of a service': `SELECT trace_id, max(ts) AS newest FROM spans WHERE ${RANGE} AND service = 'service-3' AND status = 2 GROUP BY trace_id ORDER BY newest DESC LIMIT 20`,
    'RED of all, by minute': `SELECT service, intDiv(toUnixTimestamp64Milli(ts), 60000) AS step, uniqExact(trace_id, span_id), quantilesDD(0.01, 0.5, 0.95, 0.99)(duration)
      FROM spans WHERE ${RANGE} AND (kind IN (2, 5) OR parent_id = '') GROUP BY service, step`,
    'RED without exact counts': `SELECT service, intDiv(toUnixTimestamp64Milli(ts), 60000) AS step, count(), quantilesDD(0.01, 0.5, 0.95, 0.99)(duration)
      FROM spans WHERE ${RANGE} AND (kind IN (2, 5) OR parent_id = '') GROUP BY service, step`,
    'tag names': `SELECT arrayJoin(mapKeys(attributes)) AS value FROM spans WHERE ${RANGE} GROUP BY value`,
  },
}

const [wanted, ...names] = process.argv.slice(2)
for (const signal of ['logs', 'spans'] as const) {
  if (wanted !== undefined && wanted !== signal) continue
  for (const [name, change] of Object.entries(VARIANTS[signal])) {
    if (names.length === 0 || names.includes(name)) await measure(signal, name, change)
  }
}

async function measure(signal: Signal, name: string, change: Change): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'oriel-bench-schema-'))
  const opened = openEngine({ dataDir })
  try {
    await opened.engine.started
    await remake(opened.client, signal, change)
    const before = cpuSeconds(opened.engine.pid)
    const nodeMicros = await write(opened.client, signal)
    const inserted = cpuSeconds(opened.engine.pid)
    await opened.client.command(`OPTIMIZE TABLE ${signal} FINAL`)
    const merged = cpuSeconds(opened.engine.pid)
    const rows = BLOCKS * BLOCK_ROWS
    const perRow = (seconds: number) => `${((seconds * 1e6) / rows).toFixed(2)} us`
    const bytes = await onDisk(opened.client, signal)
    console.log(`\n${signal}, ${name}: ${rows} rows, ${(bytes / rows).toFixed(1)} bytes a row`)
    console.log(
      `  engine: insert ${perRow(inserted - before)}, merges after ${perRow(merged - inserted)}; node: ${(nodeMicros / rows).toFixed(2)} us`,
    )
    for (const [title, sql] of Object.entries(READS[signal])) console.log(`  ${title}: ${await latency(opened.client, sql)}`)
  } finally {
    await opened.close()
    rmSync(dataDir, { recursive: true })
  }
}

/** Makes the table anew as the variant has it. */
async function remake(client: EngineClient, signal: Signal, change: Change): Promise<void> {
  const statements = TABLE_FAMILIES.flatMap(({ migrations }) => migrations.flatMap((migration) => migration.statements))
  const create = statements.find((statement) => statement.startsWith(`CREATE TABLE IF NOT EXISTS ${signal} `)) ?? ''
  await client.command(`DROP TABLE ${signal}`)
  await client.command(change(create))
}

/** Writes all blocks and gives the CPU microseconds that this process spent in doing so, without making the blocks. */
async function write(client: EngineClient, signal: Signal): Promise<number> {
  const random = makeRandom(7)
  const logs = makeLogWriter(client, { now: Date.now })
  const spans = makeSpanWriter(client, { now: Date.now })
  const sliceNs = DAY_NS / BigInt(BLOCKS)
  let micros = 0
  for (let i = 0; i < BLOCKS; i++) {
    const startNs = START_NS + BigInt(i) * sliceNs
    const send =
      signal === 'logs'
        ? logs.write.bind(logs, [makeLogs(BLOCK_ROWS, startNs, sliceNs, random)])
        : spans.write.bind(spans, [makeSpans(BLOCK_ROWS, startNs, sliceNs, random)])
    const start = process.cpuUsage()
    await send()
    const { user, system } = process.cpuUsage(start)
    micros += user + system
  }
  return micros
}

async function latency(client: EngineClient, sql: string): Promise<string> {
  const times: number[] = []
  for (let i = 0; i < 6; i++) {
    const start = performance.now()
    try {
      await client.command(`${sql} FORMAT Null`)
    } catch (error) {
      return error instanceof Error ? error.message.slice(0, 120) : String(error)
    }
    if (i > 0) times.push(performance.now() - start)
  }
  return `${(times.sort((a, b) => a - b)[2] ?? NaN).toFixed(1)} ms`
}

async function onDisk(client: EngineClient, table: string): Promise<number> {
  const [block] = await client.query(
    'SELECT sum(bytes_on_disk) AS bytes FROM system.parts WHERE active AND table = {table:String}',
    {
      params: { table },
    },
  )
  return block?.numbers('bytes')[0] ?? NaN
}

/** CPU of a process so far, from Linux's process table. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS
}
