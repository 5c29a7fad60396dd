/** One metric in the list of GET /api/oriel/cardinality. */
export interface CardinalityMetric {
  readonly metric: string
  /** Series stored on the days that the range touches. */
  readonly series: number
  /** Series that brought a sample within the last hour or so and are stored as they come. */
  readonly active: number
  /** Series that came in the same time and are summed into others. */
  readonly summed: number
  /** The most active series it may have, 0 for no limit. */
  readonly budget: number
  /** Labels that are summed over because the budget was passed. */
  readonly limited: readonly string[]
  /** The rule in force. */
  readonly ruleId?: string
  /** Who brought its newest series, '' when nobody has since the start. */
  readonly sender: string
  /** Series met for the first time in each of the last 24 hours, the newest last. */
  readonly growth: readonly number[]
  /** The day (ms since 1970) of its last query, absent for none in the last 30 days. */
  readonly lastQueriedMs?: number
}

/** A name and how many. */
export interface CardinalityCountAnswer {
  readonly name: string
  readonly count: number
}

/** GET /api/oriel/cardinality?from=&to=&limit=: how many series there are, and of which metrics. */
export interface CardinalityAnswer {
  readonly startMs: number
  readonly endMs: number
  /** Series stored on the days that the range touches. */
  readonly series: number
  readonly active: number
  /** The most active series the tenant may have, 0 for no limit. */
  readonly maxSeries: number
  /** The largest first, by stored or arriving series; those that are limited or ruled are always among them. */
  readonly metrics: readonly CardinalityMetric[]
}

/** GET /api/oriel/cardinality/labels?from=&to=&limit=: what the labels of all series are. */
export interface LabelCardinalityAnswer {
  /** Different values of each label, the most first. */
  readonly labels: readonly CardinalityCountAnswer[]
  /** Label pairs that most series have. */
  readonly pairs: readonly { readonly name: string; readonly value: string; readonly count: number }[]
  /** Pairs are counted on one series in so many. */
  readonly pairsSampledBy: number
}

/** GET /api/oriel/cardinality/metric?metric=&from=&to=&limit=: one metric taken apart. */
export interface MetricCardinalityAnswer {
  readonly metric: string
  readonly series: number
  readonly labels: readonly {
    readonly name: string
    readonly values: number
    readonly top: readonly { readonly value: string; readonly series: number }[]
  }[]
  /** Series on each day (ms since 1970) that has any, over the last 14 days of the range. */
  readonly days: readonly { readonly dayMs: number; readonly series: number }[]
}

/** What a rule does with the metrics it is about. */
export type SeriesRuleAction = 'drop' | 'drop_labels' | 'keep_labels'

/** A rule about series, as it is asked for. */
export interface SeriesRuleDraft {
  readonly action: SeriesRuleAction
  /** A metric's name, or an anchored RE2 pattern of names. */
  readonly metric: string
  readonly isPattern: boolean
  /** Labels to drop or to keep; none with `drop`. */
  readonly labels: readonly string[]
}

/** A rule in force, or a version of it. */
export interface SeriesRuleAnswer extends SeriesRuleDraft {
  readonly id: string
  readonly version: number
  readonly author: string
  readonly atMs: number
  readonly isDeleted: boolean
}

/**
 * GET /api/oriel/cardinality/rules. PUT .../rules/{id}?action=&metric=&pattern=&labels= (repeated) sets one, DELETE .../rules/{id}
 * takes it back, PUT .../rules/{id}/undo returns to the version before; all three answer `SeriesRuleAnswer`.
 * GET .../rules/{id}/history answers all its versions, the newest first.
 */
export interface SeriesRulesAnswer {
  readonly rules: readonly SeriesRuleAnswer[]
}

/** GET /api/oriel/cardinality/preview?action=&metric=&pattern=&labels=&from=&to=: what a rule would save. */
export interface RulePreviewAnswer {
  /** Metrics that the rule is about. */
  readonly metrics: readonly string[]
  readonly before: number
  readonly after: number
}
