import type { ConfigValues } from './config-values.ts'

/** What Prometheus has as flags: read at start, shown by /api/v1/status/flags under Prometheus's names. */
export interface PrometheusFlags {
  /** Feature flags by Prometheus's names, as given. */
  readonly features: readonly string[]
  readonly isAdminOn: boolean
  /** How often the files of the configuration are looked at for changes, 0 for never. */
  readonly autoReloadMs: number
  /** How many rules may run beside others of their group, 0 for none. */
  readonly maxConcurrentRules: number
  readonly lookbackMs: number
  readonly timeoutMs: number
  readonly maxConcurrency: number
  readonly maxSamples: number
  readonly readSampleLimit: number
  readonly readFrameBytes: number
}

/** Reads them, with Prometheus's defaults. */
export function prometheusFlags(values: ConfigValues): PrometheusFlags {
  const features = values.list('prometheus.features') ?? []
  checkDeltas(features, values)
  return {
    features,
    maxConcurrentRules: features.includes('concurrent-rule-eval') ? (values.count('max_concurrent_rules') ?? 4) : 0,
    autoReloadMs: autoReload(features, values),
    isAdminOn: values.flag('prometheus.admin_api') ?? false,
    lookbackMs: values.durationMs('query.lookback_delta') ?? 300_000,
    timeoutMs: values.durationMs('query.timeout') ?? 120_000,
    maxConcurrency: values.count('query.max_concurrency') ?? 20,
    maxSamples: values.count('query.max_samples') ?? 50_000_000,
    readSampleLimit: values.count('remote_read.sample_limit') ?? 50_000_000,
    readFrameBytes: values.count('remote_read.max_frame_bytes') ?? 2 ** 20,
  }
}

// A second: Prometheus's own least.
const LEAST_RELOAD_MS = 1_000

function autoReload(features: readonly string[], values: ConfigValues): number {
  const isOn = values.flag('auto_reload') ?? features.includes('auto-reload-config')
  return isOn ? Math.max(LEAST_RELOAD_MS, values.durationMs('auto_reload_interval') ?? 30_000) : 0
}

function checkDeltas(features: readonly string[], values: ConfigValues): void {
  if (features.includes('otlp-deltatocumulative') && features.includes('otlp-native-delta-ingestion'))
    values.refuse('prometheus.features', 'otlp-deltatocumulative and otlp-native-delta-ingestion exclude each other')
}
