import type { StatusAnswer, TargetSampleAnswer } from '@oriel/contract'
import type { Clock, Labels, MetricMetadata, UnixMs } from '@oriel/model'
import type { QueryRunner } from '@oriel/query'
import type { CardinalityView } from './cardinality-view.ts'
import type { RetentionReport, Sink } from '@oriel/store'
import type { Notifications } from './prometheus/notifications.ts'
import type { RulesView } from './rules-view.ts'

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
  /** What it says of its metrics. */
  readonly metadata: () => readonly MetricMetadata[]
}

/** Targets that are scraped, and those that relabeling dropped. */
export interface TargetsView {
  readonly active: readonly TargetView[]
  readonly dropped: readonly { readonly discoveredLabels: Labels; readonly scrapePool: string }[]
  /** How many were dropped by pool, where more were than are kept to be shown. */
  readonly droppedCounts?: ReadonlyMap<string, number>
  /** Whose samples theirs are. */
  readonly tenant?: string
}

/** What one relabeling rule makes of a target's labels; `output` is empty once a rule has dropped the target. */
export interface RelabelStep {
  /** The rule in the words of prometheus.yml. */
  readonly rule: Readonly<Record<string, unknown>>
  readonly output: Labels
  readonly isKept: boolean
}

/** The scrape configurations in use, by name of their pool: the `job_name`. */
export interface ScrapePools {
  names(): readonly string[]
  /** As YAML, secrets left out; `undefined` for a pool that is not there. */
  configOf(pool: string): string | undefined
  relabelSteps(pool: string, labels: Labels): readonly RelabelStep[] | undefined
}

/** The Prometheus configuration in use. */
export interface PrometheusConfigView {
  /** Secrets left out. */
  readonly yaml: string
  readonly loadedMs: UnixMs
  readonly isGood: boolean
  /** What federation and remote read add to series of ours. */
  readonly externalLabels: Readonly<Record<string, string>>
}

/** What was set at start that the Prometheus API shows or obeys. */
export interface PrometheusSettings {
  /** Feature flags that are on, by Prometheus's names. */
  readonly features: ReadonlySet<string>
  /** What is there beside the API and the language, by Prometheus's category: discoveries, functions of templates. */
  readonly abilities: Readonly<Record<string, readonly string[]>>
  /** Every flag as Prometheus would be told it. */
  readonly flags: Readonly<Record<string, string>>
  readonly isAdminOn: boolean
  /** Samples of one remote read that is not streamed. */
  readonly readSampleLimit: number
  /** About how many bytes a frame of a streamed remote read has. */
  readonly readFrameBytes: number
}

/** A metric of our own, as the sdk's registry holds it. `counts` of a histogram are per bucket, the last up to +Inf. */
export type SelfMetric =
  | {
      readonly kind: 'counter' | 'gauge'
      readonly name: string
      readonly help: string
      readonly points: ReadonlyMap<string, { readonly labels: Readonly<Record<string, string>>; readonly value: number }>
    }
  | {
      readonly kind: 'histogram'
      readonly name: string
      readonly help: string
      readonly buckets: readonly number[]
      readonly points: ReadonlyMap<
        string,
        {
          readonly labels: Readonly<Record<string, string>>
          readonly counts: Float64Array
          readonly sum: number
          readonly count: number
        }
      >
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
  /** Asks a target that is scraped what it answers right now; `undefined` for one that is not. Never rejects. */
  readonly targetSample: (pool: string, url: string, signal: AbortSignal) => Promise<TargetSampleAnswer | undefined>
  readonly scrapePools: ScrapePools
  readonly prometheusConfig: () => PrometheusConfigView
  readonly prometheus: PrometheusSettings
  readonly rules: RulesView
  readonly notifications: Notifications
  readonly cardinality: CardinalityView
  /** What the configuration of retention would delete now. */
  readonly retention: () => Promise<RetentionReport>
  /** For what the API deletes. */
  readonly sink: Pick<Sink, 'deleteMetrics' | 'purgeDeleted'>
  /** Copies all that is stored to a directory of that name among the snapshots; absent where the store cannot. */
  readonly snapshot?: (name: string) => Promise<void>
  /** What the page shows of the running program. */
  readonly status: () => Promise<StatusAnswer>
  readonly health: () => Promise<HealthView>
  /** Our own metrics as a scraper's `Accept` header asks for them. */
  readonly metrics: (accept: string) => { readonly contentType: string; readonly text: string }
  readonly selfMetrics: () => readonly SelfMetric[]
  /** Reads the configuration files again, all or nothing. */
  readonly reload: () => Promise<void>
}
