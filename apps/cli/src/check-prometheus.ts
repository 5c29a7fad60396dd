import { readFileSync } from 'node:fs'
import { checkPrometheusConfig } from '@oriel/ingest'
import type { Outcome } from './outcome.ts'
import { EXIT } from './outcome.ts'

/** How a prometheus.yml is checked. */
export interface PrometheusCheck {
  readonly isSyntaxOnly: boolean
  /** The configuration is for an agent, which has no rules. */
  readonly isAgent: boolean
  /** Scrape intervals of this length or more are too long; 0 for no such check. */
  readonly lookbackMs: number
}

/** What came of it, and the rule files to check next. */
export interface PrometheusOutcome extends Outcome {
  readonly ruleFiles: readonly string[]
  readonly names: 'utf8' | 'legacy'
}

/** Checks a prometheus.yml and everything it names but the contents of its rule files. */
export function checkPrometheus(file: string, { isSyntaxOnly, isAgent, lookbackMs }: PrometheusCheck): PrometheusOutcome {
  const head = `Checking ${file}\n`
  const bad = (problems: readonly string[]): PrometheusOutcome => {
    const errors = problems.map((problem) => `  FAILED: ${problem}\n`).join('')
    return { text: `${head}\n`, errors, exitCode: EXIT.failure, ruleFiles: [], names: 'utf8' }
  }
  try {
    const text = readFileSync(file, 'utf8')
    const { config, problems, warnings, ruleFiles } = checkPrometheusConfig(text, file, { isSyntaxOnly })
    const forbidden = isAgent ? AGENT_FORBIDS.filter((key) => new RegExp(`^${key} *:`, 'm').test(text)) : []
    if (forbidden.length > 0) return bad(forbidden.map((key) => `field ${key} is not allowed in agent mode`))
    if (problems.length > 0) return bad(problems)
    const notes = [...config.notes, ...warnings].map((note) => `  WARNING: ${note}\n`).join('')
    const count = ruleFiles.length > 0 ? `  SUCCESS: ${ruleFiles.length} rule files found\n` : ''
    const tooLong = lookbackMs > 0 ? config.jobs.filter(({ intervalMs }) => intervalMs >= lookbackMs) : []
    const lints = tooLong.map(
      ({ jobName, intervalMs }) =>
        `  FAILED: too long scrape interval found, data point will be marked as stale - job: ${jobName}, interval: ${intervalMs / 1_000}s\n`,
    )
    return {
      text: `${head}${count} SUCCESS: ${file} is valid prometheus config file syntax\n\n`,
      errors: notes + lints.join(''),
      exitCode: lints.length > 0 ? EXIT.lint : EXIT.success,
      ruleFiles,
      names: config.names,
    }
  } catch (error) {
    // Files that cannot be read, and configurations that are refused: both name the place.
    if (error instanceof Error) return bad([error.message])
    throw error
  }
}

// Source: Prometheus 3.14 config/config.go, agent mode.
const AGENT_FORBIDS = ['rule_files', 'remote_read', 'alerting']
