// All jobs of a prometheus.yml.

import { hostname } from 'node:os'
import type { Clock, Telemetry } from '@oriel/model'
import { silentTelemetry } from '@oriel/model'
import { hash64 } from '@oriel/store'
import type { MetricsWriter } from '../metrics.ts'
import type { PrometheusConfig } from '../prometheus-config.ts'
import { FailureLogs } from './failure-log.ts'
import { SharedMetadata } from './families.ts'
import { Job } from './job.ts'
import { makeScrapeMeters } from './meters.ts'
import type { ScrapeMeters } from './meters.ts'
import type { TargetSample, TargetStatus } from './status.ts'

export interface ScraperOptions {
  readonly config: PrometheusConfig
  readonly writer: MetricsWriter
  readonly tenant: string
  readonly telemetry?: Telemetry
  readonly now?: Clock
}

/** A running scraper. */
export interface Scraper {
  /** Every target, active ones first, by job. */
  targets(): TargetStatus[]
  /** Targets that rules dropped or that have no address, by job, those included that `keep_dropped_targets` keeps no record of. */
  droppedCounts(): ReadonlyMap<string, number>
  /**
   * What a target answers right now, as far as it fits a page: nothing is stored. `url` is one of an active target of `job`.
   *
   * `undefined` where there is no such target. Never rejects: what goes wrong is in the result.
   */
  sample(job: string, url: string, signal: AbortSignal): Promise<TargetSample | undefined>
  /**
   * Takes over a new configuration. Targets that stay keep their state, their connections and their place in the interval; series of
   * those that go end at their next turn.
   */
  reload(config: PrometheusConfig): void
  /** Ends scraping. Series do not end: the next start goes on with them. */
  close(): Promise<void>
}

/** Starts scraping every job of a configuration. Discovery goes on in the background; nothing is waited for. */
export function openScraper(options: ScraperOptions): Scraper {
  const scraper = new Jobs(options)
  scraper.reload(options.config)
  return scraper
}

class Jobs implements Scraper {
  readonly #options: Required<Omit<ScraperOptions, 'config'>>
  readonly #meters: ScrapeMeters
  readonly #failures: FailureLogs
  readonly #metadata = new SharedMetadata()
  readonly #jobs = new Map<string, Job>()
  /** Jobs that are configured no more, while their series end. */
  readonly #leaving = new Set<Job>()

  constructor({ telemetry = silentTelemetry, now = Date.now, writer, tenant }: ScraperOptions) {
    this.#options = { telemetry, now, writer, tenant }
    this.#meters = makeScrapeMeters(telemetry)
    this.#failures = new FailureLogs(telemetry)
  }

  targets(): TargetStatus[] {
    const all = [...this.#jobs.values()].flatMap((job) => job.targets())
    return [...all.filter(({ state }) => state === 'active'), ...all.filter(({ state }) => state === 'dropped')]
  }

  droppedCounts(): Map<string, number> {
    return new Map([...this.#jobs].map(([name, job]) => [name, job.droppedCount]))
  }

  async sample(job: string, url: string, signal: AbortSignal): Promise<TargetSample | undefined> {
    return this.#jobs.get(job)?.sample(url, signal)
  }

  reload(config: PrometheusConfig): void {
    this.#failures.close()
    // Two servers with the same targets must not scrape them at the same moment. Source: Prometheus 3.14 scrape manager setOffsetSeed.
    const seed = `${hostname()} ${JSON.stringify(config.externalLabels)}`
    for (const scrape of config.jobs) {
      const known = this.#jobs.get(scrape.jobName)
      if (known !== undefined) {
        known.reload(scrape)
        this.#meters.reloads.add(1)
        continue
      }
      this.#meters.pools.add(1)
      const options = { ...this.#options, meters: this.#meters, failures: this.#failures, metadata: this.#metadata }
      const offsetSeed = hash64(seed)
      this.#jobs.set(scrape.jobName, new Job(scrape, { ...options, offsetSeed }))
    }
    const names = new Set(config.jobs.map(({ jobName }) => jobName))
    for (const [name, job] of this.#jobs) {
      if (names.has(name)) continue
      this.#jobs.delete(name)
      this.#leaving.add(job)
      job.leave(() => this.#leaving.delete(job))
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#jobs.values(), ...this.#leaving].map((job) => job.stop()))
    this.#jobs.clear()
    this.#leaving.clear()
    this.#failures.close()
  }
}
