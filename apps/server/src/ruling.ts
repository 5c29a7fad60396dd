import { dirname } from 'node:path'
import type { AlertingRuleView, RecordingRuleView, RuleGroupView, RulesView } from '@oriel/api'
import type { LoadedGroup, RuleGroup } from '@oriel/alert'
import { AlertingRule, appendTo, findRuleFiles, loadRuleFiles, queryWith, readWith, RuleManager } from '@oriel/alert'
import type { MetricsWriter, PrometheusConfig } from '@oriel/ingest'
import type { Labels, Telemetry } from '@oriel/model'
import { labelsOf, makeLabels } from '@oriel/model'
import type { PromqlFeatures } from '@oriel/promql'
import type { QueryRunner } from '@oriel/query'
import type { Config } from './config.ts'

/** Rule groups under way. */
export interface Ruling {
  /** For the API. */
  readonly view: RulesView
  /** Puts rules in force that `loadRules` read. */
  reload(loaded: LoadedRules): Promise<void>
  close(): Promise<void>
}

/** Rules of all files, and what of prometheus.yml they depend on. */
export interface LoadedRules {
  readonly groups: readonly LoadedGroup[]
  readonly prometheus: Pick<PrometheusConfig, 'evaluationIntervalMs' | 'externalLabels' | 'ruleQueryOffsetMs'>
}

export interface RulingOptions {
  readonly runner: QueryRunner
  readonly metrics: MetricsWriter
  readonly telemetry: Telemetry
  readonly tenant: string
  /** Where people find this server: links in alerts point there. */
  readonly externalUrl: string
  /** See `ManagerOptions`. */
  readonly maxConcurrentRules: number
}

/** Starts with no rules; `reload` brings them. */
export function openRuling({ runner, metrics, telemetry, tenant, externalUrl, maxConcurrentRules }: RulingOptions): Ruling {
  const caller = { tenants: [tenant], origin: 'rules' }
  const manager = new RuleManager({
    query: queryWith(runner, caller),
    append: appendTo(metrics, tenant),
    readSamples: readWith(runner, caller),
    telemetry,
    maxConcurrentRules,
  })
  return {
    view: {
      groups: () => manager.groups().map(viewOf),
      alertmanagers: () => ({ active: [], dropped: [] }),
    },
    async reload({ groups, prometheus }) {
      await manager.update({
        groups,
        intervalMs: prometheus.evaluationIntervalMs,
        queryOffsetMs: prometheus.ruleQueryOffsetMs,
        externalLabels: labelsOf(prometheus.externalLabels),
        externalUrl,
      })
    },
    close: () => manager.close(),
  }
}

/** The rule files of oriel.yaml and, by these patterns, of prometheus.yml. */
export function findAllRuleFiles(
  { ruleFiles, prometheusFile }: Pick<Config, 'ruleFiles' | 'prometheusFile'>,
  patterns: readonly string[],
): string[] {
  const fromPrometheus = prometheusFile === undefined ? [] : findRuleFiles(patterns, dirname(prometheusFile))
  return [...new Set([...findRuleFiles(ruleFiles, '.'), ...fromPrometheus])]
}

/**
 * Reads all rule files of oriel.yaml and prometheus.yml, whose patterns are relative to where it stands.
 *
 * Throws `AlertError` ALERT_BAD_RULES with every problem of every file.
 */
export function loadRules(
  { ruleFiles, prometheusFile }: Pick<Config, 'ruleFiles' | 'prometheusFile'>,
  prometheus: PrometheusConfig,
  { features, telemetry }: { readonly features: PromqlFeatures; readonly telemetry: Telemetry },
): LoadedRules {
  const files = findAllRuleFiles({ ruleFiles, prometheusFile }, prometheus.ruleFiles)
  const { groups, notes } = loadRuleFiles(files, { features, names: prometheus.names })
  for (const note of notes) telemetry.log('warn', 'rules', { note })
  return { groups, prometheus }
}

function viewOf(group: RuleGroup): RuleGroupView {
  const { name, file, intervalMs, spec, evaluationMs, lastEvaluationMs } = group
  const rules = group.rules.map((rule) => (rule instanceof AlertingRule ? alertingView(rule) : recordingView(rule)))
  return { name, file, intervalMs, limit: spec.limit, evaluationMs, lastEvaluationMs, rules }
}

function recordingView(rule: Exclude<RuleGroup['rules'][number], AlertingRule>): RecordingRuleView {
  return { kind: 'recording', name: rule.name, query: rule.query, labels: sorted(rule.labels), ...rule.status }
}

function alertingView(rule: AlertingRule): AlertingRuleView {
  const { forMs, keepFiringForMs, annotations } = rule.spec
  return {
    kind: 'alerting',
    name: rule.name,
    query: rule.query,
    labels: sorted(rule.labels),
    ...rule.status,
    state: rule.state,
    holdMs: forMs,
    keepFiringMs: keepFiringForMs,
    annotations: sorted(annotations),
    alerts: rule.activeAlerts().map(({ labels, annotations: own, state, value, activeAtMs, keepFiringSinceMs }) => ({
      labels,
      annotations: own,
      state,
      value,
      activeAtMs,
      ...(keepFiringSinceMs > 0 && { keepFiringSinceMs }),
    })),
  }
}

function sorted(texts: ReadonlyMap<string, string>): Labels {
  return makeLabels(texts)
}
