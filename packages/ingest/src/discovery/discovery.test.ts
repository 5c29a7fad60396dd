import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { labelsToRecord } from '@oriel/model'
import { openMemoryStore } from '@oriel/store'
import { afterEach, expect, test, vi } from 'vitest'
import { openMetricsWriter } from '../metrics.ts'
import { parsePrometheusConfig } from '../prometheus-config.ts'
import { openScraper } from '../scrape/scraper.ts'
import type { Scraper } from '../scrape/scraper.ts'
import type { TargetStatus } from '../scrape/status.ts'
import { parseGroups } from './groups.ts'

const closers: (() => Promise<unknown> | void)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function directory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'oriel-discovery-'))
  closers.push(() => rm(path, { recursive: true }))
  return path
}

function scraper(yaml: string, dir: string): Scraper {
  const writer = openMetricsWriter(openMemoryStore().sink)
  const opened = openScraper({ config: parsePrometheusConfig(yaml, join(dir, 'prometheus.yml')), writer, tenant: 't' })
  closers.push(
    () => opened.close(),
    () => writer.close(),
  )
  return opened
}

/** Active targets by job and instance. */
function active(opened: Scraper): string[] {
  return opened
    .targets()
    .filter(({ state }) => state === 'active')
    .map((target) => `${target.job} ${labelOf(target, 'instance')}`)
    .sort()
}

function labelOf({ labels }: TargetStatus, name: string): string {
  return labelsToRecord(labels)[name] ?? ''
}

test('targets come from files by pattern, JSON and YAML, and a broken file changes nothing', async () => {
  const dir = await directory()
  await writeFile(join(dir, 'a.json'), '[{"targets": ["a:1"], "labels": {"n": "1"}}]')
  await writeFile(join(dir, 'b.yml'), '- targets: ["b:1", "b:2"]\n')
  await writeFile(join(dir, 'c.json'), '[{"targets": 5}]')
  const opened = scraper(
    'scrape_configs: [{ job_name: f, file_sd_configs: [{ files: ["*.json", b.yml], refresh_interval: 50ms }] }]',
    dir,
  )
  await vi.waitFor(() => expect(active(opened)).toEqual(['f a:1', 'f b:1', 'f b:2']))
  const a = opened.targets().find((target) => labelOf(target, 'instance') === 'a:1')!
  expect(labelOf(a, 'n')).toBe('1')
  expect(labelsToRecord(a.discoveredLabels)['__meta_filepath']).toBe(join(dir, 'a.json'))
  await writeFile(join(dir, 'b.yml'), '- targets: ["b:3"]\n')
  await writeFile(join(dir, 'a.json'), '[{"targets": ["a:')
  await vi.waitFor(() => expect(active(opened)).toEqual(['f a:1', 'f b:3']))
})

test('targets come from a server, and stay when it breaks', async () => {
  let isBroken = false
  const server = createServer((_request, response) => {
    if (isBroken) response.writeHead(500).end()
    else response.setHeader('content-type', 'application/json; charset=utf-8').end('[{"targets": ["h:1"]}]')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  const opened = scraper(
    `scrape_configs: [{ job_name: h, http_sd_configs: [{ url: "http://127.0.0.1:${port}/", refresh_interval: 50ms }] }]`,
    '.',
  )
  await vi.waitFor(() => expect(active(opened)).toEqual(['h h:1']), { timeout: 10_000 })
  isBroken = true
  await new Promise((resolve) => setTimeout(resolve, 150))
  expect(active(opened)).toEqual(['h h:1'])
})

test('a reload keeps what stays, adds and ends the rest; dropped targets are shown', () => {
  const opened = scraper(
    'scrape_configs: [{ job_name: a, static_configs: [{ targets: [x:1] }] }, { job_name: b, static_configs: [{ targets: [y:1] }] }]',
    '.',
  )
  expect(active(opened)).toEqual(['a x:1', 'b y:1'])
  opened.reload(
    parsePrometheusConfig(`
scrape_configs:
  - { job_name: a, static_configs: [{ targets: [x:1] }] }
  - job_name: c
    static_configs: [{ targets: [z:1, z:2, 'bad/address'] }]
    relabel_configs: [{ source_labels: [__address__], regex: z:2, action: drop }]
`),
  )
  expect(active(opened)).toEqual(['a x:1', 'c z:1'])
  const dropped = opened.targets().filter(({ state }) => state === 'dropped')
  expect(dropped.map(({ discoveredLabels, lastError }) => [labelsToRecord(discoveredLabels)['__address__'], lastError])).toEqual([
    ['z:2', ''],
    ['bad/address', '"bad/address" is no host and port'],
  ])
})

test.each([
  '',
  '{}',
  '[5]',
  '[{"targets": [{}]}]',
  '[{"targets": [], "labels": {"a": {}}}]',
  '[{"targets": ["a"], "labels": []}',
  'a: [',
])('groups that are none are refused: %s', (text) => {
  expect(() => parseGroups(text, 'x.json')).toThrow(/cannot read targets of x.json/)
})
