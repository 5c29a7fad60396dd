import type { IncomingHttpHeaders } from 'node:http'

/** Who a request is for. Travels between services in headers, next to the trace context that the SDK adds. */
export interface Shopper {
  readonly id: string
  readonly region: string
  readonly tier: string
}

/** Reads the shopper from request headers; probes and scrapes have none. */
export function readShopper(headers: IncomingHttpHeaders): Shopper {
  return { id: one(headers['x-user-id']), region: one(headers['x-user-region']), tier: one(headers['x-user-tier']) }
}

/** The headers that carry the shopper on. */
export function shopperHeaders({ id, region, tier }: Shopper): Record<string, string> {
  return { 'x-user-id': id, 'x-user-region': region, 'x-user-tier': tier }
}

function one(value: string | string[] | undefined): string {
  return typeof value === 'string' ? value : ''
}
