// What a prometheus.yml names: files and addresses, looked at before it is used. Source: Prometheus 3.14 cmd/promtool/main.go checkConfig.

import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { OrielError } from '@oriel/model'
import { openConfig } from './config-reader.ts'
import type { DiscoveryConfig } from './discovery/config.ts'
import { readDiscoveries } from './discovery/config.ts'
import { matchFiles } from './discovery/glob.ts'
import type { TargetGroup } from './discovery/groups.ts'
import { parseGroups } from './discovery/groups.ts'
import type { PrometheusConfig } from './prometheus-config.ts'
import { parsePrometheusConfig } from './prometheus-config.ts'
import type { HttpClientConfig, Secret } from './prometheus-http-config.ts'
import { readRelabelRules } from './relabel-config.ts'
import { relabel } from './relabel.ts'
import { assembleTargets } from './scrape/targets.ts'

/** What is wrong with what a prometheus.yml names, and what is worth a word. */
export interface ConfigFindings {
  readonly config: PrometheusConfig
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
  /** Rule files, by the patterns of `rule_files`. */
  readonly ruleFiles: readonly string[]
}

/** Reads a prometheus.yml and looks at everything that it names. Throws `IngestError` INGEST_BAD_CONFIG for the file itself. */
export function checkPrometheusConfig(
  text: string,
  name: string,
  { isSyntaxOnly }: { readonly isSyntaxOnly: boolean },
): ConfigFindings {
  const config = parsePrometheusConfig(text, name, { readsFiles: !isSyntaxOnly })
  const findings = new Findings(isSyntaxOnly)
  const patterns = isSyntaxOnly ? [] : config.ruleFiles
  const ruleFiles = patterns.flatMap((pattern) => {
    const found = matchFiles(resolve(dirname(name), pattern))
    if (found.length === 0 && !pattern.includes('*'))
      findings.problems.push(`${JSON.stringify(pattern)} does not point to an existing file`)
    return found
  })
  for (const job of config.jobs) {
    findings.checkHttp(job.http)
    for (const discovery of job.discoveries) {
      if ('http' in discovery) findings.checkHttp(discovery.http)
      const groups = findings.groupsOf(discovery, `scrape job ${JSON.stringify(job.jobName)}`)
      const { dropped } = assembleTargets(job, groups)
      findings.problems.push(...dropped.filter(({ error }) => error !== '').map(({ error }) => `job ${job.jobName}: ${error}`))
    }
  }
  checkAlertmanagers(text, name, findings)
  return { config, problems: findings.problems, warnings: findings.warnings, ruleFiles }
}

/** Looks at what is named; with `isSyntaxOnly`, at no file. */
class Findings {
  readonly #isSyntaxOnly: boolean
  readonly problems: string[] = []
  readonly warnings: string[] = []

  constructor(isSyntaxOnly: boolean) {
    this.#isSyntaxOnly = isSyntaxOnly
  }

  checkHttp({ authorization, tls }: HttpClientConfig): void {
    this.#checkSecret('authorization credentials or bearer token file', authorization?.credentials)
    this.#checkSecret('client cert file', tls.cert)
    this.#checkSecret('client key file', tls.key)
  }

  /** Groups of targets that are written down; those of files are read. */
  groupsOf(discovery: DiscoveryConfig, owner: string): TargetGroup[] {
    if (discovery.kind === 'static') return [...discovery.groups]
    if (discovery.kind !== 'file' || this.#isSyntaxOnly) return []
    return discovery.files.flatMap((pattern) => {
      const files = matchFiles(pattern)
      if (files.length === 0) this.warnings.push(`file ${JSON.stringify(pattern)} for file_sd in ${owner} does not exist`)
      return files.flatMap((file) => this.#readGroups(file))
    })
  }

  #readGroups(file: string): TargetGroup[] {
    try {
      return parseGroups(readFileSync(file, 'utf8'), file)
    } catch (error) {
      this.problems.push(`checking SD file ${JSON.stringify(file)}: ${error instanceof Error ? error.message : String(error)}`)
      if (!(error instanceof OrielError) && !(error instanceof Error && 'code' in error)) throw error
      return []
    }
  }

  #checkSecret(what: string, secret: Secret | undefined): void {
    if (secret?.kind !== 'file' || this.#isSyntaxOnly) return
    if (statSync(secret.path, { throwIfNoEntry: false }) === undefined)
      this.problems.push(`error checking ${what} ${JSON.stringify(secret.path)}: no such file`)
  }
}

/** Alertmanagers are found like targets; what their rules leave must be a host and port. */
function checkAlertmanagers(text: string, name: string, findings: Findings): void {
  const root = openConfig(name, text, [], dirname(name))
  for (const config of root.child('alerting')?.list('alertmanagers') ?? []) {
    const rules = readRelabelRules(config, 'relabel_configs', 'utf8')
    for (const discovery of readDiscoveries(config, 'alertmanagers')) {
      for (const { targets, labels } of findings.groupsOf(discovery, 'alertmanager config')) {
        for (const own of targets) {
          const all = new Map([...Object.entries(labels), ...Object.entries(own)])
          const address = relabel(all, rules) ? (all.get('__address__') ?? '') : ''
          if (address.includes('/')) findings.problems.push(`alertmanagers: ${JSON.stringify(address)} is not a valid hostname`)
        }
      }
    }
  }
}
