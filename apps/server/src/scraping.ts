import { readFileSync } from 'node:fs'
import type { TargetsView } from '@oriel/api'
import type { MetricsWriter, PrometheusConfig, Scraper, TargetStatus } from '@oriel/ingest'
import { openScraper, parsePrometheusConfig } from '@oriel/ingest'
import type { Telemetry } from '@oriel/model'
import type { OtlpMetricSettings } from '@oriel/wire'
import { stringify } from 'yaml'
import { ServerError } from './errors.ts'
import type { LoadedPrometheus } from './prometheus-view.ts'

/** A target beside those of the configuration. */
export interface ScrapeTarget {
  readonly job: string
  /** HOST:PORT. */
  readonly address: string
}

/** Scraping under way. */
export interface Scraping {
  /** Scrapes more targets, every 5 seconds. */
  add(targets: readonly ScrapeTarget[]): void
  targets(): TargetsView
  /** See `Scraper.sample`. */
  sample: Scraper['sample']
  /** The configuration in use, and whether the last attempt to read it went well. */
  config(): LoadedPrometheus & { readonly loadedMs: number; readonly isGood: boolean }
  /** Reads a prometheus.yml; throws and changes nothing when it is bad. */
  reload(file: string | undefined): void
  close(): Promise<void>
}

export interface ScrapingOptions {
  readonly metrics: MetricsWriter
  readonly telemetry: Telemetry
  readonly tenant: string
  /** Prometheus's feature flags that are on. */
  readonly features: readonly string[]
}

/** Starts scraping with nothing to scrape; `reload` and `add` say what. */
export function openScraping({ metrics, telemetry, tenant, features }: ScrapingOptions): Scraping {
  const added = new Map<string, ScrapeTarget>()
  const deltas = deltaMode(features)
  let loaded: LoadedPrometheus = { config: parsePrometheusConfig(''), yaml: '' }
  let [loadedMs, isGood] = [Date.now(), true]
  let scraper: Scraper | undefined

  function apply(next: LoadedPrometheus): void {
    const config = { ...next.config, jobs: [...next.config.jobs, ...jobsOf([...added.values()])] }
    if (scraper === undefined) scraper = openScraper({ config, writer: metrics, tenant, telemetry })
    else scraper.reload(config)
    metrics.setOtlp({ ...config.otlp, deltas })
    loaded = next
  }

  return {
    add(targets) {
      for (const target of targets) added.set(`${target.job} ${target.address}`, target)
      apply(loaded)
    },
    targets: () => ({ ...viewOf(scraper?.targets() ?? []), droppedCounts: scraper?.droppedCounts() ?? new Map(), tenant }),
    sample: async (job, url, signal) => scraper?.sample(job, url, signal),
    config: () => ({ config: loaded.config, yaml: loaded.yaml, loadedMs, isGood }),
    reload(file) {
      isGood = false
      const next = file === undefined ? { config: parsePrometheusConfig(''), yaml: '' } : load(file, features)
      for (const note of next.config.notes) telemetry.log('warn', 'configuration', { file, note })
      apply(next)
      isGood = true
      loadedMs = Date.now()
    },
    async close() {
      await scraper?.close()
    },
  }
}

/** What becomes of deltas of OTLP, by Prometheus's feature flags. */
function deltaMode(features: readonly string[]): OtlpMetricSettings['deltas'] {
  if (features.includes('otlp-deltatocumulative')) return 'summed'
  return features.includes('otlp-native-delta-ingestion') ? 'stored' : 'refused'
}

/** Reads a prometheus.yml, or what none means, without starting anything. Throws what is wrong. */
export function readPrometheusFile(file: string | undefined, features: readonly string[]): PrometheusConfig {
  return file === undefined ? parsePrometheusConfig('') : load(file, features).config
}

function load(file: string, features: readonly string[]): LoadedPrometheus {
  let yaml: string
  try {
    yaml = readFileSync(file, 'utf8')
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new ServerError('SERVER_NO_CONFIG', `cannot read ${file}: ${why}`, { cause })
  }
  return { config: parsePrometheusConfig(yaml, file, { features }), yaml }
}

function jobsOf(targets: readonly ScrapeTarget[]): PrometheusConfig['jobs'] {
  if (targets.length === 0) return []
  const byJob = Map.groupBy(targets, ({ job }) => job)
  const scrape_configs = [...byJob].map(([job, own]) => ({
    job_name: job,
    scrape_interval: '5s',
    static_configs: [{ targets: own.map(({ address }) => address) }],
  }))
  return parsePrometheusConfig(stringify({ scrape_configs }), 'added targets').jobs
}

function viewOf(targets: readonly TargetStatus[]): TargetsView {
  const active = targets.filter(({ state }) => state === 'active')
  const dropped = targets.filter(({ state }) => state === 'dropped')
  return {
    active: active.map(({ job, url, lastDurationMs, intervalMs, timeoutMs, ...rest }) => ({
      ...rest,
      scrapePool: job,
      scrapeUrl: url,
      lastScrapeDurationMs: lastDurationMs,
      scrapeIntervalMs: intervalMs,
      scrapeTimeoutMs: timeoutMs,
    })),
    dropped: dropped.map(({ discoveredLabels, job }) => ({ discoveredLabels, scrapePool: job })),
  }
}
