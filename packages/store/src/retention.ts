import type { Matcher } from '@oriel/model'

/** How long series that hold all matchers are kept. 0 keeps them for ever. */
export interface RetentionRule {
  readonly matchers: readonly Matcher[]
  readonly keepMs: number
}

/** How long one tenant's metrics are kept: the first rule that matches a series counts, else `keepMs` (0: for ever). */
export interface TenantRetention {
  readonly keepMs: number
  readonly rules: readonly RetentionRule[]
}

/** How long everybody's metrics are kept. */
export interface RetentionPolicy {
  readonly fallback: TenantRetention
  readonly tenants: ReadonlyMap<string, TenantRetention>
}

/** Samples that are past their time: of one tenant under one rule. */
export interface ExpiredSamples {
  readonly tenant: string
  /** The rule's matchers; none for the tenant's own time. */
  readonly matchers: readonly Matcher[]
  readonly keepMs: number
  /** Everything up to and including this day (days since 1970) goes. */
  readonly lastDay: number
  readonly samples: number
}

/** What is past its time. */
export interface RetentionReport {
  /** Days that are dropped whole, for every tenant; their samples (those deleted before included) are not among `expired`. */
  readonly days: readonly { readonly day: number; readonly samples: number }[]
  readonly expired: readonly ExpiredSamples[]
}
