import type { Labels, UnixMs } from '@oriel/model'

/** How the last evaluation of a rule went. */
export type RuleHealth = 'ok' | 'err' | 'unknown'

/** An alert that is pending or firing. */
export interface AlertView {
  readonly labels: Labels
  readonly annotations: Labels
  readonly state: 'inactive' | 'pending' | 'firing'
  readonly activeAtMs: UnixMs
  /** Since when its condition no longer holds, while `keep_firing_for` holds it. */
  readonly keepFiringSinceMs?: UnixMs
  readonly value: number
}

interface RuleView {
  readonly name: string
  readonly query: string
  readonly labels: Labels
  readonly health: RuleHealth
  /** '' when the last evaluation went well. */
  readonly lastError: string
  readonly evaluationMs: number
  /** 0 before the first evaluation. */
  readonly lastEvaluationMs: UnixMs
}

/** A rule that records series. */
export interface RecordingRuleView extends RuleView {
  readonly kind: 'recording'
}

/** A rule that alerts. */
export interface AlertingRuleView extends RuleView {
  readonly kind: 'alerting'
  readonly state: 'inactive' | 'pending' | 'firing' | 'unknown'
  readonly holdMs: number
  readonly keepFiringMs: number
  readonly annotations: Labels
  readonly alerts: readonly AlertView[]
}

/** Rules that are evaluated together, in order. */
export interface RuleGroupView {
  readonly name: string
  readonly file: string
  readonly intervalMs: number
  /** How many series or alerts one rule may make; 0 for no limit. */
  readonly limit: number
  readonly evaluationMs: number
  readonly lastEvaluationMs: UnixMs
  readonly rules: readonly (AlertingRuleView | RecordingRuleView)[]
}

/** The rules under evaluation, as the API shows them: asked at each request. */
export interface RulesView {
  /** By file, then in the file's order. */
  groups(): readonly RuleGroupView[]
  /** URLs of the Alertmanagers that alerts go to, and of those that relabeling dropped. */
  alertmanagers(): { readonly active: readonly string[]; readonly dropped: readonly string[] }
}

/** No rules at all. */
export const NO_RULES: RulesView = {
  groups: () => [],
  alertmanagers: () => ({ active: [], dropped: [] }),
}
