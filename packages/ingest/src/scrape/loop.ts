// Scraping one target, again and again.

import type { Clock, MetricMetadata, Telemetry } from '@oriel/model'
import { OrielError } from '@oriel/model'
import type { MetricTarget } from '@oriel/wire'
import { IngestError } from '../errors.ts'
import type { HttpClient } from '../fetch/client.ts'
import type { Answer } from '../fetch/repeated.ts'
import { RepeatedRequest } from '../fetch/repeated.ts'
import type { MetricsWriter } from '../metrics.ts'
import type { ScrapeConfig } from '../prometheus-scrape-config.ts'
import { ScrapeCache } from './cache.ts'
import type { FailureLogs } from './failure-log.ts'
import type { SharedMetadata } from './families.ts'
import { TargetFamilies } from './families.ts'
import type { ScrapeMeters } from './meters.ts'
import { acceptHeader, formatOf } from './negotiate.ts'
import { reportNames, ReportSeries, reportValues } from './report.ts'
import type { ScrapeCounts } from './run.ts'
import { ScrapeRun } from './run.ts'
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
  readonly meters: ScrapeMeters
  readonly failures: FailureLogs
  readonly metadata: SharedMetadata
  readonly now: Clock
  /** Why the whole job must fail (a target limit), '' for no reason. */
  readonly forcedError: string
}

// 64 MiB where the job sets no limit: more than any exporter gives, less than hurts.
const DEFAULT_BODY_LIMIT = 64 * 2 ** 20
// 10 ms: a scrape begun this little after its due time is stored at its due time, so that times are evenly spaced and compress well.
const ALIGN_TOLERANCE_MS = 10
// A scrape waits for others to be stored with it: 3 s at most, and a fifth of its interval, so that its next turn is not missed.
// 133 scrapes a second of 500 samples: the engine took 1.8 CPU-seconds a million samples in blocks of 25,000 rows (waits of 0.3 s), 1.2 in
// blocks of 71,000 (1 s; 2026-11, on a busy machine). What is scraped is that much later in queries; it is half an interval old anyway.
const MAX_COMMIT_WAIT_MS = 3_000
const COMMIT_WAIT_SHARE = 0.2

/** A running loop. */
export class ScrapeLoop {
  readonly target: ScrapeTarget
  health: ScrapeHealth = { health: 'unknown', lastError: '', lastScrapeMs: 0, lastDurationMs: 0 }
  #options: LoopOptions
  /** The job, with what relabeling said of this target's histograms. */
  #job: ScrapeConfig
  readonly #report: ReportSeries
  readonly #waitMs: number
  #request: RepeatedRequest | undefined
  /** Whether the request is not as the options say. */
  #isRequestOld = false
  #isStopped = false
  readonly #families: TargetFamilies
  #cache = new ScrapeCache()
  /** The series of an earlier configuration, until a scrape tells which of them go on. */
  #earlier: ScrapeCache | undefined
  #wasText = true
  #timer: NodeJS.Timeout | undefined
  #lastDueMs = 0
  #running: Promise<void> | undefined
  #onGone: (() => void) | undefined

  constructor(target: ScrapeTarget, options: LoopOptions) {
    this.target = target
    this.#options = options
    this.#job = { ...options.job, ...target.histograms }
    this.#families = new TargetFamilies(options.metadata)
    this.#report = new ReportSeries(target.labels)
    this.#waitMs = Math.min(MAX_COMMIT_WAIT_MS, target.intervalMs * COMMIT_WAIT_SHARE)
  }

  /** What the target says of its metrics. */
  metadata(): MetricMetadata[] {
    return this.#families.list()
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
      this.#running = this.#turn(due).finally(() => {
        this.#running = undefined
        if (!this.#isStopped) this.start(offsetMs)
      })
    }, due - nowMs)
    this.#timer.unref()
  }

  /** Goes on with other options from the next scrape on. Series that they name otherwise end then. */
  update(options: LoopOptions): void {
    const before = this.#options.job
    this.#options = options
    this.#job = { ...options.job, ...this.target.histograms }
    this.#isRequestOld = true
    if (sameLabels(before, options.job)) return
    this.#earlier ??= this.#cache
    this.#cache = new ScrapeCache()
  }

  /** The target has gone: at its next turn its series end, unless it comes back before. `onGone` is called then. */
  leave(onGone: () => void): void {
    this.#onGone ??= onGone
  }

  /** The target is back. */
  stay(): void {
    this.#onGone = undefined
  }

  /** Ends the loop; its series do not end. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer)
    this.#isStopped = true
    this.#request?.close()
    await this.#running
  }

  /** One scrape, due at `dueMs`. Never rejects: what goes wrong becomes `up` 0, or a counter where the store takes nothing. */
  async scrape(dueMs: number): Promise<void> {
    const { now, forcedError, meters } = this.#options
    const startMs = now()
    const isOnTime = Math.abs(startMs - dueMs) <= Math.min(ALIGN_TOLERANCE_MS, this.target.intervalMs / 100)
    const tMs = isOnTime ? dueMs : startMs
    const began = performance.now()
    // Taken when a report is written: the wait for the commit is not the target's.
    let lastDurationMs = 0
    const durationMs = (): number => (lastDurationMs = performance.now() - began)
    const { lastScrapeMs } = this.health
    if (lastScrapeMs > 0) meters.intervals.observe((startMs - lastScrapeMs) / 1_000)
    let failure: Failure = { reason: forcedError, code: '', counts: NO_COUNTS, bodyBytes: 0 }
    let stored: Promise<Failure> | undefined
    try {
      if (forcedError === '')
        await this.#targetRequest().send((answer) => {
          if (!this.#isStopped) stored = this.#store(answer, tMs, durationMs)
        })
    } catch (error) {
      failure = failureOf(error, NO_COUNTS, 0)
    }
    if (stored !== undefined) failure = await stored
    else if (this.#isStopped) return
    const isUp = failure.reason === ''
    if (!isUp) await this.#storeFailure(tMs, durationMs(), failure)
    this.health = { health: isUp ? 'up' : 'down', lastError: failure.reason, lastScrapeMs: startMs, lastDurationMs }
  }

  async #turn(dueMs: number): Promise<void> {
    const gone = this.#onGone
    if (gone === undefined) {
      await this.scrape(dueMs)
      return
    }
    this.#isStopped = true
    this.#request?.close()
    gone()
    // A target that was never scraped has no series.
    if (this.health.lastScrapeMs > 0) await this.endSeries(dueMs)
  }

  /** Marks the series of the target, and those of its reports, as ended. */
  async endSeries(tMs: number): Promise<void> {
    await this.#write((target) => {
      this.#run(target, tMs).endAll()
      for (const metric of reportNames(this.#options.job)) this.#report.write(target, metric, tMs)
    })
  }

  #targetRequest(): RepeatedRequest {
    if (this.#request !== undefined && !this.#isRequestOld) return this.#request
    const { job, client } = this.#options
    const { timeoutMs, url } = this.target
    const headers = {
      accept: acceptHeader(job.protocols, job.escaping),
      'accept-encoding': job.acceptsGzip ? 'gzip' : 'identity',
      'user-agent': 'Oriel',
      'x-prometheus-scrape-timeout-seconds': String(timeoutMs / 1_000),
    }
    this.#request?.close()
    this.#request = new RepeatedRequest(client, url, { headers, timeoutMs, maxBytes: job.bodySizeLimit || DEFAULT_BODY_LIMIT })
    this.#isRequestOld = false
    return this.#request
  }

  /** Stores an answer, which is read before this returns; the failure has no reason where it was taken. */
  async #store({ status, body, contentType }: Answer, tMs: number, durationMs: () => number): Promise<Failure> {
    const { job, writer, tenant, meters } = this.#options
    const bodyBytes = status === 200 ? body.length : 0
    const earlier = this.#earlier
    let counts = NO_COUNTS
    try {
      if (status !== 200) throw new IngestError('INGEST_SCRAPE_FAILED', `cannot scrape: server returned HTTP status ${status}`)
      // An answer of nothing is one in any format.
      const format = bodyBytes === 0 ? 'text' : formatOf(contentType, job.fallbackProtocol)
      const changed = (format !== 'protobuf') === this.#wasText ? undefined : this.#changeFormat(tMs)
      const stored = writer.write(
        tenant,
        (target) => {
          const run = this.#run(target, tMs)
          try {
            if (format === 'protobuf') run.readProtobuf(body)
            else run.readText(body, format === 'openmetrics')
          } finally {
            counts = run.counts
          }
          if (earlier !== undefined) run.endEarlier(earlier)
          this.#writeReport(target, tMs, { isUp: true, durationMs: durationMs(), counts, bodyBytes })
        },
        { waitMs: this.#waitMs },
      )
      await Promise.all([changed, stored])
      // A reload may have come meanwhile: its series are still to end.
      if (this.#earlier === earlier) this.#earlier = undefined
      if (counts.duplicates > 0) meters.duplicates.add(counts.duplicates)
      if (counts.outOfBounds > 0) meters.outOfBounds.add(counts.outOfBounds)
      return { reason: '', code: '', counts, bodyBytes }
    } catch (error) {
      this.#cache.isMetadataTold = false
      return failureOf(error, counts, bodyBytes)
    }
  }

  /** The old entries are named by other bytes: they end, and the new ones begin. Resolves when the ends are stored. */
  #changeFormat(tMs: number): Promise<void> {
    const ended = this.#write((target) => this.#run(target, tMs).endAll())
    this.#cache = new ScrapeCache()
    this.#wasText = !this.#wasText
    return ended
  }

  async #storeFailure(tMs: number, durationMs: number, { reason, code, counts, bodyBytes }: Failure): Promise<void> {
    const { meters, failures, job } = this.#options
    if (code === 'INGEST_SCRAPE_TOO_LARGE') meters.bodyLimit.add(1)
    if (code === 'INGEST_SCRAPE_SAMPLE_LIMIT') meters.sampleLimit.add(1)
    if (code === 'INGEST_SCRAPE_LABEL_LIMIT') meters.labelLimit.add(1)
    failures.write(job.failureLogFile, { job: job.jobName, url: this.target.url, reason })
    await this.#write((target) => {
      this.#run(target, tMs).endAll()
      const seen = code === 'INGEST_SCRAPE_TOO_LARGE' ? -1 : bodyBytes
      this.#writeReport(target, tMs, { isUp: false, durationMs, counts, bodyBytes: seen })
    })
  }

  /** Writes what must not fail the loop: an overloaded store costs one report. */
  async #write(decode: (target: MetricTarget) => void): Promise<void> {
    const { writer, tenant, telemetry, meters } = this.#options
    try {
      await writer.write(tenant, decode, { waitMs: this.#waitMs })
    } catch (error) {
      meters.lost.add(1)
      telemetry.log('warn', 'a scrape report was lost', { url: this.target.url, reason: reasonOf(error) })
    }
  }

  #run(target: MetricTarget, tMs: number): ScrapeRun {
    const { labels } = this.target
    return new ScrapeRun(this.#cache, target, { job: this.#job, targetLabels: labels, tMs, families: this.#families })
  }

  #writeReport(target: MetricTarget, tMs: number, report: Parameters<typeof reportValues>[0]): void {
    const { job } = this.#options
    const values = reportValues(report, job, this.target.timeoutMs)
    for (const [i, metric] of reportNames(job).entries()) this.#report.write(target, metric, tMs, values[i])
  }
}

interface Failure {
  /** '' for none. */
  readonly reason: string
  readonly code: string
  readonly counts: ScrapeCounts
  readonly bodyBytes: number
}

const NO_COUNTS: ScrapeCounts = { scraped: 0, kept: 0, added: 0, duplicates: 0, outOfBounds: 0 }

function failureOf(error: unknown, counts: ScrapeCounts, bodyBytes: number): Failure {
  return { reason: reasonOf(error), code: error instanceof OrielError ? error.code : '', counts, bodyBytes }
}

function reasonOf(error: unknown): string {
  // A defect of ours is not a target's fault, but must not end the loop either: it shows in the target's state.
  if (error instanceof OrielError) return error.message
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}

/** Whether two configurations name the series of a target alike. */
function sameLabels(a: ScrapeConfig, b: ScrapeConfig): boolean {
  return a.honorLabels === b.honorLabels && a.nameScheme === b.nameScheme && printRules(a) === printRules(b)
}

function printRules({ metricRelabelRules }: ScrapeConfig): string {
  return JSON.stringify(metricRelabelRules.map(({ modulus, ...rule }) => [rule, String(modulus)]))
}
