import type { Matcher } from '@oriel/model'
import { compileMatcher } from '@oriel/model'

/** How many active series a tenant may have. A series is active when it brought a sample within the last hour or so. */
export interface SeriesBudget {
  /** Over all metrics; past it new series are refused and the old ones go on. 0 for no limit. */
  readonly maxSeries: number
  /** Of one metric; past it new series are summed without the label that has grown most. 0 for no limit. */
  readonly maxSeriesPerMetric: number
  /** Budgets of single metrics, the first whose matchers (of `__name__`) hold wins. */
  readonly metrics: readonly MetricBudget[]
}

/** The budget of the metrics that matchers of `__name__` choose. */
export interface MetricBudget {
  readonly matchers: readonly Matcher[]
  readonly maxSeries: number
}

/** Budgets of all tenants: their own, or the default. */
export interface CardinalityPolicy {
  readonly fallback: SeriesBudget
  readonly tenants: ReadonlyMap<string, SeriesBudget>
}

/** What an operator has said about a metric's series. Applied to everything that arrives, whatever door it comes through. */
export interface SeriesRule {
  readonly id: string
  /** `drop` leaves the metric out; the others store it summed over the labels that go. */
  readonly action: 'drop' | 'drop_labels' | 'keep_labels'
  /** The metrics meant, by matchers of `__name__`. */
  readonly matchers: readonly Matcher[]
  /** Labels to drop or to keep; none with `drop`. */
  readonly labels: readonly string[]
}

export const DEFAULT_SERIES_BUDGET: SeriesBudget = {
  // 2M series are about 700 MB here: past that one process serves its queries badly, and the sender should hear of it.
  maxSeries: 2_000_000,
  // 200,000: the largest metrics of a large cluster (API server buckets) stay below; a user id in a label passes it in minutes.
  maxSeriesPerMetric: 200_000,
  metrics: [],
}

export const DEFAULT_CARDINALITY_POLICY: CardinalityPolicy = { fallback: DEFAULT_SERIES_BUDGET, tenants: new Map() }

/** The budget of `tenant`. */
export function budgetOf({ fallback, tenants }: CardinalityPolicy, tenant: string): SeriesBudget {
  return tenants.get(tenant) ?? fallback
}

/** The most active series that `metric` may have, 0 for no limit. */
export function metricBudget({ metrics, maxSeriesPerMetric }: SeriesBudget, metric: string): number {
  return metrics.find(({ matchers }) => matchesName(matchers, metric))?.maxSeries ?? maxSeriesPerMetric
}

/** The first rule about `metric`. */
export function ruleOf(rules: readonly SeriesRule[], metric: string): SeriesRule | undefined {
  return rules.find(({ matchers }) => matchesName(matchers, metric))
}

function matchesName(matchers: readonly Matcher[], metric: string): boolean {
  return matchers.every((matcher) => compileMatcher(matcher)(metric))
}
