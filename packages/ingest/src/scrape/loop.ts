// Scraping one target, again and again.

import type { Clock, Telemetry } from '@oriel/model'
import { OrielError } from '@oriel/model'
import type { MetricTarget } from '@oriel/wire'
import { IngestError } from '../errors.ts'
import type { MetricsWriter } from '../metrics.ts'
import type { ScrapeConfig } from '../prometheus-config.ts'
import { ScrapeCache } from './cache.ts'
import type { Fetched, HttpClient } from './fetch.ts'
import { acceptHeader, formatOf } from './negotiate.ts'
import type { ScrapeCounts } from './run.ts'
import { ReportSeries, ScrapeRun } from './run.ts'
import type { ScrapeTarget } from './targets.ts'

/** What is known of a target's last scrape. */
export interface ScrapeHealth {
  readonly health: 'unknown' | 'up' | 'down'
  readonly lastError: string
  /** When the last scrape began, 0 for never. */
  readonly lastScrapeMs: number
  readonly lastDurationMs: number
}

export interface LoopOptions {
  readonly job: ScrapeConfig
  readonly tenant: string
  readonly writer: MetricsWriter
  readonly client: HttpClient
  readonly telemetry: Telemetry
  readonly now: Clock
  /** Why the whole job must fail (a target limit), '' for no reason. */
  readonly forcedError: string
}

// 64 MiB where the job sets no limit: more than any exporter gives, less than hurts.
const DEFAULT_BODY_LIMIT = 64 * 2 ** 20
// 10 ms: a scrape begun this little after its due time is stored at its due time, so that times are evenly spaced and compress well.
const ALIGN_TOLERANCE_MS = 10

/** A running loop. */
export class ScrapeLoop {
  readonly target: ScrapeTarget
  health: ScrapeHealth = { health: 'unknown', lastError: '', lastScrapeMs: 0, lastDurationMs: 0 }
  readonly #options: LoopOptions
  readonly #report: ReportSeries
  readonly #abort = new AbortController()
  #cache = new ScrapeCache()
  #wasText = true
  #timer: NodeJS.Timeout | undefined
  #lastDueMs = 0
  #running: Promise<void> | undefined

  constructor(target: ScrapeTarget, options: LoopOptions) {
    this.target = target
    this.#options = options
    this.#report = new ReportSeries(target.labels)
  }

  /** Scrapes at `offsetMs` within each interval from now on. */
  start(offsetMs: number): void {
    const { intervalMs } = this.target
    const nowMs = this.#options.now()
    const next = Math.floor((nowMs - offsetMs) / intervalMs) * intervalMs + offsetMs + intervalMs
    // Timers may fire a moment early by the clock: the same turn must not come twice.
    const due = next === this.#lastDueMs ? next + intervalMs : next
    this.#lastDueMs = due
    this.#timer = setTimeout(() => {
      this.#running = this.scrape(due).finally(() => {
        this.#running = undefined
        if (!this.#abort.signal.aborted) this.start(offsetMs)
      })
    }, due - nowMs)
    this.#timer.unref()
  }

  /** Ends the loop; with `isGone`, its series end now. */
  async stop({ isGone }: { readonly isGone: boolean }): Promise<void> {
    clearTimeout(this.#timer)
    this.#abort.abort()
    await this.#running
    if (!isGone) return
    await this.#write((target) => {
      const tMs = this.#options.now()
      this.#run(target, tMs).endAll()
      for (const metric of this.#reportNames()) this.#report.write(target, metric, tMs)
    })
  }

  /** One scrape, due at `dueMs`. Never rejects: what goes wrong becomes `up` 0, or a counter where the store takes nothing. */
  async scrape(dueMs: number): Promise<void> {
    const startMs = this.#options.now()
    const isOnTime = Math.abs(startMs - dueMs) <= Math.min(ALIGN_TOLERANCE_MS, this.target.intervalMs / 100)
    const tMs = isOnTime ? dueMs : startMs
    const began = performance.now()
    const durationMs = (): number => performance.now() - began
    let fetched: Fetched | undefined
    let lastError = this.#options.forcedError
    try {
      if (lastError === '') fetched = await this.#fetch()
    } catch (error) {
      lastError = reasonOf(error)
    }
    if (this.#abort.signal.aborted) return
    if (fetched !== undefined) lastError = await this.#store(fetched, tMs, durationMs)
    if (lastError !== '') await this.#storeFailure(tMs, durationMs())
    this.health = { health: lastError === '' ? 'up' : 'down', lastError, lastScrapeMs: startMs, lastDurationMs: durationMs() }
  }

  async #fetch(): Promise<Fetched> {
    const { job, client } = this.#options
    const { timeoutMs } = this.target
    const fetched = await client.get(this.target.url, {
      headers: {
        accept: acceptHeader(job.protocols),
        'accept-encoding': job.acceptsGzip ? 'gzip' : 'identity',
        'user-agent': 'Oriel',
        'x-prometheus-scrape-timeout-seconds': String(timeoutMs / 1_000),
      },
      timeoutMs,
      maxBytes: job.bodySizeLimit || DEFAULT_BODY_LIMIT,
      signal: this.#abort.signal,
    })
    if (fetched.status !== 200)
      throw new IngestError('INGEST_SCRAPE_FAILED', `cannot scrape: server returned HTTP status ${fetched.status}`)
    return fetched
  }

  /** Stores an answer; returns why it was not taken, '' for taken. */
  async #store({ body, contentType }: Fetched, tMs: number, durationMs: () => number): Promise<string> {
    const { job } = this.#options
    try {
      const format = formatOf(contentType, job.fallbackProtocol)
      if ((format !== 'protobuf') !== this.#wasText) {
        // The old entries are named by other bytes: they end, and the new ones begin.
        await this.#write((target) => this.#run(target, tMs).endAll())
        this.#cache = new ScrapeCache()
        this.#wasText = format !== 'protobuf'
      }
      await this.#options.writer.write(this.#options.tenant, (target) => {
        const run = this.#run(target, tMs)
        const counts = format === 'protobuf' ? run.readProtobuf(body) : run.readText(body, format === 'openmetrics')
        this.#writeReport(target, tMs, { isUp: true, durationMs: durationMs(), counts, bodyBytes: body.length })
      })
      return ''
    } catch (error) {
      return reasonOf(error)
    }
  }

  async #storeFailure(tMs: number, durationMs: number): Promise<void> {
    await this.#write((target) => {
      this.#run(target, tMs).endAll()
      this.#writeReport(target, tMs, { isUp: false, durationMs, counts: NO_COUNTS, bodyBytes: 0 })
    })
  }

  /** Writes what must not fail the loop: an overloaded store costs one report. */
  async #write(decode: (target: MetricTarget) => void): Promise<void> {
    try {
      await this.#options.writer.write(this.#options.tenant, decode)
    } catch (error) {
      const { telemetry } = this.#options
      telemetry.counter('oriel_scrape_lost_total', 'Scrape reports that the store did not take').add(1)
      telemetry.log('warn', 'a scrape report was lost', { url: this.target.url, reason: reasonOf(error) })
    }
  }

  #run(target: MetricTarget, tMs: number): ScrapeRun {
    return new ScrapeRun(this.#cache, target, { job: this.#options.job, targetLabels: this.target.labels, tMs })
  }

  #reportNames(): string[] {
    return this.#options.job.hasExtraMetrics ? [...REPORTS, ...EXTRA_REPORTS] : REPORTS
  }

  #writeReport(target: MetricTarget, tMs: number, { isUp, durationMs, counts, bodyBytes }: Report): void {
    const values = [
      isUp ? 1 : 0,
      durationMs / 1_000,
      counts.scraped,
      counts.kept,
      counts.added,
      this.target.timeoutMs / 1_000,
      this.#options.job.sampleLimit,
      bodyBytes,
    ]
    for (const [i, metric] of this.#reportNames().entries()) this.#report.write(target, metric, tMs, values[i])
  }
}

interface Report {
  readonly isUp: boolean
  readonly durationMs: number
  readonly counts: ScrapeCounts
  readonly bodyBytes: number
}

const NO_COUNTS: ScrapeCounts = { scraped: 0, kept: 0, added: 0 }
// In the order of the values above.
const REPORTS = [
  'up',
  'scrape_duration_seconds',
  'scrape_samples_scraped',
  'scrape_samples_post_metric_relabeling',
  'scrape_series_added',
]
const EXTRA_REPORTS = ['scrape_timeout_seconds', 'scrape_sample_limit', 'scrape_body_size_bytes']

function reasonOf(error: unknown): string {
  // A defect of ours is not a target's fault, but must not end the loop either: it shows in the target's state.
  if (error instanceof OrielError) return error.message
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}

/** The offset of a target's scrapes within its interval, spread over targets and the same after a restart. */
export function offsetOf(key: string, intervalMs: number, hash: (text: string) => bigint): number {
  return Number(hash(key) % BigInt(intervalMs))
}
