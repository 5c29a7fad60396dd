import { isBareMetricName, parse, walk } from '@oriel/promql/syntax'

/** What is known about a metric when somebody picks it from the list. */
export interface PickedMetric {
  readonly name: string
  /** As its sender said: counter, gauge, histogram, summary, unknown. */
  readonly type: string
}

/** How a metric's samples are to be read. `classic` histograms are series of buckets, `native` ones are whole samples. */
export type MetricKind = 'counter' | 'gauge' | 'classic' | 'native'

/** A condition on a label. */
export interface LabelFilter {
  readonly name: string
  readonly op: FilterOp
  readonly value: string
}

export const FILTER_OPS = ['=', '!=', '=~', '!~'] as const
export type FilterOp = (typeof FILTER_OPS)[number]

/** A metric looked at without writing a query. */
export interface MetricView {
  readonly metric: PickedMetric
  readonly filters: readonly LabelFilter[]
  /** The label to break down by, '' for none. */
  readonly by: string
  /** One of `functionsOf`; anything else is the first. */
  readonly fn: string
  /** The window of rates. */
  readonly rangeText: string
}

/** What the metric is, by its type where its sender told one, else by its name. */
export function kindOf({ name, type }: PickedMetric): MetricKind {
  if (name.endsWith('_bucket')) return 'classic'
  if (type === 'histogram' && !/_(count|sum)$/.test(name)) return 'native'
  if (type === 'counter' || /_(total|count|sum)$/.test(name)) return 'counter'
  return 'gauge'
}

const FUNCTIONS: Readonly<Record<MetricKind, readonly string[]>> = {
  counter: ['rate', 'increase', 'value'],
  gauge: ['avg', 'min', 'max', 'sum', 'count'],
  classic: ['p95', 'p50', 'p99', 'avg', 'rate', 'heatmap'],
  native: ['p95', 'p50', 'p99', 'avg', 'rate', 'heatmap'],
}

/** The ways to look at a metric, the default first. */
export function functionsOf(metric: PickedMetric): readonly string[] {
  return FUNCTIONS[kindOf(metric)]
}

/** The PromQL of a view: rates for what only rises, quantiles for histograms, the value for the rest; in groups of `by`. */
export function viewQuery(view: MetricView): string {
  const { metric, by, rangeText } = view
  const fns = functionsOf(metric)
  const fn = fns.includes(view.fn) ? view.fn : (fns[0] ?? '')
  const labels = by === '' ? [] : [printName(by)]
  const selector = printSelector(metric.name, view.filters)
  switch (kindOf(metric)) {
    case 'counter': {
      const inner = fn === 'value' ? selector : `${fn}(${selector}[${rangeText}])`
      return `sum${grouping(labels)}(${inner})`
    }
    case 'gauge':
      return `${fn}${grouping(labels)}(${selector})`
    case 'classic':
      return classicQuery(fn, { ...view, labels })
    case 'native': {
      const rates = `sum${grouping(labels)}(rate(${selector}[${rangeText}]))`
      const ratio = QUANTILES[fn]
      if (ratio !== undefined) return `histogram_quantile(${ratio}, ${rates})`
      return fn === 'heatmap' ? rates : `histogram_${fn === 'avg' ? 'avg' : 'count'}(${rates})`
    }
  }
}

const QUANTILES: Readonly<Record<string, number>> = { p50: 0.5, p95: 0.95, p99: 0.99 }

function classicQuery(
  fn: string,
  { metric, filters, rangeText, labels }: MetricView & { readonly labels: readonly string[] },
): string {
  const family = metric.name.replace(/_bucket$/, '')
  const rateOf = (suffix: string, by: readonly string[]): string =>
    `sum${grouping(by)}(rate(${printSelector(family + suffix, filters)}[${rangeText}]))`
  const ratio = QUANTILES[fn]
  if (ratio !== undefined) return `histogram_quantile(${ratio}, ${rateOf('_bucket', ['le', ...labels])})`
  if (fn === 'heatmap') return rateOf('_bucket', ['le', ...labels])
  return fn === 'avg' ? `${rateOf('_sum', labels)} / ${rateOf('_count', labels)}` : rateOf('_count', labels)
}

function grouping(labels: readonly string[]): string {
  return labels.length === 0 ? '' : ` by (${labels.join(', ')}) `
}

/** `name{a="b"}` as PromQL reads it, names in quotes where they need them. */
export function printSelector(name: string, filters: readonly LabelFilter[]): string {
  const matchers = filters.map(({ name: label, op, value }) => `${printName(label)}${op}${JSON.stringify(value)}`)
  if (isBareMetricName(name)) return matchers.length === 0 ? name : `${name}{${matchers.join(', ')}}`
  return `{${[JSON.stringify(name), ...matchers].join(', ')}}`
}

function printName(name: string): string {
  return /^[a-zA-Z_]\w*$/.test(name) ? name : JSON.stringify(name)
}

/** The filters of the URL's `f`; what cannot be read is left out. */
export function readFilters(texts: readonly string[]): LabelFilter[] {
  return texts.flatMap((text) => {
    const [name = '', op = '', ...rest] = text.split('|')
    const known = FILTER_OPS.find((one) => one === op)
    return name === '' || known === undefined ? [] : [{ name, op: known, value: rest.join('|') }]
  })
}

/** A filter as the URL's `f` holds it. */
export function printFilter({ name, op, value }: LabelFilter): string {
  return `${name}|${op}|${value}`
}

// 5 min: holds four scrapes even at Prometheus's default of a minute, so that one that fails leaves no gap.
const LEAST_WINDOW_MS = 300_000

/** The window of rates for a step: no shorter than the step, or samples between two steps would count for nothing. */
export function rateWindow(stepMs: number): string {
  const ms = Math.max(LEAST_WINDOW_MS, stepMs)
  for (const [unit, unitMs] of WINDOW_UNITS) if (ms % unitMs === 0) return `${ms / unitMs}${unit}`
  return `${Math.ceil(ms / 1_000)}s`
}

const WINDOW_UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
] as const

/** How a query's values read, by the base units that Prometheus's naming asks for. */
export function unitOf(query: string): 'bytes' | 'bytesPerSecond' | 'seconds' | 'ratio' | 'number' {
  const isRate = /\b(rate|irate|deriv)\(/.test(query)
  if (/^\s*histogram_(quantile|avg)\(/.test(query))
    return /_seconds/.test(query) ? 'seconds' : /_bytes/.test(query) ? 'bytes' : 'number'
  if (/^\s*(histogram_count|count)\b/.test(query)) return 'number'
  // A mean of a classic histogram: what its sum has, divided by a number of observations.
  if (/_sum\b.*\/.*_count\b/s.test(query))
    return /_seconds_sum\b/.test(query) ? 'seconds' : /_bytes_sum\b/.test(query) ? 'bytes' : 'number'
  // Arithmetic between two things has a unit of its own, which names do not tell.
  if (/[)\w}\]]\s*[*/]\s*[\w(]/.test(query)) return 'number'
  if (/_bytes(_total|_sum)?\b/.test(query)) return isRate ? 'bytesPerSecond' : 'bytes'
  if (/_seconds\b/.test(query) && !isRate) return 'seconds'
  return /_ratio\b/.test(query) ? 'ratio' : 'number'
}

/** The metric that a query is about and the conditions on it, `undefined` unless it is about one. */
export function metricOf(query: string): { readonly name: string; readonly filters: readonly LabelFilter[] } | undefined {
  const { ast } = parse(query)
  if (ast === undefined) return undefined
  const found = new Map<string, readonly LabelFilter[]>()
  walk(ast, (expr) => {
    if (expr.kind !== 'vectorSelector') return
    const name = expr.name || (expr.matchers.find((matcher) => matcher.name === '__name__' && matcher.op === '=')?.value ?? '')
    found.set(
      name,
      expr.matchers
        .filter((matcher) => matcher.name !== '__name__')
        .map(({ name: label, op, value }) => ({ name: label, op, value })),
    )
  })
  const [only] = found
  return found.size === 1 && only !== undefined && only[0] !== '' ? { name: only[0], filters: only[1] } : undefined
}
