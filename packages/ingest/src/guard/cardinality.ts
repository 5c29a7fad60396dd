// The guards of all tenants: their budgets and rules, what they tell, and what a page may ask of them.

import type { Telemetry } from '@oriel/model'
import { TenantGuard } from './guard.ts'
import type { CardinalityPolicy, SeriesRule } from './policy.ts'
import { budgetOf, DEFAULT_CARDINALITY_POLICY } from './policy.ts'

/** One metric as the guard sees it. */
export interface ActiveMetric {
  readonly metric: string
  /** Series that are stored as they come and had a sample within the last hour or so. */
  readonly series: number
  /** Series summed into others instead, in the same time. */
  readonly summed: number
  /** 0 for no limit. */
  readonly budget: number
  /** Labels that are summed over because the budget was passed. */
  readonly limited: readonly string[]
  /** The rule in force, if any. */
  readonly ruleId: string | undefined
  readonly sender: string
  /** Series met for the first time in each of the last hours (hours since 1970), the newest last. */
  readonly growth: readonly { readonly hour: number; readonly series: number }[]
}

/** What a tenant sends now, as this process has seen it. */
export interface ActiveSeries {
  readonly series: number
  /** 0 for no limit. */
  readonly maxSeries: number
  /** Metrics with the most series, summed ones included, most first. */
  readonly metrics: readonly ActiveMetric[]
}

/** Bounds the series of every tenant, and answers what they are. */
export class CardinalityGuard {
  #policy: CardinalityPolicy
  readonly #rules = new Map<string, readonly SeriesRule[]>()
  readonly #tenants = new Map<string, { guard: TenantGuard; activeSeries: () => number }>()
  readonly #meters: Meters
  readonly #telemetry: Telemetry
  readonly #shown = new Map<string, readonly string[]>()
  #toldMs = 0

  constructor(telemetry: Telemetry, policy: CardinalityPolicy = DEFAULT_CARDINALITY_POLICY) {
    this.#telemetry = telemetry
    this.#policy = policy
    this.#meters = makeMeters(telemetry)
  }

  /** Puts budgets in force, for what is known too. */
  setPolicy(policy: CardinalityPolicy): void {
    this.#policy = policy
    for (const [tenant, { guard }] of this.#tenants) guard.setBudget(budgetOf(policy, tenant))
  }

  /** Puts a tenant's rules in force from its next body on. */
  setRules(tenant: string, rules: readonly SeriesRule[]): void {
    this.#rules.set(tenant, rules)
    this.#tenants.get(tenant)?.guard.setRules(rules)
  }

  /** Makes the guard of a tenant's new dictionary. */
  open(tenant: string, nowMs: number): TenantGuard {
    const telemetry = this.#telemetry
    const guard = new TenantGuard(
      budgetOf(this.#policy, tenant),
      {
        limited: (event) =>
          telemetry.log('warn', 'a metric has passed its budget of series: it is summed over a label', { tenant, ...event }),
        lifted: (metric) => telemetry.log('info', 'a metric is within its budget of series again', { tenant, metric }),
      },
      nowMs,
    )
    guard.setRules(this.#rules.get(tenant) ?? [])
    return guard
  }

  /** Watches a tenant's dictionary, until `forget`. */
  watch(tenant: string, guard: TenantGuard, activeSeries: () => number): void {
    this.#tenants.set(tenant, { guard, activeSeries })
  }

  forget(tenant: string): void {
    this.#tenants.delete(tenant)
    this.#meters.active.set(0, { tenant })
    this.#showTop(tenant, [])
  }

  /** What a tenant sends now: the `limit` largest metrics, and all that are summed or dropped. */
  active(tenant: string, limit: number): ActiveSeries {
    const known = this.#tenants.get(tenant)
    const maxSeries = budgetOf(this.#policy, tenant).maxSeries
    if (known === undefined) return { series: 0, maxSeries, metrics: [] }
    const states = [...known.guard.states.all()].sort((a, b) => b.active + b.members - a.active - a.members)
    const metrics = states
      .filter((state, i) => i < limit || state.isRouted)
      .map((state) => ({
        metric: state.name,
        series: state.active,
        summed: state.members,
        budget: state.budget,
        limited: [...state.limited],
        ruleId: state.rule?.id,
        sender: state.sender,
        growth: [...state.growth],
      }))
    return { series: known.activeSeries(), maxSeries, metrics }
  }

  /** Labels that are summed over now because a budget was passed, by metric: what whoever queries it must be told. */
  limited(tenant: string): ReadonlyMap<string, readonly string[]> {
    const routed = this.#tenants.get(tenant)?.guard.routed ?? []
    return new Map(routed.filter(({ limited }) => limited.length > 0).map(({ name, limited }) => [name, [...limited]]))
  }

  /** Tells the meters; called after bodies, does something every few seconds. */
  tell(nowMs: number): void {
    if (nowMs - this.#toldMs < TELL_EVERY_MS) return
    this.#toldMs = nowMs
    for (const [tenant, { guard, activeSeries }] of this.#tenants) {
      this.#meters.active.set(activeSeries(), { tenant })
      if (guard.refused > 0) this.#meters.refused.add(guard.refused, { tenant })
      guard.refused = 0
      for (const state of guard.routed) {
        const label = state.limited.at(-1)
        if (state.untold > 0 && label !== undefined) this.#meters.limited.add(state.untold, { tenant, metric: state.name, label })
        if (state.untold > 0 && label === undefined) this.#meters.ruled.add(state.untold, { tenant, rule: state.rule?.id ?? '' })
        state.untold = 0
      }
      const top = this.active(tenant, TOP_METRICS).metrics.slice(0, TOP_METRICS)
      for (const { metric, series } of top) this.#meters.metric.set(series, { tenant, metric })
      this.#showTop(
        tenant,
        top.map(({ metric }) => metric),
      )
    }
  }

  /** Zero for the metrics that have left the top: a gauge cannot be taken back. */
  #showTop(tenant: string, metrics: readonly string[]): void {
    for (const metric of this.#shown.get(tenant) ?? [])
      if (!metrics.includes(metric)) this.#meters.metric.set(0, { tenant, metric })
    this.#shown.set(tenant, metrics)
  }
}

// 5 s: below any scrape interval.
const TELL_EVERY_MS = 5_000
// 10 a tenant: what an alert or a chart needs, without our own metrics becoming the exploding ones.
const TOP_METRICS = 10

interface Meters {
  readonly active: ReturnType<Telemetry['gauge']>
  readonly metric: ReturnType<Telemetry['gauge']>
  readonly limited: ReturnType<Telemetry['counter']>
  readonly ruled: ReturnType<Telemetry['counter']>
  readonly refused: ReturnType<Telemetry['counter']>
}

function makeMeters(telemetry: Telemetry): Meters {
  return {
    active: telemetry.gauge('oriel_series_active', 'Series that brought a sample within the last hour or so, by tenant'),
    metric: telemetry.gauge('oriel_metric_series_active', 'The same for the ten largest metrics of each tenant'),
    limited: telemetry.counter(
      'oriel_ingest_series_limited_total',
      'Series summed into others because their metric has passed its budget, by tenant, metric and label',
    ),
    ruled: telemetry.counter('oriel_ingest_series_ruled_total', 'Series summed, and samples dropped, by a rule'),
    refused: telemetry.counter('oriel_ingest_series_refused_total', 'Series refused because their tenant has as many as it may'),
  }
}
