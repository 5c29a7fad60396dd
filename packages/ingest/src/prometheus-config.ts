// What we read of a prometheus.yml: its scrape side. Other keys are noted once, never fatal.
//
// Source: Prometheus 3.14 docs/configuration/configuration.md.

import { openConfig } from './config-reader.ts'
import type { ConfigNote, ConfigReader } from './config-reader.ts'
import { readHttpConfig } from './prometheus-http-config.ts'
import type { HttpClientConfig } from './prometheus-http-config.ts'
import { readRelabelRules } from './relabel-config.ts'
import type { RelabelRule } from './relabel.ts'

/** Targets that share labels, from whatever discovered them. */
export interface TargetGroup {
  readonly targets: readonly string[]
  readonly labels: Readonly<Record<string, string>>
}

/** Formats a target may answer in, as `scrape_protocols` names them. */
export type ScrapeProtocol =
  | 'PrometheusProto'
  | 'PrometheusText0.0.4'
  | 'PrometheusText1.0.0'
  | 'OpenMetricsText0.0.1'
  | 'OpenMetricsText1.0.0'

/** One scrape job, every default filled in. Limits are 0 for none. */
export interface ScrapeConfig {
  readonly jobName: string
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly metricsPath: string
  readonly scheme: string
  readonly params: Readonly<Record<string, readonly string[]>>
  readonly honorLabels: boolean
  readonly honorTimestamps: boolean
  readonly trackTimestampsStaleness: boolean
  readonly protocols: readonly ScrapeProtocol[]
  readonly fallbackProtocol: ScrapeProtocol | undefined
  readonly acceptsGzip: boolean
  readonly hasExtraMetrics: boolean
  readonly bodySizeLimit: number
  readonly sampleLimit: number
  readonly labelLimit: number
  readonly labelNameLimit: number
  readonly labelValueLimit: number
  readonly targetLimit: number
  readonly keepDroppedTargets: number
  readonly http: HttpClientConfig
  readonly staticGroups: readonly TargetGroup[]
  readonly fileDiscovery: readonly { readonly files: readonly string[]; readonly refreshMs: number }[]
  readonly httpDiscovery: readonly { readonly url: string; readonly refreshMs: number; readonly http: HttpClientConfig }[]
  readonly relabelRules: readonly RelabelRule[]
  readonly metricRelabelRules: readonly RelabelRule[]
}

/** What a prometheus.yml says about scraping. */
export interface PrometheusConfig {
  readonly jobs: readonly ScrapeConfig[]
  /** Labels that alerts and federation add; samples do not carry them. */
  readonly externalLabels: Readonly<Record<string, string>>
  /** Globs of rule files, as written. */
  readonly ruleFiles: readonly string[]
  readonly evaluationIntervalMs: number
  /** How far rules look back where their group does not say. */
  readonly ruleQueryOffsetMs: number
  /** What names of metrics and labels may be. */
  readonly names: 'utf8' | 'legacy'
  /** What was read over: "prometheus.yml:12 remote_write is not supported and was ignored". */
  readonly notes: readonly ConfigNote[]
}

/** Reads a prometheus.yml. `name` appears in messages. Throws `IngestError` INGEST_BAD_CONFIG where Prometheus would not start. */
export function parsePrometheusConfig(text: string, name = 'prometheus.yml'): PrometheusConfig {
  const notes: ConfigNote[] = []
  const root = openConfig(name, text, notes)
  const global = root.child('global') ?? openConfig(name, '', notes)
  const defaults = readDefaults(global)
  const jobs = root.list('scrape_configs').map((config) => readJob(config, defaults))
  const names = new Set<string>()
  for (const { jobName } of jobs) {
    if (names.has(jobName)) throw root.error(`job_name ${JSON.stringify(jobName)} is given twice`, 'scrape_configs')
    names.add(jobName)
  }
  const config = {
    jobs,
    externalLabels: global.record('external_labels'),
    ruleFiles: root.strings('rule_files'),
    evaluationIntervalMs: global.duration('evaluation_interval', 0) || 60_000,
    ruleQueryOffsetMs: global.duration('rule_query_offset', 0),
    names: global.string('metric_name_validation_scheme', '') === 'legacy' ? ('legacy' as const) : ('utf8' as const),
    notes,
  }
  // Ours are other files' business, or have no meaning without a TSDB.
  root.ignore('alerting', 'storage', 'tracing', 'runtime')
  global.ignore('query_log_file')
  root.finish()
  global.finish()
  return config
}

type Defaults = Pick<
  ScrapeConfig,
  | 'intervalMs'
  | 'timeoutMs'
  | 'protocols'
  | 'bodySizeLimit'
  | 'sampleLimit'
  | 'labelLimit'
  | 'labelNameLimit'
  | 'labelValueLimit'
  | 'targetLimit'
  | 'keepDroppedTargets'
>

const BUILT_IN: Defaults = {
  intervalMs: 60_000,
  timeoutMs: 10_000,
  protocols: ['OpenMetricsText1.0.0', 'OpenMetricsText0.0.1', 'PrometheusText1.0.0', 'PrometheusText0.0.4'],
  bodySizeLimit: 0,
  sampleLimit: 0,
  labelLimit: 0,
  labelNameLimit: 0,
  labelValueLimit: 0,
  targetLimit: 0,
  keepDroppedTargets: 0,
}

function readDefaults(config: ConfigReader, from: Defaults = BUILT_IN): Defaults {
  const intervalMs = config.duration('scrape_interval', 0) || from.intervalMs
  const timeoutMs = config.duration('scrape_timeout', 0) || Math.min(from.timeoutMs, intervalMs)
  if (timeoutMs > intervalMs)
    throw config.error(`${timeoutMs} ms is longer than the interval of ${intervalMs} ms`, 'scrape_timeout')
  return {
    intervalMs,
    timeoutMs,
    protocols: config.has('scrape_protocols') ? readProtocols(config) : from.protocols,
    bodySizeLimit: config.bytes('body_size_limit', from.bodySizeLimit),
    sampleLimit: config.integer('sample_limit', from.sampleLimit),
    labelLimit: config.integer('label_limit', from.labelLimit),
    labelNameLimit: config.integer('label_name_length_limit', from.labelNameLimit),
    labelValueLimit: config.integer('label_value_length_limit', from.labelValueLimit),
    targetLimit: config.integer('target_limit', from.targetLimit),
    keepDroppedTargets: config.integer('keep_dropped_targets', from.keepDroppedTargets),
  }
}

function readProtocols(config: ConfigReader): ScrapeProtocol[] {
  return config.strings('scrape_protocols').map((text) => checkProtocol(config, text, 'scrape_protocols'))
}

const PROTOCOLS = new Set<string>([...BUILT_IN.protocols, 'PrometheusProto'])

function isProtocol(text: string): text is ScrapeProtocol {
  return PROTOCOLS.has(text)
}

function checkProtocol(config: ConfigReader, text: string, key: string): ScrapeProtocol {
  if (!isProtocol(text)) throw config.error(`unknown protocol ${JSON.stringify(text)}`, key)
  return text
}

function readJob(config: ConfigReader, global: Defaults): ScrapeConfig {
  const jobName = config.string('job_name', '')
  if (jobName === '') throw config.error('a job needs a name', 'job_name')
  const scheme = config.string('scheme', 'http').toLowerCase()
  if (scheme !== 'http' && scheme !== 'https') throw config.error(`unknown scheme ${JSON.stringify(scheme)}`, 'scheme')
  const fallback = config.string('fallback_scrape_protocol', '')
  const job: ScrapeConfig = {
    ...readDefaults(config, global),
    jobName,
    scheme,
    metricsPath: config.string('metrics_path', '/metrics'),
    params: readParams(config),
    honorLabels: config.boolean('honor_labels', false),
    honorTimestamps: config.boolean('honor_timestamps', true),
    trackTimestampsStaleness: config.boolean('track_timestamps_staleness', false),
    fallbackProtocol: fallback === '' ? undefined : checkProtocol(config, fallback, 'fallback_scrape_protocol'),
    acceptsGzip: config.boolean('enable_compression', true),
    hasExtraMetrics: config.boolean('extra_scrape_metrics', false),
    http: readHttpConfig(config),
    staticGroups: config.list('static_configs').map(readGroup),
    fileDiscovery: config.list('file_sd_configs').map(readFileDiscovery),
    httpDiscovery: config.list('http_sd_configs').map(readHttpDiscovery),
    relabelRules: readRelabelRules(config, 'relabel_configs'),
    metricRelabelRules: readRelabelRules(config, 'metric_relabel_configs'),
  }
  config.ignore('scrape_failure_log_file')
  for (const key of config.keys())
    if (key.endsWith('_sd_configs') && !KNOWN_DISCOVERY.has(key)) {
      config.note(
        `job ${jobName}: ${key} is not supported, its targets are not scraped; file_sd_configs or http_sd_configs can stand in`,
      )
      config.ignore(key)
    }
  config.finish()
  return job
}

const KNOWN_DISCOVERY = new Set(['file_sd_configs', 'http_sd_configs'])

function readParams(config: ConfigReader): Record<string, string[]> {
  const child = config.child('params')
  const params: Record<string, string[]> = {}
  for (const key of child?.keys() ?? []) params[key] = child?.strings(key) ?? []
  return params
}

function readGroup(config: ConfigReader): TargetGroup {
  const group = { targets: config.strings('targets'), labels: config.record('labels') }
  config.finish()
  return group
}

function readFileDiscovery(config: ConfigReader): ScrapeConfig['fileDiscovery'][number] {
  const files = config.strings('files')
  for (const file of files)
    if (!/^[^*]*(\*[^/]*)?\.(json|yml|yaml)$/i.test(file))
      throw config.error(`${JSON.stringify(file)} must end in .json, .yml or .yaml, with * in its last part only`, 'files')
  const discovery = { files, refreshMs: config.duration('refresh_interval', 300_000) }
  config.finish()
  return discovery
}

function readHttpDiscovery(config: ConfigReader): ScrapeConfig['httpDiscovery'][number] {
  const url = config.string('url', '')
  if (!/^https?:\/\//.test(url)) throw config.error('expected an http or https address', 'url')
  const discovery = { url, refreshMs: config.duration('refresh_interval', 60_000), http: readHttpConfig(config) }
  config.finish()
  return discovery
}
