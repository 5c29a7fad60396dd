import type { SeriesRuleAnswer, SeriesRuleDraft } from '@oriel/contract'
import type { CardinalityStore, MetricUse } from '@oriel/store'

/** A metric as the way in sees it. */
export interface ActiveMetricView {
  readonly metric: string
  readonly series: number
  readonly summed: number
  readonly budget: number
  readonly limited: readonly string[]
  readonly ruleId: string | undefined
  readonly sender: string
  readonly growth: readonly { readonly hour: number; readonly series: number }[]
}

/** What the APIs need to show and change how many series there are. */
export interface CardinalityView {
  readonly store: CardinalityStore
  /** What a tenant sends now: the `limit` largest metrics, and all that are limited or ruled. */
  readonly active: (
    tenant: string,
    limit: number,
  ) => { readonly series: number; readonly maxSeries: number; readonly metrics: readonly ActiveMetricView[] }
  /** Metrics and patterns that were queried since a day. */
  readonly uses: (tenant: string, sinceDay: number) => Promise<readonly MetricUse[]>
  readonly rules: {
    list(tenant: string): Promise<readonly SeriesRuleAnswer[]>
    history(tenant: string, id: string): Promise<readonly SeriesRuleAnswer[]>
    put(
      tenant: string,
      id: string,
      change: { readonly rule: SeriesRuleDraft; readonly author: string },
    ): Promise<SeriesRuleAnswer>
    remove(tenant: string, id: string, author: string): Promise<SeriesRuleAnswer>
    undo(tenant: string, id: string, author: string): Promise<SeriesRuleAnswer>
  }
}
