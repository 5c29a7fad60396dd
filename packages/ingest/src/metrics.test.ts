import { FIRST_SAMPLE_MS, HISTOGRAM_HIGH, HISTOGRAM_LOW, labelsOf, METRIC_NAME } from '@oriel/model'
import type { Labels, NativeHistogram } from '@oriel/model'
import { DEFAULT_QUERY_LIMITS, makeQueryStats, openMemoryStore } from '@oriel/store'
import type { QueryContext, Store } from '@oriel/store'
import { expect, test } from 'vitest'
// The one place that knows how senders write these bodies.
import { encodeV1, encodeV2 } from '../../wire/src/remote-write/testing.ts'
import { openMetricsWriter, remoteWriteVersion } from './metrics.ts'
import type { MetricsWriter } from './metrics.ts'

const NOW = Date.UTC(2026, 10, 21, 12)

function open(): { writer: MetricsWriter; store: Store } {
  const store = openMemoryStore()
  return { store, writer: openMetricsWriter(store.sink, { now: () => NOW }) }
}

function context(): QueryContext {
  return { tenants: ['t'], signal: new AbortController().signal, limits: DEFAULT_QUERY_LIMITS, stats: makeQueryStats() }
}

async function read(store: Store, metric: string): Promise<{ labels: Labels; points: (number | string)[][] }[]> {
  const request = { matchers: [{ name: METRIC_NAME, op: '=' as const, value: metric }], range: { startMs: 0, endMs: 2 * NOW } }
  const { labels, offsets, tMs, values, stale } = await store.metrics.samples(request, context())
  return labels.map((series, i) => ({
    labels: series,
    points: Array.from({ length: offsets[i + 1]! - offsets[i]! }, (_, j) => {
      const at = offsets[i]! + j
      return [tMs[at]!, stale[at] === 1 ? 'stale' : values[at]!]
    }),
  }))
}

test.each([
  [1, encodeV1],
  [2, encodeV2],
] as const)('remote write %i is read back as it was sent', async (version, encode) => {
  const { writer, store } = open()
  const up = { [METRIC_NAME]: 'up', instance: 'a:1', job: 'x' }
  const body = encode([
    { labels: up, samples: [[NOW - 1_000, 1]] },
    {
      labels: { [METRIC_NAME]: 'up', instance: 'b:1', job: 'x' },
      samples: [
        [NOW - 1_000, 0],
        [NOW, NaN],
      ],
    },
  ])
  const result = await writer.writeRemoteWrite('t', body, version)
  expect(result).toEqual({ accepted: 3, rejected: [], written: { samples: 3, histograms: 0, exemplars: 0 } })
  expect(await read(store, 'up')).toEqual([
    { labels: labelsOf(up), points: [[NOW - 1_000, 1]] },
    {
      labels: labelsOf({ ...up, instance: 'b:1' }),
      points: [
        [NOW - 1_000, 0],
        [NOW, NaN],
      ],
    },
  ])
  await writer.close()
})

const HISTOGRAM: NativeHistogram = {
  schema: 1,
  zeroThreshold: 0,
  zeroCount: 0,
  count: 3,
  sum: 4,
  positiveSpans: [{ offset: 0, length: 2 }],
  positiveBuckets: Float64Array.of(1, 2),
  negativeSpans: [],
  negativeBuckets: new Float64Array(0),
  customBounds: new Float64Array(0),
  resetHint: 'unknown',
}
const GOOD = { tMs: NOW + 1, isInteger: true, histogram: HISTOGRAM }
const BAD = { tMs: NOW + 2, isInteger: true, histogram: { ...HISTOGRAM, positiveBuckets: Float64Array.of(4, -1) } }

test('a histogram is stored with its series, among floats, and a NaN that looks like its marker stays a NaN', async () => {
  const { writer, store } = open()
  const body = encodeV1([{ labels: { [METRIC_NAME]: 'h' }, samples: [[NOW, 1]], histograms: [GOOD] }])
  const marker = Buffer.alloc(8)
  marker.writeUInt32LE(HISTOGRAM_LOW)
  marker.writeUInt32LE(HISTOGRAM_HIGH, 4)
  body.set(marker, Buffer.from(body).indexOf(Buffer.from([0, 0, 0, 0, 0, 0, 0xf0, 0x3f])))
  await writer.writeRemoteWrite('t', body, 1)
  const got = await store.metrics.samples({ matchers: [], range: { startMs: NOW, endMs: NOW + 9 } }, context())
  expect([...got.tMs]).toEqual([NOW, NOW + 1])
  expect(got.histograms).toEqual([undefined, HISTOGRAM])
  await writer.close()
})

test.each([
  [1, encodeV1],
  [2, encodeV2],
] as const)('remote write %i keeps the good part and counts the rest by reason', async (version, encode) => {
  const { writer } = open()
  const { accepted, rejected, written } = await writer.writeRemoteWrite(
    't',
    encode([
      {
        labels: { [METRIC_NAME]: 'good' },
        samples: [
          [NOW, 1],
          [NOW + 20 * 60_000, 2],
          [FIRST_SAMPLE_MS - 1, 3],
          [-5, 4],
        ],
      },
      {
        labels: { job: 'x' },
        samples: [
          [NOW, 1],
          [NOW, 2],
        ],
      },
      { labels: { [METRIC_NAME]: 'with_histogram' }, samples: [[NOW, 1]], histograms: [GOOD, BAD] },
    ]),
    version,
  )
  expect(accepted).toBe(4)
  expect(written).toEqual({ samples: 3, histograms: 1, exemplars: 0 })
  expect(rejected.map(({ reason, count }) => [reason, count])).toEqual([
    ['a sample lies more than 10 minutes ahead', 1],
    ['a sample has a time before 1900', 1],
    ['a series has no metric name', 2],
    ['histogram has a bucket whose observation count is negative', 1],
  ])
  expect(rejected[2]!.example).toBe('{job="x"}')
  await writer.close()
})

test('a staleness marker keeps its bits', async () => {
  const { writer, store } = open()
  const body = encodeV1([{ labels: { [METRIC_NAME]: 'gone' }, samples: [[NOW, 1]] }])
  // The last nine bytes before the timestamp field are the double: put the marker's bits there.
  const at = Buffer.from(body).indexOf(Buffer.from([0, 0, 0, 0, 0, 0, 0xf0, 0x3f]))
  body.set([2, 0, 0, 0, 0, 0, 0xf0, 0x7f], at)
  await writer.writeRemoteWrite('t', body, 1)
  expect((await read(store, 'gone'))[0]!.points).toEqual([[NOW, 'stale']])
  await writer.close()
})

test('exemplars and metadata are stored, metadata once', async () => {
  const { writer, store } = open()
  const labels = { [METRIC_NAME]: 'requests_total' }
  const exemplars = [{ labels: { trace_id: 'abc' }, value: 0.5, tMs: NOW }]
  const body = encodeV2([{ labels, samples: [[NOW, 1]], exemplars, metadata: { type: 1, help: 'Requests', unit: '' } }])
  const { written } = await writer.writeRemoteWrite('t', body, 2)
  expect(written.exemplars).toBe(1)
  await writer.writeRemoteWrite('t', body, 2)
  expect(await store.metrics.metadata({ limit: 0 }, context())).toEqual([
    { metric: 'requests_total', type: 'counter', help: 'Requests', unit: '' },
  ])
  const found = await store.metrics.exemplars(
    { matchers: [{ name: METRIC_NAME, op: '=', value: 'requests_total' }], range: { startMs: 0, endMs: 2 * NOW } },
    context(),
  )
  expect(found[0]!.exemplars[0]).toEqual({ labels: [{ name: 'trace_id', value: 'abc' }], value: 0.5, tMs: NOW })
  await writer.close()
})

test('a body that breaks half-way leaves nothing behind, and its series come to the index with the next', async () => {
  const { writer, store } = open()
  const body = encodeV1([{ labels: { [METRIC_NAME]: 'half' }, samples: [[NOW, 1]] }])
  await expect(writer.writeRemoteWrite('t', Buffer.concat([body, Uint8Array.of(10, 50, 1)]), 1)).rejects.toThrow(/bytes wanted/)
  expect(await read(store, 'half')).toEqual([])
  await writer.writeRemoteWrite('t', body, 1)
  expect(await read(store, 'half')).toHaveLength(1)
  await writer.close()
})

test('tenants do not share series, and more tenants than are remembered are served', async () => {
  const store = openMemoryStore()
  const writer = openMetricsWriter(store.sink, {
    now: () => NOW,
    batch: { minWaitMs: 0, maxBlockBytes: 1e7, maxQueuedBytes: 1e8, maxOutageWaitMs: 1 },
  })
  const body = encodeV1([{ labels: { [METRIC_NAME]: 'up' }, samples: [[NOW, 1]] }])
  await Promise.all(Array.from({ length: 200 }, (_, i) => writer.writeRemoteWrite(`t${i}`, body, 1)))
  expect(writer.series).toBe(64)
  await writer.writeRemoteWrite('t0', body, 1)
  expect(await read(store, 'up')).toEqual([])
  for (const tenant of ['t0', 't7', 't199']) {
    const found = await store.metrics.series(
      { matcherSets: [], range: { startMs: NOW, endMs: NOW }, limit: 0 },
      { ...context(), tenants: [tenant] },
    )
    expect(found).toEqual([[{ name: METRIC_NAME, value: 'up' }]])
  }
  await writer.close()
})

test('content types name the version, and others are none', () => {
  expect(remoteWriteVersion('application/x-protobuf')).toBe(1)
  expect(remoteWriteVersion('application/x-protobuf;proto=prometheus.WriteRequest')).toBe(1)
  expect(remoteWriteVersion('application/x-protobuf; proto=io.prometheus.write.v2.Request')).toBe(2)
  expect(remoteWriteVersion('application/x-protobuf;proto=other')).toBeUndefined()
  expect(remoteWriteVersion('application/json')).toBeUndefined()
})

test('series that were deleted come back with their next sample, however many had been written', async () => {
  const { writer, store } = open()
  const send = (value: number) => {
    const series = ['a', 'b'].map((of) => ({ labels: { [METRIC_NAME]: 'm', of }, samples: [[NOW, value] as const] }))
    return writer.writeRemoteWrite('t', encodeV1(series), 1)
  }
  await send(1)
  const range = { startMs: 0, endMs: 2 * NOW }
  const [deleted] = await Promise.all([
    writer.delete({ tenant: 't', matchers: [{ name: 'of', op: '=', value: 'a' }], range }),
    // On its way while the deletion begins: brought by a body that knew its series as indexed.
    send(2),
  ])
  expect(deleted).toBeUndefined()
  await send(3)
  expect((await read(store, 'm')).map(({ points }) => points)).toEqual([[[NOW, 3]], [[NOW, 3]]])
  await writer.close()
})
