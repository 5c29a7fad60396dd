import type { PromqlFeatures } from '@oriel/promql'
import { featuresOfFlags } from '@oriel/promql/syntax'

/** How PromQL is read and evaluated, for every query that does not say otherwise. */
export interface PromQLSettings {
  readonly features: PromqlFeatures
  /** How far back an instant selector looks. */
  readonly lookbackMs: number
  /** The step of a subquery that names none: Prometheus's `evaluation_interval`. */
  readonly subqueryStepMs: number
}

// 5 minutes and 1 minute: Prometheus's defaults of --query.lookback-delta and evaluation_interval.
export const DEFAULT_PROMQL_SETTINGS: PromQLSettings = {
  features: featuresOfFlags([]),
  lookbackMs: 300_000,
  subqueryStepMs: 60_000,
}

/**
 * What comes of a flag here: `works` does what it does there, `always` is on without it, `nothing` is about Prometheus's own insides,
 * `unbuilt` would change answers and is not there yet.
 */
export type FlagEffect = 'works' | 'always' | 'nothing' | 'unbuilt'

/** What Prometheus 3.14 takes for `--enable-feature`. Source: its cmd/prometheus/main.go setFeatureListOptions. */
export const PROMETHEUS_FLAGS: Readonly<Record<string, FlagEffect>> = {
  'promql-experimental-functions': 'works',
  'promql-extended-range-selectors': 'works',
  'promql-binop-fill-modifiers': 'works',
  'promql-delayed-name-removal': 'works',
  'promql-per-step-stats': 'works',
  'search-api': 'works',
  'use-start-timestamps': 'works',
  'type-and-unit-labels': 'works',
  'promql-duration-expr': 'always',
  'exemplar-storage': 'always',
  'metadata-wal-records': 'always',
  'native-histograms': 'always',
  'ooo-native-histograms': 'always',
  'memory-snapshot-on-shutdown': 'nothing',
  'delayed-compaction': 'nothing',
  'use-uncached-io': 'nothing',
  'xor2-encoding': 'nothing',
  'histograms-st-encoding': 'nothing',
  'fast-startup': 'nothing',
  'old-ui': 'nothing',
  'auto-reload-config': 'works',
  'concurrent-rule-eval': 'works',
  'created-timestamp-zero-ingestion': 'works',
  'extra-scrape-metrics': 'works',
  'otlp-deltatocumulative': 'works',
  'otlp-native-delta-ingestion': 'works',
  'st-storage': 'works',
  'st-synthesis': 'unbuilt',
}

/** What to tell somebody who turned flags on that change nothing here; empty when all is well. */
export function flagNotes(flags: Iterable<string>): string[] {
  const notes: string[] = []
  for (const flag of flags) {
    const effect = Object.hasOwn(PROMETHEUS_FLAGS, flag) ? PROMETHEUS_FLAGS[flag] : undefined
    if (effect === undefined) notes.push(`${flag}: Prometheus 3.14 has no such feature flag, it changes nothing`)
    if (effect === 'unbuilt') notes.push(`${flag}: not built yet, it changes nothing`)
    if (effect === 'nothing') notes.push(`${flag}: it is about the insides of Prometheus and changes nothing here`)
  }
  return notes
}
