import { checkKeys } from '../../config-keys.ts'
import type { ConfigReader } from '../../config-reader.ts'
import { readHttpConfig } from '../../prometheus-http-config.ts'
import type { HttpClientConfig } from '../../prometheus-http-config.ts'

/** `ec2_sd_configs`. Empty texts are filled from the environment and the instance's metadata. */
export interface Ec2Config {
  readonly kind: 'ec2'
  readonly region: string
  readonly endpoint: string
  readonly accessKey: string
  readonly secretKey: string
  readonly profile: string
  readonly roleArn: string
  readonly externalId: string
  readonly port: number
  readonly filters: readonly { readonly name: string; readonly values: readonly string[] }[]
  readonly refreshMs: number
  readonly http: HttpClientConfig
}

/** Reads one entry of `ec2_sd_configs`. */
export function readEc2Config(config: ConfigReader): Ec2Config {
  return {
    kind: 'ec2',
    region: config.string('region', ''),
    endpoint: config.string('endpoint', ''),
    accessKey: config.string('access_key', ''),
    secretKey: config.string('secret_key', ''),
    profile: config.string('profile', ''),
    roleArn: config.string('role_arn', ''),
    externalId: config.string('external_id', ''),
    port: config.integer('port', 80),
    filters: config.list('filters').map(readFilter),
    refreshMs: config.duration('refresh_interval', 60_000),
    http: readHttpConfig(config),
  }
}

/** Reads one entry of `aws_sd_configs`: EC2 by its role, or the name of a role that we do not support. */
export function readAwsConfig(config: ConfigReader): Ec2Config | string {
  const role = config.choice('role', ['', ...ROLES], '')
  if (role === '') throw config.error(`role missing (one of: ${ROLES.join(', ')})`, 'role')
  checkKeys(config, 'clusters:list')
  const ec2 = readEc2Config(config)
  return role === 'ec2' ? ec2 : `aws_sd_configs with role ${role}`
}

const ROLES = ['ec2', 'ecs', 'elasticache', 'lightsail', 'msk', 'rds'] as const

function readFilter(config: ConfigReader): Ec2Config['filters'][number] {
  const filter = { name: config.string('name', ''), values: config.strings('values') }
  if (filter.values.length === 0) throw config.error('filter values cannot be empty', 'values')
  config.finish()
  return filter
}
