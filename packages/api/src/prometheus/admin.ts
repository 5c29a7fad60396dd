import { callerOf } from '../http/exchange.ts'
import type { Answer, Exchange } from '../http/exchange.ts'
import { ApiError } from '../errors.ts'
import type { ApiServices } from '../services.ts'
import { parseGoBoolean, parseSelector, plainFail, rangeParameters, refuse } from './params.ts'
import { nothing } from './success.ts'

/** POST and PUT /api/v1/admin/tsdb/delete_series: deletes samples, of the caller's tenants alone. */
export async function deleteSeries(services: ApiServices, exchange: Exchange): Promise<Answer> {
  checkSwitch(services)
  const texts = exchange.query.getAll('match[]')
  if (texts.length === 0) plainFail('no match[] parameter provided')
  const range = rangeParameters(exchange)
  const sets = texts.map((text) => parseSelector(text, (why, cause) => refuse('match[]', why, cause)))
  await services.runner.lookup(`delete ${texts.join(', ')}`, callerOf(exchange, 'prometheus'), async () => {
    for (const tenant of exchange.tenants) {
      for (const matchers of sets) await services.sink.deleteMetrics({ tenant, matchers, range })
    }
  })
  return nothing()
}

/** POST and PUT /api/v1/admin/tsdb/clean_tombstones: takes what was deleted off the disk. */
export async function cleanTombstones(services: ApiServices): Promise<Answer> {
  checkSwitch(services)
  await services.sink.purgeDeleted()
  return nothing()
}

/** POST and PUT /api/v1/admin/tsdb/snapshot: refused, the engine's own backup is the way. */
export function snapshot(services: ApiServices, { query }: Exchange): Answer {
  checkSwitch(services)
  const text = query.get('skip_head') ?? ''
  const skips = text === '' ? undefined : parseGoBoolean(text)
  if (skips?.ok === false) refuse('skip_head', `unable to parse boolean: ${skips.why}`)
  const why = 'the store is a ClickHouse, which has no blocks of Prometheus to copy. Use BACKUP of ClickHouse'
  throw new ApiError('API_UNSUPPORTED', `cannot make a snapshot: ${why}`)
}

function checkSwitch({ prometheus }: ApiServices): void {
  if (!prometheus.isAdminOn) throw new ApiError('API_DISABLED', 'admin APIs disabled')
}
