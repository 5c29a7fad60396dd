import type { TelemetryLabels } from '@oriel/model'
import type { HistogramPoint, MetricExemplar, MetricFamily } from './metrics.ts'

/** The two text formats that scrapers ask for. */
export type ExpositionFormat = 'text' | 'openmetrics'

export const EXPOSITION_TYPES: Readonly<Record<ExpositionFormat, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores',
}

/** The format that an `Accept` header prefers; text unless OpenMetrics is named. */
export function expositionFormatOf(accept: string): ExpositionFormat {
  return accept.includes('application/openmetrics-text') ? 'openmetrics' : 'text'
}

/** Prints metrics for a scraper. Exemplars appear in OpenMetrics alone, the text format has none. */
export function printExposition(families: readonly MetricFamily[], format: ExpositionFormat): string {
  let text = ''
  for (const family of families) text += printFamily(family, format)
  return format === 'openmetrics' ? `${text}# EOF\n` : text
}

/** A double as Prometheus prints it: `+Inf`, `-Inf`, `NaN`, shortest digits otherwise. */
export function printNumber(value: number): string {
  if (value === Infinity) return '+Inf'
  return value === -Infinity ? '-Inf' : String(value)
}

function printFamily(family: MetricFamily, format: ExpositionFormat): string {
  // OpenMetrics names the family without the suffix that its samples carry.
  const base = format === 'openmetrics' && family.kind === 'counter' ? family.name.replace(/_total$/, '') : family.name
  let text = `# HELP ${base} ${escapeHelp(family.help)}\n# TYPE ${base} ${family.kind}\n`
  if (family.kind === 'histogram') {
    for (const point of family.points.values()) text += printHistogram(family.name, family.buckets, point, format)
    return text
  }
  const name = format === 'openmetrics' && family.kind === 'counter' ? `${base}_total` : family.name
  for (const point of family.points.values()) text += `${name}${printLabels(point.labels)} ${printNumber(point.value)}\n`
  return text
}

function printHistogram(name: string, buckets: readonly number[], point: HistogramPoint, format: ExpositionFormat): string {
  let text = ''
  let below = 0
  for (let i = 0; i <= buckets.length; i++) {
    below += point.counts[i]!
    const bound = i === buckets.length ? '+Inf' : printNumber(buckets[i]!)
    const exemplar = format === 'openmetrics' ? printExemplar(point.exemplars[i]) : ''
    text += `${name}_bucket${printLabels({ ...point.labels, le: bound })} ${below}${exemplar}\n`
  }
  const labels = printLabels(point.labels)
  return `${text}${name}_sum${labels} ${printNumber(point.sum)}\n${name}_count${labels} ${point.count}\n`
}

function printExemplar(exemplar: MetricExemplar | undefined): string {
  if (exemplar === undefined) return ''
  const labels = printLabels({ trace_id: exemplar.traceId, span_id: exemplar.spanId })
  return ` # ${labels} ${printNumber(exemplar.value)} ${exemplar.tMs / 1_000}`
}

function printLabels(labels: TelemetryLabels): string {
  const entries = Object.entries(labels)
  if (entries.length === 0) return ''
  return `{${entries.map(([name, value]) => `${name}="${escapeValue(value)}"`).join(',')}}`
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}

function escapeValue(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"')
}
