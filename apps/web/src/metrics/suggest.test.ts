import { describe, expect, it } from 'vitest'
import { metricOf, suggestQuery, unitOf } from './suggest.ts'

describe('suggestQuery', () => {
  it('takes the rate of what only rises', () =>
    expect(suggestQuery({ name: 'x_total', type: 'counter' })).toBe('rate(x_total[5m])'))
  it('takes a gauge as it is', () => expect(suggestQuery({ name: 'up', type: 'gauge' })).toBe('up'))
  it('takes a quantile of buckets', () => {
    expect(suggestQuery({ name: 'd_bucket', type: 'histogram' }, { by: 'job' })).toBe(
      'histogram_quantile(0.95, sum by (le, job) (rate(d_bucket[5m])))',
    )
  })
  it('sums rates and averages gauges when grouped', () => {
    expect(suggestQuery({ name: 'x_total', type: 'counter' }, { by: 'job' })).toBe('sum by (job) (rate(x_total[5m]))')
    expect(suggestQuery({ name: 'up', type: 'gauge' }, { by: 'job' })).toBe('avg by (job) (up)')
  })
  it('quotes names that PromQL cannot write bare', () => expect(suggestQuery({ name: 'a.b', type: 'gauge' })).toBe('{"a.b"}'))
})

it('metricOf finds the metric of every suggestion', () => {
  for (const name of ['up', 'x_total', 'd_bucket', 'a.b']) {
    for (const by of ['', 'job']) expect(metricOf(suggestQuery({ name, type: '' }, { by })), `${name} by ${by}`).toBe(name)
  }
})

it('unitOf goes by names, and says nothing about ratios of two things', () => {
  expect(unitOf('process_resident_memory_bytes')).toBe('bytes')
  expect(unitOf('rate(net_bytes_total[5m])')).toBe('bytesPerSecond')
  expect(unitOf('histogram_quantile(0.95, sum by (le) (rate(d_seconds_bucket[5m])))')).toBe('seconds')
  expect(unitOf('a_bytes / b_bytes')).toBe('number')
})
