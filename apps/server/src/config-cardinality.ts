import type { CardinalityPolicy, MetricBudget, SeriesBudget } from '@oriel/ingest'
import { DEFAULT_SERIES_BUDGET } from '@oriel/ingest'
import type { Matcher } from '@oriel/model'
import { METRIC_NAME } from '@oriel/model'
import { isPlainMetricName, parseMatchers } from '@oriel/syntax'
import type { ConfigValues } from './config-values.ts'

/** Budgets of series, from `cardinality`. Throws SERVER_BAD_CONFIG. */
export function cardinalityPolicy(values: ConfigValues): CardinalityPolicy {
  const refuse = (why: string, key = 'cardinality'): never => values.refuse(key, why)
  const fallback: SeriesBudget = {
    maxSeries: values.count('cardinality.max_series') ?? DEFAULT_SERIES_BUDGET.maxSeries,
    maxSeriesPerMetric: values.count('cardinality.max_series_per_metric') ?? DEFAULT_SERIES_BUDGET.maxSeriesPerMetric,
    metrics: readBudgets(values.any('cardinality.metrics') ?? [], (why) => refuse(why, 'cardinality.metrics')),
  }
  const key = 'cardinality.tenants'
  const tenants = readMap(values.any(key) ?? {}, (why) => refuse(why, key))
  return {
    fallback,
    tenants: new Map(
      Object.entries(tenants).map(([tenant, value]): [string, SeriesBudget] => {
        return [tenant, readBudget(value, fallback, (why) => refuse(`${tenant}: ${why}`, key))]
      }),
    ),
  }
}

type Refuse = (why: string) => never

const BUDGET_KEYS = ['max_series', 'max_series_per_metric', 'metrics']

function readBudget(value: unknown, fallback: SeriesBudget, refuse: Refuse): SeriesBudget {
  const map = readMap(value, refuse)
  checkKeys(map, BUDGET_KEYS, refuse)
  return {
    maxSeries: readCount(map['max_series'], refuse) ?? fallback.maxSeries,
    maxSeriesPerMetric: readCount(map['max_series_per_metric'], refuse) ?? fallback.maxSeriesPerMetric,
    metrics: map['metrics'] === undefined ? fallback.metrics : readBudgets(map['metrics'], refuse),
  }
}

function readBudgets(value: unknown, refuse: Refuse): MetricBudget[] {
  if (!Array.isArray(value)) return refuse('it must be a list of { match, max_series }')
  return value.map((entry: unknown) => {
    const map = readMap(entry, refuse)
    checkKeys(map, ['match', 'max_series'], refuse)
    const { match } = map
    const maxSeries = readCount(map['max_series'], refuse)
    if (typeof match !== 'string' || maxSeries === undefined) return refuse('every entry needs match and max_series')
    const matchers = readSelector(match, refuse)
    if (matchers.some(({ name }) => name !== METRIC_NAME))
      return refuse(`${match}: a budget is of whole metrics, match ${METRIC_NAME} alone`)
    return { matchers, maxSeries }
  })
}

/** Matchers of a metric name or of a selector in braces. */
export function readSelector(text: string, refuse: Refuse): readonly Matcher[] {
  if (isPlainMetricName(text)) return [{ name: METRIC_NAME, op: '=', value: text }]
  const { matchers, errors, end } = parseMatchers(text, 0)
  const [error] = errors
  if (text.startsWith('{') && error !== undefined) return refuse(`${text}: ${error.message}`)
  if (!text.startsWith('{') || end < text.length || matchers.length === 0)
    return refuse(`${JSON.stringify(text)} is neither a metric's name nor a selector such as {__name__=~"debug_.*"}`)
  return matchers
}

/** A map of YAML. */
export function readMap(value: unknown, refuse: Refuse): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : refuse('it must be a map')
}

/** Refuses keys that mean nothing. */
export function checkKeys(map: Readonly<Record<string, unknown>>, known: readonly string[], refuse: Refuse): void {
  for (const key of Object.keys(map)) if (!known.includes(key)) refuse(`unknown key ${key}, known are ${known.join(', ')}`)
}

function readCount(value: unknown, refuse: Refuse): number | undefined {
  if (value === undefined || value === null) return undefined
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
    ? value
    : refuse(`${JSON.stringify(value)} is not a whole number`)
}
