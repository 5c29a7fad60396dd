import { NOON_MS } from '@oriel/store/contract-suite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TestServer } from '../testing/open.ts'
import { openTestServer } from '../testing/open.ts'

let server: TestServer
const NOW = NOON_MS / 1_000

beforeAll(async () => {
  server = await openTestServer({
    services: {
      targets: () => ({
        active: [
          {
            discoveredLabels: [{ name: '__address__', value: 'a:80' }],
            labels: [{ name: 'job', value: 'api' }],
            scrapePool: 'api',
            scrapeUrl: 'http://a:80/metrics',
            lastError: '',
            lastScrapeMs: NOON_MS,
            lastScrapeDurationMs: 12,
            health: 'up',
            scrapeIntervalMs: 15_000,
            scrapeTimeoutMs: 10_000,
            metadata: () => [
              { metric: 'up', type: 'gauge', help: 'Health.', unit: '' },
              { metric: 'requests', type: 'counter', help: 'Requests.', unit: 'requests' },
            ],
          },
        ],
        dropped: [{ discoveredLabels: [{ name: '__address__', value: 'b:80' }], scrapePool: 'api' }],
        tenant: 'default',
      }),
    },
  })
})
afterAll(() => server.close())

describe('Prometheus API', () => {
  it('answers an instant query as a vector sorted by labels', async () => {
    const { text } = await server.get('/api/v1/query?query=up')
    expect(text).toBe(
      `{"status":"success","data":{"resultType":"vector","result":[` +
        `{"metric":{"__name__":"up","instance":"a:80","job":"api"},"value":[${NOW},"1"]},` +
        `{"metric":{"__name__":"up","instance":"b:80","job":"api"},"value":[${NOW},"0"]}]}}`,
    )
  })

  it('says what each target says of its metrics', async () => {
    const target = { job: 'api' }
    const requests = { type: 'counter', help: 'Requests.', unit: 'requests' }
    const all = [
      { target, metric: 'up', type: 'gauge', help: 'Health.', unit: '' },
      { target, metric: 'requests', ...requests },
    ]
    expect((await server.json('/api/v1/targets/metadata')).body).toEqual({ status: 'success', data: all })
    const one = await server.json('/api/v1/targets/metadata?metric=requests&match_target={job="api"}')
    expect(one.body).toEqual({ status: 'success', data: [{ target, ...requests }] })
    const none = await server.json('/api/v1/targets/metadata?match_target={job="b"}')
    expect(none.body).toEqual({ status: 'success', data: [] })
  })

  it('tells all that targets say of a metric, and what was sent of one that no target has', async () => {
    const up = [{ type: 'gauge', help: 'Health.', unit: '' }]
    const requests = [{ type: 'counter', help: 'Requests.', unit: 'requests' }]
    expect((await server.json('/api/v1/metadata')).body).toEqual({ status: 'success', data: { requests, up } })
    expect((await server.json('/api/v1/metadata?limit=1')).body).toEqual({ status: 'success', data: { requests } })
    expect((await server.json('/api/v1/metadata?metric=up')).body).toEqual({ status: 'success', data: { up } })
    const other = await server.json('/api/v1/metadata', { 'x-scope-orgid': 'other' })
    expect(other.body).toEqual({ status: 'success', data: {} })
  })

  it('answers under its base, and to a form', async () => {
    const body = new URLSearchParams({ query: '1+1', time: '4' })
    const response = await fetch(`${server.url}/prometheus/api/v1/query`, { method: 'POST', body })
    expect(await response.json()).toEqual({ status: 'success', data: { resultType: 'scalar', result: [4, '2'] } })
  })

  it('answers a range query as a matrix', async () => {
    const query = 'query=sum(up)&step=30'
    const { body } = await server.json(`/api/v1/query_range?${query}&start=${NOW - 60}&end=${NOW}`)
    const values = [
      [NOW - 60, '1'],
      [NOW - 30, '1'],
      [NOW, '1'],
    ]
    expect(body).toEqual({ status: 'success', data: { resultType: 'matrix', result: [{ metric: {}, values }] } })
  })

  it('cuts a result at the limit and says so', async () => {
    const { body } = await server.json('/api/v1/query?query=up&limit=1')
    expect(body).toMatchObject({ data: { result: [{}] }, warnings: ['results truncated due to limit'] })
  })

  it('tells what a query cost when asked, and of a word that asks for it in a way that goes away', async () => {
    const samples = { totalQueryableSamples: 2, samplesRead: 2, peakSamples: 2 }
    const { body } = await server.json('/api/v1/query?query=up&stats=all')
    expect(body).toMatchObject({ data: { stats: { timings: {}, samples } } })
    const { body: old } = await server.json('/api/v1/query?query=up&stats=x')
    expect(old).toMatchObject({ data: { stats: { samples } }, warnings: [expect.stringContaining('is deprecated')] })
  })

  it('tells what each step looked at where the feature flag says so', async () => {
    const features = new Set(['promql-per-step-stats'])
    const prometheus = { features, flags: {}, isAdminOn: false, abilities: {}, readSampleLimit: 1, readFrameBytes: 1 }
    const counting = await openTestServer({ services: { prometheus } })
    const query = `query=${encodeURIComponent('max_over_time(up[1m])')}&start=${NOW - 30}&end=${NOW}&step=15`
    const { body } = await counting.json(`/api/v1/query_range?${query}&stats=all`)
    expect(body).toMatchObject({
      data: {
        stats: {
          samples: {
            totalQueryableSamples: 4,
            totalQueryableSamplesPerStep: [
              [NOW - 30, 2],
              [NOW - 15, 2],
              [NOW, 0],
            ],
            samplesRead: 2,
            samplesReadPerStep: [
              [NOW - 30, 2],
              [NOW - 15, 0],
              [NOW, 0],
            ],
          },
        },
      },
    })
    await counting.close()
  })

  it('tells a syntax error with its place', async () => {
    const { status, body } = await server.json('/api/v1/query?query=up{')
    expect(status).toBe(400)
    const error = 'invalid parameter "query": 1:4: parse error: unexpected end of input inside braces'
    expect(body).toEqual({ status: 'error', errorType: 'bad_data', error })
  })

  async function refuses(path: string, want: string): Promise<void> {
    const { status, body } = await server.json(path)
    expect([status, body]).toEqual([400, { status: 'error', errorType: 'bad_data', error: want }])
  }

  it('refuses what it cannot read in the words of Prometheus', async () => {
    await refuses(
      '/api/v1/query?query=up&time=x',
      'invalid parameter "time": invalid time value for \'time\': cannot parse "x" to a valid timestamp',
    )
    await refuses('/api/v1/query?query=up&limit=x', 'invalid parameter "limit": strconv.Atoi: parsing "x": invalid syntax')
    await refuses('/api/v1/query?query=up&limit=-1', 'invalid parameter "limit": limit must be non-negative')
    await refuses(
      '/api/v1/query?query=up&lookback_delta=x',
      'error parsing lookback delta duration: cannot parse "x" to a valid duration',
    )
    await refuses('/api/v1/query', 'invalid parameter "query": unknown position: parse error: no expression found in input')
    await refuses(
      '/api/v1/query_range?query=up&start=1&end=2&step=x',
      'invalid parameter "step": cannot parse "x" to a valid duration',
    )
    await refuses(
      '/api/v1/query_range?query=up&start=2&end=1&step=1',
      'invalid parameter "end": end timestamp must not be before start time',
    )
    await refuses(
      '/api/v1/query_range?query=up&start=0&end=11001&step=1',
      'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)',
    )
    await refuses('/api/v1/series', 'no match[] parameter provided')
    await refuses('/api/v1/labels?match[]={}', 'match[] must contain at least one non-empty matcher')
    await refuses('/api/v1/metadata?limit=x', 'limit must be a number')
    await refuses('/api/v1/status/tsdb?limit=0', 'limit must be a positive number')
    await refuses('/api/v1/rules?type=x', 'invalid parameter "type": not supported value "x"')
  })

  it('lists label names, values and series', async () => {
    expect((await server.json('/api/v1/labels')).body).toEqual({
      status: 'success',
      data: ['__name__', 'http.path', 'instance', 'job'],
    })
    expect((await server.json('/api/v1/label/__name__/values')).body).toEqual({
      status: 'success',
      data: ['requests_total', 'up'],
    })
    const series = await server.json(`/api/v1/series?match[]=${encodeURIComponent('up{instance="a:80"}')}`)
    expect(series.body).toEqual({ status: 'success', data: [{ __name__: 'up', instance: 'a:80', job: 'api' }] })
  })

  it('reads a label name with escapes', async () => {
    expect((await server.json('/api/v1/label/U__http_2e_path/values')).body).toEqual({ status: 'success', data: ['/a'] })
  })

  it('narrows look-ups by selector and range', async () => {
    const match = encodeURIComponent('requests_total')
    expect((await server.json(`/api/v1/label/job/values?match[]=${match}`)).body).toEqual({ status: 'success', data: ['api'] })
    expect((await server.json('/api/v1/labels?start=1&end=2')).body).toEqual({ status: 'success', data: [] })
  })

  it('formats a query', async () => {
    expect((await server.json('/api/v1/format_query?query=sum(up)by(job)')).body).toEqual({
      status: 'success',
      data: 'sum by (job) (up)',
    })
  })

  it('answers the tree of a query', async () => {
    const { body } = await server.json(`/api/v1/parse_query?query=${encodeURIComponent('rate(up{job="a"}[5m])')}`)
    expect(body).toMatchObject({
      status: 'success',
      data: {
        type: 'call',
        func: { name: 'rate', returnType: 'vector' },
        args: [
          {
            type: 'matrixSelector',
            name: 'up',
            range: 300_000,
            matchers: [{ name: 'job', type: '=', value: 'a' }, { name: '__name__' }],
          },
        ],
      },
    })
  })

  it('lists targets', async () => {
    const { body } = await server.json('/api/v1/targets')
    expect(body).toMatchObject({
      data: {
        activeTargets: [{ health: 'up', scrapePool: 'api', scrapeInterval: '15s', lastScrapeDuration: 0.012 }],
        droppedTargets: [{ scrapePool: 'api' }],
        droppedTargetCounts: { api: 1 },
      },
    })
  })

  it('gives Grafana no reason to take it for Mimir', async () => {
    const { body } = await server.json('/api/v1/status/buildinfo')
    expect(body).toEqual({
      status: 'success',
      data: { version: '0.1.0', revision: 'test', branch: '', buildUser: '', buildDate: '', goVersion: '' },
    })
  })

  it('answers rules, alerts and alertmanagers as empty', async () => {
    expect((await server.json('/api/v1/rules')).body).toEqual({ status: 'success', data: { groups: [] } })
    expect((await server.json('/api/v1/alerts')).body).toEqual({ status: 'success', data: { alerts: [] } })
  })

  it('tells an unknown path under its base in its own shape', async () => {
    expect(await server.json('/prometheus/api/v1/nothing')).toMatchObject({
      status: 404,
      body: { status: 'error', errorType: 'not_found' },
    })
  })
})
