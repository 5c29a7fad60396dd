import type { CounterResetHint, NativeHistogram, SeriesSamples } from '@oriel/model'
import { makeLabels } from '@oriel/model'
import { EMPTY_HISTOGRAM } from '@oriel/vector'
import { describe, expect, it } from 'vitest'
import { parseExpr } from './parse.ts'
import { needsEarlier, selectorsWithoutBuckets, withoutBuckets, withReadHints } from './read-hints.ts'

describe('hints at reading', () => {
  it('say of a histogram whether it continues the one before it', () => {
    const read = withReadHints(samplesOf([histogram(1), histogram(3), histogram(2), undefined, histogram(5)]))
    expect(hintsOf(read)).toEqual(['unknown', 'notReset', 'unknown', undefined, 'unknown'])
  })

  it('drop what a sender claimed, save that it is a gauge', () => {
    const read = withReadHints(samplesOf([histogram(1, 'notReset'), histogram(2, 'reset'), histogram(1, 'gauge')]))
    expect(hintsOf(read)).toEqual(['unknown', 'unknown', 'gauge'])
  })

  it('look at what was before the first sample, where that is known', () => {
    const samples = samplesOf([histogram(5)])
    expect(needsEarlier(samples)).toBe(true)
    expect(hintsOf(withReadHints(samples, samplesOf([histogram(4)])))).toEqual(['notReset'])
    expect(hintsOf(withReadHints(samples, samplesOf([histogram(6)])))).toEqual(['unknown'])
  })

  it('tell resets before the buckets are dropped', () => {
    const read = withoutBuckets(withReadHints(samplesOf([histogram(1), histogram(3), histogram(2)])))
    expect(hintsOf(read)).toEqual(['unknown', 'notReset', 'reset'])
    expect(read.histograms?.map((of) => [of?.count, of?.positiveBuckets.length])).toEqual([
      [1, 0],
      [3, 0],
      [2, 0],
    ])
  })
})

describe('selectors of which only count and sum matter', () => {
  it('are those below histogram_count and its kin, unless something in between or above needs buckets', () => {
    const check = (query: string, want: number) => expect(selectorsWithoutBuckets(parseExpr(query)).size, query).toBe(want)
    check('histogram_count(sum(rate(h[5m])))', 1)
    check('histogram_sum(a + b)', 2)
    check('histogram_count(h) / h', 1)
    check('histogram_quantile(0.5, h)', 0)
    check('histogram_count(h </ 3)', 0)
    check('max_over_time(histogram_count(h)[5m:1m])', 0)
  })
})

function histogram(count: number, resetHint: CounterResetHint = 'unknown'): NativeHistogram {
  const positiveSpans = [{ offset: 0, length: 1 }]
  return { ...EMPTY_HISTOGRAM, count, sum: count, positiveSpans, positiveBuckets: Float64Array.of(count), resetHint }
}

function samplesOf(histograms: (NativeHistogram | undefined)[]): SeriesSamples {
  const { length } = histograms
  return {
    labels: [makeLabels([['__name__', 'h']])],
    offsets: Uint32Array.of(0, length),
    tMs: Float64Array.from({ length }, (_, i) => i * 60_000),
    values: new Float64Array(length).fill(NaN),
    stale: new Uint8Array(length),
    histograms,
  }
}

function hintsOf({ histograms }: SeriesSamples): (CounterResetHint | undefined)[] | undefined {
  return histograms?.map((of) => of?.resetHint)
}
