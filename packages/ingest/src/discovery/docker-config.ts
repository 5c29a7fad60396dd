import type { ConfigReader } from '../config-reader.ts'
import { readHttpConfig } from '../prometheus-http-config.ts'
import type { HttpClientConfig } from '../prometheus-http-config.ts'

/** `docker_sd_configs`. */
export interface DockerConfig {
  readonly kind: 'docker'
  readonly daemon: DockerDaemon
  /** For containers that expose none. */
  readonly port: number
  readonly hostNetworkingHost: string
  /** A container in several networks is one target, not one a network. */
  readonly matchesFirstNetwork: boolean
  readonly refreshMs: number
}

/** `dockerswarm_sd_configs`. */
export interface DockerSwarmConfig {
  readonly kind: 'dockerswarm'
  readonly daemon: DockerDaemon
  readonly role: 'services' | 'tasks' | 'nodes'
  readonly port: number
  readonly refreshMs: number
}

/** How to reach a Docker daemon, and what to ask it for. */
export interface DockerDaemon {
  /** `unix:///path`, `tcp://host:port`, `http://` or `https://`. */
  readonly host: string
  readonly filters: readonly { readonly name: string; readonly values: readonly string[] }[]
  readonly http: HttpClientConfig
}

/** Reads one entry of `docker_sd_configs`. */
export function readDockerConfig(config: ConfigReader): DockerConfig {
  return {
    kind: 'docker',
    daemon: readDaemon(config),
    port: config.integer('port', 80),
    hostNetworkingHost: config.string('host_networking_host', 'localhost'),
    matchesFirstNetwork: config.boolean('match_first_network', true),
    refreshMs: config.duration('refresh_interval', 60_000),
  }
}

/** Reads one entry of `dockerswarm_sd_configs`. */
export function readDockerSwarmConfig(config: ConfigReader): DockerSwarmConfig {
  if (!config.has('role')) throw config.error('role missing (one of: tasks, services, nodes)', 'role')
  return {
    kind: 'dockerswarm',
    daemon: readDaemon(config),
    role: config.choice('role', ['services', 'tasks', 'nodes'] as const, 'tasks'),
    port: config.integer('port', 80),
    refreshMs: config.duration('refresh_interval', 60_000),
  }
}

function readDaemon(config: ConfigReader): DockerDaemon {
  const host = config.string('host', '')
  if (host === '') throw config.error('host missing, such as unix:///var/run/docker.sock', 'host')
  if (!/^(unix|tcp|https?):\/\//.test(host)) throw config.error(`unknown kind of host ${JSON.stringify(host)}`, 'host')
  return { host, filters: config.list('filters').map(readFilter), http: readHttpConfig(config) }
}

function readFilter(config: ConfigReader): DockerDaemon['filters'][number] {
  const filter = { name: config.string('name', ''), values: config.strings('values') }
  config.finish()
  return filter
}
