import { SPAN_KINDS, SPAN_STATUSES } from '@oriel/model'
import type { Answer, Exchange } from '../http/exchange.ts'
import { callerOf, jsonAnswer } from '../http/exchange.ts'
import type { ApiServices } from '../services.ts'
import { bad, limitOf, searchRange } from './params.ts'

// 1,000: what a completion list can use; a value list of a trace id would never end.
const MAX_VALUES = 1_000

const INTRINSICS = [
  'duration',
  'kind',
  'name',
  'rootName',
  'rootServiceName',
  'status',
  'statusMessage',
  'traceDuration',
] as const
const SCOPES = ['resource', 'span'] as const

type Scope = 'resource' | 'span' | 'any'

/** GET /api/search/tags: attribute names of all scopes in one list. */
export async function tagsV1(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const scopes = await readTags(services, exchange)
  const names = new Set(scopes.filter(({ name }) => name !== 'intrinsic').flatMap(({ tags }) => tags))
  return jsonAnswer({ tagNames: [...names].sort(), metrics: {} })
}

/** GET /api/v2/search/tags: attribute names by scope. */
export async function tagsV2(services: ApiServices, exchange: Exchange): Promise<Answer> {
  return jsonAnswer({ scopes: await readTags(services, exchange), metrics: {} })
}

/** GET /api/search/tag/<tag>/values: the tag has no scope. */
export async function tagValuesV1(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const tag = exchange.params['tag'] ?? ''
  return jsonAnswer({ tagValues: await readValues(services, exchange, 'any', tag), metrics: {} })
}

/** GET /api/v2/search/tag/<scoped>/values: `resource.x`, `span.x`, `.x` or an intrinsic. `q` narrows nothing yet. */
export async function tagValuesV2(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const tag = exchange.params['tag'] ?? ''
  if (tag === 'status' || tag === 'kind') {
    const values = tag === 'status' ? SPAN_STATUSES : SPAN_KINDS
    return jsonAnswer({ tagValues: values.map((value) => ({ type: 'keyword', value })), metrics: {} })
  }
  const { scope, key } = scopedKey(tag)
  const values = await readValues(services, exchange, scope, key)
  return jsonAnswer({ tagValues: values.map((value) => ({ type: 'string', value })), metrics: {} })
}

interface ScopeTags {
  readonly name: string
  readonly tags: readonly string[]
}

async function readTags(services: ApiServices, exchange: Exchange): Promise<ScopeTags[]> {
  const wanted = exchange.query.get('scope') ?? ''
  if (!['', 'none', 'intrinsic', ...SCOPES].includes(wanted)) throw bad(`invalid scope: ${JSON.stringify(wanted)}`)
  const isWanted = (scope: string) => wanted === '' || wanted === 'none' || wanted === scope
  const range = searchRange(exchange, services.now)
  const { data } = await services.runner.lookup('span tags', callerOf(exchange, 'tempo'), (source, context) =>
    Promise.all(
      SCOPES.filter(isWanted).map(async (name) => ({ name, tags: await source.traces.tagNames(name, range, context) })),
    ),
  )
  return isWanted('intrinsic') ? [...data, { name: 'intrinsic', tags: INTRINSICS }] : data
}

async function readValues(services: ApiServices, exchange: Exchange, scope: Scope, key: string): Promise<string[]> {
  const range = searchRange(exchange, services.now)
  const limit = limitOf(exchange, 'limit', MAX_VALUES)
  const what = `values of ${scope} tag ${key}`
  const { data } = await services.runner.lookup(what, callerOf(exchange, 'tempo'), async ({ traces }, context) => {
    if (scope !== 'any' || key !== 'name') return traces.tagValues(scope, key, range, limit, context)
    const all = await traces.services(range, context)
    const operations = await Promise.all(all.map((service) => traces.operations(service, range, context)))
    return [...new Set(operations.flat().map(({ name }) => name))].sort().slice(0, limit)
  })
  return data
}

function scopedKey(tag: string): { scope: Scope; key: string } {
  for (const scope of SCOPES) if (tag.startsWith(`${scope}.`)) return { scope, key: tag.slice(scope.length + 1) }
  return { scope: 'any', key: tag.startsWith('.') ? tag.slice(1) : tag }
}
