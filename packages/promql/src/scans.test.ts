import type { SeriesSamples, SeriesScan } from '@oriel/model'
import { labelsOf } from '@oriel/model'
import type { MetricSource } from '@oriel/store'
import { DEFAULT_QUERY_LIMITS, makeQueryStats, openMemoryStore } from '@oriel/store'
import { expect, it } from 'vitest'
import { evaluate } from './evaluate.ts'

const STEP_MS = 15_000

// Two share their times; one ends with a marker and begins again; one is nothing but a marker; one has a reset.
const samples = columns([
  { job: 'a', i: '1', at: [0, 1, 2, 3, 4, 5], values: [0, 10, 20, 5, 15, 25] },
  { job: 'b', i: '2', at: [0, 1, 2, 3, 4, 5], values: [1, 2, 4, 8, 16, 32] },
  { job: 'a', i: '3', at: [0, 1, 2, 4, 5], values: [7, 8, undefined, 1, 2] },
  { job: 'c', i: '4', at: [3], values: [undefined] },
  { job: 'b', i: '5', at: [1, 3, 5], values: [3, 2, 1] },
])

it.each([
  'm',
  'rate(m[45s])',
  'sum by (job) (rate(m[45s]))',
  'sum by (job) (m)',
  'avg(m)',
  'count by (job) (m)',
  'max without (i) (irate(m[1m]))',
  'sum by (job) (max_over_time(m[1m]))',
  'timestamp(m)',
  'absent_over_time(m{job="c"}[1m])',
  'topk(1, m)',
  'sum(rate(m[45s])) / avg(m)',
])('%s answers the same from a scan as from columns', async (expr) => {
  const query = { expr, startMs: 0, endMs: 8 * STEP_MS, stepMs: STEP_MS }
  const whole = await evaluate(sourceOf({ samples: async () => samples }), query, contextOf())
  const scanned = await evaluate(sourceOf({ scan: async () => scanOnce() }), query, contextOf())
  expect(scanned).toEqual(whole)
})

/** A scan that uses one piece of memory for all series, as the store's does. */
function scanOnce(): SeriesScan {
  const scratch = { tMs: new Float64Array(8), values: new Float64Array(8), stale: new Uint8Array(8) }
  const { labels, offsets, tMs, values, stale } = samples
  return {
    labels,
    samples: tMs.length,
    read(i) {
      const [start, end] = [offsets[i]!, offsets[i + 1]!]
      scratch.tMs.fill(NaN).set(tMs.subarray(start, end))
      scratch.values.fill(NaN).set(values.subarray(start, end))
      scratch.stale.fill(0).set(stale.subarray(start, end))
      return { ...scratch, stale: scratch.stale.includes(1) ? scratch.stale : undefined, from: 0, to: end - start }
    },
  }
}

interface TestSeries {
  readonly job: string
  readonly i: string
  readonly at: readonly number[]
  /** `undefined` is a staleness marker. */
  readonly values: readonly (number | undefined)[]
}

function columns(all: readonly TestSeries[]): SeriesSamples {
  let end = 0
  const values = all.flatMap((of) => of.values)
  return {
    labels: all.map(({ job, i }) => labelsOf({ __name__: 'm', i, job })),
    offsets: Uint32Array.from([0, ...all.map(({ at }) => (end += at.length))]),
    tMs: Float64Array.from(all.flatMap(({ at }) => at.map((n) => n * STEP_MS))),
    values: Float64Array.from(values, (value) => value ?? NaN),
    stale: Uint8Array.from(values, (value) => (value === undefined ? 1 : 0)),
  }
}

function sourceOf(reads: Partial<MetricSource>): MetricSource {
  return { ...openMemoryStore().metrics, ...reads }
}

function contextOf() {
  return { tenants: ['t'], signal: new AbortController().signal, limits: DEFAULT_QUERY_LIMITS, stats: makeQueryStats() }
}
