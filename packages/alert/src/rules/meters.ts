import type { Counter, Gauge, HistogramMetric, Telemetry } from '@oriel/model'

/** What rule groups tell of themselves, under Prometheus's names. Source: Prometheus 3.14 rules/group.go NewGroupMetrics. */
export interface RuleMeters {
  readonly evaluationSeconds: HistogramMetric
  readonly groupSeconds: HistogramMetric
  readonly missed: Counter
  readonly scheduled: Counter
  readonly evaluations: Counter
  readonly failures: Counter
  readonly interval: Gauge
  readonly lastEvaluation: Gauge
  readonly lastDuration: Gauge
  readonly lastRuleSum: Gauge
  readonly lastRestore: Gauge
  readonly rules: Gauge
  readonly lastSamples: Gauge
}

const BUCKETS = [0.01, 0.1, 1, 10]

/** Makes the meters; asking again gives the same ones. */
export function makeRuleMeters(telemetry: Telemetry): RuleMeters {
  const name = (rest: string) => `prometheus_rule_${rest}`
  return {
    evaluationSeconds: telemetry.histogram(
      name('evaluation_duration_histogram_seconds'),
      'The duration for a rule to execute.',
      BUCKETS,
    ),
    groupSeconds: telemetry.histogram(
      name('group_duration_histogram_seconds'),
      'The duration of rule group evaluations.',
      BUCKETS,
    ),
    missed: telemetry.counter(
      name('group_iterations_missed_total'),
      'The total number of rule group evaluations missed due to slow rule group evaluation.',
    ),
    scheduled: telemetry.counter(
      name('group_iterations_total'),
      'The total number of scheduled rule group evaluations, whether executed or missed.',
    ),
    evaluations: telemetry.counter(name('evaluations_total'), 'The total number of rule evaluations.'),
    failures: telemetry.counter(name('evaluation_failures_total'), 'The total number of rule evaluation failures.'),
    interval: telemetry.gauge(name('group_interval_seconds'), 'The interval of a rule group.'),
    lastEvaluation: telemetry.gauge(
      name('group_last_evaluation_timestamp_seconds'),
      'The timestamp of the last rule group evaluation in seconds.',
    ),
    lastDuration: telemetry.gauge(name('group_last_duration_seconds'), 'The duration of the last rule group evaluation.'),
    lastRuleSum: telemetry.gauge(
      name('group_last_rule_duration_sum_seconds'),
      'The sum of time in seconds it took to evaluate each rule in the group regardless of concurrency.',
    ),
    lastRestore: telemetry.gauge(
      name('group_last_restore_duration_seconds'),
      'The duration of the last alert rules alerts restoration using the `ALERTS_FOR_STATE` series.',
    ),
    rules: telemetry.gauge(name('group_rules'), 'The number of rules.'),
    lastSamples: telemetry.gauge(
      name('group_last_evaluation_samples'),
      'The number of samples returned during the last rule group evaluation.',
    ),
  }
}
