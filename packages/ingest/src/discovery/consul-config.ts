import { checkAtMostOne } from '../config-keys.ts'
import type { ConfigReader } from '../config-reader.ts'
import { readHttpConfig } from '../prometheus-http-config.ts'
import type { HttpClientConfig, Secret } from '../prometheus-http-config.ts'

/** `consul_sd_configs`. */
export interface ConsulConfig {
  readonly kind: 'consul'
  /** Scheme, host and path prefix, without a slash at the end. */
  readonly baseUrl: string
  readonly token: string
  readonly datacenter: string
  readonly namespace: string
  readonly partition: string
  readonly tagSeparator: string
  readonly allowsStale: boolean
  /** How long a changed answer holds before it is asked for again. */
  readonly refreshMs: number
  /** Names; all services where empty. */
  readonly services: readonly string[]
  /** A service must have all of them. */
  readonly tags: readonly string[]
  readonly nodeMeta: Readonly<Record<string, string>>
  readonly filter: string
  readonly healthFilter: string
  readonly http: HttpClientConfig
}

/** Reads one entry of `consul_sd_configs`. */
export function readConsulConfig(config: ConfigReader): ConsulConfig {
  const server = config.string('server', 'localhost:8500').trim()
  if (server === '') throw config.error('server is empty', 'server')
  const scheme = config.string('scheme', 'http') || 'http'
  checkAtMostOne(config, 'token', 'authorization', 'oauth2')
  checkAtMostOne(config, 'username', 'basic_auth')
  const http = readHttpConfig(config)
  const username = config.string('username', '')
  const password = config.string('password', '')
  const consul: ConsulConfig = {
    kind: 'consul',
    baseUrl: `${server.includes('://') ? server : `${scheme}://${server}`}${config.string('path_prefix', '')}`.replace(
      /\/+$/,
      '',
    ),
    token: config.string('token', ''),
    datacenter: config.string('datacenter', ''),
    namespace: config.string('namespace', ''),
    partition: config.string('partition', ''),
    tagSeparator: config.string('tag_separator', ','),
    allowsStale: config.boolean('allow_stale', true),
    refreshMs: config.duration('refresh_interval', 30_000),
    services: config.strings('services'),
    tags: config.strings('tags'),
    nodeMeta: config.record('node_meta'),
    filter: config.string('filter', ''),
    healthFilter: config.string('health_filter', ''),
    http:
      username === '' && password === ''
        ? http
        : { ...http, basicAuth: { username: value(username), password: value(password) } },
  }
  if (!URL.canParse(consul.baseUrl)) throw config.error(`${JSON.stringify(consul.baseUrl)} is no address`, 'server')
  return consul
}

function value(text: string): Secret {
  return { kind: 'value', value: text }
}
