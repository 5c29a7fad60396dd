// What scraping costs our process up to the commit, alone: `node --conditions=source bench/scrape-process.ts [targets] [interval s] [s]`.
//
// The targets of bench/scrape.ts, scraped by what scrapes in the product, into a store that takes everything and does nothing. CPU of
// this process a million samples, and what of it the kernel and the collector used.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { PerformanceObserver } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { openMetricsWriter, openScraper, parsePrometheusConfig } from '@oriel/ingest'
import type { Sink } from '@oriel/store'
import { pause } from '../e2e/oriel.ts'

const [TARGETS = 2_000, INTERVAL_SECONDS = 5, SECONDS = 20] = process.argv.slice(2).map(Number)
const SERIES = 500
// Four turns: every target is known and the code is compiled.
const WARM_UP_ROWS = 4 * TARGETS * SERIES

let rows = 0
const sink: Sink = {
  async writeMetrics(blocks) {
    for (const { samples } of blocks) rows += samples.rows
  },
  async writeLogs() {},
  async writeSpans() {},
  recentRequests: async () => new Set(),
  async deleteMetrics() {},
  async purgeDeleted() {},
}

const targets = spawn(process.execPath, [fileURLToPath(new URL('scrape-targets.ts', import.meta.url)), String(SERIES)], {
  stdio: ['pipe', 'pipe', 'inherit'],
})
const [port] = await once(targets.stdout, 'data')
const groups = Array.from(
  { length: TARGETS },
  (_, i) =>
    `{ targets: ['127.0.0.1:${Number(String(port))}'], labels: { __metrics_path__: /t/${i}, instance: 'host-${i}:9100' } }`,
)
const config = parsePrometheusConfig(
  `scrape_configs: [{ job_name: bench, scrape_interval: ${INTERVAL_SECONDS}s, scrape_timeout: ${INTERVAL_SECONDS}s, static_configs: [${groups.join()}] }]`,
)
const writer = openMetricsWriter(sink)
const scraper = openScraper({ config, writer, tenant: '' })
let collectorMs = 0
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) collectorMs += duration
}).observe({ entryTypes: ['gc'] })
while (rows < WARM_UP_ROWS) await pause(100)
const [startRows, startCollectorMs, start] = [rows, collectorMs, process.cpuUsage()]
await pause(1_000 * SECONDS)
const { user, system } = process.cpuUsage(start)
const millions = (rows - startRows) / 1e6
const perMillion = (seconds: number): string => (seconds / millions).toFixed(3)
const up = scraper.targets().filter(({ health }) => health === 'up').length
console.log(
  `${millions.toFixed(2)}M samples of ${up} targets that are up, ${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MB resident`,
)
console.log(
  `CPU-s per 1M samples: ${perMillion((user + system) / 1e6)}, of which kernel ${perMillion(system / 1e6)}, collector (wall) ${perMillion((collectorMs - startCollectorMs) / 1e3)}`,
)
await scraper.close()
await writer.close()
targets.stdin.end()
