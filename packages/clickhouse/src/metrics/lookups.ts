import type { Exemplar, MetricMetadata, MetricType, SeriesExemplars } from '@oriel/model'
import { makeLabels } from '@oriel/model'
import type { IndexRequest, QueryContext, SeriesRequest } from '@oriel/store'
import { allOf, Bindings, tenantCondition } from '../conditions.ts'
import type { EngineClient } from '../engine/client.ts'
import type { MemoryIndex } from './postings/memory-index.ts'
import { chooseSeries } from './series-choice.ts'
import { clampRange, daysOf, labelExpression, seriesConditions, timeConditions } from './selection.ts'
import type { SeriesIndex } from './series-index.ts'
import { SeriesTable } from './series-table.ts'

/** Where labels are looked up. */
interface LookupPlaces {
  readonly client: EngineClient
  readonly memory: MemoryIndex | undefined
}

/** Label names of the series that match, sorted. */
export async function readLabelNames(
  { client, memory }: LookupPlaces,
  request: IndexRequest,
  context: QueryContext,
): Promise<string[]> {
  const days = memory?.covers(request, context)
  if (memory !== undefined && days !== undefined) return memory.texts(request, days, context)
  const bindings = new Bindings()
  const names = isEverything(request)
    ? `SELECT name FROM label_values WHERE ${dayConditions(request, context, bindings)}`
    : `SELECT arrayJoin(arrayConcat(if(metric = '', [], ['__name__']), mapKeys(labels))) AS name FROM series
WHERE ${indexConditions(request, context, bindings)}`
  return await readStrings(client, `${names} GROUP BY name ORDER BY name${limitOf(request)}`, 'name', bindings, context)
}

/** Values of one label over the series that match, sorted, '' left out. */
export async function readLabelValues(
  { client, memory }: LookupPlaces,
  label: string,
  request: IndexRequest,
  context: QueryContext,
): Promise<string[]> {
  const days = memory?.covers(request, context)
  if (memory !== undefined && days !== undefined) return memory.texts(request, days, context, label)
  const bindings = new Bindings()
  const values = isEverything(request)
    ? `SELECT value FROM label_values WHERE ${dayConditions(request, context, bindings)} AND name = ${bindings.text(label)}`
    : `SELECT ${labelExpression(label, bindings)} AS value FROM series
WHERE ${indexConditions(request, context, bindings)} AND value != ''`
  return await readStrings(client, `${values} GROUP BY value ORDER BY value${limitOf(request)}`, 'value', bindings, context)
}

/** What is known of metrics, by name. */
export async function readMetadata(
  client: EngineClient,
  { metric, limit }: { readonly metric?: string; readonly limit: number },
  context: QueryContext,
): Promise<MetricMetadata[]> {
  const bindings = new Bindings()
  const conditions = [tenantCondition(context.tenants, bindings)]
  if (metric !== undefined) conditions.push(`metric = ${bindings.text(metric)}`)
  const latest = (column: string) => `argMax(${column}, written) AS last_${column}`
  const sql = `SELECT metric, ${latest('type')}, ${latest('help')}, ${latest('unit')} FROM metric_metadata
WHERE ${allOf(conditions)}
GROUP BY tenant, metric ORDER BY metric${limitOf({ limit })}`
  const entries: MetricMetadata[] = []
  for await (const block of client.stream(sql, { params: bindings.params, context })) {
    const types = block.strings('last_type')
    const helps = block.strings('last_help')
    const units = block.strings('last_unit')
    for (const [row, name] of block.strings('metric').entries()) {
      entries.push({ metric: name, type: metricType(types[row]!), help: helps[row]!, unit: units[row]! })
    }
  }
  return entries
}

/** Exemplars of the series that match, by series, in time order. */
export async function readExemplars(
  client: EngineClient,
  index: SeriesIndex,
  { matchers, range: wanted }: SeriesRequest,
  context: QueryContext,
): Promise<SeriesExemplars[]> {
  const range = clampRange(wanted)
  const series = await index.find({ matcherSets: [matchers], range, limit: 0 }, context)
  if (series.length === 0) return []
  const bindings = new Bindings()
  const chosen = chooseSeries({ series, matchers }, bindings)
  const conditions = [tenantCondition(context.tenants, bindings), ...chosen.conditions, ...timeConditions(range, bindings)]
  const sql = `SELECT toUInt64(series_id) AS s, toUnixTimestamp64Milli(t) AS at, value, trace_id, labels FROM exemplars
WHERE ${allOf(conditions)}
ORDER BY at LIMIT 1 BY s, at, trace_id, content LIMIT ${MOST_EXEMPLARS}`
  const found: Exemplar[][] = series.map(() => [])
  const table = new SeriesTable(series)
  const options = { params: bindings.params, context, ...(chosen.table !== undefined && { table: chosen.table }) }
  for await (const block of client.stream(sql, options)) {
    const ids = block.words('s')
    const times = block.numbers('at')
    const values = block.doubles('value')
    const traceIds = block.strings('trace_id')
    for (const [row, labels] of block.maps('labels').entries()) {
      const traceId = traceIds[row]!
      const all = makeLabels(Object.entries(traceId === '' ? labels : { ...labels, trace_id: traceId }))
      found[table.find(ids[2 * row]!, ids[2 * row + 1]!)]?.push({ labels: all, value: values[row]!, tMs: times[row]! })
    }
  }
  return series
    .map(({ labels }, i) => ({ seriesLabels: labels, exemplars: found[i]! }))
    .filter(({ exemplars }) => exemplars.length > 0)
}

// 10,000: more than a chart can show; a heavy range otherwise returns every exemplar ever sent.
const MOST_EXEMPLARS = 10_000

const METRIC_TYPES = new Map<string, MetricType>(
  (['counter', 'gauge', 'histogram', 'gaugehistogram', 'summary', 'info', 'stateset', 'unknown'] as const).map((type) => [
    type,
    type,
  ]),
)

function metricType(text: string): MetricType {
  return METRIC_TYPES.get(text) ?? 'unknown'
}

async function readStrings(
  client: EngineClient,
  sql: string,
  column: string,
  bindings: Bindings,
  context: QueryContext,
): Promise<string[]> {
  const strings: string[] = []
  for await (const block of client.stream(sql, { params: bindings.params, context })) strings.push(...block.strings(column))
  return strings
}

/** Whether the request selects all series: then the small table of names and values answers. */
function isEverything({ matcherSets }: IndexRequest): boolean {
  return matcherSets.length === 0
}

function dayConditions(request: IndexRequest, { tenants }: QueryContext, bindings: Bindings): string {
  return allOf([tenantCondition(tenants, bindings), ...seriesConditions(daysOf(request.range), [], bindings)])
}

function indexConditions(request: IndexRequest, { tenants }: QueryContext, bindings: Bindings): string {
  return allOf([tenantCondition(tenants, bindings), ...seriesConditions(daysOf(request.range), request.matcherSets, bindings)])
}

function limitOf({ limit }: { readonly limit: number }): string {
  return limit > 0 ? ` LIMIT ${Math.floor(limit)}` : ''
}
