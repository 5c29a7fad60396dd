import type { PrometheusSettings, ScrapePools } from '@oriel/api'
import { alertFunctionNames } from '@oriel/alert'
import type { PrometheusConfig, RelabelRule } from '@oriel/ingest'
import { DISCOVERY_NAMES, relabel } from '@oriel/ingest'
import { labelsToRecord, makeLabels } from '@oriel/model'
import { printPromDuration } from '@oriel/syntax'
import { parse, stringify } from 'yaml'
import type { Config } from './config.ts'
import { printAddress } from './listen.ts'

/** A prometheus.yml in use: what it was read to, and its text. */
export interface LoadedPrometheus {
  readonly config: PrometheusConfig
  readonly yaml: string
}

/** The scrape configurations that the API shows; `loaded` is asked each time. */
export function scrapePoolsOf(loaded: () => LoadedPrometheus | undefined): ScrapePools {
  const jobOf = (pool: string) => loaded()?.config.jobs.find(({ jobName }) => jobName === pool)
  return {
    names: () => loaded()?.config.jobs.map(({ jobName }) => jobName) ?? [],
    configOf(pool) {
      if (jobOf(pool) === undefined) return undefined
      const found = jobsIn(parse(loaded()?.yaml ?? '')).find((job) => isRecord(job) && job['job_name'] === pool)
      return stringify(redacted(found ?? { job_name: pool }))
    },
    relabelSteps(pool, input) {
      const rules = jobOf(pool)?.relabelRules
      if (rules === undefined) return undefined
      const labels = new Map(Object.entries(labelsToRecord(input)))
      let isKept = true
      return rules.map((rule) => {
        isKept &&= relabel(labels, [rule])
        return { rule: ruleOf(rule), output: isKept ? makeLabels(labels) : [], isKept }
      })
    },
  }
}

/** A prometheus.yml as it may be shown: what is secret reads `<secret>`, as Prometheus prints it. */
export function redactYaml(text: string): string {
  if (text.trim() === '') return text
  return stringify(redacted(parse(text)))
}

/** The settings that the API shows or obeys. */
export function prometheusSettings(config: Config): PrometheusSettings {
  const { features, isAdminOn, readSampleLimit, readFrameBytes } = config.prometheus
  const abilities = { service_discovery_providers: DISCOVERY_NAMES, templating_functions: alertFunctionNames() }
  return { features: new Set(features), isAdminOn, readSampleLimit, readFrameBytes, flags: flagsOf(config), abilities }
}

/** What a Prometheus would have been told; flags about its own insides are left out. */
function flagsOf({
  prometheus,
  prometheusFile,
  externalUrl,
  dataDir,
  listen,
  logLevel,
  corsOrigins,
}: Config): Record<string, string> {
  return {
    agent: 'false',
    'config.auto-reload': String(prometheus.autoReloadMs > 0),
    ...(prometheus.autoReloadMs > 0 && { 'config.auto-reload-interval': printPromDuration(prometheus.autoReloadMs) }),
    'config.file': prometheusFile ?? '',
    'enable-feature': prometheus.features.join(','),
    'log.format': 'logfmt',
    'log.level': logLevel,
    'query.lookback-delta': printPromDuration(prometheus.lookbackMs),
    'query.max-concurrency': String(prometheus.maxConcurrency),
    'query.max-samples': String(prometheus.maxSamples),
    'query.timeout': printPromDuration(prometheus.timeoutMs),
    ...(prometheus.maxConcurrentRules > 0 && { 'rules.max-concurrent-evals': String(prometheus.maxConcurrentRules) }),
    'storage.remote.read-max-bytes-in-frame': String(prometheus.readFrameBytes),
    'storage.remote.read-sample-limit': String(prometheus.readSampleLimit),
    'storage.tsdb.path': dataDir,
    'web.cors.origin': corsOrigins.join(','),
    'web.enable-admin-api': String(prometheus.isAdminOn),
    'web.enable-lifecycle': 'true',
    'web.enable-otlp-receiver': 'true',
    'web.enable-remote-write-receiver': 'true',
    'web.external-url': externalUrl ?? '',
    'web.listen-address': printAddress(listen),
    'web.max-notifications-subscribers': '16',
    'web.remote-write-receiver.accepted-protobuf-messages': 'prometheus.WriteRequest,io.prometheus.write.v2.Request',
    'web.route-prefix': '/',
    'web.search.max-limit': '10000',
  }
}

/** A rule in the words of prometheus.yml. Source: Prometheus 3.14 relabel.Config. */
function ruleOf(rule: RelabelRule): Record<string, unknown> {
  return {
    ...(rule.sourceLabels.length > 0 && { source_labels: rule.sourceLabels }),
    separator: rule.separator,
    regex: rule.regex,
    ...(rule.modulus > 0n && { modulus: Number(rule.modulus) }),
    ...(rule.targetLabel !== '' && { target_label: rule.targetLabel }),
    replacement: rule.replacement,
    action: rule.action,
  }
}

function jobsIn(document: unknown): readonly unknown[] {
  const jobs = isRecord(document) ? document['scrape_configs'] : undefined
  return Array.isArray(jobs) ? jobs : []
}

// Every key of Prometheus's configuration whose Go type is a secret.
const SECRETS: ReadonlySet<string> = new Set(
  (
    'password bearer_token credentials client_secret secret_key secret token key client_certificate_key auth_token api_token ' +
    'application_credential_secret service_account_key application_secret consumer_key'
  ).split(' '),
)

function redacted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(redacted)
  if (!isRecord(value)) return value
  const entries = Object.entries(value).map(([key, each]): [string, unknown] => {
    return SECRETS.has(key) && typeof each === 'string' && each !== '' ? [key, '<secret>'] : [key, redacted(each)]
  })
  return Object.fromEntries(entries)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
