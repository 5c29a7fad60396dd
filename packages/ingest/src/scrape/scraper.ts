// All jobs of a prometheus.yml.

import type { Clock, Labels, Telemetry } from '@oriel/model'
import { silentTelemetry } from '@oriel/model'
import { hash64 } from '@oriel/store'
import { startDiscovery } from '../discovery/discovery.ts'
import type { Discovery } from '../discovery/discovery.ts'
import type { MetricsWriter } from '../metrics.ts'
import type { PrometheusConfig, ScrapeConfig, TargetGroup } from '../prometheus-config.ts'
import { HttpClient } from './fetch.ts'
import type { ScrapeHealth } from './loop.ts'
import { offsetOf, ScrapeLoop } from './loop.ts'
import type { DroppedTarget } from './targets.ts'
import { assembleTargets } from './targets.ts'

/** One target as the targets API shows it. */
export interface TargetStatus {
  readonly job: string
  readonly discoveredLabels: Labels
  /** 'dropped' by a relabel rule, or with an `error` for having no valid address. */
  readonly state: 'active' | 'dropped'
  /** Labels of its series; empty for a dropped target. */
  readonly labels: Labels
  readonly url: string
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly health: ScrapeHealth['health']
  readonly lastError: string
  readonly lastScrapeMs: number
  readonly lastDurationMs: number
}

export interface ScraperOptions {
  readonly config: PrometheusConfig
  readonly writer: MetricsWriter
  readonly tenant: string
  /** What relative paths in the configuration are relative to: the directory of its file. */
  readonly directory: string
  readonly telemetry?: Telemetry
  readonly now?: Clock
}

/** A running scraper. */
export interface Scraper {
  /** Every target, active ones first, by job. */
  targets(): TargetStatus[]
  /** Takes over a new configuration. Targets that stay as they are go on undisturbed; series of those that go end now. */
  reload(config: PrometheusConfig): Promise<void>
  /** Ends scraping. Series do not end: the next start goes on with them. */
  close(): Promise<void>
}

/** Starts scraping every job of a configuration. Discovery goes on in the background; nothing is waited for. */
export function openScraper(options: ScraperOptions): Scraper {
  const scraper = new Jobs(options)
  // Nothing ran before: there is nothing to wait for.
  void scraper.reload(options.config)
  return scraper
}

class Jobs implements Scraper {
  readonly #options: Required<Omit<ScraperOptions, 'config'>>
  #jobs = new Map<string, Job>()

  constructor({ telemetry = silentTelemetry, now = Date.now, writer, tenant, directory }: ScraperOptions) {
    this.#options = { telemetry, now, writer, tenant, directory }
  }

  targets(): TargetStatus[] {
    const all = [...this.#jobs.values()].flatMap((job) => job.targets())
    return [...all.filter(({ state }) => state === 'active'), ...all.filter(({ state }) => state === 'dropped')]
  }

  #apply(config: PrometheusConfig): Promise<void>[] {
    const jobs = new Map<string, Job>()
    const ended: Promise<void>[] = []
    for (const scrape of config.jobs) {
      const old = this.#jobs.get(scrape.jobName)
      const isSame = old !== undefined && JSON.stringify(old.config, printBigInt) === JSON.stringify(scrape, printBigInt)
      if (!isSame && old !== undefined) ended.push(old.stop({ isGone: true }))
      jobs.set(scrape.jobName, isSame ? old : new Job(scrape, this.#options))
    }
    for (const [name, job] of this.#jobs) if (!jobs.has(name)) ended.push(job.stop({ isGone: true }))
    this.#jobs = jobs
    return ended
  }

  async reload(config: PrometheusConfig): Promise<void> {
    await Promise.all(this.#apply(config))
  }

  async close(): Promise<void> {
    await Promise.all([...this.#jobs.values()].map((job) => job.stop({ isGone: false })))
    this.#jobs.clear()
  }
}

/** A relabel rule's modulus is a bigint, which JSON does not print. */
function printBigInt(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}

class Job {
  readonly config: ScrapeConfig
  readonly #options: Required<Omit<ScraperOptions, 'config'>>
  readonly #client: HttpClient
  readonly #discoveries: Discovery[]
  readonly #loops = new Map<string, ScrapeLoop>()
  readonly #groups = new Map<string, readonly TargetGroup[]>()
  #dropped: DroppedTarget[] = []
  #forcedError = ''

  constructor(config: ScrapeConfig, options: Required<Omit<ScraperOptions, 'config'>>) {
    this.config = config
    this.#options = options
    this.#client = new HttpClient(config.http, options.directory)
    this.#groups.set('static', config.staticGroups)
    this.#discoveries = startDiscovery(config, options, (source, groups) => {
      this.#groups.set(source, groups)
      this.#sync()
    })
    this.#sync()
  }

  targets(): TargetStatus[] {
    const active = [...this.#loops.values()].map(({ target, health }): TargetStatus => {
      const { labels, discoveredLabels, url, intervalMs, timeoutMs } = target
      return { job: this.config.jobName, state: 'active', labels, discoveredLabels, url, intervalMs, timeoutMs, ...health }
    })
    const limit = this.config.keepDroppedTargets || this.#dropped.length
    const dropped = this.#dropped.slice(0, limit).map(({ discoveredLabels, error }): TargetStatus => ({
      job: this.config.jobName,
      state: 'dropped',
      discoveredLabels,
      labels: [],
      url: '',
      intervalMs: this.config.intervalMs,
      timeoutMs: this.config.timeoutMs,
      health: 'unknown',
      lastError: error,
      lastScrapeMs: 0,
      lastDurationMs: 0,
    }))
    return [...active, ...dropped]
  }

  async stop({ isGone }: { readonly isGone: boolean }): Promise<void> {
    for (const discovery of this.#discoveries) discovery.stop()
    await Promise.all([...this.#loops.values()].map((loop) => loop.stop({ isGone })))
    await this.#client.close()
  }

  /** Starts loops of targets that are new, stops those of targets that have gone. */
  #sync(): void {
    const { active, dropped } = assembleTargets(this.config, [...this.#groups.values()].flat())
    this.#dropped = dropped
    const { targetLimit } = this.config
    const isOver = targetLimit > 0 && active.length > targetLimit
    const forcedError = isOver ? `cannot scrape: ${active.length} targets, target_limit ${targetLimit}` : ''
    const wanted = new Map(active.map((target) => [target.key, target]))
    for (const [key, loop] of this.#loops)
      if (!wanted.has(key) || forcedError !== this.#forcedError) {
        this.#loops.delete(key)
        void loop.stop({ isGone: !wanted.has(key) })
      }
    this.#forcedError = forcedError
    for (const [key, target] of wanted) {
      if (this.#loops.has(key)) continue
      const { tenant, writer, telemetry, now } = this.#options
      const loop = new ScrapeLoop(target, { job: this.config, tenant, writer, telemetry, now, client: this.#client, forcedError })
      this.#loops.set(key, loop)
      loop.start(offsetOf(key, target.intervalMs, hash64))
    }
  }
}
