import type { Answer } from '../http/exchange.ts'
import { FUNCTIONS } from '@oriel/promql/syntax'
import type { ApiServices } from '../services.ts'
import { success } from './success.ts'

/** GET /api/v1/status/flags. */
export function flags({ prometheus }: ApiServices): Answer {
  return success(prometheus.flags)
}

type Features = Readonly<Record<string, Readonly<Record<string, boolean>>>>

/** GET /api/v1/features: what is there and what is on, in Prometheus's categories and words. Source: Prometheus 3.14 util/features. */
export function features(services: ApiServices): Answer {
  const { abilities } = services.prometheus
  const there = Object.fromEntries(Object.entries(abilities).map(([category, names]) => [category, allOf(names, true)]))
  return success({ ...apiFeatures(services), ...languageFeatures(services), ...there, ...otherFeatures(services) })
}

function apiFeatures({ prometheus }: ApiServices): Features {
  return {
    api: {
      admin: prometheus.isAdminOn,
      exclude_alerts: true,
      label_values_match: true,
      lifecycle: true,
      'openapi_3.1': false,
      'openapi_3.2': false,
      otlp_write_receiver: true,
      query_stats: true,
      query_warnings: true,
      remote_write_receiver: true,
      search: prometheus.features.has('search-api'),
      search_fuzz_alg_jarowinkler: true,
      search_fuzz_alg_subsequence: true,
      time_range_labels: true,
      time_range_series: true,
    },
  }
}

function languageFeatures({ runner, prometheus }: ApiServices): Features {
  const { features: on } = runner.promql
  return {
    promql: {
      ...allOf(KEYWORDS, true),
      anchored: on.extendedRangeSelectors,
      at_modifier: true,
      delayed_name_removal: on.delayedNameRemoval,
      duration_expr: on.durationExpressions,
      fill: on.fillModifiers,
      fill_left: on.fillModifiers,
      fill_right: on.fillModifiers,
      negative_offset: true,
      per_query_lookback_delta: true,
      per_step_stats: prometheus.features.has('promql-per-step-stats'),
      smoothed: on.extendedRangeSelectors,
      subqueries: true,
      type_and_unit_labels: on.typeAndUnitLabels,
    },
    promql_functions: Object.fromEntries(
      [...FUNCTIONS].map(([name, { isExperimental }]) => [name, isExperimental !== true || on.experimentalFunctions]),
    ),
    promql_operators: { ...allOf(OPERATORS.split(' '), true), ...allOf(['limitk', 'limit_ratio'], on.experimentalFunctions) },
  }
}

const KEYWORDS = ['bool', 'by', 'group_left', 'group_right', 'ignoring', 'offset', 'on', 'without'] as const
const OPERATORS =
  '!= !~ % * + - / < </ <= == =~ > >/ >= @ ^ and atan2 or unless ' +
  'avg bottomk count count_values group max min quantile stddev stdvar sum topk'

function otherFeatures({ prometheus: { features: on, flags: told } }: ApiServices): Features {
  return {
    otlp_receiver: {
      delta_conversion: on.has('otlp-deltatocumulative'),
      native_delta_ingestion: on.has('otlp-native-delta-ingestion'),
    },
    prometheus: { agent_mode: false, auto_reload_config: told['config.auto-reload'] === 'true', server_mode: true },
    rules: { concurrent_rule_eval: on.has('concurrent-rule-eval'), keep_firing_for: true, query_offset: true },
    scrape: {
      extra_scrape_metrics: true,
      start_timestamp_zero_ingestion: on.has('created-timestamp-zero-ingestion'),
      type_and_unit_labels: on.has('type-and-unit-labels'),
    },
    tsdb: { exemplar_storage: true, native_histograms: true },
  }
}

function allOf(names: readonly string[], isOn: boolean): Record<string, boolean> {
  return Object.fromEntries(names.map((name) => [name, isOn]))
}
