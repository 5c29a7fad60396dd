import type { Label } from '@oriel/model'
import { labelsKey, labelValue, makeLabels, METRIC_NAME } from '@oriel/model'
import { decodeTextSeries, TextScanner } from '@oriel/wire'
import { CliError } from './errors.ts'

/** A metric as a target exposes it: its series, those of a histogram or summary taken together. */
export interface MetricFamily {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary' | 'untyped'
  readonly hasHelp: boolean
  /** Names of labels of each metric, in order. */
  readonly metrics: readonly { readonly key: string; readonly labelNames: readonly string[] }[]
  /** Metrics that are there more than once. */
  readonly hasDuplicates: boolean
  /** Series that a scrape stores, as promtool counts them: buckets of the first metric stand for all. */
  readonly cardinality: number
}

interface Draft {
  type: MetricFamily['type']
  hasHelp: boolean
  readonly metrics: Map<string, { readonly key: string; readonly labelNames: readonly string[]; parts: number; count: number }>
}

/** Reads exposition text, families in order of appearance. Throws `WireError` or `CliError` for text that is none. */
export function readFamilies(bytes: Uint8Array): MetricFamily[] {
  const families = new Map<string, Draft>()
  const familyOf = (name: string): Draft => {
    let family = families.get(name)
    if (family === undefined) families.set(name, (family = { type: 'untyped', hasHelp: false, metrics: new Map() }))
    return family
  }
  checkStrictly(new TextDecoder().decode(bytes))
  const scanner = new TextScanner(bytes, { isOpenMetrics: false })
  for (let line = scanner.next(); line !== 'end'; line = scanner.next()) {
    if (line === 'help') familyOf(scanner.metric).hasHelp = true
    else if (line === 'type') familyOf(scanner.metric).type = typeOf(scanner.metricType)
    else if (line === 'sample') {
      scanner.scanSeries()
      const labels = decodeTextSeries(scanner.bytes, scanner.seriesStart, scanner.seriesEnd)
      scanner.scanValue()
      addSample(families, familyOf, labels)
    }
  }
  return [...families].filter(([, { metrics }]) => metrics.size > 0).map(([name, draft]) => familyOfDraft(name, draft))
}

/** What the text format forbids and a scrape overlooks. Source: prometheus/common expfmt text_parse.go. */
function checkStrictly(text: string): void {
  for (const [i, line] of text.split('\n').entries()) {
    if (line.startsWith('#')) continue
    const close = line.lastIndexOf('}')
    const [, time] =
      close < 0
        ? line.trim().split(/\s+/).slice(1)
        : line
            .slice(close + 1)
            .trim()
            .split(/\s+/)
    const fail = (what: string) => new CliError('CLI_BAD_ARGUMENT', `text format parsing error in line ${i + 1}: ${what}`)
    if (time !== undefined && !/^[+-]?\d+$/.test(time)) throw fail(`expected integer as timestamp, got ${JSON.stringify(time)}`)
    if (/[{,]\s*__name__\s*=/.test(line)) throw fail('label name "__name__" is reserved')
  }
}

function typeOf(type: string): MetricFamily['type'] {
  return type === 'counter' || type === 'gauge' || type === 'histogram' || type === 'summary' ? type : 'untyped'
}

function addSample(families: ReadonlyMap<string, Draft>, familyOf: (name: string) => Draft, labels: readonly Label[]): void {
  const name = labelValue(labels, METRIC_NAME)
  const base = name.replace(/_(?:bucket|sum|count)$/, '')
  const composed = families.get(base)
  const isPart = base !== name && (composed?.type === 'histogram' || (composed?.type === 'summary' && !name.endsWith('_bucket')))
  const family = isPart && composed !== undefined ? composed : familyOf(name)
  const bound = family.type === 'histogram' ? 'le' : family.type === 'summary' ? 'quantile' : ''
  const own = makeLabels(
    labels.filter((label) => label.name !== METRIC_NAME && label.name !== bound).map((label) => [label.name, label.value]),
  )
  const key = labelsKey(own)
  const metric = family.metrics.get(key) ?? { key, labelNames: own.map((label) => label.name), parts: 0, count: 0 }
  family.metrics.set(key, metric)
  if (labelValue(labels, bound) === '') metric.count++
  else metric.parts++
}

function familyOfDraft(name: string, { type, hasHelp, metrics }: Draft): MetricFamily {
  const all = [...metrics.values()]
  const isComposed = type === 'histogram' || type === 'summary'
  // A sum and a count each, and the buckets or quantiles.
  const cardinality = isComposed ? all.length * (2 + (all[0]?.parts ?? 0)) : all.reduce((sum, { count }) => sum + count, 0)
  return { name, type, hasHelp, metrics: all, hasDuplicates: !isComposed && all.some(({ count }) => count > 1), cardinality }
}
