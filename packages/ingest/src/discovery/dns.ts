// Source: Prometheus 3.14 discovery/dns/dns.go.

import { readFile } from 'node:fs/promises'
import { Resolver } from 'node:dns/promises'
import { unreachable } from '@oriel/model'
import { IngestError } from '../errors.ts'
import type { DnsConfig } from './dns-config.ts'
import type { TargetGroup, TargetLabels } from './groups.ts'
import { hostPort } from './labels.ts'
import type { Discovery, DiscoverySink } from './poll.ts'
import { poll } from './poll.ts'

/** Targets from DNS records. `servers` are asked in place of the system's: addresses, with a port or not. */
export function startDns(config: DnsConfig, sink: DiscoverySink, servers: readonly string[] = []): Discovery {
  const lastGood = new Map<string, TargetGroup>()
  return poll(config.refreshMs, () => readNames(config, { servers, lastGood, sink }), sink)
}

interface Lookup {
  readonly servers: readonly string[]
  readonly lastGood: Map<string, TargetGroup>
  readonly sink: DiscoverySink
}

async function readNames(config: DnsConfig, { servers, lastGood, sink }: Lookup): Promise<TargetGroup[]> {
  const resolver = new Resolver()
  if (servers.length > 0) resolver.setServers(servers)
  const search = servers.length > 0 ? [] : await readSearchPath()
  const groups = await Promise.all(
    config.names.map(async (name) => {
      try {
        const group = { targets: await lookUp(resolver, { ...config, name, search }), labels: {} }
        lastGood.set(name, group)
        return group
      } catch (error) {
        // A name that cannot be asked for just now keeps its targets.
        sink.warn(error, name)
        return lastGood.get(name)
      }
    }),
  )
  return groups.filter((group) => group !== undefined)
}

interface Question extends DnsConfig {
  readonly name: string
  readonly search: readonly string[]
}

/** The first name of the search path that exists. None: no targets; servers that fail: an error. */
async function lookUp(resolver: Resolver, question: Question): Promise<TargetLabels[]> {
  let failure: Error | undefined
  for (const full of namesOf(question))
    try {
      return await ask(resolver, full, question)
    } catch (error) {
      if (!isNoSuchName(error)) failure = error instanceof Error ? error : new Error(String(error))
    }
  if (failure === undefined) return []
  throw new IngestError('INGEST_SCRAPE_FAILED', `cannot resolve ${question.name}: ${failure.message}`, { cause: failure })
}

/** Names to try, as a resolver with `ndots:1` does. */
function namesOf({ name, search }: Question): string[] {
  if (name.endsWith('.')) return [name.slice(0, -1)]
  const longer = search.map((suffix) => `${name}.${suffix}`)
  return name.includes('.') ? [name, ...longer] : [...longer, name]
}

async function ask(resolver: Resolver, full: string, { type, port, name }: Question): Promise<TargetLabels[]> {
  const targetOf = (address: string, labels: TargetLabels = {}): TargetLabels => ({
    __address__: address,
    __meta_dns_name: name,
    __meta_dns_srv_record_target: '',
    __meta_dns_srv_record_port: '',
    __meta_dns_mx_record_target: '',
    __meta_dns_ns_record_target: '',
    ...labels,
  })
  switch (type) {
    case 'SRV':
      return (await resolver.resolveSrv(full)).map((record) =>
        targetOf(hostPort(record.name, record.port), {
          __meta_dns_srv_record_target: rooted(record.name),
          __meta_dns_srv_record_port: String(record.port),
        }),
      )
    case 'MX':
      return (await resolver.resolveMx(full)).map(({ exchange }) =>
        targetOf(hostPort(exchange, port), { __meta_dns_mx_record_target: rooted(exchange) }),
      )
    case 'NS':
      return (await resolver.resolveNs(full)).map((server) =>
        targetOf(hostPort(server, port), { __meta_dns_ns_record_target: rooted(server) }),
      )
    case 'AAAA':
      return (await resolver.resolve6(full)).map((address) => targetOf(hostPort(address, port)))
    case 'A':
      return (await resolver.resolve4(full)).map((address) => targetOf(hostPort(address, port)))
    default:
      return unreachable(type)
  }
}

/** Names in records end at the root; the resolver leaves its dot away. */
function rooted(name: string): string {
  return name.endsWith('.') ? name : `${name}.`
}

function isNoSuchName(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOTFOUND' || error.code === 'ENODATA')
}

async function readSearchPath(): Promise<string[]> {
  const text = await readFile('/etc/resolv.conf', 'utf8').catch(() => '')
  const lines = text.split('\n').filter((line) => /^\s*search\s/.test(line))
  return lines.at(-1)?.trim().split(/\s+/).slice(1) ?? []
}
