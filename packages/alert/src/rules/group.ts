// Source: Prometheus 3.14 rules/group.go.

import type { Clock, Labels, Telemetry, UnixMs } from '@oriel/model'
import { silentTelemetry } from '@oriel/model'
import { hash64 } from '@oriel/store'
import type { RuleGroupSpec } from '../rule-file.ts'
import type { RuleAppend, RuleQuery, StoredSample } from '../sample.ts'
import type { Alert } from './alerting.ts'
import { AlertingRule } from './alerting.ts'
import type { SeriesByKey } from './cycle.ts'
import { Cycle } from './cycle.ts'
import { dependenciesOf } from './dependencies.ts'
import type { RuleMeters } from './meters.ts'
import { makeRuleMeters } from './meters.ts'
import { RecordingRule } from './recording.ts'
import type { EvaluationContext } from './rule.ts'

/** Alerts of one rule that are due to be sent. */
export type AlertsDue = (expr: string, alerts: readonly Alert[]) => void

/** What groups work with. */
export interface GroupOptions {
  readonly query: RuleQuery
  readonly append: RuleAppend
  readonly externalLabels?: Labels
  readonly externalUrl?: string
  /** The address for functions of templates; absent in unit tests. */
  readonly linkUrl?: string
  /** `global.rule_query_offset`. */
  readonly queryOffsetMs?: number
  readonly onAlerts?: AlertsDue
  readonly telemetry?: Telemetry
  readonly now?: Clock
  /** Whether alerting rules need no state from before. */
  readonly isRestored?: boolean
  /** Whether another group shows a series now: it must not end. */
  readonly isShownElsewhere?: (key: string) => boolean
  /** Room for rules to run beside others of their group; absent where they run one after the other. */
  readonly slots?: RuleSlots
}

/** Rules of all groups that may run beside others at the same time. Source: Prometheus 3.14 --rules.max-concurrent-evals. */
export class RuleSlots {
  #free: number

  constructor(count: number) {
    this.#free = count
  }

  /** Takes a slot; false where there is none. */
  take(): boolean {
    if (this.#free === 0) return false
    this.#free--
    return true
  }

  release(): void {
    this.#free++
  }
}

/** What identifies a group and how often it runs. */
export interface GroupPlace {
  /** Its rule file. */
  readonly file: string
  readonly spec: RuleGroupSpec
  /** The file's interval, or the server's. */
  readonly intervalMs: number
}

// 1 minute: Prometheus's default of --rules.alert.resend-delay.
const RESEND_MS = 60_000

/** Rules that run together, in order, with their state. */
export class RuleGroup implements GroupPlace {
  readonly file: string
  readonly spec: RuleGroupSpec
  readonly intervalMs: number
  readonly rules: readonly (RecordingRule | AlertingRule)[]
  readonly options: GroupOptions
  readonly meters: RuleMeters
  /** How long the last evaluation took, and when it began by the clock; 0 for never. */
  evaluationMs = 0
  lastEvaluationMs: UnixMs = 0
  readonly #telemetry: Telemetry
  readonly #now: Clock
  readonly #dependencies: readonly (readonly number[])[]
  /** Where rules may run beside others, those that wait for none come first. */
  readonly #order: readonly number[]
  /** What each rule showed in the last evaluation. */
  #shown: SeriesByKey[]
  /** Series of rules that are no more. */
  #gone: SeriesByKey = new Map()

  constructor({ file, spec, intervalMs }: GroupPlace, options: GroupOptions) {
    this.file = file
    this.spec = spec
    this.intervalMs = intervalMs
    this.options = options
    this.#telemetry = options.telemetry ?? silentTelemetry
    this.#now = options.now ?? Date.now
    this.meters = makeRuleMeters(this.#telemetry)
    const isRestored = options.isRestored ?? true
    this.rules = spec.rules.map((rule) =>
      rule.kind === 'recording' ? new RecordingRule(rule) : new AlertingRule(rule, { isRestored }),
    )
    this.#shown = this.rules.map(() => new Map())
    const isConcurrent = options.slots !== undefined
    const dependencies = dependenciesOf(spec.rules, { isConcurrent })
    this.#dependencies = dependencies
    const all = [...this.rules.keys()]
    this.#order = isConcurrent ? all.sort((a, b) => Math.sign(dependencies[a]!.length) - Math.sign(dependencies[b]!.length)) : all
    this.meters.rules.set(this.rules.length, this.meterLabels)
    this.meters.interval.set(intervalMs / 1_000, this.meterLabels)
    for (const counter of [this.meters.missed, this.meters.scheduled, this.meters.evaluations, this.meters.failures])
      counter.add(0, this.meterLabels)
  }

  get name(): string {
    return this.spec.name
  }

  /** Names the group among all files. */
  get key(): string {
    return `${this.file};${this.name}`
  }

  get meterLabels(): { readonly rule_group: string } {
    return { rule_group: this.key }
  }

  get queryOffsetMs(): number {
    return this.spec.queryOffsetMs ?? this.options.queryOffsetMs ?? 0
  }

  /** The last slot at or before `nowMs`. Groups are spread over their interval, each always at the same place. */
  slotBefore(nowMs: UnixMs): UnixMs {
    const offsetMs = Number(hash64(this.key) % BigInt(this.intervalMs))
    return Math.floor((nowMs - offsetMs) / this.intervalMs) * this.intervalMs + offsetMs
  }

  /**
   * Runs every rule once for the slot `tMs`. Never rejects: a rule's failure is its status.
   *
   * Rules run in order; what a rule may read of those before it is stored before it runs. Where there are slots for it, rules run beside
   * others that they do not depend on. `shouldStop` is asked between rules.
   */
  async evaluate(tMs: UnixMs, shouldStop: () => boolean = () => false): Promise<void> {
    const cycle = new Cycle()
    const stored: Promise<void>[] = []
    let samples = 0
    const { slots } = this.options
    for (const i of this.#order) {
      if (shouldStop()) break
      for (const j of this.#dependencies[i] ?? []) await stored[j]
      const isBeside = slots?.take() === true
      const evaluated = this.#timedRule(this.rules[i]!, tMs)
      const done = evaluated.then((outcome) => {
        samples += outcome?.length ?? 0
        return outcome === undefined ? undefined : this.#store(cycle, i, outcome, tMs)
      })
      stored[i] = isBeside ? done.finally(() => slots?.release()) : done
      if (!isBeside) await evaluated
    }
    await Promise.all(stored)
    this.meters.lastSamples.set(samples, this.meterLabels)
    await this.endSeries(tMs, cycle)
  }

  /** Takes over what the group before a reload knew. Source: rules/group.go CopyState. */
  copyState(from: RuleGroup): void {
    this.evaluationMs = from.evaluationMs
    this.lastEvaluationMs = from.lastEvaluationMs
    const left = new Map<string, number[]>()
    for (const [i, rule] of from.rules.entries()) left.set(identityOf(rule), [...(left.get(identityOf(rule)) ?? []), i])
    for (const [i, rule] of this.rules.entries()) {
      const index = left.get(identityOf(rule))?.shift()
      const before = index === undefined ? undefined : from.rules[index]
      if (index === undefined || before === undefined) continue
      this.#shown[i] = from.#shown[index] ?? new Map()
      if (rule instanceof AlertingRule && before instanceof AlertingRule) {
        rule.active = new Map([...before.active].map(([key, alert]) => [key, { ...alert }]))
      }
    }
    this.#gone = new Map([...from.#gone, ...[...left.values()].flat().flatMap((i) => [...(from.#shown[i] ?? [])])])
  }

  /** Whether the group shows the series now. */
  shows(key: string): boolean {
    return this.#shown.some((series) => series.has(key))
  }

  /** Gives up all series, for a group that is no more: `endSeries` ends them. */
  abandon(): void {
    this.#gone = new Map([...this.#gone, ...this.#shown.flatMap((series) => [...series])])
    this.#shown = this.rules.map(() => new Map())
  }

  /** Writes staleness markers for series of rules that are no more, unless something shows them again. */
  async endSeries(tMs: UnixMs, cycle: Cycle = new Cycle()): Promise<void> {
    if (this.#gone.size === 0) return
    const { isShownElsewhere = () => false } = this.options
    const gone = new Map([...this.#gone].filter(([key]) => !this.shows(key) && !isShownElsewhere(key)))
    try {
      await this.options.append(cycle.markers(gone, tMs - this.queryOffsetMs))
      this.#gone = new Map()
    } catch (error) {
      this.#warn('Stale sample appending for previous configuration failed', { error })
    }
  }

  async #timedRule(rule: RecordingRule | AlertingRule, tMs: UnixMs): Promise<StoredSample[] | undefined> {
    const startMs = this.#now()
    const began = performance.now()
    const outcome = await this.#evaluateRule(rule, tMs)
    const durationMs = performance.now() - began
    rule.status = { ...rule.status, evaluationMs: durationMs, lastEvaluationMs: startMs }
    this.meters.evaluationSeconds.observe(durationMs / 1_000)
    return outcome
  }

  async #evaluateRule(rule: RecordingRule | AlertingRule, tMs: UnixMs): Promise<StoredSample[] | undefined> {
    const { options } = this
    this.meters.evaluations.add(1, this.meterLabels)
    const context: EvaluationContext = {
      tMs,
      queryOffsetMs: this.queryOffsetMs,
      query: options.query,
      limit: this.spec.limit,
      externalLabels: options.externalLabels ?? [],
      externalUrl: options.externalUrl ?? '',
      ...(options.linkUrl !== undefined && { linkUrl: options.linkUrl }),
      warn: (message, fields) => this.#warn(message, fields),
    }
    try {
      const samples = await rule.evaluate(context)
      rule.status = { ...rule.status, health: 'ok', lastError: '' }
      if (rule instanceof AlertingRule)
        options.onAlerts?.(rule.query, rule.takeDue(tMs, { resendMs: RESEND_MS, intervalMs: this.intervalMs }))
      return samples
    } catch (error) {
      this.#fail(rule, error, 'Evaluating rule failed')
      return undefined
    }
  }

  async #store(cycle: Cycle, i: number, results: readonly StoredSample[], tMs: UnixMs): Promise<void> {
    const rule = this.rules[i]!
    const { samples, series, problem } = cycle.admit(results, this.#shown[i]!, tMs - this.queryOffsetMs)
    if (problem !== '') rule.status = { ...rule.status, health: 'err', lastError: problem }
    try {
      if (samples.length > 0) await this.options.append(samples)
      this.#shown[i] = series
    } catch (error) {
      this.#fail(rule, error, 'Rule sample appending failed')
    }
  }

  #fail(rule: RecordingRule | AlertingRule, error: unknown, message: string): void {
    const lastError = error instanceof Error ? error.message : String(error)
    rule.status = { ...rule.status, health: 'err', lastError }
    this.meters.failures.add(1, this.meterLabels)
    this.#warn(message, { rule: rule.name, err: lastError })
  }

  #warn(message: string, fields: Readonly<Record<string, unknown>>): void {
    this.#telemetry.log('warn', message, { file: this.file, group: this.name, ...fields })
  }
}

/** Rules of two configurations with the same name and labels are the same. */
function identityOf({ name, labels }: { readonly name: string; readonly labels: ReadonlyMap<string, string> }): string {
  return JSON.stringify([name, [...labels].sort(([a], [b]) => (a < b ? -1 : 1))])
}
