import { currentFault } from '../faults.ts'
import type { Call } from '../service.ts'
import { pause, startService } from '../service.ts'

// 400 ms: a transatlantic detour, enough to turn p95 of one region red without touching the median of all.
const SLOW_LINK_MS = 400

startService({
  name: 'gateway',
  routes: {
    'GET /products': (call) => forward(call, 'product', '/products'),
    'GET /products/:id': (call) => forward(call, 'product', `/products/${call.params['id']}`),
    'POST /cart/items': (call) => forward(call, 'cart', '/items', 'POST'),
    'GET /orders': (call) => forward(call, 'order', '/orders'),
    'POST /checkout': (call) => forward(call, 'order', '/orders', 'POST'),
  },
})

async function forward(call: Call, service: string, path: string, method = 'GET'): Promise<unknown> {
  if (currentFault.name === 'slow-region' && call.shopper.region === 'sa-east') await pause(SLOW_LINK_MS)
  await call.call('auth', '/verify', { method: 'POST', body: { token: call.shopper.id } })
  return call.call(service, path, { method, ...(call.body === undefined ? {} : { body: call.body }) })
}
