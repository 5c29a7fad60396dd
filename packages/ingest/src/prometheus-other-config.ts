// Sections of a prometheus.yml beside scraping: checked as Prometheus checks them, so that a bad file is refused before it is in force
// anywhere. What we do nothing with is noted.
//
// Source: Prometheus 3.14 config/config.go.

import type { OtlpMetricSettings } from '@oriel/wire'
import { checkAtMostOne, checkKeys } from './config-keys.ts'
import type { ConfigReader } from './config-reader.ts'
import { readDiscoveries } from './discovery/config.ts'
import { readHttpConfig, readTls, RESERVED_HEADERS } from './prometheus-http-config.ts'
import { readOtlp } from './prometheus-otlp-config.ts'
import { readRelabelRules } from './relabel-config.ts'
import type { NameScheme } from './relabel-config.ts'

/** Checks `alerting`, `remote_write`, `remote_read`, `storage`, `tracing`, `otlp` and `runtime`, of which ours is `otlp`. Throws `IngestError` INGEST_BAD_CONFIG. */
export function checkOtherSections(root: ConfigReader, scheme: NameScheme): OtlpMetricSettings {
  checkNames(root, 'remote_write', (config) => checkRemoteWrite(config, scheme))
  checkNames(root, 'remote_read', checkRemoteRead)
  const alerting = root.child('alerting')
  if (alerting !== undefined) checkAlerting(alerting, scheme)
  checkStorage(root.child('storage'))
  checkTracing(root.child('tracing'))
  const otlp = readOtlp(root.child('otlp'), scheme)
  const runtime = root.child('runtime')
  if (runtime !== undefined) checkKeys(runtime, 'gogc:integer')
  runtime?.finish()
  root.unsupported('remote_write', 'remote_read')
  return otlp
}

function checkNames(root: ConfigReader, key: string, check: (config: ConfigReader) => void): void {
  const names = new Set<string>()
  for (const config of root.list(key)) {
    check(config)
    const name = config.string('name', '')
    config.finish()
    if (name !== '' && names.has(name)) throw config.error(`name ${JSON.stringify(name)} is given twice`, 'name')
    names.add(name)
  }
}

const MESSAGES = 'prometheus.WriteRequest|io.prometheus.write.v2.Request'

function checkRemoteWrite(config: ConfigReader, scheme: NameScheme): void {
  checkKeys(
    config,
    `url!:text remote_timeout:duration send_exemplars:boolean send_native_histograms:boolean round_robin_dns:boolean failed_request_logging:boolean protobuf_message:${MESSAGES}`,
  )
  readRelabelRules(config, 'write_relabel_configs', scheme)
  checkHeaders(config)
  checkAtMostOne(config, 'basic_auth', 'authorization', 'oauth2', 'sigv4', 'azuread', 'google_iam')
  config.ignore('sigv4', 'azuread', 'google_iam')
  readHttpConfig(config)
  const metadata = config.child('metadata_config')
  if (metadata !== undefined) checkKeys(metadata, 'send:boolean send_interval:duration max_samples_per_send:integer')
  metadata?.finish()
  const queue = config.child('queue_config')
  if (queue !== undefined) checkQueue(queue)
}

function checkQueue(queue: ConfigReader): void {
  checkKeys(queue, 'batch_send_deadline:duration retry_on_http_429:boolean sample_age_limit:duration')
  const positive = (key: string, fallback: number): number => {
    const value = queue.integer(key, fallback)
    if (value <= 0) throw queue.error('it must be above 0', key)
    return value
  }
  positive('capacity', 10_000)
  positive('max_samples_per_send', 2_000)
  if (positive('min_shards', 1) > positive('max_shards', 50)) throw queue.error('min_shards is above max_shards', 'min_shards')
  if (queue.duration('max_backoff', 5_000) < queue.duration('min_backoff', 30))
    throw queue.error('max_backoff is below min_backoff', 'max_backoff')
  queue.finish()
}

function checkRemoteRead(config: ConfigReader): void {
  checkKeys(
    config,
    'url!:text remote_timeout:duration chunked_read_limit:integer read_recent:boolean required_matchers:record filter_external_labels:boolean',
  )
  checkHeaders(config)
  readHttpConfig(config)
}

function checkHeaders(config: ConfigReader): void {
  const bad = Object.keys(config.record('headers')).find((name) => RESERVED_HEADERS.has(name.toLowerCase()))
  if (bad !== undefined) throw config.error(`header ${bad} is reserved and may not be set`, 'headers')
}

function checkAlerting(config: ConfigReader, scheme: NameScheme): void {
  readRelabelRules(config, 'alert_relabel_configs', scheme)
  for (const manager of config.list('alertmanagers')) {
    checkKeys(manager, 'scheme:http|https path_prefix:text timeout:duration api_version:v2')
    checkAtMostOne(manager, 'basic_auth', 'authorization', 'oauth2', 'sigv4')
    manager.ignore('sigv4')
    readHttpConfig(manager)
    readDiscoveries(manager, 'alertmanagers')
    readRelabelRules(manager, 'relabel_configs', scheme)
    readRelabelRules(manager, 'alert_relabel_configs', scheme)
    manager.finish()
  }
  config.finish()
}

function checkStorage(config: ConfigReader | undefined): void {
  if (config === undefined) return
  const exemplars = config.child('exemplars')
  if (exemplars !== undefined) checkKeys(exemplars, 'max_exemplars:integer')
  exemplars?.finish()
  const tsdb = config.child('tsdb')
  if (tsdb !== undefined) {
    checkKeys(tsdb, 'out_of_order_time_window:duration stale_series_compaction_threshold:float')
    const encoding = tsdb.child('chunk_encoding')
    if (encoding !== undefined) checkKeys(encoding, 'floats:xor|xor2')
    encoding?.finish()
    const retention = tsdb.child('retention')
    if (retention !== undefined) {
      checkKeys(retention, 'time:duration size:bytes')
      const percentage = retention.float('percentage', 0)
      if (percentage < 0 || percentage > 100) throw retention.error('it must be from 0 to 100', 'percentage')
      retention.finish()
    }
    tsdb.unsupported('retention')
    tsdb.finish()
  }
  config.finish()
}

function checkTracing(config: ConfigReader | undefined): void {
  if (config === undefined) return
  checkKeys(
    config,
    'endpoint!:text client_type:http|grpc sampling_fraction:float insecure:boolean compression:gzip timeout:duration',
  )
  checkHeaders(config)
  readTls(config.child('tls_config'))
  config.finish()
}
