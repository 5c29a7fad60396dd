import { Gauge } from 'prom-client'
import { currentFault } from '../faults.ts'
import { pause, registry, startService } from '../service.ts'

// 256 KiB a cart while leaking: visible in minutes, harmless for an hour.
const LEAKED_BYTES = 256 * 1_024
const LEAK_LIMIT = 400

const carts = new Map<string, string[]>()
const leaked: Buffer[] = []
new Gauge({
  name: 'active_carts',
  help: 'Carts with goods in them.',
  registers: [registry],
  collect() {
    this.set(carts.size)
  },
})
new Gauge({
  name: 'memory_bytes_used',
  help: 'Resident memory.',
  registers: [registry],
  collect() {
    this.set(process.memoryUsage.rss())
  },
})

startService({
  name: 'cart',
  routes: {
    'POST /items': async ({ body, shopper, log }) => {
      const items = carts.get(shopper.id) ?? []
      items.push(productOf(body))
      carts.set(shopper.id, items)
      await leak()
      log.info({ user_id: shopper.id, items: items.length }, 'item added')
      return { items }
    },
    'GET /items': ({ shopper }) => ({ items: carts.get(shopper.id) ?? ['p2'] }),
    'POST /clear': ({ shopper }) => ({ wasKnown: carts.delete(shopper.id) }),
  },
})

async function leak(): Promise<void> {
  if (currentFault.name !== 'leak') {
    leaked.length = 0
    return
  }
  if (leaked.length < LEAK_LIMIT) leaked.push(Buffer.alloc(LEAKED_BYTES, 1))
  await pause(leaked.length / 2)
}

function productOf(body: unknown): string {
  return typeof body === 'object' && body !== null && 'product' in body && typeof body.product === 'string' ? body.product : 'p2'
}
