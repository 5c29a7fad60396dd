import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MS_PER_DAY } from '@oriel/model'
import type { RetentionPolicy } from '@oriel/store'
import { DEFAULT_QUERY_LIMITS, makeQueryStats } from '@oriel/store'
import type { TestSeries } from '@oriel/store/contract-suite'
import { metricBlock } from '@oriel/store/contract-suite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { OpenClickhouse } from '../open.ts'
import { openClickhouse } from '../open.ts'

const TODAY = Date.UTC(2026, 10, 21)
// Deleting in place takes a second on a quiet machine, thirty on one where all suites run at once.
const BUSY = { timeout: 120_000 }
const NOW = TODAY + 6 * 3_600_000
const KEEP_ALL = { keepMs: 0, rules: [] }
const debug = { matchers: [{ name: '__name__', op: '=~', value: 'debug_.*' }], keepMs: 2 * MS_PER_DAY } as const

let dataDir: string
let opened: OpenClickhouse

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'oriel-retention-'))
  opened = await openClickhouse({ dataDir, clock: () => NOW })
  await opened.engine.started
  for (const tenant of ['a', 'b']) await opened.store.sink.writeMetrics([metricBlock(tenant, SERIES)])
})
afterAll(async () => {
  await opened.close()
  rmSync(dataDir, { recursive: true })
})

/** A sample at noon of each of the last 20 days. */
const daily = (labels: Record<string, string>): TestSeries => ({
  labels,
  samples: Array.from({ length: 20 }, (_, i) => [TODAY - i * MS_PER_DAY - 12 * 3_600_000, i] as const),
})
const SERIES = [
  daily({ __name__: 'debug_x', level: 'deep' }),
  daily({ __name__: 'requests', path: '/' }),
  daily({ __name__: 'slo', path: '/' }),
]

function contextOf(tenant: string) {
  const { signal } = new AbortController()
  return { tenants: [tenant], signal, limits: DEFAULT_QUERY_LIMITS, stats: makeQueryStats() }
}

const RANGE = { startMs: TODAY - 40 * MS_PER_DAY, endMs: NOW }

/** Samples left by metric. */
async function left(tenant: string): Promise<Record<string, number>> {
  const { labels, offsets } = await opened.store.metrics.samples({ matchers: [], range: RANGE }, contextOf(tenant))
  return Object.fromEntries(labels.map((series, i) => [series[0]!.value, offsets[i + 1]! - offsets[i]!]))
}

test('nothing goes where everything is kept', async () => {
  const policy: RetentionPolicy = { fallback: KEEP_ALL, tenants: new Map() }
  expect(await opened.retention.apply(policy, NOW)).toEqual({ days: [], expired: [] })
  expect(await left('a')).toEqual({ debug_x: 20, requests: 20, slo: 20 })
})

test('a plan says what would go, and deletes nothing', async () => {
  const policy: RetentionPolicy = { fallback: KEEP_ALL, tenants: new Map([['a', { keepMs: 0, rules: [debug] }]]) }
  expect(await opened.retention.plan(policy, NOW)).toMatchObject({ days: [], expired: [{ tenant: 'a', samples: 18 }] })
  expect(await left('a')).toEqual({ debug_x: 20, requests: 20, slo: 20 })
})

test('the first rule that matches counts, tenants have their own, the index follows', BUSY, async () => {
  const slo = { matchers: [{ name: '__name__', op: '=', value: 'slo' }], keepMs: 0 } as const
  const policy: RetentionPolicy = {
    fallback: KEEP_ALL,
    tenants: new Map([['a', { keepMs: 7 * MS_PER_DAY, rules: [debug, slo] }]]),
  }
  const { days, expired } = await opened.retention.apply(policy, NOW)
  expect(days).toEqual([])
  expect(expired.map(({ samples, matchers }) => [samples, matchers[0]?.value])).toEqual([
    [18, 'debug_.*'],
    [13, undefined],
  ])
  expect(await left('a')).toEqual({ debug_x: 2, requests: 7, slo: 20 })
  expect(await left('b')).toEqual({ debug_x: 20, requests: 20, slo: 20 })
  const old = { matcherSets: [], range: { ...RANGE, endMs: TODAY - 10 * MS_PER_DAY }, limit: 0 }
  expect(await opened.store.metrics.labelValues('__name__', old, contextOf('a'))).toEqual(['slo'])
  expect(await opened.store.metrics.labelNames(old, contextOf('a'))).toEqual(['__name__', 'path'])
  expect(await opened.store.metrics.series(old, contextOf('a'))).toHaveLength(1)
  expect(await opened.store.metrics.labelNames(old, contextOf('b'))).toEqual(['__name__', 'level', 'path'])
  expect(await opened.retention.plan(policy, NOW)).toEqual({ days: [], expired: [] })
})

test('days that are past every time are dropped whole', BUSY, async () => {
  const policy: RetentionPolicy = { fallback: { keepMs: 15 * MS_PER_DAY, rules: [debug] }, tenants: new Map() }
  const { days, expired } = await opened.retention.apply(policy, NOW)
  expect(days).toHaveLength(5)
  expect(expired).toMatchObject([{ tenant: 'b', samples: 13 }])
  expect([await left('a'), await left('b')]).toEqual([
    { debug_x: 2, requests: 7, slo: 15 },
    { debug_x: 2, requests: 15, slo: 15 },
  ])
  const old = { matcherSets: [], range: { ...RANGE, endMs: TODAY - 17 * MS_PER_DAY }, limit: 0 }
  expect(await opened.store.metrics.labelNames(old, contextOf('b'))).toEqual([])
})
