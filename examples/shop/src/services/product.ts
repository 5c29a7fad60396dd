import { Counter } from 'prom-client'
import { PRODUCTS } from '../catalog.ts'
import { Database } from '../database.ts'
import { ServiceError, registry, startService } from '../service.ts'

const views = new Counter({
  name: 'product_views_total',
  help: 'Product pages shown.',
  labelNames: ['category', 'product_id'],
  registers: [registry],
})
const db = new Database('products', 'create table products (id text primary key, name text, category text, cents integer)')
for (const { id, name, category, cents } of PRODUCTS)
  db.run('INSERT', 'products', 'insert into products values (?, ?, ?, ?)', id, name, category, cents)

startService({
  name: 'product',
  checks: { database: () => db.check() },
  routes: {
    'GET /products': ({ log }) => {
      const rows = db.run('SELECT', 'products', 'select * from products order by name')
      log.info({ count: rows.length }, 'products listed')
      return rows
    },
    'GET /products/:id': async ({ params, call, log }) => {
      const id = params['id'] ?? ''
      const [row] = db.run('SELECT', 'products', 'select * from products where id = ?', id)
      if (row === undefined) throw new ServiceError(404, `no product ${id}`)
      views.inc({ category: String(row['category']), product_id: id })
      const [stock, quote] = await Promise.all([call('inventory', `/stock/${id}`), call('pricing', `/quote/${id}`)])
      log.info({ product_id: id }, 'product shown')
      return { ...row, stock, quote }
    },
  },
})
