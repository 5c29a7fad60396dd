import { trace } from '@opentelemetry/api'
import { Counter, Histogram } from 'prom-client'
import { Database } from '../database.ts'
import { currentFault } from '../faults.ts'
import type { Call } from '../service.ts'
import { pause, registry, startService } from '../service.ts'

const SLOW_QUERY_MS = 600

const orderValue = new Counter({
  name: 'order_value_total',
  help: 'Value of orders, in cents.',
  labelNames: ['currency', 'status'],
  registers: [registry],
})
const processing = new Histogram({
  name: 'order_processing_seconds',
  help: 'Time from order to payment.',
  buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5],
  registers: [registry],
})
const db = new Database('orders', 'create table orders (id integer primary key, user_id text, cents integer, at integer)')

startService({
  name: 'order',
  checks: { database: () => db.check() },
  routes: {
    'GET /orders': async ({ shopper }) => {
      if (currentFault.name === 'slow-query' && shopper.id.endsWith('7')) await scanHistory(shopper.id)
      return db.run('SELECT', 'orders', 'select * from orders where user_id = ? order by id desc limit 10', shopper.id)
    },
    'POST /orders': async (call) => {
      const stop = processing.startTimer()
      try {
        return await placeOrder(call)
      } finally {
        stop()
      }
    },
  },
})

async function placeOrder({ shopper, call, log }: Call): Promise<unknown> {
  const cart = await call('cart', '/items')
  const items = itemsOf(cart)
  let cents = 0
  for (const item of items) {
    await call('inventory', `/reserve/${item}`, { method: 'POST' })
    cents += centsOf(await call('pricing', `/quote/${item}`))
  }
  trace.getActiveSpan()?.setAttributes({ 'order.items': items.length, 'payment.amount': cents / 100, 'payment.currency': 'EUR' })
  const payment = await call('payment', '/charge', { method: 'POST', body: { cents } })
  const [row] = db.run(
    'INSERT',
    'orders',
    'insert into orders (user_id, cents, at) values (?, ?, ?) returning id',
    shopper.id,
    cents,
    Date.now(),
  )
  await call('cart', '/clear', { method: 'POST' })
  orderValue.inc({ currency: 'EUR', status: 'paid' }, cents)
  trace.getActiveSpan()?.setAttribute('order.id', String(row?.['id']))
  log.info({ user_id: shopper.id, order_id: row?.['id'], total: cents / 100 }, 'order placed')
  return { order: row?.['id'], cents, payment }
}

/** The query without an index: its span shows the time and the statement. */
async function scanHistory(userId: string): Promise<void> {
  await trace.getTracer('shop-database', '1.0.0').startActiveSpan('SELECT order_history', async (span) => {
    span.setAttributes({
      'db.system.name': 'sqlite',
      'db.collection.name': 'order_history',
      'db.query.text': 'select * from order_history where lower(user_id) = ?',
      'user.id': userId,
    })
    await pause(SLOW_QUERY_MS)
    span.end()
  })
}

function itemsOf(cart: unknown): string[] {
  if (typeof cart !== 'object' || cart === null || !('items' in cart) || !Array.isArray(cart.items)) return []
  return cart.items.filter((item) => typeof item === 'string').slice(0, 5)
}

function centsOf(quote: unknown): number {
  return typeof quote === 'object' && quote !== null && 'cents' in quote ? Number(quote.cents) : 0
}
