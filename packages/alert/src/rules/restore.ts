// Source: Prometheus 3.14 rules/group.go RestoreForState.

import type { Matcher, SeriesSamples, TimeRange, UnixMs } from '@oriel/model'
import { labelsKey, METRIC_NAME } from '@oriel/model'
import type { AlertingRule } from './alerting.ts'
import { ALERT_NAME, ALERTS_FOR_STATE_METRIC } from './alerting.ts'

/** Reads stored samples as they are. */
export type ReadSamples = (matchers: readonly Matcher[], range: TimeRange) => Promise<SeriesSamples>

/** How far back state is looked for, and how long a restored alert waits at least. */
export interface RestoreOptions {
  /** 1 hour in Prometheus: --rules.alert.for-outage-tolerance. */
  readonly toleranceMs: number
  /** 10 minutes in Prometheus: --rules.alert.for-grace-period. Rules with a shorter `for` start anew. */
  readonly graceMs: number
}

/** Prometheus's defaults. */
export const DEFAULT_RESTORE: RestoreOptions = { toleranceMs: 3_600_000, graceMs: 600_000 }

/** Reads back since when a rule's alerts were active before this program was started at `nowMs`. Rejects as `read` does. */
export async function restoreForState(
  rule: AlertingRule,
  nowMs: UnixMs,
  read: ReadSamples,
  { toleranceMs, graceMs }: RestoreOptions,
): Promise<void> {
  const { forMs } = rule.spec
  if (forMs < graceMs || rule.active.size === 0) return
  const { labels, offsets, tMs, values, stale } = await read(matchersOf(rule), { startMs: nowMs - toleranceMs, endMs: nowMs })
  const lastOf = new Map<string, number>()
  for (const [i, of] of labels.entries())
    if (offsets[i + 1]! > offsets[i]!) lastOf.set(labelsKey(of.filter(({ name }) => name !== METRIC_NAME)), offsets[i + 1]! - 1)
  for (const alert of rule.active.values()) {
    const last = lastOf.get(labelsKey(alert.labels))
    // A marker: the alert was over before the stop.
    if (last === undefined || stale[last] === 1) continue
    const downAtMs = Math.floor(tMs[last]! / 1_000) * 1_000
    const activeAtMs = values[last]! * 1_000
    const remainingMs = forMs - (downAtMs - activeAtMs)
    if (remainingMs <= 0) alert.activeAtMs = activeAtMs
    else if (remainingMs < graceMs) alert.activeAtMs = nowMs + graceMs - forMs
    // The time that we were down does not count.
    else alert.activeAtMs = activeAtMs + (nowMs - downAtMs)
  }
}

/** Labels with templates differ from alert to alert: they select nothing. */
function matchersOf(rule: AlertingRule): Matcher[] {
  const labels = new Map([...rule.labels, [ALERT_NAME, rule.name], [METRIC_NAME, ALERTS_FOR_STATE_METRIC]])
  return [...labels].filter(([, value]) => !value.includes('{{')).map(([name, value]) => ({ name, value, op: '=' }))
}
