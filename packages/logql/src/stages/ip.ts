import { BlockList, isIP } from 'node:net'
import { QueryError } from '@oriel/syntax'

/**
 * Compiles the argument of `ip("...")`: one address, a range `a-b`, or a CIDR, of IPv4 or IPv6.
 *
 * Throws `QueryError` QUERY_SYNTAX for anything else. Source: Grafana Loki documentation, "Matching IP addresses".
 */
export function compileIp(text: string): (address: string) => boolean {
  const list = new BlockList()
  try {
    addTo(list, text.trim())
  } catch (cause) {
    throw new QueryError('QUERY_SYNTAX', `cannot read ip(${JSON.stringify(text)}): expected an address, a range or a CIDR`, {
      cause,
    })
  }
  return (address) => {
    const family = isIP(address)
    return family !== 0 && list.check(address, family === 4 ? 'ipv4' : 'ipv6')
  }
}

/** Every IPv4 and IPv6 address that stands in a line. */
export function ipsIn(line: string): string[] {
  return (line.match(CANDIDATE) ?? []).filter((text) => isIP(text) !== 0)
}

// Runs of characters that addresses are made of; `isIP` decides. One flat repetition: linear.
const CANDIDATE = /[0-9A-Fa-f.:]{2,45}/g

function addTo(list: BlockList, text: string): void {
  const [network = '', bits] = text.split('/')
  const [first = '', last] = text.split('-').map((part) => part.trim())
  if (bits !== undefined) list.addSubnet(network, Number(bits), familyOf(network))
  else if (last !== undefined) list.addRange(first, last, familyOf(first))
  else list.addAddress(text, familyOf(text))
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  const family = isIP(address)
  if (family === 0) throw new Error(`no address: ${address}`)
  return family === 4 ? 'ipv4' : 'ipv6'
}
