// Range queries asked again and again while samples come, late ones too: what the cache answers is what evaluating answers.

import { silentTelemetry } from '@oriel/model'
import { parseExpr } from '@oriel/promql'
import { featuresOfFlags } from '@oriel/promql/syntax'
import type { MetricSource } from '@oriel/store'
import { DEFAULT_QUERY_LIMITS, makeQueryStats, openMemoryStore } from '@oriel/store'
import { metricBlock, NOON_MS } from '@oriel/store/contract-suite'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { isCacheable } from './cacheable.ts'
import { runPromQL } from './promql.ts'
import { RangeCache } from './range-cache.ts'
import type { QueryWarning } from './requests.ts'
import { DEFAULT_PROMQL_SETTINGS } from './settings.ts'

const QUERIES = [
  'm',
  'rate(m[5m])',
  'sum by (g) (increase(m_total[7m] offset 1m))',
  'topk(1, m) or absent(m{g="9"})',
  'avg_over_time(sum(m)[10m:90s])',
  'm - m offset 5m',
  'quantile_over_time(2, m[3m])',
  'm @ end()',
  'm offset -2m',
  'time() + vector(1)',
] as const
const features = featuresOfFlags(['promql-experimental-functions', 'promql-extended-range-selectors'])

const ask = fc.record({
  kind: fc.constant('ask' as const),
  query: fc.constantFrom(...QUERIES),
  startMs: fc.constantFrom(-300_000, 0, 60_000, 300_000, 1_800_000, 1_845_000, 3_600_000),
  steps: fc.constantFrom(0, 1, 2, 11, 60, 130),
  stepMs: fc.constantFrom(15_000, 60_000, 60_000, 60_000, 61_000),
})
const write = fc.record({
  kind: fc.constant('write' as const),
  name: fc.constantFrom('m', 'm_total'),
  g: fc.constantFrom('0', '1', '2'),
  startMs: fc.integer({ min: 0, max: 400 }).map((n) => n * 15_000),
  values: fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 60 }),
})

/** A source that tells changes by the minute, as the engine's does. */
function changingSource(): { metrics: MetricSource; write(one: typeof write extends fc.Arbitrary<infer W> ? W : never): void } {
  const memory = openMemoryStore()
  const writes: number[] = []
  return {
    metrics: { ...memory.metrics, lastChange: (_tenants, untilMs) => writes.findLastIndex((fromMs) => fromMs <= untilMs) },
    write({ name, g, startMs, values }) {
      const samples = values.map((value, i) => [NOON_MS + startMs + i * 15_000, value] as const)
      memory.metrics.write([metricBlock('t', [{ labels: { __name__: name, g }, samples }])])
      writes.push(NOON_MS + startMs)
    },
  }
}

it('answers what evaluating everything answers, to the bit, whatever came in between', async () => {
  let cached = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof({ weight: 8, arbitrary: ask }, write), { minLength: 20, maxLength: 60 }),
      async (turns) => {
        const source = changingSource()
        const cache = new RangeCache({
          ...silentTelemetry,
          counter: () => ({ add: (amount, labels) => void (labels?.['cached'] === 'yes' && (cached += amount)) }),
        })
        for (const turn of turns) {
          if (turn.kind === 'write') {
            source.write(turn)
            continue
          }
          expect(await answer(source.metrics, turn, cache)).toEqual(await answer(source.metrics, turn, undefined))
        }
      },
    ),
    { numRuns: 60 },
  )
  expect(cached).toBeGreaterThan(1_000)
})

it('holds no more than it may', async () => {
  const source = changingSource()
  source.write({ kind: 'write', name: 'm', g: '0', startMs: 0, values: Array.from({ length: 60 }, (_, i) => i) })
  let bytes = 0
  const cache = new RangeCache(
    { ...silentTelemetry, gauge: () => ({ set: (value) => void (bytes = value) }) },
    { maxBytes: 40_000 },
  )
  for (let hour = 0; hour < 200; hour++) {
    await answer(source.metrics, { query: 'm', startMs: hour * 60_000, steps: 130, stepMs: 60_000 }, cache)
    expect(bytes).toBeLessThanOrEqual(40_000)
  }
  expect(bytes).toBeGreaterThan(0)
})

it('leaves alone what hangs on the range it is asked with, or looks ahead', () => {
  const kept = (text: string): boolean => isCacheable(parseExpr(text, features), features)
  for (const text of ['m', 'sum(rate(m[5m] offset 1h)) / 2', 'max_over_time(m[1h:1m])', 'topk(3, m)', 'time()'])
    expect(kept(text)).toBe(true)
  const not = [
    'm @ 5',
    'm @ start()',
    'rate(m[5m] offset -1m)',
    'max_over_time(m[5m:1m] @ end())',
    'rate(m[step()])',
    'limitk(2, m)',
    'm smoothed',
  ]
  for (const text of not) expect(kept(`1 + sum(${text})`), text).toBe(false)
})

interface Ask {
  readonly query: string
  readonly startMs: number
  readonly steps: number
  readonly stepMs: number
}

async function answer(
  metrics: MetricSource,
  { query, startMs, steps, stepMs }: Ask,
  cache: RangeCache | undefined,
): Promise<unknown> {
  const fromMs = NOON_MS + startMs
  const request = { kind: 'range', expr: query, startMs: fromMs, endMs: fromMs + steps * stepMs, stepMs } as const
  const warnings: QueryWarning[] = []
  const context = { tenants: ['t'], signal: new AbortController().signal, limits: DEFAULT_QUERY_LIMITS, stats: makeQueryStats() }
  const run = { context, settings: DEFAULT_PROMQL_SETTINGS, warnings, onCounts: () => {}, ...(cache !== undefined && { cache }) }
  return { data: await runPromQL({ ...openMemoryStore(), metrics }, request, run), warnings }
}
