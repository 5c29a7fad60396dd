/** What is known about a metric when somebody picks it from the list. */
export interface PickedMetric {
  readonly name: string
  /** As its sender said: counter, gauge, histogram, summary, unknown. */
  readonly type: string
}

/** A first query for a metric: rates for what only rises, a quantile for histograms, the value for the rest. */
export function suggestQuery(
  { name, type }: PickedMetric,
  { by = '', rangeText = '5m' }: { readonly by?: string; readonly rangeText?: string } = {},
): string {
  const metric = /^[a-zA-Z_:][\w:]*$/.test(name) ? name : `{${JSON.stringify(name)}}`
  if (name.endsWith('_bucket')) {
    const labels = by === '' ? 'le' : `le, ${by}`
    return `histogram_quantile(0.95, sum by (${labels}) (rate(${metric}[${rangeText}])))`
  }
  const isCounter = type === 'counter' || /_(total|count|sum)$/.test(name)
  const value = isCounter ? `rate(${metric}[${rangeText}])` : metric
  if (by === '') return value
  return `${isCounter ? 'sum' : 'avg'} by (${by}) (${value})`
}

/** How a query's values read, by the base units that Prometheus's naming asks for. */
export function unitOf(query: string): 'bytes' | 'bytesPerSecond' | 'seconds' | 'ratio' | 'number' {
  const isRate = /\b(rate|irate|deriv)\(/.test(query)
  if (/^\s*histogram_quantile\(/.test(query))
    return /_seconds/.test(query) ? 'seconds' : /_bytes/.test(query) ? 'bytes' : 'number'
  // Arithmetic between two things has a unit of its own, which names do not tell.
  if (/[)\w}\]]\s*[*/]\s*[\w(]/.test(query)) return 'number'
  if (/_bytes(_total|_sum)?\b/.test(query)) return isRate ? 'bytesPerSecond' : 'bytes'
  if (/_seconds\b/.test(query) && !isRate) return 'seconds'
  return /_ratio\b/.test(query) ? 'ratio' : 'number'
}

/** The metric that a suggested query is about, `undefined` for any other query. */
export function metricOf(query: string): string | undefined {
  const quoted = /\{"((?:[^"\\]|\\.)*)"\}/.exec(query)?.[1]
  if (quoted !== undefined) return quoted
  return /(?:rate\(|\(|^)([a-zA-Z_:][\w:]*)(?:\[|\)|\{|$)/.exec(
    query.replace(/^histogram_quantile\([\d.]+, /, '').replace(/by \([^)]*\)/, ''),
  )?.[1]
}
