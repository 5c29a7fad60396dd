// The error budget of 30 days over 1,000 series, from rollups and from samples.
//
// node --conditions=source bench/rollups.ts [dir] [days=30] [series=1000] [rolled]; a directory that is there is used as it is, and
// with `rolled` samples alone are not asked: that takes a minute.

import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MS_PER_DAY } from '@oriel/model'
import { QueryRunner } from '@oriel/query'
import { hash64 } from '@oriel/store'
import { openClickhouse } from '@oriel/clickhouse'
import { usage } from '../e2e/oriel.ts'
import { openEngine } from '../packages/clickhouse/src/open.ts'

const dir = process.argv[2] ?? mkdtempSync(join(tmpdir(), 'oriel-rollups-'))
const DAYS = Number(process.argv[3] ?? 30)
const SERIES = Number(process.argv[4] ?? 1_000)
const SECONDS = 15
const END = Date.UTC(2026, 10, 21, 10, 17, 33)
const METRIC = 'http_requests_total'
const QUERY = `1 - ( sum(rate(${METRIC}{status=~"5.."}[${DAYS}d])) / sum(rate(${METRIC}[${DAYS}d])) ) / (1 - 0.999)`

await fill()
const opened = await openClickhouse({ dataDir: dir, clock: () => END, windowBytes: 0 })
await opened.engine.started
const runner = new QueryRunner({ source: opened.store, now: () => performance.now() })
const caller = { tenants: ['default'], origin: 'bench' }

const isRawAsked = process.argv[5] !== 'rolled'
const raw = isRawAsked ? await ask() : ''
const startMs = performance.now()
await opened.rollups?.run()
console.log(`rolled up in ${((performance.now() - startMs) / 1_000).toFixed(1)} s`)
const rolled = await ask()
if (isRawAsked) console.log(raw === rolled ? 'the same bits' : `DIFFERENT: ${raw} and ${rolled}`)
await opened.close()

async function ask(): Promise<string> {
  const took: number[] = []
  const before = usage(process.pid).cpuSeconds
  let value = ''
  for (let i = 0; i < 7; i++) {
    const from = performance.now()
    const { data, stats } = await runner.runPromQL({ expr: QUERY, kind: 'instant', tMs: END }, caller)
    took.push(performance.now() - from)
    value = JSON.stringify(data)
    if (i === 0) console.log(`${stats.samples} points, ${stats.rows} rows`)
    if (took[0]! > 5_000 && i === 1) break
  }
  if (value.includes('"samples":[]')) throw new Error('nothing was answered')
  const sorted = took.toSorted((a, b) => a - b)
  console.log(
    `error budget of ${DAYS} days: p50 ${sorted[Math.floor(sorted.length / 2)]!.toFixed(0)} ms of ${took.length}, best ${sorted[0]!.toFixed(0)} ms`,
  )
  const cpuMs = (1_000 * (usage(process.pid).cpuSeconds - before)) / took.length
  console.log(`CPU of engine and evaluator: ${cpuMs.toFixed(0)} ms a query`)
  return value
}

/** Counters with a restart a week, written by the engine itself. */
async function fill(): Promise<void> {
  const engine = openEngine({ dataDir: dir })
  const { client } = engine
  await engine.engine.started
  const [block] = await client.query('SELECT toFloat64(count()) AS found FROM samples')
  if (block?.doubles('found')[0] === 0) {
    const id = `reinterpretAsUInt128(sipHash128('series', s))`
    const first = END - DAYS * MS_PER_DAY - 600_000
    const from = Math.floor(first / MS_PER_DAY)
    const to = Math.floor(END / MS_PER_DAY)
    for (let day = from; day <= to; day++) {
      await client.command(`INSERT INTO samples (tenant, metric_id, series_id, t, mantissa)
SELECT 'default', ${hash64(METRIC)}, ${id}, fromUnixTimestamp64Milli(at, 'UTC'), intDiv((at + s * 7919) % ${7 * MS_PER_DAY}, 1000) * (1 + s % 7)
FROM (SELECT toUInt16(number % ${SERIES}) AS s, toInt64(${day * MS_PER_DAY}) + intDiv(number, ${SERIES}) * ${SECONDS * 1_000} + (s * 13) % ${SECONDS * 1_000} AS at
  FROM numbers(${(SERIES * 86_400) / SECONDS})) WHERE at <= ${END}`)
      await client.command(`INSERT INTO series SELECT 'default', ${day}, '${METRIC}', ${id},
map('instance', concat('10.0.0.', toString(s % 50), ':9090'), 'path', concat('/', toString(intDiv(s, 500))), 'status', ['200', '201', '204', '301', '400', '404', '500', '502', '503', '200'][1 + s % 10], 'n', toString(s))
FROM (SELECT toUInt16(number) AS s FROM numbers(${SERIES}))`)
    }
  }
  await engine.close()
}
