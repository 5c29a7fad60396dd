// What lies before 1970 is of the first hour in the tables (see `sampleHour`): what that must not spoil.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MS_PER_DAY } from '@oriel/model'
import { DEFAULT_QUERY_LIMITS, makeQueryStats } from '@oriel/store'
import { metricBlock } from '@oriel/store/contract-suite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { OpenClickhouse } from '../open.ts'
import { openClickhouse } from '../open.ts'

const NOW = Date.UTC(2026, 10, 21, 6)
const OLD = [-3 * MS_PER_DAY, -1_500, -1, 0, 1_000]

let dataDir: string
let opened: OpenClickhouse

async function open(options: { readonly windowBytes?: number } = {}): Promise<void> {
  opened = await openClickhouse({ dataDir, clock: () => NOW, ...options })
  await opened.engine.started
  await opened.recent?.filler.filled
}

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'oriel-1970-'))
  await open()
})
afterEach(async () => {
  await opened.close()
  rmSync(dataDir, { recursive: true })
})

const write = (...times: readonly number[]): Promise<void> =>
  opened.store.sink.writeMetrics([
    metricBlock('t', [{ labels: { __name__: 'm' }, samples: times.map((tMs) => [tMs, 1] as const) }]),
  ])

async function read(startMs: number, endMs: number): Promise<number[]> {
  const { signal } = new AbortController()
  const context = { tenants: ['t'], signal, limits: DEFAULT_QUERY_LIMITS, stats: makeQueryStats() }
  return [...(await opened.store.metrics.samples({ matchers: [], range: { startMs, endMs } }, context)).tMs]
}

test('samples before 1970 are there after a restart, and what comes later joins them', async () => {
  await write(...OLD)
  await opened.close()
  await open()
  await write(-2, NOW)
  expect(await read(-4 * MS_PER_DAY, NOW)).toEqual([...OLD.slice(0, 2), -2, ...OLD.slice(2), NOW])
})

test('rollups leave the first hour out, so that no sum of 1970 has what lies before it', async () => {
  await opened.close()
  await open({ windowBytes: 0 })
  await write(...OLD)
  // A read of the engine brings them into their table.
  expect(await read(-7, -1)).toEqual([-1])
  await opened.rollups?.run()
  await write(-7)
  expect(await read(-7, -1)).toEqual([-7, -1])
  await opened.rollups?.run()
  expect(opened.rollups?.blocks.hasHour(0)).toBe(false)
  expect(opened.rollups?.blocks.hasHour(1)).toBe(true)
})

test('retention takes what lies before 1970 with the first day of 1970, and not sooner', async () => {
  await write(...OLD, NOW)
  const keep = (keepMs: number) => ({ fallback: { keepMs, rules: [] }, tenants: new Map() })
  await opened.retention.apply(keep(NOW - MS_PER_DAY / 2), NOW)
  expect(await read(-4 * MS_PER_DAY, NOW)).toEqual([...OLD, NOW])
  await opened.retention.apply(keep(20 * MS_PER_DAY), NOW)
  expect(await read(-4 * MS_PER_DAY, NOW)).toEqual([NOW])
})
