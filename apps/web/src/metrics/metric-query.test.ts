import { parse } from '@oriel/promql/syntax'
import { describe, expect, it } from 'vitest'
import type { MetricView } from './metric-query.ts'
import { functionsOf, kindOf, metricOf, printFilter, rateWindow, readFilters, unitOf, viewQuery } from './metric-query.ts'

const view = (name: string, type: string, more: Partial<MetricView> = {}): MetricView => ({
  metric: { name, type },
  filters: [],
  by: '',
  fn: '',
  rangeText: '5m',
  ...more,
})

describe('viewQuery', () => {
  it('takes the rate of what only rises', () => {
    expect(viewQuery(view('x_total', 'counter'))).toBe('sum(rate(x_total[5m]))')
    expect(viewQuery(view('x_total', '', { by: 'job' }))).toBe('sum by (job) (rate(x_total[5m]))')
  })
  it('takes the mean of a gauge', () => expect(viewQuery(view('up', 'gauge', { by: 'job' }))).toBe('avg by (job) (up)'))
  it('takes quantiles of histograms of both kinds', () => {
    expect(viewQuery(view('d_bucket', 'histogram', { by: 'job' }))).toBe(
      'histogram_quantile(0.95, sum by (le, job) (rate(d_bucket[5m])))',
    )
    expect(viewQuery(view('d', 'histogram', { fn: 'p99' }))).toBe('histogram_quantile(0.99, sum(rate(d[5m])))')
  })
  it('knows the mean of both kinds', () => {
    expect(viewQuery(view('d_bucket', '', { fn: 'avg' }))).toBe('sum(rate(d_sum[5m])) / sum(rate(d_count[5m]))')
    expect(viewQuery(view('d', 'histogram', { fn: 'avg' }))).toBe('histogram_avg(sum(rate(d[5m])))')
  })
  it('puts filters into every selector, and quotes what needs it', () => {
    const filters = [{ name: 'service.name', op: '=~', value: 'a"b' } as const]
    expect(viewQuery(view('a.b', 'gauge', { filters }))).toBe('avg({"a.b", "service.name"=~"a\\"b"})')
    expect(viewQuery(view('d_bucket', '', { fn: 'avg', filters: [{ name: 'job', op: '=', value: 'x' }] }))).toBe(
      'sum(rate(d_sum{job="x"}[5m])) / sum(rate(d_count{job="x"}[5m]))',
    )
  })
  it('is PromQL for every kind of metric, way to look at it and label', () => {
    for (const [name, type] of [
      ['x_total', 'counter'],
      ['up', 'gauge'],
      ['d_bucket', 'histogram'],
      ['d', 'histogram'],
      ['http.requests', 'counter'],
    ] as const)
      for (const fn of functionsOf({ name, type }))
        for (const by of ['', 'job', 'service.name']) {
          const query = viewQuery(view(name, type, { fn, by, filters: [{ name: 'a', op: '!=', value: '' }] }))
          expect([query, parse(query).errors]).toEqual([query, []])
        }
  })
})

it('kindOf goes by type, then by name', () => {
  expect(kindOf({ name: 'x', type: 'histogram' })).toBe('native')
  expect(kindOf({ name: 'x_count', type: 'histogram' })).toBe('counter')
  expect(kindOf({ name: 'x_bucket', type: '' })).toBe('classic')
  expect(kindOf({ name: 'x', type: 'counter' })).toBe('counter')
  expect(kindOf({ name: 'x', type: 'unknown' })).toBe('gauge')
})

it('filters survive the URL, also with bars in them, and garbage is left out', () => {
  const filter = { name: 'path', op: '!~', value: 'a|b' } as const
  expect(readFilters([printFilter(filter), 'nonsense', 'a|~|b', '|=|x'])).toEqual([filter])
})

it('metricOf finds metric and conditions of a query about one metric', () => {
  expect(metricOf('sum by (job) (rate(x_total{a="b"}[5m]))')).toEqual({
    name: 'x_total',
    filters: [{ name: 'a', op: '=', value: 'b' }],
  })
  expect(metricOf('{"a.b"}')?.name).toBe('a.b')
  expect(metricOf('a / b')).toBeUndefined()
  expect(metricOf('{job="x"}')).toBeUndefined()
  expect(metricOf('sum(')).toBeUndefined()
})

it('rateWindow is never shorter than the step', () => {
  expect([rateWindow(15_000), rateWindow(3_600_000), rateWindow(86_400_000), rateWindow(450_500)]).toEqual([
    '5m',
    '1h',
    '1d',
    '451s',
  ])
})

it('unitOf goes by names, and says nothing about ratios of two things', () => {
  expect(unitOf('process_resident_memory_bytes')).toBe('bytes')
  expect(unitOf('rate(net_bytes_total[5m])')).toBe('bytesPerSecond')
  expect(unitOf('histogram_quantile(0.95, sum by (le) (rate(d_seconds_bucket[5m])))')).toBe('seconds')
  expect(unitOf('sum(rate(d_seconds_sum[5m])) / sum(rate(d_seconds_count[5m]))')).toBe('seconds')
  expect(unitOf('a_bytes / b_bytes')).toBe('number')
})
