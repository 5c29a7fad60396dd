import { createHash } from 'node:crypto'
import { Counter } from 'prom-client'
import { ServiceError, registry, startService } from '../service.ts'

const verifications = new Counter({
  name: 'auth_verifications_total',
  help: 'Tokens verified.',
  labelNames: ['result'],
  registers: [registry],
})

startService({
  name: 'auth',
  routes: {
    'POST /verify': ({ body, shopper }) => {
      const digest = createHash('sha256').update(JSON.stringify(body)).digest('hex')
      const isKnown = shopper.id.startsWith('u')
      verifications.inc({ result: isKnown ? 'ok' : 'denied' })
      if (!isKnown) throw new ServiceError(401, 'unknown user')
      return { session: digest.slice(0, 16) }
    },
  },
})
