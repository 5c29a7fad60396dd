import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { labelsToRecord, silentTelemetry } from '@oriel/model'
import type { Telemetry } from '@oriel/model'
import { DEFAULT_QUERY_LIMITS, makeQueryStats, openMemoryStore } from '@oriel/store'
import type { Store } from '@oriel/store'
import { afterEach, expect, test, vi } from 'vitest'
import { openMetricsWriter } from '../metrics.ts'
import { parsePrometheusConfig } from '../prometheus-config.ts'
import { openScraper } from './scraper.ts'
import type { Scraper } from './scraper.ts'

const closers: (() => Promise<unknown> | void)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  closers.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  return `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
}

function text(body: string): RequestListener {
  return (_request, response) => void response.setHeader('content-type', 'text/plain; version=0.0.4').end(body)
}

/** Counters by name, summed over labels. */
function countingTelemetry(): { readonly telemetry: Telemetry; readonly counts: Map<string, number> } {
  const counts = new Map<string, number>()
  const counter: Telemetry['counter'] = (name) => ({
    add: (value) => void counts.set(name, (counts.get(name) ?? 0) + value),
  })
  return { telemetry: { ...silentTelemetry, counter }, counts }
}

interface Opened {
  readonly scraper: Scraper
  readonly store: Store
  readonly counts: ReadonlyMap<string, number>
  readonly reload: (yaml: string) => void
  readonly values: (metric: string) => Promise<Record<string, (number | string)[]>>
}

const GLOBAL = 'global: { scrape_interval: 100ms, scrape_timeout: 90ms }\n'

function open(yaml: string, dir = '.'): Opened {
  const parse = (jobs: string) => parsePrometheusConfig(`${GLOBAL}scrape_configs:\n${jobs}`, join(dir, 'prometheus.yml'))
  const store = openMemoryStore()
  const writer = openMetricsWriter(store.sink)
  const { telemetry, counts } = countingTelemetry()
  const scraper = openScraper({ config: parse(yaml), writer, tenant: 't', telemetry })
  closers.push(
    () => scraper.close(),
    () => writer.close(),
  )
  return { scraper, store, counts, reload: (jobs) => scraper.reload(parse(jobs)), values: (metric) => read(store, metric) }
}

async function read(store: Store, metric: string): Promise<Record<string, (number | string)[]>> {
  const context = { tenants: ['t'], signal: new AbortController().signal, limits: DEFAULT_QUERY_LIMITS, stats: makeQueryStats() }
  const request = { matchers: [{ name: '__name__', op: '=' as const, value: metric }], range: { startMs: 0, endMs: 1e15 } }
  const { labels, offsets, values, stale } = await store.metrics.samples(request, context)
  return Object.fromEntries(
    labels.map((each, i) => {
      const { __name__: _name, job: _job, instance: _instance, ...rest } = labelsToRecord(each)
      const own = Array.from({ length: offsets[i + 1]! - offsets[i]! }, (_, at) => {
        const place = offsets[i]! + at
        return stale[place] === 1 ? 'stale' : values[place]!
      })
      return [JSON.stringify(rest), own]
    }),
  )
}

function untilUp(scraper: Scraper): Promise<void> {
  return vi.waitFor(() => expect(scraper.targets().map(({ health }) => health)).toEqual(['up']), { timeout: 3_000 })
}

test('a reload that changes a job keeps the state of its targets; renamed series go on under their new names only', async () => {
  const address = await serve(text('a{x="1"} 1\nb 2\n'))
  const job = (more: string): string => `  - { job_name: j, static_configs: [{ targets: ['${address}'] }]${more} }\n`
  const { scraper, reload, values } = open(job(''))
  await untilUp(scraper)
  const [before] = scraper.targets()
  reload(
    job(
      ', sample_limit: 1000, metric_relabel_configs: [{ source_labels: [x], target_label: y }, { regex: x, action: labeldrop }]',
    ),
  )
  const [after] = scraper.targets()
  expect([after?.health, after?.lastScrapeMs]).toEqual(['up', before?.lastScrapeMs])
  await vi.waitFor(async () => expect((await values('a'))['{"y":"1"}']?.length).toBeGreaterThan(1))
  const found = await values('a')
  expect(found['{"x":"1"}']?.at(-1)).toBe('stale')
  expect(found['{"y":"1"}']).not.toContain('stale')
  expect((await values('b'))['{}']).not.toContain('stale')
})

test('the same series under another interval does not end', async () => {
  const address = await serve(text('a 1\n'))
  const job = (interval: string): string =>
    `  - { job_name: j, scrape_interval: ${interval}, static_configs: [{ targets: ['${address}'] }] }\n`
  const { scraper, reload, values } = open(job('100ms'))
  await untilUp(scraper)
  reload(job('110ms'))
  const stored = (await values('a'))['{}']?.length ?? 0
  await vi.waitFor(async () => expect((await values('a'))['{}']?.length).toBeGreaterThan(stored + 1))
  expect((await values('a'))['{}']).not.toContain('stale')
})

test('a target that is gone for less than a turn goes on; one that stays away ends', async () => {
  const address = await serve(text('a 1\n'))
  const job = `  - { job_name: j, scrape_interval: 400ms, static_configs: [{ targets: ['${address}'] }] }\n`
  const empty = '  - { job_name: j, scrape_interval: 400ms }\n'
  const { scraper, reload, values } = open(job)
  await untilUp(scraper)
  reload(empty)
  reload(job)
  expect(scraper.targets()[0]?.health).toBe('up')
  const stored = (await values('a'))['{}']?.length ?? 0
  await vi.waitFor(async () => expect((await values('a'))['{}']?.length).toBeGreaterThan(stored), { timeout: 2_000 })
  expect((await values('a'))['{}']).not.toContain('stale')
  reload(empty)
  await vi.waitFor(async () => expect((await values('a'))['{}']?.at(-1)).toBe('stale'), { timeout: 2_000 })
})

test('limits fail a scrape, are counted by Prometheus names, and logged', async () => {
  const address = await serve(text('a{long_name="v"} 1\nb 1\nc 1\n'))
  const dir = await mkdtemp(join(tmpdir(), 'oriel-scrape-'))
  closers.push(() => rm(dir, { recursive: true }))
  const job = (name: string, limit: string): string =>
    `  - { job_name: ${name}, ${limit}, scrape_failure_log_file: fail.log, static_configs: [{ targets: ['${address}'] }] }\n`
  const jobs =
    job('samples', 'sample_limit: 2') + job('labels', 'label_name_length_limit: 8') + job('body', 'body_size_limit: 5B')
  const { scraper, counts, values } = open(jobs, dir)
  const wanted = ['scrapes_exceeded_sample_limit', 'scrape_pool_exceeded_label_limits', 'scrapes_exceeded_body_size_limit']
  await vi.waitFor(() =>
    expect(wanted.filter((name) => (counts.get(`prometheus_target_${name}_total`) ?? 0) > 0)).toEqual(wanted),
  )
  // A scrape is counted while it runs; its target's state is set when it is over.
  await vi.waitFor(() => expect(scraper.targets().map(({ health }) => health)).toEqual(['down', 'down', 'down']))
  await vi.waitFor(async () => expect((await values('up'))['{}']).toContain(0))
  expect(await values('a')).toEqual({})
  await vi.waitFor(async () => {
    const lines = (await readFile(join(dir, 'fail.log'), 'utf8')).trim().split('\n')
    expect(lines.map((line) => Object(JSON.parse(line)).job_name)).toEqual(expect.arrayContaining(['samples', 'labels', 'body']))
  })
})

test('a job over its target_limit fails every target, until it is not', async () => {
  const address = await serve(text('a 1\n'))
  const job = (limit: number): string =>
    `  - { job_name: j, target_limit: ${limit}, params: { x: [y] }, static_configs: [{ targets: ['${address}', '${address.replace('127.0.0.1', 'localhost')}'] }] }\n`
  const { scraper, reload, counts } = open(job(1))
  await vi.waitFor(() =>
    expect(scraper.targets().map(({ lastError }) => lastError)).toEqual(
      Array(2).fill('cannot scrape: 2 targets, target_limit 1'),
    ),
  )
  expect(counts.get('prometheus_target_scrape_pool_exceeded_target_limit_total')).toBeGreaterThan(0)
  reload(job(2))
  await vi.waitFor(() => expect(scraper.targets().map(({ health }) => health)).toEqual(['up', 'up']))
})

test('names that metric_name_validation_scheme legacy does not know fail the scrape', async () => {
  const address = await serve(text('{"dotted.name"} 1\n'))
  const { scraper } = open(
    `  - { job_name: j, metric_name_validation_scheme: legacy, static_configs: [{ targets: ['${address}'] }] }\n`,
  )
  await vi.waitFor(() => expect(scraper.targets()[0]?.lastError).toMatch(/metric_name_validation_scheme legacy/))
})

test('a target can be asked what it says, others can not', async () => {
  const address = await serve(text(`a 1\n${'# padding\n'.repeat(5_000)}`))
  const patient = 'scrape_interval: 10s, scrape_timeout: 10s'
  const { scraper } = open(`  - { job_name: j, ${patient}, static_configs: [{ targets: ['${address}', '127.0.0.1:1'] }] }\n`)
  const { signal } = new AbortController()
  const sample = await scraper.sample('j', `http://${address}/metrics`, signal)
  expect(sample).toMatchObject({ status: 200, bodyBytes: 50_004, isCut: true, error: '' })
  expect(sample?.text.startsWith('a 1\n')).toBe(true)
  expect((await scraper.sample('j', 'http://127.0.0.1:1/metrics', signal))?.error).toMatch(/ECONNREFUSED/)
  expect(await scraper.sample('j', `http://${address}/other`, signal)).toBe(undefined)
  expect(await scraper.sample('k', `http://${address}/metrics`, signal)).toBe(undefined)
})

test('targets that are kept no record of are counted', () => {
  const { scraper } = open(
    '  - { job_name: j, keep_dropped_targets: 1, static_configs: [{ targets: [a, b, c] }], relabel_configs: [{ action: drop }] }\n',
  )
  expect(scraper.targets()).toHaveLength(1)
  expect(scraper.droppedCounts()).toEqual(new Map([['j', 3]]))
})
