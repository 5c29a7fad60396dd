import type { ConfigValues } from './config-values.ts'

/** What Prometheus has as flags: read at start, shown by /api/v1/status/flags under Prometheus's names. */
export interface PrometheusFlags {
  /** Feature flags by Prometheus's names, as given. */
  readonly features: readonly string[]
  readonly isAdminOn: boolean
  readonly lookbackMs: number
  readonly timeoutMs: number
  readonly maxConcurrency: number
  readonly maxSamples: number
  readonly readSampleLimit: number
  readonly readFrameBytes: number
}

/** Reads them, with Prometheus's defaults. */
export function prometheusFlags(values: ConfigValues): PrometheusFlags {
  return {
    features: values.list('prometheus.features') ?? [],
    isAdminOn: values.flag('prometheus.admin_api') ?? false,
    lookbackMs: values.durationMs('query.lookback_delta') ?? 300_000,
    timeoutMs: values.durationMs('query.timeout') ?? 120_000,
    maxConcurrency: values.count('query.max_concurrency') ?? 20,
    maxSamples: values.count('query.max_samples') ?? 50_000_000,
    readSampleLimit: values.count('remote_read.sample_limit') ?? 50_000_000,
    readFrameBytes: values.count('remote_read.max_frame_bytes') ?? 2 ** 20,
  }
}
