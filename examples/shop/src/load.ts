import { PRODUCTS } from './catalog.ts'
import type { Shopper } from './shopper.ts'
import { shopperHeaders } from './shopper.ts'

const REGIONS = ['eu-west', 'eu-west', 'us-east', 'us-east', 'sa-east', 'ap-south'] as const
const TIERS = ['free', 'free', 'free', 'silver', 'gold'] as const
const USERS = 500
// What a shopper does next, by share: mostly looks, sometimes buys.
const JOURNEY = ['list', 'list', 'view', 'view', 'view', 'add', 'add', 'orders', 'checkout', 'checkout'] as const

/** A running load. */
export interface Load {
  close(): void
}

/** Sends about `ratePerSecond` shopper actions a second to the gateway, spread like arrivals at a shop, until closed. */
export function startLoad({ gatewayPort, ratePerSecond }: { gatewayPort: number; ratePerSecond: number }): Load {
  const base = `http://127.0.0.1:${gatewayPort}`
  let timer: NodeJS.Timeout | undefined
  function next(): void {
    // Exponential gaps: independent shoppers.
    timer = setTimeout(
      () => {
        act(base).catch(() => undefined) // A failed action is the story; the shopper just goes on.
        next()
      },
      (-Math.log(1 - Math.random()) * 1_000) / ratePerSecond,
    )
  }
  next()
  return { close: () => clearTimeout(timer) }
}

async function act(base: string): Promise<void> {
  const number = Math.floor(Math.random() * USERS)
  const shopper: Shopper = { id: `u${number}`, region: pick(REGIONS, number), tier: pick(TIERS, number) }
  const product = pick(PRODUCTS, Math.floor(Math.random() * PRODUCTS.length)).id
  const [method, path, body] = request(pick(JOURNEY, Math.floor(Math.random() * JOURNEY.length)), product)
  const response = await fetch(base + path, {
    method,
    headers: { ...shopperHeaders(shopper), 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(10_000),
  })
  await response.arrayBuffer()
}

function request(action: (typeof JOURNEY)[number], product: string): [method: string, path: string, body?: unknown] {
  switch (action) {
    case 'list':
      return ['GET', '/products']
    case 'view':
      return ['GET', `/products/${product}`]
    case 'add':
      return ['POST', '/cart/items', { product }]
    case 'orders':
      return ['GET', '/orders']
    case 'checkout':
      return ['POST', '/checkout', {}]
  }
}

function pick<T>(list: readonly T[], index: number): T {
  return list[index % list.length]!
}
