import { Gauge } from 'prom-client'
import { PRODUCTS } from '../catalog.ts'
import { Database } from '../database.ts'
import { currentFault } from '../faults.ts'
import { ServiceError, registry, startService } from '../service.ts'

const FLAP_PERIOD_MS = 10_000
const FLAP_DOWN_MS = 5_000
const RESTOCK_LEVEL = 10
const RESTOCK_TO = 200

const stockLevel = new Gauge({
  name: 'inventory_stock',
  help: 'Pieces in stock.',
  labelNames: ['product_id'],
  registers: [registry],
})
const db = new Database('inventory', 'create table stock (id text primary key, pieces integer)')
for (const { id } of PRODUCTS) db.run('INSERT', 'stock', 'insert into stock values (?, ?)', id, RESTOCK_TO)

startService({
  name: 'inventory',
  checks: { database: () => db.check() },
  routes: {
    'GET /stock/:id': ({ params }) => {
      failWhileFlapping()
      return db.run('SELECT', 'stock', 'select pieces from stock where id = ?', params['id'] ?? '')[0]
    },
    'POST /reserve/:id': ({ params, log }) => {
      failWhileFlapping()
      const id = params['id'] ?? ''
      const [row] = db.run('UPDATE', 'stock', 'update stock set pieces = pieces - 1 where id = ? returning pieces', id)
      if (row === undefined) throw new ServiceError(404, `no stock of ${id}`)
      const pieces = Number(row['pieces'])
      if (pieces < RESTOCK_LEVEL) {
        db.run('UPDATE', 'stock', 'update stock set pieces = ? where id = ?', RESTOCK_TO, id)
        log.info({ product_id: id, pieces: RESTOCK_TO }, 'restocked')
      }
      stockLevel.set({ product_id: id }, pieces)
      return { pieces }
    },
  },
})

function failWhileFlapping(): void {
  if (currentFault.name === 'flapping' && Date.now() % FLAP_PERIOD_MS < FLAP_DOWN_MS)
    throw new ServiceError(503, 'connection pool exhausted')
}
