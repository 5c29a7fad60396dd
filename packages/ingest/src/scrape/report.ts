// What a scrape reports on itself.

import type { Labels } from '@oriel/model'
import { METRIC_NAME, STALE_HIGH, STALE_LOW } from '@oriel/model'
import type { MetricTarget } from '@oriel/wire'
import { LabelBytes } from '@oriel/wire'
import type { ScrapeConfig } from '../prometheus-scrape-config.ts'
import type { ScrapeCounts } from './run.ts'
import { writeLabels } from './sample-labels.ts'

/** One scrape. `bodyBytes` is -1 where the body was too large to be read. */
export interface ScrapeReport {
  readonly isUp: boolean
  readonly durationMs: number
  readonly counts: ScrapeCounts
  readonly bodyBytes: number
}

/** The names of a job's reports. Source: Prometheus 3.14 scrape/scrape.go scrapeLoop.report. */
export function reportNames({ hasExtraMetrics }: ScrapeConfig): readonly string[] {
  return hasExtraMetrics ? ALL_REPORTS : REPORTS
}

/** Their values, in their order. */
export function reportValues(
  { isUp, durationMs, counts, bodyBytes }: ScrapeReport,
  { sampleLimit }: ScrapeConfig,
  timeoutMs: number,
): number[] {
  return [isUp ? 1 : 0, durationMs / 1_000, counts.scraped, counts.kept, counts.added, timeoutMs / 1_000, sampleLimit, bodyBytes]
}

const REPORTS = [
  'up',
  'scrape_duration_seconds',
  'scrape_samples_scraped',
  'scrape_samples_post_metric_relabeling',
  'scrape_series_added',
]
const ALL_REPORTS = [...REPORTS, 'scrape_timeout_seconds', 'scrape_sample_limit', 'scrape_body_size_bytes']

/** Samples that a scrape reports on itself, with the target's labels. */
export class ReportSeries {
  readonly #labels: Labels
  readonly #bytes = new LabelBytes()
  readonly #refs = new Map<string, number>()
  #epoch = 0

  constructor(targetLabels: Labels) {
    this.#labels = targetLabels
  }

  /** Appends one sample; `value` absent for a staleness marker. */
  write(target: MetricTarget, metric: string, tMs: number, value?: number): void {
    if (target.epoch !== this.#epoch) this.#refs.clear()
    this.#epoch = target.epoch
    let ref = this.#refs.get(metric)
    if (ref === undefined) {
      const labels = new Map(this.#labels.map((label) => [label.name, label.value]))
      labels.set(METRIC_NAME, metric)
      writeLabels(labels, this.#bytes)
      ref = target.series(this.#bytes.bytes, 0, this.#bytes.length)
      this.#refs.set(metric, ref)
    }
    if (value === undefined) target.sample(ref, tMs, STALE_LOW, STALE_HIGH)
    else {
      scratch[0] = value
      target.sample(ref, tMs, scratchWords[0]!, scratchWords[1]!)
    }
  }
}

const scratch = new Float64Array(1)
const scratchWords = new Uint32Array(scratch.buffer)
