// What we read of a prometheus.yml. What it says of parts that we do not have is checked, and noted once.
//
// Source: Prometheus 3.14 docs/configuration/configuration.md.

import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { openConfig } from './config-reader.ts'
import type { ConfigNote, ConfigReader } from './config-reader.ts'
import { matchFiles } from './discovery/glob.ts'
import { IngestError } from './errors.ts'
import type { OtlpMetricSettings } from '@oriel/wire'
import { checkOtherSections } from './prometheus-other-config.ts'
import { isLabelName } from './relabel-config.ts'
import { builtInDefaults, readJob, readScrapeDefaults } from './prometheus-scrape-config.ts'
import type { ScrapeConfig, ScrapeDefaults } from './prometheus-scrape-config.ts'

/** What a prometheus.yml says. */
export interface PrometheusConfig {
  readonly jobs: readonly ScrapeConfig[]
  /** Labels that alerts and federation add; samples do not carry them. `${NAME}` is replaced from the environment. */
  readonly externalLabels: Readonly<Record<string, string>>
  /** Globs of rule files, as written. */
  readonly ruleFiles: readonly string[]
  /** Globs of files with more jobs, from where the file stands. */
  readonly jobFiles: readonly string[]
  readonly evaluationIntervalMs: number
  /** How far rules look back where their group does not say. */
  readonly ruleQueryOffsetMs: number
  /** What names of metrics and labels may be. */
  readonly names: 'utf8' | 'legacy'
  /** How OTLP metrics become series. */
  readonly otlp: OtlpMetricSettings
  /** What was read over: "prometheus.yml:12 remote_write is not supported and was ignored". */
  readonly notes: readonly ConfigNote[]
}

/** How a prometheus.yml is read. */
export interface PrometheusConfigOptions {
  /** Whether files that `scrape_config_files` names are read too. */
  readonly readsFiles?: boolean
  /** Prometheus's feature flags that are on: some change what holds where nothing is said. */
  readonly features?: readonly string[]
}

/**
 * Reads a prometheus.yml. `name` appears in messages, and relative paths are relative to its directory.
 *
 * Throws `IngestError` INGEST_BAD_CONFIG where Prometheus would not start.
 */
export function parsePrometheusConfig(
  text: string,
  name = 'prometheus.yml',
  { readsFiles = true, features = [] }: PrometheusConfigOptions = {},
): PrometheusConfig {
  const notes: ConfigNote[] = []
  const root = openConfig(name, text, notes, dirname(name))
  const global = root.child('global') ?? openConfig(name, '', notes)
  const { defaults, externalLabels } = readGlobal(global, features)
  const jobs = new Map<string, ScrapeConfig>()
  addJobs(root, defaults, jobs)
  const config = {
    externalLabels,
    ruleFiles: checkGlobs(root, 'rule_files'),
    evaluationIntervalMs: global.duration('evaluation_interval', 0) || 60_000,
    ruleQueryOffsetMs: global.duration('rule_query_offset', 0),
    names: defaults.nameScheme,
  }
  checkGlobs(root, 'scrape_config_files')
  const jobFiles = root.paths('scrape_config_files')
  const otlp = checkOtherSections(root, defaults.nameScheme)
  root.finish()
  global.finish()
  for (const pattern of readsFiles ? jobFiles : [])
    for (const file of matchFiles(pattern)) addJobFile(file, { defaults, jobs, notes })
  return { ...config, jobFiles, otlp, jobs: [...jobs.values()], notes }
}

function readGlobal(
  global: ConfigReader,
  features: readonly string[],
): { defaults: ScrapeDefaults; externalLabels: Record<string, string> } {
  const defaults = readScrapeDefaults(global, builtInDefaults(features))
  global.ignore('query_log_file')
  const externalLabels: Record<string, string> = {}
  for (const [name, value] of Object.entries(global.record('external_labels'))) {
    if (!isLabelName(name, defaults.nameScheme)) throw global.error(`${JSON.stringify(name)} is no label name`, 'external_labels')
    externalLabels[name] = expandEnvironment(value)
  }
  return { defaults, externalLabels }
}

/** `$NAME` and `${NAME}` from the environment, `$$` for a dollar. Source: Go os.Expand. */
function expandEnvironment(text: string): string {
  return text.replace(/\$(?:\{([^}]*)\}|(\$)|(\w+))/g, (_all, braced: string | undefined, dollar: string | undefined, bare) =>
    dollar === undefined ? (process.env[braced ?? String(bare)] ?? '') : '$',
  )
}

function checkGlobs(root: ConfigReader, key: string): string[] {
  const patterns = root.strings(key)
  const bad = patterns.find((pattern) => !/^[^*]*(\*[^/]*)?$/.test(pattern))
  if (bad !== undefined) throw root.error(`${JSON.stringify(bad)} may have * in its last part only`, key)
  return patterns
}

function addJobs(root: ConfigReader, defaults: ScrapeDefaults, jobs: Map<string, ScrapeConfig>): void {
  for (const config of root.list('scrape_configs')) {
    const job = readJob(config, defaults)
    if (jobs.has(job.jobName)) throw config.error(`job_name ${JSON.stringify(job.jobName)} is given twice`, 'job_name')
    jobs.set(job.jobName, job)
  }
}

interface Into {
  readonly defaults: ScrapeDefaults
  readonly jobs: Map<string, ScrapeConfig>
  readonly notes: ConfigNote[]
}

function addJobFile(file: string, { defaults, jobs, notes }: Into): void {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new IngestError('INGEST_BAD_CONFIG', `cannot read ${file}: ${String(cause)}`, { cause })
  }
  const root = openConfig(file, text, notes, dirname(file))
  addJobs(root, defaults, jobs)
  root.finish()
}
