// What scraping counts, by Prometheus's names, so that its dashboards and alerts hold. Source: Prometheus 3.14 scrape/metrics.go.

import type { Telemetry } from '@oriel/model'

type Counter = ReturnType<Telemetry['counter']>

/** Counters of all jobs together. */
export interface ScrapeMeters {
  readonly bodyLimit: Counter
  readonly sampleLimit: Counter
  readonly labelLimit: Counter
  readonly targetLimit: Counter
  readonly duplicates: Counter
  readonly outOfBounds: Counter
  readonly syncFailures: Counter
  readonly syncs: Counter
  readonly pools: Counter
  readonly reloads: Counter
  readonly lost: Counter
  readonly targets: ReturnType<Telemetry['gauge']>
  readonly targetLimits: ReturnType<Telemetry['gauge']>
  readonly intervals: ReturnType<Telemetry['histogram']>
}

/** Opens the counters. */
export function makeScrapeMeters(telemetry: Telemetry): ScrapeMeters {
  const counter = (name: string, help: string): Counter => telemetry.counter(`prometheus_target_${name}_total`, help)
  return {
    bodyLimit: counter('scrapes_exceeded_body_size_limit', 'Total number of scrapes that hit the body size limit'),
    sampleLimit: counter('scrapes_exceeded_sample_limit', 'Total number of scrapes that hit the sample limit and were rejected'),
    labelLimit: counter('scrape_pool_exceeded_label_limits', 'Total number of times scrape pools hit the label limits'),
    targetLimit: counter('scrape_pool_exceeded_target_limit', 'Total number of times scrape pools hit the target limit'),
    duplicates: counter(
      'scrapes_sample_duplicate_timestamp',
      'Total number of samples rejected because their target exposed their series twice',
    ),
    outOfBounds: counter(
      'scrapes_sample_out_of_bounds',
      'Total number of samples rejected due to timestamp falling outside of the time bounds',
    ),
    syncFailures: counter('sync_failed', 'Total number of target sync failures'),
    syncs: counter('scrape_pool_sync', 'Total number of syncs that were executed on a scrape pool'),
    pools: counter('scrape_pools', 'Total number of scrape pool creation attempts'),
    reloads: counter('scrape_pool_reloads', 'Total number of scrape pool reloads'),
    lost: telemetry.counter('oriel_scrape_lost_total', 'Scrape reports that the store did not take'),
    targets: telemetry.gauge('prometheus_target_scrape_pool_targets', 'Current number of targets in this scrape pool'),
    targetLimits: telemetry.gauge(
      'prometheus_target_scrape_pool_target_limit',
      'Maximum number of targets allowed in this scrape pool',
    ),
    intervals: telemetry.histogram(
      'prometheus_target_interval_length_histogram_seconds',
      'Actual intervals between scrapes',
      INTERVAL_BUCKETS,
    ),
  }
}

// Usual intervals, and a little above and below each, which is what one wants to see.
const INTERVAL_BUCKETS = [0.9, 1.1, 4.5, 5.5, 9, 11, 14, 16, 27, 33, 54, 66, 110, 130, 280, 330]
