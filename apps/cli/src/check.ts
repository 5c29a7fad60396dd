import { readFileSync } from 'node:fs'
import { OrielError } from '@oriel/model'
import { findRuleFiles } from '@oriel/alert'
import { makeConfig, printConfig, readConfigFile } from '@oriel/server'
import { parsePromDuration } from '@oriel/syntax'
import { checkPrometheus } from './check-prometheus.ts'
import type { CheckRulesFlags } from './check-rules.ts'
import { checkRules } from './check-rules.ts'
import type { Outcome } from './outcome.ts'
import { EXIT } from './outcome.ts'

/** Flags of `oriel check config`. */
export interface CheckConfigFlags extends CheckRulesFlags {
  readonly print?: boolean
  readonly syntaxOnly?: boolean
  readonly lookbackDelta: string
  readonly agent?: boolean
  /** Every file is one of Prometheus, whatever its name and keys. */
  readonly isPrometheus?: boolean
}

/** Checks configuration files and what they name: those of Prometheus by their keys, others as ours. */
export function checkConfigs(files: readonly string[], flags: CheckConfigFlags): Outcome {
  const outcomes = (files.length === 0 ? ['oriel.yaml'] : files).map((file) =>
    flags.isPrometheus === true || isPrometheusFile(file) ? checkPrometheusConfig(file, flags) : checkOwnConfig(file, flags),
  )
  return joined(outcomes)
}

function joined(outcomes: readonly Outcome[]): Outcome {
  const codes = outcomes.map(({ exitCode }) => exitCode)
  return {
    text: outcomes.map(({ text }) => text).join(''),
    errors: outcomes.map(({ errors }) => errors).join(''),
    exitCode: codes.includes(EXIT.failure) ? EXIT.failure : Math.max(EXIT.success, ...codes),
  }
}

// Keys that only Prometheus has at the top of its file; `prometheus.yml` is one by its name.
const PROMETHEUS_KEY =
  /^(?:global|scrape_configs|scrape_config_files|rule_files|alerting|remote_write|remote_read|storage|tracing|otlp|runtime) *:/m

function isPrometheusFile(file: string): boolean {
  if (/(?:^|\/)oriel\.ya?ml$/.test(file)) return false
  try {
    return /prometheus[^/]*\.ya?ml$/.test(file) || PROMETHEUS_KEY.test(readFileSync(file, 'utf8'))
  } catch {
    // What cannot be read is said by whoever reads it next.
    return false
  }
}

function checkOwnConfig(file: string, flags: CheckConfigFlags): Outcome {
  const head = `Checking ${file}\n`
  try {
    const config = makeConfig([readConfigFile(file)])
    const own: Outcome = {
      text: `${head}  SUCCESS: ${file} is a valid configuration\n\n${flags.print === true ? printConfig(config) : ''}`,
      errors: '',
      exitCode: EXIT.success,
    }
    const named = [
      ...(config.prometheusFile === undefined ? [] : [checkPrometheusConfig(config.prometheusFile, flags)]),
      ...(config.ruleFiles.length === 0 ? [] : [checkRules(findRuleFiles(config.ruleFiles, '.'), flags)]),
    ]
    return joined([own, ...(flags.syntaxOnly === true ? [] : named)])
  } catch (error) {
    if (!(error instanceof OrielError)) throw error
    return { text: `${head}\n`, errors: `  FAILED: ${error.message}\n`, exitCode: EXIT.failure }
  }
}

function checkPrometheusConfig(file: string, flags: CheckConfigFlags): Outcome {
  const lints = flags.lint.split(',')
  const hasIntervalLint = !lints.includes('none') && (lints.includes('all') || lints.includes('too-long-scrape-interval'))
  const lookback = parsePromDuration(flags.lookbackDelta)
  const lookbackMs = hasIntervalLint && lookback.ok ? lookback.value : 0
  const { ruleFiles, names, ...own } = checkPrometheus(file, {
    isSyntaxOnly: flags.syntaxOnly === true,
    isAgent: flags.agent === true,
    lookbackMs,
  })
  const isLintFatal = flags.lintFatal === true
  const config: Outcome = { ...own, exitCode: own.exitCode === EXIT.lint && !isLintFatal ? EXIT.success : own.exitCode }
  if (flags.syntaxOnly === true || ruleFiles.length === 0) return config
  return joined([config, checkRules(ruleFiles, { ...flags, names, lint: lints.includes('none') ? 'none' : flags.lint })])
}
