import { printPromDuration } from '@oriel/syntax'
import { stringify } from 'yaml'
import type { Config } from './config.ts'
import { printAddress } from './listen.ts'
import { printCardinality, printRetention } from './print-limits.ts'

/** The effective configuration as YAML, passwords left out. */
export function printConfig(config: Config): string {
  const ports = Object.fromEntries(config.compatPorts.map(({ product, address }) => [product, printAddress(address)]))
  return stringify({
    data_dir: config.dataDir,
    listen: printAddress(config.listen),
    otlp_grpc: printAddress(config.otlpGrpc),
    otlp_http: printAddress(config.otlpHttp),
    insecure: config.isInsecure,
    engine: { url: redactUrl(config.engineUrl ?? '') },
    tenant: config.tenant,
    prometheus: {
      file: config.prometheusFile ?? '',
      features: config.prometheus.features,
      admin_api: config.prometheus.isAdminOn,
    },
    auto_reload: config.prometheus.autoReloadMs > 0,
    ...(config.prometheus.autoReloadMs > 0 && { auto_reload_interval: printPromDuration(config.prometheus.autoReloadMs) }),
    query: {
      lookback_delta: printPromDuration(config.prometheus.lookbackMs),
      timeout: printPromDuration(config.prometheus.timeoutMs),
      max_concurrency: config.prometheus.maxConcurrency,
      max_samples: config.prometheus.maxSamples,
    },
    remote_read: {
      sample_limit: config.prometheus.readSampleLimit,
      max_frame_bytes: config.prometheus.readFrameBytes,
    },
    cardinality: printCardinality(config.cardinality),
    retention: printRetention(config.retention),
    rollups: config.isRollingUp,
    storage: { cold: printCold(config.cold) },
    self: config.isSelfOn,
    log_level: config.logLevel,
    cors_origins: config.corsOrigins,
    web_dir: config.webDir ?? '',
    compat: { ports },
  })
}

function printCold(cold: Config['cold']): object {
  if (cold === undefined) return { endpoint: '' }
  const { endpoint, region = '', afterMs, accessKeyId = '', secretAccessKey } = cold
  const keys = { access_key_id: accessKeyId, secret_access_key: secretAccessKey === undefined ? '' : 'hidden' }
  return { endpoint, after: printPromDuration(afterMs), region, ...keys }
}

function redactUrl(text: string): string {
  const url = URL.parse(text)
  if (url === null || url.password === '') return text
  url.password = 'hidden'
  return url.href
}
