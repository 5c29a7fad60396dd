// What the cardinality page asks, over a million series of which 300,000 are one metric's with a user id each.
//
// node --conditions=source bench/cardinality.ts [dir]; a directory that is there is used as it is.

import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openClickhouse } from '@oriel/clickhouse'
import { MS_PER_DAY } from '@oriel/model'
import type { QueryContext } from '@oriel/store'
import { DEFAULT_QUERY_LIMITS, makeQueryStats } from '@oriel/store'
import { openEngine } from '../packages/clickhouse/src/open.ts'

const dir = process.argv[2] ?? mkdtempSync(join(tmpdir(), 'oriel-cardinality-'))
const DAY = 20_001
const metric = 'requests_total'
const range = { startMs: DAY * MS_PER_DAY, endMs: DAY * MS_PER_DAY + 3_600_000 }
await fill()
const opened = await openClickhouse({ dataDir: dir, isRollingUp: false, clock: () => range.endMs })
await opened.engine.started
await opened.memory?.filled
const { cardinality } = opened.store
const many = { range, limit: 500 }

await time('sizes of metrics', (context) => cardinality.sizes(many, context))
await time('labels by values', (context) => cardinality.labels(many, context))
await time('pairs by series', (context) => cardinality.pairs(many, context))
await time('one metric of 300,000 series', (context) => cardinality.metric(metric, { range, limit: 8 }, context))
await time('its days', (context) => cardinality.days(metric, range, context))
await time('preview of a rule about it', (context) =>
  cardinality.reduced(metric, { mode: 'drop', labels: ['user_id'] }, { range, limit: 1 }, context),
)
await time('status/tsdb', (context) => opened.store.metrics.cardinality({ matcherSets: [], range, limit: 10 }, context))
await opened.close()

async function time(title: string, work: (context: QueryContext) => Promise<unknown>): Promise<void> {
  const took: number[] = []
  for (let i = 0; i < 7; i++) {
    const { signal } = new AbortController()
    const startMs = performance.now()
    await work({ tenants: ['default'], signal, limits: DEFAULT_QUERY_LIMITS, stats: makeQueryStats() })
    took.push(performance.now() - startMs)
  }
  const sorted = took.toSorted((a, b) => a - b)
  console.log(`${title}: p50 ${sorted[3]!.toFixed(0)} ms, best ${sorted[0]!.toFixed(0)} ms`)
}

async function fill(): Promise<void> {
  const engine = openEngine({ dataDir: dir })
  await engine.engine.started
  const { client } = engine
  const [block] = await client.query('SELECT toFloat64(count()) AS found FROM series')
  if (block?.doubles('found')[0] === 0) {
    const id = 'reinterpretAsUInt128(sipHash128(number))'
    await client.command(`INSERT INTO series SELECT 'default', ${DAY}, concat('metric_', toString(number % 2000)), ${id},
  map('instance', concat('10.0.0.', toString(intDiv(number, 2000) % 50), ':9090'), 'job', concat('job', toString(number % 10)),
    'method', ['GET', 'POST'][1 + number % 2], 'path', concat('/p/', toString(intDiv(number, 2000) % 70)),
    'pod', concat('pod-', toString(intDiv(number, 2000))), 'zone', 'eu') FROM numbers(700000)`)
    await client.command(`INSERT INTO series SELECT 'default', ${DAY}, '${metric}', ${id},
  map('instance', '10.0.0.1:9090', 'job', 'shop', 'method', ['GET', 'POST'][1 + number % 2], 'path', concat('/p/', toString(number % 7)),
    'status', '200', 'user_id', concat('user-', toString(number))) FROM numbers(1000000, 300000)`)
    await client.command(`INSERT INTO label_values SELECT tenant, day, name, value FROM series
ARRAY JOIN mapKeys(labels) AS name, mapValues(labels) AS value GROUP BY tenant, day, name, value`)
  }
  await engine.close()
}
