/** The faults that can be switched at run time; each is a story an on-call engineer knows. */
export const FAULTS = {
  none: 'Everything works.',
  'stripe-timeout': 'The payment provider answers after 5 s for most charges; payment gives up after 1 s.',
  'slow-query': 'Users with a long history (ids ending in 7) hit an order query without an index.',
  'bad-deploy': 'pricing 1.5.0 is deployed and fails for every third quote; switching the fault off rolls back.',
  leak: 'cart keeps every cart in memory and slows down as it grows.',
  'slow-region': 'The link from region sa-east is 400 ms slower.',
  'tier-errors': 'Orders of the gold tier fail: their discount rule divides by zero.',
  flapping: 'inventory drops every request for 5 s out of each 10 s.',
} as const

export type Fault = keyof typeof FAULTS

/** Whether `text` names a fault. */
export function isFault(text: string): text is Fault {
  return Object.hasOwn(FAULTS, text)
}

/** The versions every service runs at, and what a bad deploy changes. */
export const GOOD_VERSION = '1.4.2'
export const BAD_VERSION = '1.5.0'

/** The fault in force in this process: the parent sends changes over the process channel. */
export const currentFault: { name: Fault } = { name: 'none' }

/** Follows the parent's switch. Called once by every service. */
export function followFaults(): void {
  const initial = process.env['SHOP_FAULT'] ?? 'none'
  if (isFault(initial)) currentFault.name = initial
  process.on('message', (message) => {
    if (
      typeof message === 'object' &&
      message !== null &&
      'fault' in message &&
      typeof message.fault === 'string' &&
      isFault(message.fault)
    ) {
      currentFault.name = message.fault
    }
  })
  process.on('disconnect', () => process.exit(0))
}
