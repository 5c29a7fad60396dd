import type { StatusAnswer } from '@oriel/contract'
import type { Clock, Labels, UnixMs } from '@oriel/model'
import type { QueryRunner } from '@oriel/query'

/** A scrape target as the APIs show it. */
export interface TargetView {
  readonly discoveredLabels: Labels
  readonly labels: Labels
  readonly scrapePool: string
  readonly scrapeUrl: string
  readonly lastError: string
  /** 0 before the first scrape. */
  readonly lastScrapeMs: UnixMs
  readonly lastScrapeDurationMs: number
  readonly health: 'up' | 'down' | 'unknown'
  readonly scrapeIntervalMs: number
  readonly scrapeTimeoutMs: number
}

/** Targets that are scraped, and those that relabeling dropped. */
export interface TargetsView {
  readonly active: readonly TargetView[]
  readonly dropped: readonly { readonly discoveredLabels: Labels; readonly scrapePool: string }[]
}

/** What was built, as every product's `buildinfo` tells it. */
export interface BuildInfo {
  readonly version: string
  readonly revision: string
}

/** Whether the program works, and what does not. */
export interface HealthView {
  /** Writes and queries work. */
  readonly isReady: boolean
  readonly checks: readonly { readonly name: string; readonly isGood: boolean; readonly message: string }[]
}

/** Everything the APIs need of the running program. Functions are asked at each request, so that a reload shows at once. */
export interface ApiServices {
  readonly runner: QueryRunner
  readonly build: BuildInfo
  readonly startedMs: UnixMs
  readonly now: Clock
  readonly targets: () => TargetsView
  /** The Prometheus configuration in use, secrets left out. */
  readonly prometheusConfig: () => { readonly yaml: string; readonly loadedMs: UnixMs; readonly isGood: boolean }
  /** What the page shows of the running program. */
  readonly status: () => Promise<StatusAnswer>
  readonly health: () => Promise<HealthView>
  /** Our own metrics as a scraper's `Accept` header asks for them. */
  readonly metrics: (accept: string) => { readonly contentType: string; readonly text: string }
  /** Reads the configuration files again, all or nothing. */
  readonly reload: () => Promise<void>
}
