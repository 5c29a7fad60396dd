// Where a job's targets come from, as a configuration says it.

import type { ConfigReader } from '../config-reader.ts'
import { readConsulConfig } from './consul-config.ts'
import type { ConsulConfig } from './consul-config.ts'
import { readDnsConfig } from './dns-config.ts'
import type { DnsConfig } from './dns-config.ts'
import { readDockerConfig, readDockerSwarmConfig } from './docker-config.ts'
import type { DockerConfig, DockerSwarmConfig } from './docker-config.ts'
import { readAwsConfig, readEc2Config } from './aws/ec2-config.ts'
import type { Ec2Config } from './aws/ec2-config.ts'
import { readFileConfig } from './file-config.ts'
import type { FileConfig } from './file-config.ts'
import { readGroup } from './groups.ts'
import type { TargetGroup } from './groups.ts'
import { readHttpDiscoveryConfig } from './http-config.ts'
import type { HttpDiscoveryConfig } from './http-config.ts'
import { readKubernetesConfig } from './kubernetes/config.ts'
import type { KubernetesConfig } from './kubernetes/config.ts'
import { checkUnsupported, isUnsupportedKind } from './unsupported.ts'

/** One source of targets. */
export type DiscoveryConfig =
  | { readonly kind: 'static'; readonly groups: readonly TargetGroup[] }
  | FileConfig
  | HttpDiscoveryConfig
  | DnsConfig
  | ConsulConfig
  | DockerConfig
  | DockerSwarmConfig
  | Ec2Config
  | KubernetesConfig

/**
 * Reads `static_configs` and every `*_sd_configs` of a job, called `name` in notes.
 *
 * A kind that Prometheus knows and we do not is checked and noted. Throws `IngestError` INGEST_BAD_CONFIG.
 */
export function readDiscoveries(config: ConfigReader, name: string): DiscoveryConfig[] {
  const found: DiscoveryConfig[] = []
  const groups = config.list('static_configs').map(readGroup)
  if (groups.length > 0) found.push({ kind: 'static', groups })
  for (const [key, read] of Object.entries(READERS))
    for (const child of config.list(key)) found.push(...readOne(read, child, name))
  for (const key of config.keys()) {
    if (!isUnsupportedKind(key)) continue
    for (const child of config.list(key)) checkUnsupported(key, child)
    config.note(
      `${config.where(key)}: job ${name}: ${key} is not supported, its targets are not scraped; file_sd_configs or http_sd_configs can stand in`,
    )
  }
  return found
}

type Reader = (config: ConfigReader) => DiscoveryConfig | string

const READERS: Readonly<Record<string, Reader>> = {
  file_sd_configs: readFileConfig,
  http_sd_configs: readHttpDiscoveryConfig,
  dns_sd_configs: readDnsConfig,
  consul_sd_configs: readConsulConfig,
  docker_sd_configs: readDockerConfig,
  dockerswarm_sd_configs: readDockerSwarmConfig,
  ec2_sd_configs: readEc2Config,
  aws_sd_configs: readAwsConfig,
  kubernetes_sd_configs: readKubernetesConfig,
}

/** The discoveries that find targets, by Prometheus's names. */
export const DISCOVERY_NAMES: readonly string[] = [
  'static',
  ...Object.keys(READERS).map((key) => key.slice(0, -'_sd_configs'.length)),
]

function readOne(read: Reader, config: ConfigReader, name: string): DiscoveryConfig[] {
  const discovery = read(config)
  config.finish()
  if (typeof discovery !== 'string') return [discovery]
  config.note(`${config.where()}: job ${name}: ${discovery} is not supported, its targets are not scraped`)
  return []
}
