import type { ColdOptions } from '@oriel/clickhouse'
import type { CardinalityPolicy } from '@oriel/ingest'
import type { LogLevel } from '@oriel/model'
import type { RetentionPolicy } from '@oriel/store'
import { cardinalityPolicy } from './config-cardinality.ts'
import { retentionPolicy } from './config-retention.ts'
import { coldStorage } from './config-storage.ts'
import type { Address } from './config-values.ts'
import { ConfigValues } from './config-values.ts'
import type { PrometheusFlags } from './config-prometheus.ts'
import { prometheusFlags } from './config-prometheus.ts'
import type { ConfigLayer } from './config-layer.ts'
import type { CompatProduct } from './config-keys.ts'
import { COMPAT_PRODUCTS } from './config-keys.ts'
import { ServerError } from './errors.ts'

/** Everything that can be set. Each key has its line in `CONFIG_KEYS`. */
export interface Config {
  readonly dataDir: string
  readonly listen: Address
  readonly otlpGrpc: Address
  readonly otlpHttp: Address
  readonly isInsecure: boolean
  readonly engineUrl: string | undefined
  /** Memory for recent samples, 0 for none; the store's own choice if not said. */
  readonly recentBytes: number | undefined
  readonly tenant: string
  /** The file that this was read from, absolute; absent where there was none. */
  readonly file: string | undefined
  readonly prometheusFile: string | undefined
  readonly prometheus: PrometheusFlags
  /** Patterns of rule files, absolute. */
  readonly ruleFiles: readonly string[]
  /** Where people find this server; its own address when absent. */
  readonly externalUrl: string | undefined
  readonly isSelfOn: boolean
  readonly logLevel: LogLevel
  readonly corsOrigins: readonly string[]
  readonly webDir: string | undefined
  readonly compatPorts: readonly CompatPort[]
  readonly cardinality: CardinalityPolicy
  readonly retention: RetentionPolicy
  readonly isRollingUp: boolean
  /** Where old samples go; absent where they stay. */
  readonly cold: ColdOptions | undefined
}

/** A port of another product, bound to the same handlers at its native root. */
export interface CompatPort {
  readonly product: CompatProduct
  readonly address: Address
}

/** Makes the configuration of layers, the first one that has a key wins. Throws SERVER_BAD_CONFIG for a value that cannot be used. */
export function makeConfig(layers: readonly ConfigLayer[]): Config {
  const values = new ConfigValues(layers)
  checkRoles(values.list('roles') ?? ROLES)
  const isCompatOn = values.flag('compat.enabled') ?? true
  return {
    dataDir: values.text('data_dir') ?? './data',
    listen: values.address('listen') ?? { host: '127.0.0.1', port: 7_070 },
    otlpGrpc: values.address('otlp_grpc') ?? { host: '127.0.0.1', port: 4_317 },
    otlpHttp: values.address('otlp_http') ?? { host: '127.0.0.1', port: 4_318 },
    isInsecure: values.flag('insecure') ?? false,
    engineUrl: values.text('engine.url'),
    recentBytes: values.bytes('metrics.recent_memory'),
    tenant: values.text('tenant') ?? 'default',
    file: fileOf(layers),
    prometheusFile: values.file('prometheus') ?? values.file('prometheus.file'),
    prometheus: prometheusFlags(values),
    ruleFiles: values.files('rules') ?? [],
    externalUrl: values.text('external_url'),
    isSelfOn: values.flag('self') ?? true,
    logLevel: values.choice('log_level', ['debug', 'info', 'warn', 'error'] as const) ?? 'info',
    corsOrigins: values.list('cors_origins') ?? [],
    webDir: values.text('web_dir'),
    cardinality: cardinalityPolicy(values),
    retention: retentionPolicy(values),
    isRollingUp: values.flag('rollups') ?? true,
    cold: coldStorage(values),
    compatPorts: COMPAT_PRODUCTS.flatMap((product) => {
      const address = values.address(`compat.ports.${product}`)
      return address === undefined || !isCompatOn ? [] : [{ product, address }]
    }),
  }
}

/** The file that any of the values stands in. */
function fileOf(layers: readonly ConfigLayer[]): string | undefined {
  return layers.flatMap((layer) => [...layer.values()]).find(({ file }) => file !== undefined)?.file
}

const ROLES = ['ingest', 'query', 'ui']

/** One process does everything until nodes can agree on who does what. */
function checkRoles(roles: readonly string[]): void {
  const unknown = roles.find((role) => !ROLES.includes(role))
  if (unknown !== undefined) {
    throw new ServerError('SERVER_BAD_CONFIG', `cannot use roles: ${JSON.stringify(unknown)} is none of ${ROLES.join(', ')}`)
  }
  if (roles.length < ROLES.length) {
    throw new ServerError(
      'SERVER_BAD_CONFIG',
      `cannot use roles ${roles.join(',')}: splitting roles is not built yet, leave it out`,
    )
  }
}
