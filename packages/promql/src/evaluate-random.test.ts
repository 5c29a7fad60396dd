import { labelsKey, OrielError } from '@oriel/model'
import type { MetricSource, QueryContext } from '@oriel/store'
import { DEFAULT_QUERY_LIMITS, makeQueryStats, openMemoryStore } from '@oriel/store'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PromqlResult } from './evaluate.ts'
import { evaluate } from './evaluate.ts'
import { DEFAULT_FEATURES } from './features.ts'
import { blockOf } from './testing/load.ts'
import { parseSeriesLine } from './testing/series.ts'

const STEPS = 6
// Of counts that are equal, the first wins: their order must not depend on the steps.
const TIED_COUNTS = 'topk(1, quantile_over_time(0.3, (count_values("v", a_total))[3m:1m]))'

describe('evaluate on random queries', () => {
  it('a range answers at each step what a query for that moment answers, to the bit', async () => {
    const source = randomSource()
    const times = fc.record({ startMs: fc.integer({ min: 0, max: 1_500_000 }), stepMs: fc.integer({ min: 1, max: 150_000 }) })
    const features = fc.constantFrom(DEFAULT_FEATURES, { ...DEFAULT_FEATURES, delayedNameRemoval: true })
    await fc.assert(
      fc.asyncProperty(vector(3), times, features, async (expr, { startMs, stepMs }, of) => {
        const query = { expr, features: of }
        const range = await ask(source, { ...query, startMs, endMs: startMs + (STEPS - 1) * stepMs, stepMs })
        // Two series may become one only at another step, so a failed range says nothing about a single moment.
        if (range === undefined) return
        for (let j = 0; j < STEPS; j++) {
          const moment = await ask(source, { ...query, startMs: startMs + j * stepMs, endMs: startMs + j * stepMs, stepMs: 0 })
          const [now, then] = [rowsOf(moment, 0), rowsOf(range, j)].map((rows) => (of.delayedNameRemoval ? nameless(rows) : rows))
          expect(now, `step ${j} of ${expr}`).toEqual(then)
        }
      }),
      { numRuns: 400, examples: [[TIED_COUNTS, { startMs: 0, stepMs: 36_000 }, DEFAULT_FEATURES]] },
    )
  })
})

type Query = Parameters<typeof evaluate>[1]

/** The answer, or nothing when the query failed as queries may. Anything else that is thrown is a defect. */
async function ask(source: MetricSource, query: Query): Promise<PromqlResult | undefined> {
  try {
    return await evaluate(source, query, contextOf())
  } catch (error) {
    if (error instanceof OrielError) return undefined
    throw error
  }
}

/** Where names go at the end, a range decides for a whole series at its first sample: a moment within it may tell otherwise. */
function nameless(rows: Map<string, number>): string[] {
  return [...rows].map(([key, value]) => `${key.replace(/8:__name__\d+:\w+?(?=\d+:|$)/, '')} ${value}`).sort()
}

function rowsOf(result: PromqlResult | undefined, step: number): Map<string, number> {
  const rows = new Map<string, number>()
  if (result?.kind === 'vector') for (const [i, labels] of result.labels.entries()) rows.set(labelsKey(labels), result.values[i]!)
  if (result?.kind === 'matrix') {
    for (const [i, labels] of result.labels.entries()) {
      const at = i * result.steps + step
      if (result.present[at] === 1) rows.set(labelsKey(labels), result.values[at]!)
    }
  }
  return rows
}

/** Random vector expressions, all of whose answers depend on the moment alone. */
function vector(depth: number): fc.Arbitrary<string> {
  const selector = fc
    .tuple(
      fc.constantFrom('a_total', 'b', 'b{i="1"}', '{__name__=~"a_total|b"}', 'nothing', 'a_total{i!="2"}'),
      fc.constantFrom('', '', ' offset 1m', ' offset -30s', ' @ 300'),
    )
    .map((parts) => parts.join(''))
  if (depth === 0) return selector
  const inner = vector(depth - 1)
  const range = fc.oneof(
    fc.constantFrom('a_total[2m]', 'b[90s]', 'b[5m] offset 1m', 'a_total[3m] @ 400', '{__name__=~".+"}[1m]'),
    fc.tuple(inner, fc.constantFrom('[3m:1m]', '[2m:17s]', '[90s:30s] offset 10s')).map(([expr, tail]) => `(${expr})${tail}`),
  )
  return fc.oneof(
    selector,
    fc.tuple(fc.constantFrom(...OVER_RANGES), range).map(([name, arg]) => `${name}(${arg})`),
    range.map((arg) => `quantile_over_time(0.3, ${arg})`),
    range.map((arg) => `predict_linear(${arg}, 60)`),
    fc.tuple(fc.constantFrom(...OVER_VECTORS), inner).map(([name, arg]) => `${name}(${arg})`),
    fc.tuple(fc.constantFrom(...AGGREGATIONS), inner).map(([head, arg]) => `${head}${arg})`),
    fc.tuple(inner, fc.constantFrom(...OPERATORS), inner).map(([left, op, right]) => `(${left}) ${op} (${right})`),
    fc.tuple(inner, fc.constantFrom('+ 1', '* -0.5', '> 3', '== bool 2', '^ 2')).map(([left, tail]) => `(${left}) ${tail}`),
    inner.map((arg) => `label_replace(${arg}, "x", "$1", "i", "(.*)")`),
    inner.map((arg) => `clamp(${arg}, 1, scalar(b{i="1"}))`),
    inner.map((arg) => `-(${arg})`),
  )
}

const OVER_RANGES = (
  'rate increase delta irate idelta deriv changes resets sum_over_time avg_over_time min_over_time max_over_time ' +
  'count_over_time last_over_time first_over_time stddev_over_time absent_over_time present_over_time'
).split(' ')
const OVER_VECTORS = 'abs ceil sgn timestamp absent minute'.split(' ')
const AGGREGATIONS = [
  'sum(',
  'avg by (i) (',
  'max without (i) (',
  'count(',
  'topk(1, ',
  'quantile(0.5, ',
  'stddev(',
  'count_values("v", ',
]
const OPERATORS = [
  '+',
  '/ on (i)',
  '> ',
  '< bool',
  'and',
  'or',
  'unless on (i)',
  '* on (i) group_left',
  '- ignoring (i) group_right',
]

function randomSource(): MetricSource {
  const store = openMemoryStore()
  let state = 7
  const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
  const values = (next: () => string) => Array.from({ length: 120 }, next).join(' ')
  let total = 0
  const counter = () => {
    total = random() < 0.05 ? 0 : total + Math.floor(random() * 9)
    return random() < 0.1 ? '_' : String(total)
  }
  const gauge = () => {
    const dice = random()
    if (dice < 0.08) return dice < 0.02 ? 'stale' : dice < 0.04 ? 'NaN' : '_'
    return (random() * 20 - 5).toFixed(2)
  }
  const lines = ['1', '2', '3'].flatMap((i) => [`a_total{i="${i}"} ${values(counter)}`, `b{i="${i}"} ${values(gauge)}`])
  const series = lines.map(parseSeriesLine)
  store.metrics.write([blockOf({ kind: 'load', line: 1, stepMs: 15_000, withNhcb: false, series, startTimes: [] }, 'test')])
  return store.metrics
}

function contextOf(): QueryContext {
  return { tenants: ['test'], signal: new AbortController().signal, limits: DEFAULT_QUERY_LIMITS, stats: makeQueryStats() }
}
