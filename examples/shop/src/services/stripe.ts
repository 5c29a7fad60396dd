import { randomUUID } from 'node:crypto'
import { currentFault } from '../faults.ts'
import { ServiceError, pause, startService } from '../service.ts'

const NORMAL_MS = 40
const HANGING_MS = 5_000
const HANGING_RATIO = 0.7
const DECLINE_RATIO = 0.02

// The payment provider, as the shop sees it: usually quick, declines a few cards, and has bad days.
startService({
  name: 'stripe',
  routes: {
    'POST /v1/charges': async ({ log }) => {
      if (currentFault.name === 'stripe-timeout' && Math.random() < HANGING_RATIO) {
        log.warn('upstream bank network is slow')
        await pause(HANGING_MS)
      }
      await pause(NORMAL_MS * (0.5 + Math.random()))
      if (Math.random() < DECLINE_RATIO) throw new ServiceError(402, 'card declined')
      return { id: `ch_${randomUUID()}`, status: 'succeeded' }
    },
  },
})
