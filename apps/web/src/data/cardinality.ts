import type {
  CardinalityAnswer,
  LabelCardinalityAnswer,
  MetricCardinalityAnswer,
  RulePreviewAnswer,
  SeriesRuleAnswer,
  SeriesRuleDraft,
  SeriesRulesAnswer,
} from '@oriel/contract'
import { ORIEL_API } from '@oriel/contract'
import type { TimeRange } from '@oriel/model'
import { getJson } from './api.ts'

const BASE = `${ORIEL_API}/cardinality`
// 500 metrics: beyond them a metric is too small to matter here.
const METRICS = 500
const TOP_VALUES = 8
const TOP_LABELS = 12

/** How many series there are, and what they are made of. */
export function loadCardinality(range: TimeRange, signal: AbortSignal): Promise<CardinalityAnswer> {
  return getJson(BASE, { ...bounds(range), limit: METRICS }, { signal })
}

/** What the labels of all series are. */
export function loadLabelCardinality(range: TimeRange, signal: AbortSignal): Promise<LabelCardinalityAnswer> {
  return getJson(`${BASE}/labels`, { ...bounds(range), limit: TOP_LABELS }, { signal })
}

/** One metric taken apart. */
export function loadMetricCardinality(metric: string, range: TimeRange, signal: AbortSignal): Promise<MetricCardinalityAnswer> {
  return getJson(`${BASE}/metric`, { ...bounds(range), metric, limit: TOP_VALUES }, { signal })
}

/** The rules in force. */
export function loadSeriesRules(signal: AbortSignal): Promise<SeriesRulesAnswer> {
  return getJson(`${BASE}/rules`, {}, { signal })
}

/** What a rule would save. */
export function previewSeriesRule(rule: SeriesRuleDraft, range: TimeRange, signal: AbortSignal): Promise<RulePreviewAnswer> {
  return getJson(`${BASE}/preview`, { ...paramsOf(rule), ...bounds(range) }, { signal })
}

/** Puts a new rule in force. */
export function putSeriesRule(rule: SeriesRuleDraft): Promise<SeriesRuleAnswer> {
  const id = `rule-${Date.now().toString(36)}-${Math.floor(Math.random() * 1e6).toString(36)}`
  return getJson(ruleUrl(id), paramsOf(rule), { signal: new AbortController().signal, method: 'PUT' })
}

/** Takes a rule back. */
export function removeSeriesRule(id: string): Promise<SeriesRuleAnswer> {
  return getJson(ruleUrl(id), {}, { signal: new AbortController().signal, method: 'DELETE' })
}

/** Returns to the version before. */
export function undoSeriesRule(id: string): Promise<SeriesRuleAnswer> {
  return getJson(`${ruleUrl(id)}/undo`, {}, { signal: new AbortController().signal, method: 'PUT' })
}

function ruleUrl(id: string): string {
  return `${BASE}/rules/${encodeURIComponent(id)}`
}

function paramsOf({ action, metric, isPattern, labels }: SeriesRuleDraft): object {
  return { action, metric, ...(isPattern && { pattern: true }), labels }
}

function bounds({ startMs, endMs }: TimeRange): { from: number; to: number } {
  return { from: Math.floor(startMs), to: Math.ceil(endMs) }
}
