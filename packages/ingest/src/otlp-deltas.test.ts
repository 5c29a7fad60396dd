import type { NativeHistogram } from '@oriel/model'
import { labelsToRecord } from '@oriel/model'
import { DEFAULT_QUERY_LIMITS, makeQueryStats, openMemoryStore } from '@oriel/store'
import { DEFAULT_OTLP_SETTINGS } from '@oriel/wire'
import { beforeEach, expect, test } from 'vitest'
import { encodeOtlpMetrics, keyValues } from '../../wire/src/otlp/metrics-testing.ts'
import type { MetricsWriter } from './metrics.ts'
import { openMetricsWriter } from './metrics.ts'

const NOW = Date.UTC(2026, 10, 21, 12)
const SUMMED = { ...DEFAULT_OTLP_SETTINGS, deltas: 'summed' } as const

let memory: ReturnType<typeof openMemoryStore>
let writer: MetricsWriter
let nowMs: number

beforeEach(() => {
  nowMs = NOW
  memory = openMemoryStore()
  writer = openMetricsWriter(memory.sink, { now: () => nowMs, starts: 'stored' })
  writer.setOtlp(SUMMED)
})

const ns = (tMs: number): string => `${tMs}000000`
const at = (tMs: number, startMs = NOW - 60_000) => ({ time_unix_nano: ns(tMs), start_time_unix_nano: ns(startMs) })

function send(metric: object) {
  return writer.writeOtlp('t', encodeOtlpMetrics({ 'service.name': 'shop' }, [metric]))
}

const counter = (point: object) =>
  send({ name: 'c', sum: { aggregation_temporality: 1, is_monotonic: true, data_points: [point] } })

/** Each series as its name and `le`, with the values and starts of its samples. */
async function read() {
  const { signal } = new AbortController()
  const context = { tenants: ['t'], signal, limits: DEFAULT_QUERY_LIMITS, stats: makeQueryStats() }
  const found = await memory.metrics.samples({ matchers: [], range: { startMs: 0, endMs: 2 * NOW } }, context)
  const values: Record<string, (number | NativeHistogram)[]> = {}
  for (const [i, labels] of found.labels.entries()) {
    const { __name__: name = '', le = '' } = labelsToRecord(labels)
    const [from, to] = [found.offsets[i]!, found.offsets[i + 1]!]
    values[`${name} ${le}`.trim()] = Array.from(
      { length: to - from },
      (_, n) => found.histograms?.[from + n] ?? found.values[from + n]!,
    )
  }
  return { values, startsMs: found.startsMs }
}

test('deltas of a counter are summed, with the start of the first, whatever the order of attributes', async () => {
  await counter({ ...at(NOW - 30_000), as_int: 5, attributes: keyValues({ a: 'x', b: 'y' }) })
  await counter({ ...at(NOW - 20_000, NOW - 30_000), as_double: 2.5, attributes: keyValues({ b: 'y', a: 'x' }) })
  const { values, startsMs } = await read()
  expect(values).toEqual({ c_total: [5, 7.5] })
  expect([...(startsMs ?? [])]).toEqual([NOW - 60_000, NOW - 60_000])
})

test('a delta that is late or of an earlier start is left out, and said', async () => {
  await counter({ ...at(NOW - 30_000), as_int: 5 })
  const late = await counter({ ...at(NOW - 30_000), as_int: 100 })
  const earlier = await counter({ ...at(NOW - 10_000, NOW - 90_000), as_int: 100 })
  expect([late.rejected, earlier.rejected, late.reason]).toEqual([
    1,
    1,
    '1 a delta is no newer than those summed before it, such as c',
  ])
  await counter({ ...at(NOW - 10_000), as_int: 1 })
  expect((await read()).values).toEqual({ c_total: [5, 6] })
})

test('a reload of the configuration keeps the totals, five minutes of silence do not', async () => {
  await counter({ ...at(NOW - 30_000), as_int: 5 })
  writer.setOtlp(SUMMED)
  await counter({ ...at(NOW - 20_000), as_int: 1 })
  nowMs += 300_001
  await counter({ ...at(nowMs), as_int: 2 })
  expect((await read()).values).toEqual({ c_total: [5, 6, 2] })
})

test('classic histograms are summed bucket by bucket, until their bounds change', async () => {
  const histogram = (tMs: number, explicit_bounds: number[]) =>
    send({
      name: 'h',
      histogram: {
        aggregation_temporality: 1,
        data_points: [{ ...at(tMs), count: 3, sum: 1.5, bucket_counts: [1, 2, 0], explicit_bounds }],
      },
    })
  await histogram(NOW - 30_000, [1, 2])
  await histogram(NOW - 20_000, [1, 2])
  await histogram(NOW - 10_000, [1, 3])
  expect((await read()).values).toEqual({
    'h_bucket +Inf': [3, 6, 3],
    'h_bucket 1': [1, 2, 1],
    'h_bucket 2': [3, 6],
    'h_bucket 3': [3],
    h_count: [3, 6, 3],
    h_sum: [1.5, 3, 1.5],
  })
})

test('exponential histograms are summed at the coarser scale, and with 160 buckets at most', async () => {
  const exponential = (tMs: number, scale: number, positive: { offset: number; bucket_counts: number[] }) => {
    const count = positive.bucket_counts.reduce((sum, each) => sum + each, 0)
    const point = { ...at(tMs), count, sum: 1, scale, zero_count: 0, positive }
    return send({ name: 'e', exponential_histogram: { aggregation_temporality: 1, data_points: [point] } })
  }
  await exponential(NOW - 40_000, 1, { offset: 0, bucket_counts: [1, 2, 4, 8] })
  await exponential(NOW - 30_000, 0, { offset: -1, bucket_counts: [16, 32] })
  await exponential(NOW - 20_000, 0, { offset: 300, bucket_counts: [64] })
  const histograms = (await read()).values['e']!.map((each) =>
    typeof each === 'number' ? [] : [each.schema, each.count, each.positiveSpans, [...each.positiveBuckets]],
  )
  expect(histograms).toEqual([
    [1, 15, [{ offset: 1, length: 4 }], [1, 2, 4, 8]],
    [0, 63, [{ offset: 0, length: 3 }], [16, 35, 12]],
    // A step coarser: 302 buckets are too many.
    [
      -1,
      127,
      [
        { offset: 0, length: 2 },
        { offset: 149, length: 1 },
      ],
      [16, 47, 64],
    ],
  ])
})
