import type { Span, SpanKind, TimeRangeNs } from '@oriel/model'
import { SPAN_KINDS } from '@oriel/model'
import type { QueryContext, TraceSource } from '@oriel/store'
import { allOf, Bindings, tenantCondition } from './conditions.ts'
import type { EngineClient } from './engine/client.ts'
import type { ResourceIndex } from './resources.ts'
import { openResourceIndex } from './resources.ts'
import { timeConditions, windowOf } from './time.ts'
import { readRed, readRedExemplars } from './traces-red.ts'
import { readSpans, SPAN_COLUMNS } from './traces-rows.ts'
import { searchTraces } from './traces-search.ts'
import { BY_TRACE } from './traces-summary.ts'

/** Reads traces from the engine. See `TraceSource`. */
export function openTraceSource(client: EngineClient): TraceSource {
  const resources = openResourceIndex(client)
  const texts = async (statement: Statement, context: QueryContext) => {
    const blocks = await client.query(statement.sql, { params: statement.params, context })
    return blocks.flatMap((block) => block.strings('value'))
  }
  return {
    byId: (traceId, context) => readTrace(client, resources, traceId, context),
    search: (request, context) => searchTraces(client, resources, request, context),
    services: (range, context) => texts(servicesStatement(range, context), context),
    operations: (service, range, context) => readOperations(client, service, range, context),
    tagNames: (scope, range, context) => texts(tagNamesStatement(scope, range, context), context),
    tagValues: (scope, key, range, limit, context) => texts(tagValuesStatement(scope, key, range, limit, context), context),
    red: (request, context) => readRed(client, request, context),
    redExemplars: (request, limit, context) => readRedExemplars(client, request, limit, context),
  }
}

/** SQL and the values of its placeholders. */
export interface Statement {
  readonly sql: string
  readonly params: Bindings['params']
}

async function readTrace(
  client: EngineClient,
  resources: ResourceIndex,
  traceId: string,
  context: QueryContext,
): Promise<Span[]> {
  const { sql, params } = traceStatement(traceId, context)
  return await readSpans(await client.query(sql, { params, context, settings: BY_TRACE }), resources, context)
}

/** The statement for one trace; exported for the test that pins its plan. */
export function traceStatement(traceId: string, { tenants }: QueryContext): Statement {
  const bindings = new Bindings()
  const sql = `SELECT ${SPAN_COLUMNS}
FROM spans
WHERE ${tenantCondition(tenants, bindings)} AND trace_id = ${bindings.text(traceId)}
ORDER BY ns, span_id, arrival DESC
LIMIT 1 BY span_id`
  return { sql, params: bindings.params }
}

async function readOperations(
  client: EngineClient,
  service: string,
  range: TimeRangeNs,
  context: QueryContext,
): Promise<{ name: string; kind: SpanKind }[]> {
  const bindings = new Bindings()
  const sql = `SELECT name, kind FROM spans
WHERE ${inRange(range, context, bindings)} AND service = ${bindings.text(service)}
GROUP BY name, kind
ORDER BY name, kind`
  const blocks = await client.query(sql, { params: bindings.params, context })
  return blocks.flatMap((block) => {
    const kinds = block.numbers('kind')
    return block.strings('name').map((name, row) => ({ name, kind: SPAN_KINDS[kinds[row]!] ?? 'unspecified' }))
  })
}

function servicesStatement(range: TimeRangeNs, context: QueryContext): Statement {
  const bindings = new Bindings()
  const sql = `SELECT service AS value FROM spans WHERE ${inRange(range, context, bindings)} GROUP BY value ORDER BY value`
  return { sql, params: bindings.params }
}

function tagNamesStatement(scope: 'span' | 'resource', range: TimeRangeNs, context: QueryContext): Statement {
  const bindings = new Bindings()
  const condition = inRange(range, context, bindings)
  const keys =
    scope === 'span'
      ? `SELECT arrayJoin(mapKeys(attributes)) AS value FROM spans WHERE ${condition}`
      : `SELECT arrayJoin(mapKeys(attributes)) AS value FROM ${resourcesInRange(condition, context, bindings)}`
  return { sql: `${keys} GROUP BY value ORDER BY value`, params: bindings.params }
}

function tagValuesStatement(
  scope: 'span' | 'resource' | 'any',
  key: string,
  range: TimeRangeNs,
  limit: number,
  context: QueryContext,
): Statement {
  const bindings = new Bindings()
  const condition = inRange(range, context, bindings)
  const value = `attributes[${bindings.text(key)}] AS value`
  const parts: string[] = []
  if (scope !== 'resource') parts.push(`SELECT DISTINCT ${value} FROM spans WHERE ${condition} AND value != ''`)
  if (scope !== 'span') {
    parts.push(`SELECT DISTINCT ${value} FROM ${resourcesInRange(condition, context, bindings)} AND value != ''`)
  }
  const sql = `SELECT value FROM (
${parts.join('\nUNION ALL\n')}
)
GROUP BY value ORDER BY value${limit > 0 ? ` LIMIT ${limit}` : ''}`
  return { sql, params: bindings.params }
}

/** The resources that spans in the range refer to, open for further conditions. */
function resourcesInRange(condition: string, context: QueryContext, bindings: Bindings): string {
  const tenants = tenantCondition(context.tenants, bindings)
  return `resources WHERE ${tenants} AND id IN (SELECT DISTINCT resource FROM spans WHERE ${condition})`
}

function inRange(range: TimeRangeNs, { tenants }: QueryContext, bindings: Bindings): string {
  return allOf([tenantCondition(tenants, bindings), ...timeConditions(windowOf(range), bindings)])
}
