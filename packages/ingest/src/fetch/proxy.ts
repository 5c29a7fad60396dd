// Which proxy a request goes through. Source: Go golang.org/x/net/http/httpproxy, as Prometheus uses it.

import { BlockList, isIP } from 'node:net'
import type { ProxyConfig } from '../prometheus-http-config.ts'

/** The proxy for `url`, '' for none. `environment` is the process's. */
export function proxyFor(config: ProxyConfig, url: URL, environment: NodeJS.ProcessEnv): string {
  if (config.isFromEnvironment) {
    const name = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY'
    const proxy = environment[name] ?? environment[name.toLowerCase()] ?? ''
    const noProxy = environment['NO_PROXY'] ?? environment['no_proxy'] ?? ''
    if (proxy === '' || !isProxied(url, noProxy)) return ''
    return /^[a-z0-9]+:\/\//i.test(proxy) ? proxy : `http://${proxy}`
  }
  // With an address alone even loopback goes through it: Go asks the list only where there is one.
  if (config.url === '' || config.noProxy === '') return config.url
  return isProxied(url, config.noProxy) ? config.url : ''
}

/** Whether a request to `url` is one that `noProxy` (hosts, domains, addresses, CIDRs, each with a port or not, or *) leaves to the proxy. */
export function isProxied(url: URL, noProxy: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase()
  const port = url.port || (url.protocol === 'https:' ? '443' : '80')
  if (host === 'localhost' || isLoopback(host)) return false
  return !noProxy.split(',').some((entry) => excludes(entry.trim().toLowerCase(), host, port))
}

function excludes(entry: string, host: string, port: string): boolean {
  if (entry === '') return false
  if (entry === '*') return true
  const cidr = /^(.+)\/(\d{1,3})$/.exec(entry)
  if (cidr !== null) return isInside(host, cidr[1] ?? '', Number(cidr[2]))
  const [, name = entry, onlyPort] = /^(.*[^:]):(\d+)$/.exec(entry) ?? [entry, entry]
  if (onlyPort !== undefined && onlyPort !== port) return false
  const bare = name.replace(/^\[|\]$/g, '')
  if (isIP(bare) !== 0) return bare === host
  const domain = bare.replace(/^\*(?=\.)/, '')
  if (domain.startsWith('.')) return host.endsWith(domain)
  return host === domain || host.endsWith(`.${domain}`)
}

function isInside(host: string, network: string, prefix: number): boolean {
  const [family, own] = [isIP(network), isIP(host)]
  if (family === 0 || family !== own || prefix > (family === 4 ? 32 : 128)) return false
  const list = new BlockList()
  const kind = family === 4 ? 'ipv4' : 'ipv6'
  list.addSubnet(network, prefix, kind)
  return list.check(host, kind)
}

function isLoopback(host: string): boolean {
  return host === '::1' || isInside(host, '127.0.0.0', 8)
}
