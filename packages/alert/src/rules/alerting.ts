// Source: Prometheus 3.14 rules/alerting.go.

import type { Labels, UnixMs } from '@oriel/model'
import { labelsKey, makeLabels, METRIC_NAME } from '@oriel/model'
import { printExpr } from '@oriel/promql'
import { AlertError } from '../errors.ts'
import type { AlertingRuleSpec } from '../rule-file.ts'
import type { Sample, StoredSample } from '../sample.ts'
import type { AlertTemplate } from '../template/expand.ts'
import { compileAlertTemplate, expandAlertText } from '../template/expand.ts'
import type { EvaluationContext, Rule, RuleStatus } from './rule.ts'
import { NEW_STATUS } from './rule.ts'

/** `inactive`: it fired and is over; kept for a while so that its end can be told again. */
export type AlertState = 'inactive' | 'pending' | 'firing'

/** One alert of a rule. Times are 0 for never. */
export interface Alert {
  readonly labels: Labels
  annotations: Labels
  state: AlertState
  /** Of the last evaluation; NaN for a native histogram. */
  value: number
  activeAtMs: UnixMs
  firedAtMs: UnixMs
  resolvedAtMs: UnixMs
  lastSentMs: UnixMs
  validUntilMs: UnixMs
  keepFiringSinceMs: UnixMs
}

/** The name of the series that tells which alerts are active. */
export const ALERTS_METRIC = 'ALERTS'
/** The name of the series that tells since when. */
export const ALERTS_FOR_STATE_METRIC = 'ALERTS_FOR_STATE'
/** The label that holds a rule's name. */
export const ALERT_NAME = 'alertname'
const ALERT_STATE = 'alertstate'

// 15 minutes: Prometheus's resolvedRetention.
const RESOLVED_RETENTION_MS = 15 * 60_000

/** A rule that turns each result of its expression into an alert. */
export class AlertingRule implements Rule {
  readonly kind = 'alerting'
  readonly spec: AlertingRuleSpec
  readonly query: string
  status: RuleStatus = NEW_STATUS
  /** Alerts by their labels, those that are over included for a while. */
  active: Map<string, Alert> = new Map()
  /** Whether the state from before the start was read back; series are stored only after it. */
  isRestored: boolean
  readonly #labels: readonly (readonly [string, AlertTemplate])[]
  readonly #annotations: readonly (readonly [string, AlertTemplate])[]

  constructor(spec: AlertingRuleSpec, { isRestored }: { readonly isRestored: boolean }) {
    this.spec = spec
    this.query = printExpr(spec.parsed)
    this.isRestored = isRestored
    const compile = (texts: ReadonlyMap<string, string>) =>
      [...texts].map(([name, text]) => [name, compileAlertTemplate(spec.name, text)] as const)
    this.#labels = compile(spec.labels)
    this.#annotations = compile(spec.annotations)
  }

  get name(): string {
    return this.spec.name
  }

  get labels(): ReadonlyMap<string, string> {
    return this.spec.labels
  }

  /** The highest state of its alerts; `unknown` before the first evaluation. */
  get state(): AlertState | 'unknown' {
    if (this.status.lastEvaluationMs === 0) return 'unknown'
    const states = new Set([...this.active.values()].map(({ state }) => state))
    if (states.has('firing')) return 'firing'
    return states.has('pending') ? 'pending' : 'inactive'
  }

  /** Alerts that are pending or firing. */
  activeAlerts(): Alert[] {
    return [...this.active.values()].filter(({ resolvedAtMs }) => resolvedAtMs === 0)
  }

  /** Alerts that are due to be sent now; they are marked as sent. Source: rules/alerting.go sendAlerts. */
  takeDue(tMs: UnixMs, { resendMs, intervalMs }: { readonly resendMs: number; readonly intervalMs: number }): Alert[] {
    const due: Alert[] = []
    for (const alert of this.active.values()) {
      const isDue = alert.resolvedAtMs > alert.lastSentMs || alert.lastSentMs + resendMs < tMs
      if (alert.state === 'pending' || !isDue) continue
      alert.lastSentMs = tMs
      // Four times: two evaluations or two sends may fail before the alert ends by itself.
      alert.validUntilMs = tMs + 4 * Math.max(intervalMs, resendMs)
      due.push({ ...alert })
    }
    return due
  }

  /** Rejects with ALERT_RULE_FAILED for alerts with equal labels or too many of them. */
  async evaluate(context: EvaluationContext): Promise<StoredSample[]> {
    const { tMs, queryOffsetMs, query, limit } = context
    const found = new Map<string, Alert>()
    for (const sample of await query(this.query, tMs - queryOffsetMs)) {
      const alert = await this.#alertOf(sample, context)
      const key = labelsKey(alert.labels)
      if (found.has(key)) throw new AlertError('ALERT_RULE_FAILED', DUPLICATE)
      found.set(key, alert)
    }
    for (const [key, alert] of found) {
      const known = this.active.get(key)
      if (known === undefined || known.state === 'inactive') this.active.set(key, alert)
      else {
        known.value = alert.value
        known.annotations = alert.annotations
      }
    }
    let count = 0
    const samples: StoredSample[] = []
    for (const [key, alert] of this.active) {
      if (!this.#advance(key, alert, found.has(key), tMs)) continue
      count++
      if (this.isRestored) samples.push(...this.#samplesOf(alert, tMs - queryOffsetMs))
    }
    if (limit > 0 && count > limit) {
      this.active = new Map()
      throw new AlertError('ALERT_RULE_FAILED', `exceeded limit of ${limit} with ${count} alerts`)
    }
    return samples
  }

  async #alertOf(sample: Sample, context: EvaluationContext): Promise<Alert> {
    const expansion = context.linkUrl === undefined ? context : { ...context, linkUrl: context.linkUrl }
    const failed = (message: string): void => context.warn('Expanding alert template failed', { alert: this.name, err: message })
    const expand = (template: AlertTemplate) => expandAlertText(this.name, template, sample, expansion, failed)
    const labels = new Map(sample.labels.map(({ name, value }) => [name, value]))
    labels.delete(METRIC_NAME)
    for (const [name, template] of this.#labels) labels.set(name, await expand(template))
    labels.set(ALERT_NAME, this.name)
    const annotations: [string, string][] = []
    for (const [name, template] of this.#annotations) annotations.push([name, await expand(template)])
    return {
      labels: makeLabels(labels),
      annotations: annotations.map(([name, value]) => ({ name, value })).sort((a, b) => (a.name < b.name ? -1 : 1)),
      state: 'pending',
      value: sample.value,
      activeAtMs: context.tMs,
      firedAtMs: 0,
      resolvedAtMs: 0,
      lastSentMs: 0,
      validUntilMs: 0,
      keepFiringSinceMs: 0,
    }
  }

  /** Moves an alert to its next state; false when it is not active any more. */
  #advance(key: string, alert: Alert, isFound: boolean, tMs: UnixMs): boolean {
    if (isFound) alert.keepFiringSinceMs = 0
    else if (!this.#keepsFiring(alert, tMs)) {
      const isForgotten = alert.resolvedAtMs !== 0 && tMs - alert.resolvedAtMs > RESOLVED_RETENTION_MS
      if (alert.state === 'pending' || isForgotten) this.active.delete(key)
      if (alert.state !== 'inactive') {
        alert.state = 'inactive'
        alert.resolvedAtMs = tMs
      }
      return false
    }
    const isDue = tMs - alert.activeAtMs >= this.spec.forMs
    if (alert.state === 'pending' && isDue) {
      alert.state = 'firing'
      alert.firedAtMs = tMs
    }
    // A reload may have made the wait longer.
    if (alert.state === 'firing' && !isDue) {
      alert.state = 'pending'
      alert.firedAtMs = 0
      alert.lastSentMs = 0
      alert.keepFiringSinceMs = 0
    }
    return true
  }

  #keepsFiring(alert: Alert, tMs: UnixMs): boolean {
    const { keepFiringForMs } = this.spec
    if (alert.state !== 'firing' || keepFiringForMs === 0) return false
    if (alert.keepFiringSinceMs === 0) alert.keepFiringSinceMs = tMs
    return tMs - alert.keepFiringSinceMs < keepFiringForMs
  }

  #samplesOf({ labels, state, activeAtMs }: Alert, tMs: UnixMs): StoredSample[] {
    const entries = new Map([...this.spec.labels, ...labels.map(({ name, value }) => [name, value] as const)])
    entries.set(ALERT_NAME, this.name)
    const forState = makeLabels([...entries, [METRIC_NAME, ALERTS_FOR_STATE_METRIC]])
    return [
      { labels: makeLabels([...entries, [METRIC_NAME, ALERTS_METRIC], [ALERT_STATE, state]]), value: 1, tMs },
      { labels: forState, value: Math.floor(activeAtMs / 1_000), tMs },
    ]
  }
}

const DUPLICATE = 'vector contains metrics with the same labelset after applying alert labels'
