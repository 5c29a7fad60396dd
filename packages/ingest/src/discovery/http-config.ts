import type { ConfigReader } from '../config-reader.ts'
import { readHttpConfig } from '../prometheus-http-config.ts'
import type { HttpClientConfig } from '../prometheus-http-config.ts'

/** `http_sd_configs`. */
export interface HttpDiscoveryConfig {
  readonly kind: 'http'
  readonly url: string
  readonly refreshMs: number
  readonly http: HttpClientConfig
}

/** Reads one entry of `http_sd_configs`. */
export function readHttpDiscoveryConfig(config: ConfigReader): HttpDiscoveryConfig {
  const url = config.url('url')
  if (url === '') throw config.error('url is missing', 'url')
  return { kind: 'http', url, refreshMs: config.duration('refresh_interval', 60_000), http: readHttpConfig(config) }
}
