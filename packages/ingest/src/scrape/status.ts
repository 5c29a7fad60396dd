// What is shown of targets.

import type { Labels, MetricMetadata } from '@oriel/model'
import type { ScrapeHealth } from './loop.ts'

/** One target as the targets API shows it. */
export interface TargetStatus {
  readonly job: string
  readonly discoveredLabels: Labels
  /** 'dropped' by a relabel rule, or with an `error` for having no valid address. */
  readonly state: 'active' | 'dropped'
  /** Labels of its series; empty for a dropped target. */
  readonly labels: Labels
  readonly url: string
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly health: ScrapeHealth['health']
  readonly lastError: string
  readonly lastScrapeMs: number
  readonly lastDurationMs: number
  /** What the target says of its metrics. */
  readonly metadata: () => readonly MetricMetadata[]
}

/** What a target answered when it was looked at. */
export interface TargetSample {
  /** 0 where there was no answer. */
  readonly status: number
  readonly contentType: string
  /** The beginning of the body, decompressed. Bytes that are no UTF-8 are replaced. */
  readonly text: string
  /** Of the whole body. */
  readonly bodyBytes: number
  readonly isCut: boolean
  readonly durationMs: number
  /** Why there is no answer, '' where there is one. */
  readonly error: string
}
