import type { ConfigReader } from '../config-reader.ts'

/** `dns_sd_configs`. */
export interface DnsConfig {
  readonly kind: 'dns'
  readonly names: readonly string[]
  readonly type: DnsType
  /** Unused for SRV, whose records have their own. */
  readonly port: number
  readonly refreshMs: number
}

export type DnsType = 'SRV' | 'A' | 'AAAA' | 'MX' | 'NS'

/** Reads one entry of `dns_sd_configs`. */
export function readDnsConfig(config: ConfigReader): DnsConfig {
  const names = config.strings('names')
  if (names.length === 0) throw config.error('at least one name is needed', 'names')
  const text = config.string('type', 'SRV').toUpperCase()
  const type = TYPES.find((one) => one === text)
  if (type === undefined) throw config.error(`unknown record type ${JSON.stringify(text)}, expected ${TYPES.join(', ')}`, 'type')
  const port = config.integer('port', 0)
  if (type !== 'SRV' && port === 0) throw config.error(`records of type ${type} need a port`, 'port')
  return { kind: 'dns', names, type, port, refreshMs: config.duration('refresh_interval', 30_000) }
}

const TYPES: readonly DnsType[] = ['SRV', 'A', 'AAAA', 'MX', 'NS']
