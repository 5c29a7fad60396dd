import { randomBytes } from 'node:crypto'
import { callerOf } from '../http/exchange.ts'
import type { Answer, Exchange } from '../http/exchange.ts'
import { ApiError } from '../errors.ts'
import type { ApiServices } from '../services.ts'
import { parseGoBoolean, parseSelector, plainFail, rangeParameters, refuse } from './params.ts'
import { nothing, success } from './success.ts'

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

/**
 * POST and PUT /api/v1/admin/tsdb/snapshot: copies all that is stored to `snapshots/<name>` of the data directory.
 *
 * There is no head to skip: what is acknowledged is stored, and in the snapshot.
 */
export async function snapshot(services: ApiServices, { query }: Exchange): Promise<Answer> {
  checkSwitch(services)
  const text = query.get('skip_head') ?? ''
  const skips = text === '' ? undefined : parseGoBoolean(text)
  if (skips?.ok === false) refuse('skip_head', `unable to parse boolean: ${skips.why}`)
  if (services.snapshot === undefined) {
    throw new ApiError('API_UNSUPPORTED', 'cannot make a snapshot: the store is a ClickHouse of yours. Use its BACKUP')
  }
  const name = snapshotName(services.now())
  await services.snapshot(name)
  return success({ name })
}

/** Time and chance, as Prometheus names snapshots: 20260314T120000Z-5d3f06b6a1b2c3d4. */
function snapshotName(nowMs: number): string {
  const time = new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d+/g, '')
  return `${time}-${randomBytes(8).toString('hex')}`
}

function checkSwitch({ prometheus }: ApiServices): void {
  if (!prometheus.isAdminOn) throw new ApiError('API_DISABLED', 'admin APIs disabled')
}
