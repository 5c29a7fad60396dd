import { API_BASES } from '@oriel/contract'
import { getJson } from './api.ts'

/** An alert that is pending or firing. */
export interface RuleAlert {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly state: 'pending' | 'firing' | 'inactive'
  readonly activeAt: string
  readonly keepFiringSince?: string
  readonly value: string
}

interface RuleBase {
  readonly name: string
  readonly query: string
  readonly labels: Readonly<Record<string, string>>
  readonly health: 'ok' | 'err' | 'unknown'
  readonly lastError?: string
  /** Seconds. */
  readonly evaluationTime: number
  readonly lastEvaluation: string
}

/** A rule as Prometheus's API shows it. Durations are in seconds. */
export type Rule =
  | (RuleBase & { readonly type: 'recording' })
  | (RuleBase & {
      readonly type: 'alerting'
      readonly state: 'inactive' | 'pending' | 'firing' | 'unknown'
      readonly duration: number
      readonly keepFiringFor: number
      readonly annotations: Readonly<Record<string, string>>
      readonly alerts: readonly RuleAlert[]
    })

/** Rules that are evaluated together. Durations are in seconds. */
export interface RuleGroup {
  readonly name: string
  readonly file: string
  readonly rules: readonly Rule[]
  readonly interval: number
  readonly limit: number
  readonly evaluationTime: number
  readonly lastEvaluation: string
}

/** Every group with its rules and their alerts. */
export async function loadRules(signal: AbortSignal): Promise<readonly RuleGroup[]> {
  const answer = await getJson<{ readonly data: { readonly groups: readonly RuleGroup[] } }>(
    `${API_BASES.prometheus}/api/v1/rules`,
    {},
    { signal },
  )
  return answer.data.groups
}
