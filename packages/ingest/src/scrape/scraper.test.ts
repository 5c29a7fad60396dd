import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { labelsToRecord } from '@oriel/model'
import { DEFAULT_QUERY_LIMITS, makeQueryStats, openMemoryStore } from '@oriel/store'
import type { Store } from '@oriel/store'
import { afterEach, expect, test, vi } from 'vitest'
import { encodeFamilies } from '../../../wire/src/prom-proto/testing.ts'
import { makeGroup } from '../discovery/groups.ts'
import { openMetricsWriter } from '../metrics.ts'
import type { MetricsWriter } from '../metrics.ts'
import { parsePrometheusConfig } from '../prometheus-config.ts'
import { HttpClient } from '../fetch/client.ts'
import { FailureLogs } from './failure-log.ts'
import { SharedMetadata } from './families.ts'
import { ScrapeLoop } from './loop.ts'
import { makeScrapeMeters } from './meters.ts'
import { openScraper } from './scraper.ts'
import { assembleTargets } from './targets.ts'
import { silentTelemetry } from '@oriel/model'

const closers: (() => Promise<unknown> | void)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

type Answer = (request: IncomingMessage, response: ServerResponse) => void

async function serve(answer: Answer): Promise<string> {
  const server: Server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  return typeof address === 'object' && address !== null ? `127.0.0.1:${address.port}` : ''
}

function text(body: string): Answer {
  return (_request, response) => response.setHeader('content-type', 'text/plain; version=0.0.4').end(body)
}

interface Bench {
  readonly store: Store
  readonly writer: MetricsWriter
  /** One scrape at the next second. */
  readonly scrape: () => Promise<ScrapeLoop['health']>
  readonly loop: ScrapeLoop
  /** Samples by metric and labels (without job and instance): values in time order. */
  readonly read: (metric: string) => Promise<Record<string, (number | string)[]>>
}

async function bench(answer: Answer, yaml = ''): Promise<Bench> {
  const address = await serve(answer)
  const store = openMemoryStore()
  let now = Date.UTC(2026, 10, 21)
  const writer = openMetricsWriter(store.sink, { now: () => now })
  const config = parsePrometheusConfig(`
scrape_configs:
  - job_name: j
    scrape_interval: 500ms
    scrape_timeout: 300ms
${yaml}`)
  const job = config.jobs[0]!
  const client = new HttpClient(job.http)
  const target = assembleTargets(job, [makeGroup([address], { env: 'dev' })]).active[0]!
  const telemetry = silentTelemetry
  const [meters, failures] = [makeScrapeMeters(telemetry), new FailureLogs(telemetry)]
  const options = {
    job,
    tenant: 't',
    writer,
    client,
    telemetry,
    meters,
    failures,
    metadata: new SharedMetadata(),
    now: () => now,
    forcedError: '',
  }
  const loop = new ScrapeLoop(target, options)
  closers.push(
    () => loop.stop(),
    () => client.close(),
    () => writer.close(),
  )
  return {
    store,
    writer,
    loop,
    async scrape() {
      now += 1_000
      await loop.scrape(now)
      return loop.health
    },
    read: (metric) => readMetric(store, metric),
  }
}

async function readMetric(store: Store, metric: string): Promise<Record<string, (number | string)[]>> {
  const context = { tenants: ['t'], signal: new AbortController().signal, limits: DEFAULT_QUERY_LIMITS, stats: makeQueryStats() }
  const found = await store.metrics.samples(
    { matchers: [{ name: '__name__', op: '=', value: metric }], range: { startMs: 0, endMs: 1e15 } },
    context,
  )
  const result: Record<string, (number | string)[]> = {}
  for (const [i, labels] of found.labels.entries()) {
    const { __name__: _name, job: _job, instance: _instance, ...rest } = labelsToRecord(labels)
    const values: (number | string)[] = []
    for (let at = found.offsets[i]!; at < found.offsets[i + 1]!; at++)
      values.push(found.stale[at] === 1 ? 'stale' : found.values[at]!)
    result[
      Object.entries(rest)
        .map(([name, value]) => `${name}=${value}`)
        .join(',')
    ] = values
  }
  return result
}

test('a target is scraped with its labels, and reports on itself', async () => {
  const { scrape, read } = await bench(text('# TYPE a counter\na{x="1"} 5\na{x="2"} 6\nb 7\n'))
  expect(await scrape()).toMatchObject({ health: 'up', lastError: '' })
  await scrape()
  expect(await read('a')).toEqual({ 'env=dev,x=1': [5, 5], 'env=dev,x=2': [6, 6] })
  expect(await read('up')).toEqual({ 'env=dev': [1, 1] })
  expect(await read('scrape_samples_scraped')).toEqual({ 'env=dev': [3, 3] })
  expect(await read('scrape_series_added')).toEqual({ 'env=dev': [3, 0] })
})

test('a series that vanishes gets a staleness marker, and may come back', async () => {
  const bodies = ['a 1\nb 1\nc 1\n', 'a 2\nc 2\n', 'c 3\nb 3\na 3\n']
  const { scrape, read } = await bench((request, response) => text(bodies.shift() ?? '')(request, response))
  await scrape()
  await scrape()
  await scrape()
  expect(await read('a')).toEqual({ 'env=dev': [1, 2, 3] })
  expect(await read('b')).toEqual({ 'env=dev': [1, 'stale', 3] })
  expect(await read('c')).toEqual({ 'env=dev': [1, 2, 3] })
})

test.each<[string, Answer, RegExp]>([
  ['an error status', (_request, response) => response.writeHead(503).end('a 1\n'), /HTTP status 503/],
  ['a broken body', text('a 9\nb {\n'), /labels have no end/],
  [
    'an unknown type',
    (_request, response) => response.setHeader('content-type', 'text/html').end('a 9\n'),
    /unsupported Content-Type/,
  ],
  ['no answer in time', () => {}, /no whole answer within 300 ms/],
  [
    'a body that trickles',
    (_request, response) => void response.writeHead(200, { 'content-type': 'text/plain' }).write('a 9\n'),
    /no whole answer/,
  ],
  [
    'a lying length',
    (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain', 'content-length': '500' })
      response.write('a 9\n', () => response.destroy())
    },
    /cannot scrape/,
  ],
  ['a series without a name', text('a 9\n{x="1"} 1\n'), /no metric name/],
  ['a label twice', text('a{x="1",x="2"} 1\n'), /given twice/],
])('%s fails the scrape: up is 0 and series end', async (_name, broken, reason) => {
  let answer = text('a 1\n')
  const { scrape, read } = await bench((request, response) => answer(request, response))
  await scrape()
  answer = broken
  const { health, lastError } = await scrape()
  expect(health).toBe('down')
  expect(lastError).toMatch(reason)
  answer = text('a 3\n')
  await scrape()
  expect(await read('a')).toEqual({ 'env=dev': [1, 'stale', 3] })
  expect(await read('up')).toEqual({ 'env=dev': [1, 0, 1] })
})

test('a flood is cut off at body_size_limit, compressed or not', async () => {
  const flood = `a{x="${'y'.repeat(5_000)}"} 1\n`
  const plain = await bench(text(flood), '    body_size_limit: 1KB\n')
  expect((await plain.scrape()).lastError).toMatch(/more than 1024 bytes/)
  const zipped = await bench(
    (_request, response) =>
      response.writeHead(200, { 'content-type': 'text/plain', 'content-encoding': 'gzip' }).end(gzipSync(flood)),
    '    body_size_limit: 1KB\n',
  )
  expect((await zipped.scrape()).lastError).toMatch(/over 1024 bytes once gzip is undone/)
})

test('sample_limit fails the scrape', async () => {
  const { scrape, read } = await bench(text('a 1\nb 1\nc 1\n'), '    sample_limit: 2\n')
  expect((await scrape()).lastError).toMatch(/more than 2 samples/)
  expect(await read('a')).toEqual({})
})

test('conflicting labels are exported, or win with honor_labels', async () => {
  const body = text('a{env="prod",exported_env="x",job="other"} 1\n')
  const plain = await bench(body)
  await plain.scrape()
  expect(await plain.read('a')).toEqual({ 'env=dev,exported_env=x,exported_exported_env=prod,exported_job=other': [1] })
  const honor = await bench(body, '    honor_labels: true\n')
  await honor.scrape()
  expect(await honor.read('a')).toEqual({ 'env=prod,exported_env=x': [1] })
})

test('metric_relabel_configs drop and change samples, and the report counts both', async () => {
  const { scrape, read } = await bench(
    text('keep_me 1\ndrop_me 2\n'),
    `    metric_relabel_configs:
      - { source_labels: [__name__], regex: drop_.*, action: drop }
      - { source_labels: [__name__], regex: (keep)_(.*), target_label: who, replacement: "$2-\${1}" }
`,
  )
  await scrape()
  expect(await read('keep_me')).toEqual({ 'env=dev,who=me-keep': [1] })
  expect(await read('drop_me')).toEqual({})
  expect(await read('scrape_samples_scraped')).toEqual({ 'env=dev': [2] })
  expect(await read('scrape_samples_post_metric_relabeling')).toEqual({ 'env=dev': [1] })
})

test('bounds of buckets and quantiles are written as Prometheus 3 does', async () => {
  const { scrape, read } = await bench(
    text(
      '# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="0.50"} 1\nh_bucket{le="+Inf"} 2\nh_bucket{le="1000000"} 2\n# TYPE g gauge\ng{le="1"} 1\n',
    ),
  )
  await scrape()
  expect(Object.keys(await read('h_bucket')).sort()).toEqual([
    'env=dev,le=+Inf',
    'env=dev,le=0.5',
    'env=dev,le=1.0',
    'env=dev,le=1e+06',
  ])
  expect(Object.keys(await read('g'))).toEqual(['env=dev,le=1'])
})

test('OpenMetrics is read with exemplars and times of its own', async () => {
  const tSeconds = Date.UTC(2026, 10, 20) / 1_000
  const { scrape, read, store } = await bench((_request, response) =>
    response
      .setHeader('content-type', 'application/openmetrics-text; version=1.0.0')
      .end(`# TYPE a counter\na_total 5 ${tSeconds} # {trace_id="abc"} 1.5 ${tSeconds}\n# EOF\n`),
  )
  expect(await scrape()).toMatchObject({ health: 'up', lastError: '' })
  expect(await read('a_total')).toEqual({ 'env=dev': [5] })
  const exemplars = await store.metrics.exemplars(
    { matchers: [{ name: '__name__', op: '=', value: 'a_total' }], range: { startMs: 0, endMs: 1e15 } },
    { tenants: ['t'], signal: new AbortController().signal, limits: DEFAULT_QUERY_LIMITS, stats: makeQueryStats() },
  )
  expect(exemplars[0]!.exemplars).toEqual([{ labels: [{ name: 'trace_id', value: 'abc' }], value: 1.5, tMs: tSeconds * 1_000 }])
})

test('protobuf is read, and a target that changes its format goes on', async () => {
  let answer = text('a 1\nb 1\n')
  const { scrape, read } = await bench((request, response) => answer(request, response))
  await scrape()
  answer = (_request, response) =>
    response
      .setHeader('content-type', 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited')
      .end(encodeFamilies([{ name: 'a', type: 1, metric: [{ gauge: { value: 2 } }] }]))
  expect(await scrape()).toMatchObject({ health: 'up', lastError: '' })
  expect(await scrape()).toMatchObject({ health: 'up', lastError: '' })
  answer = text('a 4\n')
  await scrape()
  expect(await read('a')).toEqual({ 'env=dev': [1, 2, 2, 4] })
  expect(await read('b')).toEqual({ 'env=dev': [1, 'stale'] })
})

test('a scraper takes every turn once, and a reload ends what has gone', async () => {
  const address = await serve(text('a 1\n'))
  const store = openMemoryStore()
  const writer = openMetricsWriter(store.sink)
  const yaml = `scrape_configs: [{ job_name: j, scrape_interval: 100ms, static_configs: [{ targets: ['${address}'] }] }]`
  const opened = openScraper({ config: parsePrometheusConfig(yaml), writer, tenant: 't' })
  closers.push(
    () => opened.close(),
    () => writer.close(),
  )
  await vi.waitFor(async () => expect((await readMetric(store, 'a'))['']!.length).toBeGreaterThan(4), { timeout: 5_000 })
  expect(opened.targets()[0]).toMatchObject({ job: 'j', state: 'active', health: 'up', lastError: '' })
  opened.reload(parsePrometheusConfig(''))
  expect(opened.targets()).toEqual([])
  await vi.waitFor(async () => expect((await readMetric(store, 'a'))['']!.at(-1)).toBe('stale'))
  const values = (await readMetric(store, 'a'))['']!
  const ups = (await readMetric(store, 'up'))['']!
  expect(values.slice(0, -1).every((value) => value === 1)).toBe(true)
  expect(ups.length).toBe(values.length)
})

test('an exemplar that a target repeats is stored once', async () => {
  let value = '1.5'
  const { scrape, store } = await bench((_request, response) =>
    response.setHeader('content-type', 'application/openmetrics-text').end(`a_total 5 # {trace_id="abc"} ${value}\n# EOF\n`),
  )
  await scrape()
  await scrape()
  value = '2.5'
  await scrape()
  const found = await store.metrics.exemplars(
    { matchers: [{ name: '__name__', op: '=', value: 'a_total' }], range: { startMs: 0, endMs: 1e15 } },
    { tenants: ['t'], signal: new AbortController().signal, limits: DEFAULT_QUERY_LIMITS, stats: makeQueryStats() },
  )
  expect(found[0]!.exemplars.map((exemplar) => exemplar.value)).toEqual([1.5, 2.5])
})

test('a target that has gone ends its series', async () => {
  const { scrape, read, loop } = await bench(text('a 1\n'))
  await scrape()
  await loop.endSeries(Date.UTC(2026, 10, 21) + 1_000)
  expect(await read('a')).toEqual({ 'env=dev': ['stale'] })
})
