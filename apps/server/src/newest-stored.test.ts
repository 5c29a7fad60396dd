import { MS_PER_DAY } from '@oriel/model'
import { DEFAULT_QUERY_LIMITS, makeQueryStats, openMemoryStore } from '@oriel/store'
import { logBlock, metricBlock, NOON_MS, NOON_NS, spanBlock } from '@oriel/store/contract-suite'
import { expect, it } from 'vitest'
import { readNewest } from './newest-stored.ts'

const context = { tenants: ['t'], signal: new AbortController().signal, limits: DEFAULT_QUERY_LIMITS, stats: makeQueryStats() }

function filledStore() {
  const store = openMemoryStore()
  store.metrics.write([metricBlock('t', [{ labels: { __name__: 'up' }, samples: [[NOON_MS, 1]] }])])
  store.logs.write([
    logBlock(
      't',
      [-5n, 0n].map((s) => ({ labels: { a: 'b' }, tNs: NOON_NS + s * 1_000_000_000n, line: 'x' })),
    ),
  ])
  const span = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), service: 's', name: 'n', durationNs: 1n }
  store.traces.write([spanBlock('t', [{ ...span, startNs: NOON_NS }])])
  return store
}

it('nothing is known of an empty store', async () => {
  expect(await readNewest(openMemoryStore(), context, NOON_MS)).toEqual({})
})

it('logs and traces are found to the record and metrics to the day, however long ago', async () => {
  for (const days of [0, 0.5, 1, 3, 12, 200]) {
    const nowMs = NOON_MS + days * MS_PER_DAY
    const { metricsMs, ...exact } = await readNewest(filledStore(), context, nowMs)
    expect([days, exact]).toEqual([days, { logsMs: NOON_MS, tracesMs: NOON_MS }])
    expect(Math.abs((metricsMs ?? 0) - NOON_MS)).toBeLessThanOrEqual(2 * MS_PER_DAY)
  }
})

it('data of more than 400 days ago is not looked for', async () => {
  expect(await readNewest(filledStore(), context, NOON_MS + 500 * MS_PER_DAY)).toEqual({})
})
