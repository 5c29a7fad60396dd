// When a group runs. Source: Prometheus 3.14 rules/group.go run.

import type { Clock, Telemetry, UnixMs } from '@oriel/model'
import { AlertingRule } from './alerting.ts'
import type { RuleGroup } from './group.ts'
import type { ReadSamples, RestoreOptions } from './restore.ts'
import { DEFAULT_RESTORE, restoreForState } from './restore.ts'

/** A clock that can be waited on. */
export interface Timers {
  readonly now: Clock
  /** Resolves at `tMs`, or as soon as the signal is aborted. */
  readonly until: (tMs: UnixMs, signal: AbortSignal) => Promise<void>
}

/** The clock of this machine. */
export const SYSTEM_TIMERS: Timers = {
  now: Date.now,
  async until(tMs, signal) {
    // Timers may fire early by the clock, and cannot be set further ahead than 24 days.
    while (!signal.aborted && Date.now() < tMs) await sleep(Math.min(tMs - Date.now(), MAX_SLEEP_MS), signal)
  },
}

const MAX_SLEEP_MS = 3_600_000

/** How a loop works beside its group's own options. */
export interface LoopOptions {
  readonly timers: Timers
  readonly telemetry: Telemetry
  /** Where to read alert states of before from; without it nothing is read. */
  readonly readSamples?: ReadSamples
  readonly restore?: RestoreOptions
}

/** A group that runs in its slots until it is stopped. */
export class GroupLoop {
  readonly group: RuleGroup
  readonly #options: LoopOptions
  readonly #abort = new AbortController()
  readonly #ended: Promise<void>

  constructor(group: RuleGroup, options: LoopOptions) {
    this.group = group
    this.#options = options
    this.#ended = this.#run()
  }

  /** Takes no new slot, lets the rule that runs finish. */
  async stop(): Promise<void> {
    this.#abort.abort()
    await this.#ended
  }

  async #run(): Promise<void> {
    const { timers } = this.#options
    const { signal } = this.#abort
    const { group } = this
    let slotMs = group.slotBefore(timers.now()) + group.intervalMs
    await timers.until(slotMs, signal)
    for (let runs = 0; !signal.aborted; runs++) {
      await this.#iterate(slotMs)
      // The second run has what recording rules and scrapes of the first seconds brought.
      if (runs === 1) await this.#restore()
      await timers.until(slotMs + group.intervalMs, signal)
      if (signal.aborted) return
      slotMs = this.#nextSlot(slotMs)
    }
  }

  /** The last slot that is due; those before it are missed, and said. */
  #nextSlot(slotMs: UnixMs): UnixMs {
    const { group } = this
    const missed = Math.floor((this.#options.timers.now() - slotMs) / group.intervalMs) - 1
    if (missed <= 0) return slotMs + group.intervalMs
    group.meters.missed.add(missed, group.meterLabels)
    group.meters.scheduled.add(missed, group.meterLabels)
    this.#options.telemetry.log('warn', 'a rule group did not finish in its interval', {
      file: group.file,
      group: group.name,
      missed,
      intervalMs: group.intervalMs,
      lastDurationMs: Math.round(group.evaluationMs),
    })
    return slotMs + (missed + 1) * group.intervalMs
  }

  async #iterate(slotMs: UnixMs): Promise<void> {
    const { group } = this
    const { meters, meterLabels } = group
    meters.scheduled.add(1, meterLabels)
    const startMs = this.#options.timers.now()
    const began = performance.now()
    await group.evaluate(slotMs, () => this.#abort.signal.aborted)
    group.evaluationMs = performance.now() - began
    group.lastEvaluationMs = startMs
    meters.groupSeconds.observe(group.evaluationMs / 1_000)
    meters.lastDuration.set(group.evaluationMs / 1_000, meterLabels)
    meters.lastEvaluation.set(startMs / 1_000, meterLabels)
    const ruleSumMs = group.rules.reduce((sum, { status }) => sum + status.evaluationMs, 0)
    meters.lastRuleSum.set(ruleSumMs / 1_000, meterLabels)
  }

  async #restore(): Promise<void> {
    const { group } = this
    const { readSamples, restore = DEFAULT_RESTORE, timers, telemetry } = this.#options
    const began = performance.now()
    for (const rule of group.rules) {
      if (!(rule instanceof AlertingRule) || rule.isRestored) continue
      try {
        if (readSamples !== undefined) await restoreForState(rule, timers.now(), readSamples, restore)
      } catch (error) {
        telemetry.log('error', "Failed to restore 'for' state", { group: group.name, alertname: rule.name, error })
      }
      // Also after a failure: the alert then waits its whole time again.
      rule.isRestored = true
    }
    group.meters.lastRestore.set((performance.now() - began) / 1_000, group.meterLabels)
  }
}

function sleep(durationMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, durationMs)
    timer.unref()
    signal.addEventListener('abort', done, { once: true })
  })
}
