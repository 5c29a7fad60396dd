import type { TargetSampleAnswer } from '@oriel/contract'
import { API_BASES, ORIEL_API } from '@oriel/contract'
import { getJson } from './api.ts'

const BASE = `${API_BASES.prometheus}/api/v1`

type LabelRecord = Readonly<Record<string, string>>

/** A target that is scraped, as Prometheus's API has it. */
export interface ActiveTarget {
  readonly discoveredLabels: LabelRecord
  readonly labels: LabelRecord
  readonly scrapePool: string
  readonly scrapeUrl: string
  readonly lastError: string
  readonly lastScrape: string
  /** Seconds. */
  readonly lastScrapeDuration: number
  readonly health: 'up' | 'down' | 'unknown'
  readonly scrapeInterval: string
  readonly scrapeTimeout: string
}

/** A target that a rule dropped. */
export interface DroppedTarget {
  readonly discoveredLabels: LabelRecord
  readonly scrapePool: string
}

/** Every target. `droppedTargetCounts` counts those as well that are not kept to be shown. */
export interface Targets {
  readonly activeTargets: readonly ActiveTarget[]
  readonly droppedTargets: readonly DroppedTarget[]
  readonly droppedTargetCounts: Readonly<Record<string, number>>
}

/** What one relabel rule made of labels; without `keep` the target is dropped from there on. */
export interface RelabelStep {
  readonly rule: Readonly<Record<string, unknown>>
  readonly output: LabelRecord
  readonly keep: boolean
}

/** All targets of all pools. */
export async function loadTargets(signal: AbortSignal): Promise<Targets> {
  const answer = await getJson<{ readonly data: Targets }>(`${BASE}/targets`, {}, { signal })
  return answer.data
}

/** What each rule of a pool makes of discovered labels, in order. */
export async function loadRelabelSteps(pool: string, labels: LabelRecord, signal: AbortSignal): Promise<readonly RelabelStep[]> {
  const params = { scrapePool: pool, labels: JSON.stringify(labels) }
  const answer = await getJson<{ readonly data: { readonly steps: readonly RelabelStep[] } }>(
    `${BASE}/targets/relabel_steps`,
    params,
    { signal },
  )
  return answer.data.steps
}

/** What a target answers right now. */
export function loadTargetSample(pool: string, url: string, signal: AbortSignal): Promise<TargetSampleAnswer> {
  return getJson(`${ORIEL_API}/targets/sample`, { pool, url }, { signal })
}
