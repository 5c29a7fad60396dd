// What each path is for, what it takes and what it answers. A uniform list.

import type { Schema } from './openapi-schemas.ts'
import { INTEGER, list, TEXT } from './openapi-schemas.ts'

/** A parameter of the query string, or of a form. */
export interface ParameterDoc {
  readonly about: string
  readonly schema: Schema
  readonly example: unknown
}

/** What a path does: parameters by their names in `PARAMETERS`. `data` names the shape of its answer; one without answers 204, or text that is no JSON. */
export interface OperationDoc {
  readonly about: string
  readonly required?: readonly string[]
  readonly optional?: readonly string[]
  readonly data?: string
  /** Media type of an answer that is no JSON. */
  readonly media?: string
}

const time = (about: string, example: string): ParameterDoc => ({
  about: `${about} RFC 3339, or seconds since 1970.`,
  schema: TEXT,
  example,
})

/** Every parameter, by its name. */
export const PARAMETERS: Readonly<Record<string, ParameterDoc>> = {
  query: { about: 'A PromQL expression.', schema: TEXT, example: 'up' },
  time: time('The moment to evaluate at; now, if not said.', '2026-01-02T13:37:00Z'),
  start: time('The start of the range.', '2026-01-02T12:37:00Z'),
  end: time('The end of the range.', '2026-01-02T13:37:00Z'),
  step: { about: 'Distance between two points: a duration, or seconds.', schema: TEXT, example: '15s' },
  timeout: { about: 'How long it may take, within the limit of the server.', schema: TEXT, example: '30s' },
  limit: { about: 'At most so many entries, 0 for all.', schema: INTEGER, example: 100 },
  lookback_delta: { about: 'How far back the latest sample counts.', schema: TEXT, example: '5m' },
  stats: { about: 'Anything asks for timings and samples, `all` for those of each step too.', schema: TEXT, example: 'all' },
  'match[]': { about: 'A selector of series; several are joined by "or".', schema: list(TEXT), example: ['{job="prometheus"}'] },
  metric: { about: 'One metric only.', schema: TEXT, example: 'http_requests_total' },
  limit_per_metric: { about: 'At most so many entries of each metric.', schema: INTEGER, example: 10 },
  match_target: { about: 'A selector of targets by their labels.', schema: TEXT, example: '{job="prometheus"}' },
  state: { about: 'active, dropped or any.', schema: { type: 'string', enum: ['active', 'dropped', 'any'] }, example: 'any' },
  scrapePool: { about: 'The job of a scrape configuration.', schema: TEXT, example: 'prometheus' },
  scrape_pool: { about: 'The job of a scrape configuration.', schema: TEXT, example: 'prometheus' },
  labels: { about: 'Labels before relabeling, as a JSON object.', schema: TEXT, example: '{"__address__":"localhost:9090"}' },
  type: { about: 'alert or record.', schema: { type: 'string', enum: ['alert', 'record'] }, example: 'alert' },
  'rule_name[]': { about: 'Rules of these names only.', schema: list(TEXT), example: ['HighErrorRate'] },
  'rule_group[]': { about: 'Groups of these names only.', schema: list(TEXT), example: ['example_alerts'] },
  'file[]': { about: 'Groups of these files only.', schema: list(TEXT), example: ['/etc/rules.yml'] },
  exclude_alerts: { about: 'Leaves the alerts of each rule out.', schema: TEXT, example: 'true' },
  group_limit: { about: 'At most so many groups; the answer names where the next begin.', schema: INTEGER, example: 10 },
  'search[]': { about: 'Texts to look for.', schema: list(TEXT), example: ['http'] },
  label: { about: 'The label whose values are looked through.', schema: TEXT, example: 'job' },
  skip_head: { about: 'Changes nothing: everything that was acknowledged is stored.', schema: TEXT, example: 'false' },
}

const SEARCH = ['search[]', 'match[]', 'start', 'end', 'limit'] as const

/** Every path below /api/v1. */
export const OPERATIONS: Readonly<Record<string, OperationDoc>> = {
  '/query': {
    about: 'Evaluates PromQL at one moment.',
    required: ['query'],
    optional: ['time', 'timeout', 'limit', 'lookback_delta', 'stats'],
    data: 'QueryResult',
  },
  '/query_range': {
    about: 'Evaluates PromQL at every step of a range.',
    required: ['query', 'start', 'end', 'step'],
    optional: ['timeout', 'limit', 'lookback_delta', 'stats'],
    data: 'QueryResult',
  },
  '/query_exemplars': {
    about: 'Exemplars of the series that a query selects.',
    required: ['query'],
    optional: ['start', 'end'],
    data: 'Exemplars',
  },
  '/format_query': { about: 'A query in the form of its printed tree.', required: ['query'], data: 'Text' },
  '/parse_query': { about: 'The tree of a query.', required: ['query'], data: 'Tree' },
  '/labels': { about: 'Names of labels.', optional: ['start', 'end', 'match[]', 'limit'], data: 'Texts' },
  '/label/{name}/values': { about: 'Values of a label.', optional: ['start', 'end', 'match[]', 'limit'], data: 'Texts' },
  '/series': { about: 'Series by their labels.', required: ['match[]'], optional: ['start', 'end', 'limit'], data: 'Series' },
  '/search/metric_names': {
    about: 'Metrics by parts of their names, as lines of JSON.',
    optional: SEARCH,
    media: 'application/x-ndjson',
  },
  '/search/label_names': {
    about: 'Labels by parts of their names, as lines of JSON.',
    optional: SEARCH,
    media: 'application/x-ndjson',
  },
  '/search/label_values': {
    about: 'Values of a label by parts of them, as lines of JSON.',
    required: ['label'],
    optional: SEARCH,
    media: 'application/x-ndjson',
  },
  '/metadata': { about: 'Type, help and unit of metrics.', optional: ['metric', 'limit', 'limit_per_metric'], data: 'Metadata' },
  '/targets': { about: 'Targets that are scraped, and those dropped.', optional: ['state', 'scrapePool'], data: 'Targets' },
  '/targets/metadata': {
    about: 'What targets say of their metrics.',
    optional: ['match_target', 'metric', 'limit'],
    data: 'TargetMetadata',
  },
  '/targets/relabel_steps': {
    about: 'What each relabeling rule makes of labels.',
    required: ['scrapePool', 'labels'],
    data: 'RelabelSteps',
  },
  '/scrape_pools': { about: 'Jobs of the scrape configuration.', data: 'ScrapePools' },
  '/scrape_pools/config': { about: 'The configuration of one job.', required: ['scrapePool'], data: 'Config' },
  '/rules': {
    about: 'Rule groups and their state.',
    optional: ['type', 'rule_name[]', 'rule_group[]', 'file[]', 'match[]', 'exclude_alerts', 'group_limit'],
    data: 'RuleGroups',
  },
  '/alerts': { about: 'Alerts that are pending or firing.', data: 'Alerts' },
  '/alertmanagers': { about: 'Alertmanagers that are told of alerts.', data: 'Alertmanagers' },
  '/features': { about: 'What is built in and what is switched on.', data: 'Features' },
  '/notifications': { about: 'What operators should know.', data: 'Notifications' },
  '/notifications/live': { about: 'The same as a stream of events.', media: 'text/event-stream' },
  '/status/buildinfo': { about: 'Which build this is.', data: 'BuildInfo' },
  '/status/runtimeinfo': { about: 'How the process runs.', data: 'RuntimeInfo' },
  '/status/config': { about: 'The configuration in force, without secrets.', data: 'Config' },
  '/status/flags': { about: 'Flags and their values.', data: 'Flags' },
  '/status/tsdb': { about: 'What the series of today are made of.', optional: ['limit'], data: 'TSDBStatus' },
  '/status/tsdb/blocks': { about: "Blocks of Prometheus's: none.", data: 'Blocks' },
  '/status/walreplay': { about: 'Replay of a log: none.', data: 'WALReplay' },
  '/status/self_metrics': { about: 'Our own metrics.', data: 'SelfMetrics' },
  '/openapi.yaml': { about: 'This description.', media: 'application/yaml' },
  '/admin/tsdb/delete_series': { about: 'Deletes samples.', required: ['match[]'], optional: ['start', 'end'] },
  '/admin/tsdb/clean_tombstones': { about: 'Takes what was deleted off the disk.' },
  '/admin/tsdb/snapshot': { about: 'Copies everything that is stored.', optional: ['skip_head'], data: 'Snapshot' },
}
