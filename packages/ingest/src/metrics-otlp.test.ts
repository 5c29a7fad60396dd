import fc from 'fast-check'
import type { NativeHistogram } from '@oriel/model'
import { labelsToRecord } from '@oriel/model'
import { DEFAULT_QUERY_LIMITS, makeQueryStats, openMemoryStore } from '@oriel/store'
import type { QueryContext, Store } from '@oriel/store'
import type { OtlpMetricSettings } from '@oriel/wire'
import { DEFAULT_OTLP_SETTINGS, WireError } from '@oriel/wire'
import { expect, test } from 'vitest'
import { encodeOtlpMetrics, keyValues } from '../../wire/src/otlp/metrics-testing.ts'
import type { OtlpMetricsResult } from './metrics.ts'
import { openMetricsWriter } from './metrics.ts'

const NOW = Date.UTC(2026, 10, 21, 12)
const NOW_NS = `${NOW}000000`
// The resource's attributes that say more than who it is.
const INFO = 'target_info{"host_name":"h"}'
const RESOURCE = { 'service.name': 'shop', 'service.namespace': 'eu', 'service.instance.id': 'i1', 'host.name': 'h' }

async function store(
  metrics: readonly object[],
  settings: Partial<OtlpMetricSettings> = {},
  scope: object = {},
): Promise<{ store: Store; result: OtlpMetricsResult }> {
  const memory = openMemoryStore()
  const writer = openMetricsWriter(memory.sink, { now: () => NOW })
  const body = encodeOtlpMetrics(RESOURCE, metrics, scope)
  writer.setOtlp({ ...DEFAULT_OTLP_SETTINGS, ...settings })
  // Twice: the second time every series is known by its bytes.
  await writer.writeOtlp('t', body)
  const result = await writer.writeOtlp('t', body)
  await writer.close()
  return { store: memory, result }
}

function context(): QueryContext {
  return { tenants: ['t'], signal: new AbortController().signal, limits: DEFAULT_QUERY_LIMITS, stats: makeQueryStats() }
}

/** Every series as PromQL text and its values; `job` and `instance` are left out. */
async function all({ store: source }: { store: Store }): Promise<Record<string, (number | string)[]>> {
  const found = await source.metrics.samples(
    { matchers: [{ name: '__name__', op: '!=', value: '' }], range: { startMs: 0, endMs: 2 * NOW } },
    context(),
  )
  const result: Record<string, (number | string)[]> = {}
  for (const [i, labels] of found.labels.entries()) {
    const { __name__: name, job, instance, ...rest } = labelsToRecord(labels)
    expect([job, instance]).toEqual(['eu/shop', 'i1'])
    const values: (number | string)[] = []
    for (let at = found.offsets[i]!; at < found.offsets[i + 1]!; at++) {
      expect(found.tMs[at]).toBe(NOW)
      const histogram = found.histograms?.[at]
      if (histogram !== undefined) values.push(printed(histogram))
      else values.push(found.stale[at] === 1 ? 'stale' : found.values[at]!)
    }
    result[`${name}${Object.keys(rest).length === 0 ? '' : JSON.stringify(rest)}`] = values
  }
  return result
}

/** Schema, count and sum, zero bucket, spans with their counts, bounds and hint. */
function printed(histogram: NativeHistogram): string {
  const spans = (all: NativeHistogram['positiveSpans'], counts: Float64Array) =>
    `${all.map(({ offset, length }) => `${offset}+${length}`).join(' ')}: ${counts.join(' ')}`
  const { positiveSpans, positiveBuckets, negativeSpans, negativeBuckets, customBounds } = histogram
  const sides = [spans(positiveSpans, positiveBuckets), spans(negativeSpans, negativeBuckets), customBounds.join(' ')]
  const head = [histogram.schema, histogram.count, histogram.sum, histogram.zeroThreshold, histogram.zeroCount]
  return [...head, ...sides, histogram.resetHint].join(' | ')
}

test('gauges and sums, integers and doubles, with target_info', async () => {
  const stored = await store([
    {
      name: 'queue.size',
      unit: '{item}',
      gauge: { data_points: [{ time_unix_nano: NOW_NS, as_int: -5, attributes: keyValues({ 'a.b': 'x', n: 7 }) }] },
    },
    {
      name: 'requests',
      sum: { aggregation_temporality: 2, is_monotonic: true, data_points: [{ time_unix_nano: NOW_NS, as_double: 2.5 }] },
    },
    { name: 'connections', sum: { aggregation_temporality: 2, data_points: [{ time_unix_nano: NOW_NS, as_int: 3 }] } },
  ])
  expect(stored.result).toEqual({ accepted: 3, rejected: 0, reason: '' })
  expect(await all(stored)).toEqual({
    'queue_size{"a_b":"x","n":"7"}': [-5],
    requests_total: [2.5],
    connections: [3],
    'target_info{"host_name":"h"}': [1],
  })
})

test('histograms become cumulative buckets, and without a sum have none', async () => {
  const point = { time_unix_nano: NOW_NS, count: 6, bucket_counts: [1, 2, 3], explicit_bounds: [0.5, 10] }
  const stored = await store([
    { name: 'd', unit: 's', histogram: { aggregation_temporality: 2, data_points: [{ ...point, sum: 12.5 }] } },
    { name: 'e', histogram: { aggregation_temporality: 2, data_points: [point] } },
  ])
  expect(await all(stored)).toMatchObject({
    'd_seconds_bucket{"le":"0.5"}': [1],
    'd_seconds_bucket{"le":"10"}': [3],
    'd_seconds_bucket{"le":"+Inf"}': [6],
    d_seconds_count: [6],
    d_seconds_sum: [12.5],
    e_count: [6],
  })
  expect(Object.keys(await all(stored))).not.toContain('e_sum')
})

test('summaries become quantiles, sum and count', async () => {
  const quantile_values = [
    { quantile: 0.5, value: 1 },
    { quantile: 0.99, value: 9 },
  ]
  const stored = await store([
    { name: 's', summary: { data_points: [{ time_unix_nano: NOW_NS, count: 4, sum: 8, quantile_values }] } },
  ])
  expect(await all(stored)).toMatchObject({ 's{"quantile":"0.5"}': [1], 's{"quantile":"0.99"}': [9], s_sum: [8], s_count: [4] })
})

test('a point without a recorded value is a staleness marker', async () => {
  const stored = await store([{ name: 'g', gauge: { data_points: [{ time_unix_nano: NOW_NS, flags: 1 }] } }])
  expect((await all(stored))['g']).toEqual(['stale'])
})

test('attributes that collide are joined in order of their keys; ours win over job and instance', async () => {
  const attributes = keyValues({ a_b: '2', 'a.b': '1', job: 'theirs' })
  const stored = await store([{ name: 'g', gauge: { data_points: [{ time_unix_nano: NOW_NS, as_int: 1, attributes }] } }])
  expect(Object.keys(await all(stored))).toContain('g{"a_b":"1;2"}')
})

test('exemplars go to the bucket that holds them, ids in hex', async () => {
  const exemplars = [
    {
      time_unix_nano: NOW_NS,
      as_double: 7,
      trace_id: Buffer.from('0af7651916cd43dd8448eb211c80319c', 'hex'),
      span_id: Buffer.from('b7ad6b7169203331', 'hex'),
    },
  ]
  const data_points = [{ time_unix_nano: NOW_NS, count: 1, bucket_counts: [0, 1, 0], explicit_bounds: [5, 10], exemplars }]
  const { store: memory } = await store([{ name: 'd', histogram: { aggregation_temporality: 2, data_points } }])
  const found = await memory.metrics.exemplars(
    { matchers: [{ name: '__name__', op: '=', value: 'd_bucket' }], range: { startMs: 0, endMs: 2 * NOW } },
    { tenants: ['t'], signal: new AbortController().signal, limits: DEFAULT_QUERY_LIMITS, stats: makeQueryStats() },
  )
  expect(found.map(({ seriesLabels }) => labelsToRecord(seriesLabels)['le'])).toEqual(['10'])
  expect(labelsToRecord(found[0]!.exemplars[0]!.labels)).toEqual({
    trace_id: '0af7651916cd43dd8448eb211c80319c',
    span_id: 'b7ad6b7169203331',
  })
})

test('what is not stored is refused by name, and the rest is kept', async () => {
  const points = [{ time_unix_nano: NOW_NS, as_int: 1 }]
  const { result } = await store([
    { name: 'good', gauge: { data_points: points } },
    { name: 'delta', sum: { aggregation_temporality: 1, is_monotonic: true, data_points: [...points, ...points] } },
    { name: 'none', sum: { data_points: points } },
    { name: 'exp', exponential_histogram: { aggregation_temporality: 2, data_points: [{ time_unix_nano: NOW_NS, scale: -5 }] } },
    { name: 'timeless', gauge: { data_points: [{ as_int: 1 }] } },
    { name: 'ahead', gauge: { data_points: [{ time_unix_nano: `${NOW + 3_600_000}000000`, as_int: 1 }] } },
  ])
  expect(result.accepted).toBe(1)
  expect(result.rejected).toBe(6)
  expect(result.reason).toMatch(
    /2 delta temporality .* such as delta; 1 a metric has no temporality, .*1 cannot convert exponential .* Scale must be >= -4, such as exp/,
  )
})

const EXPONENTIAL = {
  time_unix_nano: NOW_NS,
  count: 12,
  sum: 3.5,
  scale: 2,
  zero_count: 1,
  positive: { offset: -1, bucket_counts: [1, 0, 0, 0, 4] },
  negative: { offset: 3, bucket_counts: [6] },
}

test('exponential histograms become native ones, finer scales coarser, and delta where it is allowed a gauge', async () => {
  const points = [
    { ...EXPONENTIAL, attributes: keyValues({ a: 'x' }) },
    { ...EXPONENTIAL, attributes: keyValues({ a: 'fine' }), scale: 10 },
    { ...EXPONENTIAL, attributes: keyValues({ a: 'stale' }), flags: 1 },
    { ...EXPONENTIAL, attributes: keyValues({ a: 'bad' }), count: 13 },
  ]
  const exp = { name: 'exp', unit: 's', exponential_histogram: { aggregation_temporality: 2, data_points: points } }
  const delta = { name: 'delta', exponential_histogram: { aggregation_temporality: 1, data_points: points.slice(0, 1) } }
  const stored = await store([exp, delta], { deltas: 'stored' })
  expect(stored.result).toMatchObject({ accepted: 4, rejected: 1 })
  expect(stored.result.reason).toMatch(/12 observations found in buckets, but the Count field is 13/)
  const { [INFO]: _info, ...series } = await all(stored)
  // Bucket i of OTLP is bucket i + 1 of Prometheus; of scale 10, four become one.
  expect(series).toEqual({
    'exp_seconds{"a":"x"}': ['2 | 12 | 3.5 | 1e-128 | 1 | 0+1 3+1: 1 4 | 4+1: 6 |  | unknown'],
    'exp_seconds{"a":"fine"}': ['8 | 12 | 3.5 | 1e-128 | 1 | 0+2: 1 4 | 1+1: 6 |  | unknown'],
    'exp_seconds{"a":"stale"}': ['stale'],
    'delta{"a":"x"}': ['2 | 12 | 3.5 | 1e-128 | 1 | 0+1 3+1: 1 4 | 4+1: 6 |  | gauge'],
  })
  const metadata = await stored.store.metrics.metadata({ limit: 0 }, context())
  expect(metadata.map(({ metric, type }) => `${metric} ${type}`).sort()).toEqual([
    'delta unknown',
    'exp_seconds histogram',
    'target_info gauge',
  ])
})

test('explicit histograms become native ones with their bounds where the settings say so', async () => {
  const data_points = [
    { time_unix_nano: NOW_NS, count: 6, sum: 9, bucket_counts: [0, 2, 4], explicit_bounds: [1, 2.5] },
    {
      time_unix_nano: NOW_NS,
      count: 6,
      sum: 9,
      bucket_counts: [6],
      explicit_bounds: [3, 2],
      attributes: keyValues({ a: 'falling' }),
    },
  ]
  const stored = await store([{ name: 'h', histogram: { aggregation_temporality: 2, data_points } }], { convertsToNhcb: true })
  expect(stored.result.reason).toMatch(/1 histogram custom bounds must be in strictly increasing order/)
  const { [INFO]: _info, ...series } = await all(stored)
  expect(series).toEqual({ h: ['-53 | 6 | 9 | 0 | 0 | 1+2: 2 4 | :  | 1 2.5 | unknown'] })
})

test('resource attributes and scopes become labels where the settings say so', async () => {
  const data_points = [
    { time_unix_nano: NOW_NS, as_int: 1, attributes: keyValues({ 'host.name': 'own' }) },
    { time_unix_nano: NOW_NS, as_int: 2 },
  ]
  const gauge = [{ name: 'g', gauge: { data_points } }]
  const series = async (settings: Partial<OtlpMetricSettings>, scope = {}) =>
    Object.keys(await all(await store(gauge, settings, scope))).sort()
  const info = (labels: string) => `target_info{${labels}}`
  expect(await series({ attributes: ['host.name'] })).toEqual([
    'g{"host_name":"h"}',
    'g{"host_name":"own"}',
    info('"host_name":"h"'),
  ])
  expect(await series({ promotesAll: true, attributes: ['host.name', 'service.name'] })).toEqual([
    'g{"host_name":"own","service_instance_id":"i1","service_namespace":"eu"}',
    'g{"service_instance_id":"i1","service_namespace":"eu"}',
    info('"host_name":"h"'),
  ])
  expect(await series({ keepsIdentifying: true })).toContain(
    info('"host_name":"h","service_instance_id":"i1","service_name":"shop","service_namespace":"eu"'),
  )
  expect(await series({ strategy: 'NoTranslation' })).toEqual(['g', 'g{"host.name":"own"}', info('"host.name":"h"')])
  const scope = { scope: { name: 'lib', version: '2', attributes: keyValues({ 'a.b': 'c' }) }, schema_url: 'https://x' }
  expect(await series({ promotesScope: true }, scope)).toContain(
    'g{"otel_scope_a_b":"c","otel_scope_name":"lib","otel_scope_schema_url":"https://x","otel_scope_version":"2"}',
  )
  expect(await series({}, scope)).toEqual(['g', 'g{"host_name":"own"}', info('"host_name":"h"')])
})

test('times are cut to milliseconds exactly', async () => {
  const memory = openMemoryStore()
  const writer = openMetricsWriter(memory.sink, { now: () => NOW })
  for (const [ns, ms] of [
    ['1763726400000999999', 1763726400000],
    ['1763726400001000000', 1763726400001],
    ['1763726400000000000', 1763726400000],
  ] as const) {
    await writer.writeOtlp(
      't',
      encodeOtlpMetrics({}, [{ name: `g${ns}`, gauge: { data_points: [{ time_unix_nano: ns, as_int: 1 }] } }]),
    )
    const { tMs } = await memory.metrics.samples(
      { matchers: [{ name: '__name__', op: '=', value: `g${ns}` }], range: { startMs: 0, endMs: 2 * NOW } },
      { tenants: ['t'], signal: new AbortController().signal, limits: DEFAULT_QUERY_LIMITS, stats: makeQueryStats() },
    )
    expect(tMs[0]).toBe(ms)
  }
  await writer.close()
})

test('damaged bodies are refused whole with a WireError, or read', async () => {
  const writer = openMetricsWriter(openMemoryStore().sink, {
    now: () => NOW,
    batch: { minWaitMs: 0, maxBlockBytes: 1e6, maxQueuedBytes: 1e9, maxOutageWaitMs: 1 },
  })
  writer.setOtlp({ ...DEFAULT_OTLP_SETTINGS, promotesScope: true, convertsToNhcb: true })
  const body = encodeOtlpMetrics(RESOURCE, [
    {
      name: 'h',
      histogram: {
        aggregation_temporality: 2,
        data_points: [
          { time_unix_nano: NOW_NS, count: 6, bucket_counts: [1, 2], explicit_bounds: [0.5], attributes: keyValues({ a: 'b' }) },
        ],
      },
    },
    { name: 'e', exponential_histogram: { aggregation_temporality: 2, data_points: [EXPONENTIAL] } },
    {
      name: 's',
      summary: { data_points: [{ time_unix_nano: NOW_NS, count: 4, quantile_values: [{ quantile: 0.5, value: 1 }] }] },
    },
  ])
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(body.length - 1), fc.nat(255)), { maxLength: 4 }),
      fc.nat(body.length),
      async (edits, cut) => {
        const damaged = Uint8Array.from(body.subarray(0, body.length - (cut % 40)))
        for (const [at, byte] of edits) if (at < damaged.length) damaged[at] = byte
        try {
          await writer.writeOtlp('t', damaged)
        } catch (error) {
          expect(error).toBeInstanceOf(WireError)
        }
      },
    ),
    { numRuns: 300 },
  )
  await writer.close()
})

test('types and units become labels where that is asked for', async () => {
  const memory = openMemoryStore()
  const writer = openMetricsWriter(memory.sink, { now: () => NOW, hasTypeLabels: true })
  const point = { time_unix_nano: NOW_NS, as_int: 1 }
  const send = (unit: string, sum: object) =>
    writer.writeOtlp('t', encodeOtlpMetrics(RESOURCE, [{ name: 'm', unit, sum: { ...sum, data_points: [point] } }]))
  writer.setOtlp({ ...DEFAULT_OTLP_SETTINGS, strategy: 'NoTranslation' })
  await send('By', { aggregation_temporality: 2, is_monotonic: true })
  await send('', { aggregation_temporality: 2 })
  await writer.close()
  const { ['target_info{"host.name":"h"}']: _info, ...series } = await all({ store: memory })
  expect(series).toEqual({ 'm{"__type__":"counter","__unit__":"bytes"}': [1], 'm{"__type__":"gauge"}': [1] })
})
