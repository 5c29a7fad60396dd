import { trace } from '@opentelemetry/api'
import { Counter, Histogram } from 'prom-client'
import { registry, startService } from '../service.ts'

// 1 s: what the provider's own guide calls generous for a charge.
const STRIPE_TIMEOUT_MS = 1_000

const payments = new Counter({
  name: 'payment_requests_total',
  help: 'Charges tried.',
  labelNames: ['status'],
  registers: [registry],
})
const seconds = new Histogram({
  name: 'payment_request_duration_seconds',
  help: 'Time of a charge.',
  buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5],
  registers: [registry],
})

startService({
  name: 'payment',
  routes: {
    'POST /charge': async ({ body, call, log, shopper }) => {
      const stop = seconds.startTimer()
      try {
        const charge = await call('stripe', '/v1/charges', { method: 'POST', body, timeoutMs: STRIPE_TIMEOUT_MS })
        payments.inc({ status: 'succeeded' })
        trace.getActiveSpan()?.setAttribute('payment.status', 'succeeded')
        log.info({ user_id: shopper.id, gateway: 'stripe' }, 'charge succeeded')
        return charge
      } catch (error) {
        payments.inc({ status: 'failed' })
        trace.getActiveSpan()?.setAttribute('payment.status', 'failed')
        throw error
      } finally {
        stop()
      }
    },
  },
})
