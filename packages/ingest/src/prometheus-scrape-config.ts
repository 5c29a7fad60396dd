// One job of `scrape_configs`.
//
// Source: Prometheus 3.14 docs/configuration/configuration.md, config/config.go ScrapeConfig.

import type { ConfigReader } from './config-reader.ts'
import { readDiscoveries } from './discovery/config.ts'
import type { DiscoveryConfig } from './discovery/config.ts'
import { readHttpConfig } from './prometheus-http-config.ts'
import type { HttpClientConfig } from './prometheus-http-config.ts'
import { readRelabelRules } from './relabel-config.ts'
import type { NameScheme } from './relabel-config.ts'
import type { RelabelRule } from './relabel.ts'

/** Formats a target may answer in, as `scrape_protocols` names them. */
export type ScrapeProtocol = (typeof PROTOCOLS)[number]

/** How a target is asked to write names that are no plain ones. */
export type EscapingScheme = (typeof ESCAPING)[number]

/** What `global` may say for every job. Limits are 0 for none. */
export interface ScrapeDefaults {
  readonly intervalMs: number
  readonly timeoutMs: number
  /** `undefined` where nothing says: then it depends on native histograms. */
  readonly protocols: readonly ScrapeProtocol[] | undefined
  readonly bodySizeLimit: number
  readonly sampleLimit: number
  readonly labelLimit: number
  readonly labelNameLimit: number
  readonly labelValueLimit: number
  readonly targetLimit: number
  readonly keepDroppedTargets: number
  /** '' for none. */
  readonly failureLogFile: string
  readonly scrapesNativeHistograms: boolean
  readonly alwaysScrapesClassic: boolean
  readonly convertsToNhcb: boolean
  readonly hasExtraMetrics: boolean
  readonly nameScheme: NameScheme
  readonly escaping: EscapingScheme
}

/** One scrape job, every default filled in. */
export interface ScrapeConfig extends ScrapeDefaults {
  readonly jobName: string
  readonly metricsPath: string
  readonly scheme: string
  readonly params: Readonly<Record<string, readonly string[]>>
  readonly honorLabels: boolean
  readonly honorTimestamps: boolean
  readonly trackTimestampsStaleness: boolean
  readonly protocols: readonly ScrapeProtocol[]
  readonly fallbackProtocol: ScrapeProtocol | undefined
  readonly acceptsGzip: boolean
  /** Most buckets of a native histogram; finer ones are merged. */
  readonly nativeBucketLimit: number
  /** Least growth from one bucket of a native histogram to the next; finer ones are merged. */
  readonly nativeMinBucketFactor: number
  readonly http: HttpClientConfig
  readonly discoveries: readonly DiscoveryConfig[]
  readonly relabelRules: readonly RelabelRule[]
  readonly metricRelabelRules: readonly RelabelRule[]
}

const PROTOCOLS = [
  'PrometheusProto',
  'OpenMetricsText1.0.0',
  'OpenMetricsText0.0.1',
  'PrometheusText1.0.0',
  'PrometheusText0.0.4',
] as const

const ESCAPING = ['allow-utf-8', 'underscores', 'dots', 'values'] as const

const BUILT_IN_DEFAULTS: ScrapeDefaults = {
  intervalMs: 60_000,
  timeoutMs: 10_000,
  protocols: undefined,
  bodySizeLimit: 0,
  sampleLimit: 0,
  labelLimit: 0,
  labelNameLimit: 0,
  labelValueLimit: 0,
  targetLimit: 0,
  keepDroppedTargets: 0,
  failureLogFile: '',
  scrapesNativeHistograms: false,
  alwaysScrapesClassic: false,
  convertsToNhcb: false,
  hasExtraMetrics: false,
  nameScheme: 'utf8',
  escaping: 'allow-utf-8',
}

/** What holds where nothing is said. Source: Prometheus 3.14 cmd/prometheus/main.go setFeatureListOptions. */
export function builtInDefaults(features: readonly string[]): ScrapeDefaults {
  // Starts are best told in protobuf.
  const wantsStarts = features.includes('created-timestamp-zero-ingestion') || features.includes('st-storage')
  return {
    ...BUILT_IN_DEFAULTS,
    protocols: wantsStarts ? PROTOCOLS : undefined,
    hasExtraMetrics: features.includes('extra-scrape-metrics'),
  }
}

/** Reads what `global` or a job says, on top of `from`. Throws `IngestError` INGEST_BAD_CONFIG. */
export function readScrapeDefaults(config: ConfigReader, from: ScrapeDefaults): ScrapeDefaults {
  const intervalMs = config.duration('scrape_interval', 0) || from.intervalMs
  const timeoutMs = config.duration('scrape_timeout', 0) || Math.min(from.timeoutMs, intervalMs)
  if (timeoutMs > intervalMs)
    throw config.error(`${timeoutMs} ms is longer than the interval of ${intervalMs} ms`, 'scrape_timeout')
  return {
    intervalMs,
    timeoutMs,
    protocols: config.has('scrape_protocols') ? readProtocols(config) : from.protocols,
    bodySizeLimit: config.bytes('body_size_limit', 0) || from.bodySizeLimit,
    sampleLimit: config.integer('sample_limit', 0) || from.sampleLimit,
    labelLimit: config.integer('label_limit', 0) || from.labelLimit,
    labelNameLimit: config.integer('label_name_length_limit', 0) || from.labelNameLimit,
    labelValueLimit: config.integer('label_value_length_limit', 0) || from.labelValueLimit,
    targetLimit: config.integer('target_limit', 0) || from.targetLimit,
    keepDroppedTargets: config.integer('keep_dropped_targets', 0) || from.keepDroppedTargets,
    failureLogFile: config.path('scrape_failure_log_file') || from.failureLogFile,
    scrapesNativeHistograms: config.boolean('scrape_native_histograms', from.scrapesNativeHistograms),
    alwaysScrapesClassic: config.boolean('always_scrape_classic_histograms', from.alwaysScrapesClassic),
    convertsToNhcb: config.boolean('convert_classic_histograms_to_nhcb', from.convertsToNhcb),
    hasExtraMetrics: config.boolean('extra_scrape_metrics', from.hasExtraMetrics),
    ...readSchemes(config, from),
  }
}

/** Reads one entry of `scrape_configs`. Throws `IngestError` INGEST_BAD_CONFIG. */
export function readJob(config: ConfigReader, global: ScrapeDefaults): ScrapeConfig {
  const jobName = config.string('job_name', '')
  if (jobName === '') throw config.error('a job needs a name', 'job_name')
  const scheme = config.string('scheme', 'http').toLowerCase()
  if (scheme !== 'http' && scheme !== 'https') throw config.error(`unknown scheme ${JSON.stringify(scheme)}`, 'scheme')
  const fallback = config.string('fallback_scrape_protocol', '')
  const defaults = readScrapeDefaults(config, global)
  const job: ScrapeConfig = {
    ...defaults,
    protocols: defaults.protocols ?? (defaults.scrapesNativeHistograms ? PROTOCOLS : PROTOCOLS.slice(1)),
    jobName,
    scheme,
    metricsPath: config.string('metrics_path', '/metrics'),
    params: readParams(config),
    honorLabels: config.boolean('honor_labels', false),
    honorTimestamps: config.boolean('honor_timestamps', true),
    trackTimestampsStaleness: config.boolean('track_timestamps_staleness', false),
    fallbackProtocol: fallback === '' ? undefined : checkProtocol(config, fallback, 'fallback_scrape_protocol'),
    acceptsGzip: config.boolean('enable_compression', true),
    nativeBucketLimit: config.integer('native_histogram_bucket_limit', 0),
    nativeMinBucketFactor: config.float('native_histogram_min_bucket_factor', 0),
    http: readHttpConfig(config),
    discoveries: readDiscoveries(config, jobName),
    relabelRules: readRelabelRules(config, 'relabel_configs', defaults.nameScheme),
    metricRelabelRules: readRelabelRules(config, 'metric_relabel_configs', defaults.nameScheme),
  }
  checkStaticTargets(config, job)
  config.finish()
  return job
}

function readProtocols(config: ConfigReader): ScrapeProtocol[] {
  const protocols = config.strings('scrape_protocols').map((text) => checkProtocol(config, text, 'scrape_protocols'))
  if (protocols.length === 0) throw config.error('at least one protocol is needed', 'scrape_protocols')
  if (new Set(protocols).size < protocols.length) throw config.error('a protocol is given twice', 'scrape_protocols')
  return protocols
}

function checkProtocol(config: ConfigReader, text: string, key: string): ScrapeProtocol {
  const found = PROTOCOLS.find((protocol) => protocol === text)
  if (found === undefined) throw config.error(`unknown protocol ${JSON.stringify(text)}, supported: ${PROTOCOLS.join(', ')}`, key)
  return found
}

/** Names as they may be, and how they are asked for. Source: config/config.go ScrapeConfig.Validate. */
function readSchemes(config: ConfigReader, from: ScrapeDefaults): Pick<ScrapeDefaults, 'nameScheme' | 'escaping'> {
  const nameScheme = config.choice('metric_name_validation_scheme', ['utf8', 'legacy'] as const, from.nameScheme)
  const isOwnScheme = config.has('metric_name_validation_scheme')
  const inferred = isOwnScheme ? (nameScheme === 'legacy' ? 'underscores' : 'allow-utf-8') : from.escaping
  const escaping = config.choice('metric_name_escaping_scheme', ESCAPING, inferred)
  if (escaping === 'allow-utf-8' && nameScheme === 'legacy')
    throw config.error('allow-utf-8 needs metric_name_validation_scheme utf8', 'metric_name_escaping_scheme')
  return { nameScheme, escaping }
}

function readParams(config: ConfigReader): Record<string, string[]> {
  const child = config.child('params')
  const params: Record<string, string[]> = {}
  for (const key of child?.keys() ?? []) params[key] = child?.strings(key) ?? []
  return params
}

/** An address with a path is a frequent error; with relabel rules it may be right, as they can change it. */
function checkStaticTargets(config: ConfigReader, { discoveries, relabelRules }: ScrapeConfig): void {
  if (relabelRules.length > 0) return
  for (const discovery of discoveries) {
    if (discovery.kind !== 'static') continue
    for (const { targets } of discovery.groups)
      for (const { __address__: address = '' } of targets)
        if (address.includes('/')) throw config.error(`${JSON.stringify(address)} is no host and port`, 'static_configs')
  }
}
