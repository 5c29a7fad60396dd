// Source: Prometheus 3.14 rules/manager.go.

import type { Labels, Telemetry } from '@oriel/model'
import { silentTelemetry } from '@oriel/model'
import type { RuleGroupSpec } from '../rule-file.ts'
import type { RuleAppend, RuleQuery } from '../sample.ts'
import type { AlertsDue } from './group.ts'
import { RuleGroup, RuleSlots } from './group.ts'
import type { Timers } from './loop.ts'
import { GroupLoop, SYSTEM_TIMERS } from './loop.ts'
import type { ReadSamples, RestoreOptions } from './restore.ts'

/** What the rule engine works with. */
export interface ManagerOptions {
  readonly query: RuleQuery
  readonly append: RuleAppend
  readonly readSamples?: ReadSamples
  readonly restore?: RestoreOptions
  readonly onAlerts?: AlertsDue
  readonly telemetry?: Telemetry
  readonly timers?: Timers
  /** How many rules may run beside others of their group; 0, and each group runs its rules one after the other. */
  readonly maxConcurrentRules?: number
}

/** Rules and the settings they share, as the configuration has them. */
export interface RuleConfig {
  readonly groups: readonly { readonly file: string; readonly spec: RuleGroupSpec }[]
  /** Of groups that name none. */
  readonly intervalMs: number
  readonly queryOffsetMs: number
  readonly externalLabels: Labels
  /** Where people find this server, for links in alerts. */
  readonly externalUrl: string
}

interface Running {
  readonly loop: GroupLoop
  /** Equal exactly when nothing of the group's configuration changed. */
  readonly fingerprint: string
}

/** Runs rule groups, and takes new configurations without losing what the old ones knew. */
export class RuleManager {
  readonly #options: ManagerOptions
  readonly #telemetry: Telemetry
  readonly #timers: Timers
  readonly #stop = new AbortController()
  readonly #ending = new Set<Promise<void>>()
  #running = new Map<string, Running>()
  readonly #slots: RuleSlots | undefined
  #isFirst = true

  constructor(options: ManagerOptions) {
    this.#options = options
    this.#telemetry = options.telemetry ?? silentTelemetry
    this.#timers = options.timers ?? SYSTEM_TIMERS
    const { maxConcurrentRules = 0 } = options
    if (maxConcurrentRules > 0) this.#slots = new RuleSlots(maxConcurrentRules)
  }

  /** The groups that run, by file and name. */
  groups(): RuleGroup[] {
    const groups = [...this.#running.values()].map(({ loop }) => loop.group)
    return groups.sort((a, b) => compareText(a.file, b.file) || compareText(a.name, b.name))
  }

  /** Puts a configuration in force: groups that did not change go on, others start with the state of those they replace. */
  async update(config: RuleConfig): Promise<void> {
    if (this.#stop.signal.aborted) return
    const before = this.#running
    const after = new Map<string, Running>()
    const isRestored = !this.#isFirst
    this.#isFirst = false
    for (const { file, spec } of config.groups) {
      const fingerprint = fingerprintOf(config, spec)
      const key = `${file};${spec.name}`
      const old = before.get(key)
      before.delete(key)
      if (old?.fingerprint === fingerprint) {
        after.set(key, old)
        continue
      }
      const group = this.#makeGroup(config, file, spec, isRestored)
      if (old !== undefined) {
        await old.loop.stop()
        group.copyState(old.loop.group)
      }
      after.set(key, { loop: this.#start(group), fingerprint })
    }
    this.#running = after
    await Promise.all([...before.values()].map(({ loop }) => this.#end(loop)))
  }

  /** Stops all groups; series stay as they are, for whoever starts next. */
  async close(): Promise<void> {
    this.#stop.abort()
    await Promise.all([...this.#running.values()].map(({ loop }) => loop.stop()))
    await Promise.all(this.#ending)
  }

  #makeGroup(config: RuleConfig, file: string, spec: RuleGroupSpec, isRestored: boolean): RuleGroup {
    const { query, append, onAlerts } = this.#options
    return new RuleGroup(
      { file, spec, intervalMs: spec.intervalMs ?? config.intervalMs },
      {
        query,
        append,
        externalLabels: config.externalLabels,
        externalUrl: config.externalUrl,
        linkUrl: config.externalUrl,
        queryOffsetMs: config.queryOffsetMs,
        telemetry: this.#telemetry,
        now: this.#timers.now,
        isRestored,
        ...(this.#slots !== undefined && { slots: this.#slots }),
        isShownElsewhere: (key) => [...this.#running.values()].some(({ loop }) => loop.group.shows(key)),
        ...(onAlerts !== undefined && { onAlerts }),
      },
    )
  }

  #start(group: RuleGroup): GroupLoop {
    const { readSamples, restore } = this.#options
    return new GroupLoop(group, {
      timers: this.#timers,
      telemetry: this.#telemetry,
      ...(readSamples !== undefined && { readSamples }),
      ...(restore !== undefined && { restore }),
    })
  }

  /** Ends a group that is no more. Its series end two intervals later: one that was renamed shows them again by then. */
  async #end(loop: GroupLoop): Promise<void> {
    await loop.stop()
    const { group } = loop
    const endMs = this.#timers.now()
    group.abandon()
    const ending = this.#timers.until(endMs + 2 * group.intervalMs, this.#stop.signal).then(async () => {
      if (!this.#stop.signal.aborted) await group.endSeries(endMs)
      this.#ending.delete(ending)
    })
    this.#ending.add(ending)
  }
}

/** Everything of the configuration that a group depends on. */
function fingerprintOf({ intervalMs, queryOffsetMs, externalLabels, externalUrl }: RuleConfig, spec: RuleGroupSpec): string {
  const rules = spec.rules.map((rule) => {
    const { kind, name, expr, labels } = rule
    const alert = rule.kind === 'alerting' ? [rule.forMs, rule.keepFiringForMs, [...rule.annotations]] : []
    return [kind, name, expr, [...labels], alert]
  })
  return JSON.stringify([{ ...spec, rules }, intervalMs, queryOffsetMs, externalLabels, externalUrl])
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
