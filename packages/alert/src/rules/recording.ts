// Source: Prometheus 3.14 rules/recording.go.

import type { Labels } from '@oriel/model'
import { labelsKey, makeLabels, METRIC_NAME } from '@oriel/model'
import { printExpr } from '@oriel/promql'
import { AlertError } from '../errors.ts'
import type { RecordingRuleSpec } from '../rule-file.ts'
import type { StoredSample } from '../sample.ts'
import type { EvaluationContext, Rule, RuleStatus } from './rule.ts'
import { NEW_STATUS } from './rule.ts'

/** A rule that stores what its expression answers under a new name. */
export class RecordingRule implements Rule {
  readonly kind = 'recording'
  readonly spec: RecordingRuleSpec
  readonly query: string
  status: RuleStatus = NEW_STATUS

  constructor(spec: RecordingRuleSpec) {
    this.spec = spec
    this.query = printExpr(spec.parsed)
  }

  get name(): string {
    return this.spec.name
  }

  get labels(): ReadonlyMap<string, string> {
    return this.spec.labels
  }

  /** Rejects with ALERT_RULE_FAILED for results with equal labels or too many of them. */
  async evaluate({ tMs, queryOffsetMs, query, limit }: EvaluationContext): Promise<StoredSample[]> {
    const atMs = tMs - queryOffsetMs
    const samples = await query(this.query, atMs)
    const results = samples.map((sample) => ({ ...sample, labels: this.#relabel(sample.labels), tMs: atMs }))
    if (new Set(results.map(({ labels }) => labelsKey(labels))).size < results.length)
      throw new AlertError('ALERT_RULE_FAILED', 'vector contains metrics with the same labelset after applying rule labels')
    if (limit > 0 && results.length > limit)
      throw new AlertError('ALERT_RULE_FAILED', `exceeded limit of ${limit} with ${results.length} series`)
    return results
  }

  #relabel(labels: Labels): Labels {
    const entries = new Map(labels.map(({ name, value }) => [name, value]))
    entries.set(METRIC_NAME, this.name)
    for (const [name, value] of this.labels) entries.set(name, value)
    return makeLabels(entries)
  }
}
