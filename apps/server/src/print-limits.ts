import type { CardinalityPolicy, SeriesBudget } from '@oriel/ingest'
import type { RetentionPolicy, TenantRetention } from '@oriel/store'
import { printMatchers, printPromDuration } from '@oriel/syntax'

/** Budgets of series as oriel.yaml writes them. */
export function printCardinality({ fallback, tenants }: CardinalityPolicy): object {
  return { ...printBudget(fallback), tenants: byTenant(tenants, printBudget) }
}

/** Times of retention as oriel.yaml writes them. */
export function printRetention({ fallback, tenants }: RetentionPolicy): object {
  const { metrics, ...own } = printTimes(fallback)
  return { ...(fallback.keepMs > 0 && own), metrics, tenants: byTenant(tenants, printTimes) }
}

function printBudget({ maxSeries, maxSeriesPerMetric, metrics }: SeriesBudget) {
  return {
    max_series: maxSeries,
    max_series_per_metric: maxSeriesPerMetric,
    metrics: metrics.map((budget) => ({ match: printMatchers(budget.matchers), max_series: budget.maxSeries })),
  }
}

function printTimes({ keepMs, rules }: TenantRetention) {
  const print = (ms: number): string => (ms === 0 ? 'forever' : printPromDuration(ms))
  return {
    default: print(keepMs),
    metrics: rules.map((rule) => ({ match: printMatchers(rule.matchers), keep: print(rule.keepMs) })),
  }
}

function byTenant<Value>(values: ReadonlyMap<string, Value>, print: (value: Value) => object): object {
  return Object.fromEntries([...values].map(([tenant, value]) => [tenant, print(value)]))
}
