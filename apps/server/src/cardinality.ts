import type { CardinalityView } from '@oriel/api'
import type { CardinalityPolicy, SeriesRules } from '@oriel/ingest'
import { CardinalityGuard, openSeriesRules } from '@oriel/ingest'
import type { Telemetry } from '@oriel/model'
import type { SelectedMetric } from '@oriel/query'
import { MetricUses } from '@oriel/query'
import type { Store } from '@oriel/store'

/** What keeps the number of series in bounds, and tells of it, put together. */
export interface Cardinality {
  readonly guard: CardinalityGuard
  readonly rules: SeriesRules
  readonly view: CardinalityView
  /** Notes that a query was asked; returns what its asker should know of the metrics it names. */
  readonly watch: (tenants: readonly string[], metrics: readonly SelectedMetric[]) => readonly string[]
  close(): Promise<void>
}

/** Opens the guard of series with its rules. Rules are in force once `rules.load` has resolved. */
export function openCardinality({
  store,
  telemetry,
  policy,
}: {
  readonly store: Store
  readonly telemetry: Telemetry
  readonly policy: CardinalityPolicy
}): Cardinality {
  const guard = new CardinalityGuard(telemetry, policy)
  const rules = openSeriesRules(store.state, guard)
  const uses = new MetricUses({ store: store.cardinality, telemetry })
  return {
    guard,
    rules,
    view: {
      store: store.cardinality,
      active: (tenant, limit) => guard.active(tenant, limit),
      uses: async (tenant, sinceDay) => [...(await store.cardinality.uses(tenant, sinceDay)), ...uses.pending(tenant)],
      rules,
    },
    watch(tenants, metrics) {
      uses.note(tenants, metrics)
      return tenants.flatMap((tenant) => limitedAmong(guard.limited(tenant), metrics))
    },
    close: () => uses.close(),
  }
}

function limitedAmong(limited: ReadonlyMap<string, readonly string[]>, metrics: readonly SelectedMetric[]): string[] {
  if (limited.size === 0) return []
  return metrics.flatMap(({ metric, isPattern }) => {
    const labels = isPattern ? undefined : limited.get(metric)
    if (labels === undefined) return []
    return [
      `${metric} has more series than its budget: new ones are summed over ${labels.join(', ')}, as ${labels[0] ?? ''}="__overflow__"`,
    ]
  })
}
