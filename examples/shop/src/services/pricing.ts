import { PRODUCTS } from '../catalog.ts'
import { BAD_VERSION, currentFault } from '../faults.ts'
import { ServiceError, startService } from '../service.ts'

const DISCOUNTS: Readonly<Record<string, number>> = { free: 0, silver: 0.05, gold: 0.1 }
const isBadBuild = process.env['SHOP_VERSION'] === BAD_VERSION
let quotes = 0

startService({
  name: 'pricing',
  routes: {
    'GET /quote/:id': ({ params, shopper }) => {
      const product = PRODUCTS.find(({ id }) => id === params['id'])
      if (product === undefined) throw new ServiceError(404, `no price for ${params['id']}`)
      quotes++
      // What 1.5.0 broke: a currency table that is read before it is loaded.
      if (isBadBuild && quotes % 3 === 0) throw new TypeError("Cannot read properties of undefined (reading 'EUR')")
      if (currentFault.name === 'tier-errors' && shopper.tier === 'gold')
        throw new RangeError('discount rule GOLD10: division by zero')
      return { cents: Math.round(product.cents * (1 - (DISCOUNTS[shopper.tier] ?? 0))), currency: 'EUR' }
    },
  },
})
