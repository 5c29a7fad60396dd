import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeMetricBlock } from '@oriel/model'
import type { NativeHistogram } from '@oriel/model'
import { DEFAULT_QUERY_LIMITS, makeQueryStats } from '@oriel/store'
import { metricBlock, NOON_MS } from '@oriel/store/contract-suite'
import type { TestSeries } from '@oriel/store/contract-suite'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openMetrics } from '../metrics.ts'
import { openEngine } from '../open.ts'
import { withoutRepeats } from './repeats.ts'

test('of rows with one series and time the last stays, whatever else is there', () => {
  const row = fc.tuple(fc.nat(5), fc.nat(5), fc.double({ noNaN: true }))
  fc.assert(
    fc.property(fc.array(row, { maxLength: 60 }), (rows) => {
      const { samples } = makeMetricBlock('t')
      for (const [series, tMs, value] of rows) {
        samples.metricId.pushNumber(series)
        samples.seriesId.pushFrom(Uint32Array.of(series, 1, 2, 3), 0)
        samples.tMs.pushNumber(NOON_MS + tMs)
        samples.values.pushDouble(value)
      }
      const kept = withoutRepeats(samples)
      const found = Array.from({ length: kept.rows }, (_, i) => [
        kept.seriesId.words[4 * i],
        kept.tMs.numberAt(i) - NOON_MS,
        kept.values.doubleAt(i),
      ])
      const last = rows.filter(([series, tMs], i) => !rows.some(([s, t], j) => j > i && s === series && t === tMs))
      expect(found).toEqual(last)
      if (last.length === rows.length) expect(kept).toBe(samples)
    }),
  )
})

const HISTOGRAM: NativeHistogram = {
  schema: 0,
  zeroThreshold: 0,
  zeroCount: 0,
  count: 1,
  sum: 1,
  positiveSpans: [{ offset: 0, length: 1 }],
  positiveBuckets: Float64Array.of(1),
  negativeSpans: [],
  negativeBuckets: new Float64Array(0),
  customBounds: new Float64Array(0),
  resetHint: 'unknown',
}

// Shares no factor with the number of points.
const STRIDE = 617

test('of two values for one series and time in one insert the later alone reaches the engine', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'oriel-repeats-'))
  const opened = openEngine({ dataDir })
  const metrics = openMetrics(opened.client, { isOnlyWriter: true })
  await opened.engine.started
  try {
    const points = 1_000
    const once = (add: number): TestSeries[] =>
      Array.from({ length: 10 }, (_, i) => ({
        labels: { __name__: 'm', i: String(i) },
        samples: Array.from({ length: points }, (_unused, place): TestSeries['samples'][number] => {
          const at = (place * STRIDE) % points
          return [NOON_MS + at * 1_000, i === 0 ? { ...HISTOGRAM, sum: at + add } : at + add]
        }),
      }))
    await metrics.write([metricBlock('t', [...once(0.25), ...once(0.75), ...once(0.5)])])
    const context = {
      tenants: ['t'],
      signal: new AbortController().signal,
      limits: DEFAULT_QUERY_LIMITS,
      stats: makeQueryStats(),
    }
    const request = { matchers: [], range: { startMs: NOON_MS, endMs: NOON_MS + 3_600_000 } }
    // Another reader: this one could answer from memory.
    const reader = openMetrics(opened.client, { isOnlyWriter: false })
    const { values, histograms } = await reader.source.samples(request, context)
    const got = Array.from(values, (value, at) => histograms?.[at]?.sum ?? value)
    expect(got).toHaveLength(10 * points)
    expect(got.filter((value) => value % 1 !== 0.5)).toEqual([])
    const rowsOf = async (table: string) => (await opened.client.query(`SELECT count() AS n FROM ${table}`))[0]?.numbers('n')[0]
    expect([await rowsOf('samples'), await rowsOf('histograms')]).toEqual([10 * points, points])
  } finally {
    await opened.close()
    rmSync(dataDir, { recursive: true })
  }
}, 60_000)
