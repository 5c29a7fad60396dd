import type { Labels, Matcher, TimeRange } from '@oriel/model'
import { compareLabels, labelsOf, MS_PER_DAY } from '@oriel/model'
import type { IndexRequest, QueryContext } from '@oriel/store'
import { StoreError } from '@oriel/store'
import { allOf, anyOf, Bindings, matcherCondition, tenantCondition } from './conditions.ts'
import type { EngineClient } from './engine/client.ts'

/** The index of log streams, with labels of streams seen of late held in memory (an id is a hash of its labels: never stale). */
export interface StreamIndex {
  /** Labels by stream id (decimal text); ids without an index row are left out. */
  labelsOf(ids: Iterable<string>, context: QueryContext): Promise<ReadonlyMap<string, Labels>>
  streams(request: IndexRequest, context: QueryContext): Promise<Labels[]>
  labelNames(request: IndexRequest, context: QueryContext): Promise<string[]>
  labelValues(label: string, request: IndexRequest, context: QueryContext): Promise<string[]>
}

// 20,000 streams of ten labels are about 20 MB; a bigger set is read again, in one statement.
const CACHED_STREAMS = 20_000

/** Opens the index. */
export function openStreamIndex(client: EngineClient): StreamIndex {
  const cache = new Map<string, Labels>()
  return {
    async labelsOf(ids, context) {
      const found = new Map<string, Labels>()
      const unknown: string[] = []
      for (const id of ids) {
        const labels = cache.get(id)
        if (labels === undefined) unknown.push(id)
        else found.set(id, labels)
      }
      if (unknown.length === 0) return found
      for (const [id, labels] of await readLabels(client, unknown, context)) {
        found.set(id, labels)
        if (cache.size >= CACHED_STREAMS) cache.clear()
        cache.set(id, labels)
      }
      return found
    },
    async streams(request, context) {
      const bindings = new Bindings()
      const sql = `SELECT any(labels) AS stream_labels FROM streams
WHERE ${indexCondition(request, context, bindings)}
GROUP BY stream
ORDER BY toString(mapSort(stream_labels))
LIMIT ${limitOf(request, context)}`
      const blocks = await client.query(sql, { params: bindings.params, context })
      const all = blocks.flatMap((block) => block.maps('stream_labels').map(labelsOf))
      context.stats.series += all.length
      if (all.length > context.limits.maxSeries) throw tooMany(context)
      return all.sort(compareLabels)
    },
    async labelNames(request, context) {
      const bindings = new Bindings()
      const sql = `SELECT arrayJoin(mapKeys(labels)) AS name FROM streams
WHERE ${indexCondition(request, context, bindings)}
GROUP BY name
ORDER BY name
LIMIT ${limitOf(request, context)}`
      const blocks = await client.query(sql, { params: bindings.params, context })
      return blocks.flatMap((block) => block.strings('name'))
    },
    async labelValues(label, request, context) {
      const bindings = new Bindings()
      const sql = `SELECT labels[${bindings.text(label)}] AS value FROM streams
WHERE ${indexCondition(request, context, bindings)} AND value != ''
GROUP BY value
ORDER BY value
LIMIT ${limitOf(request, context)}`
      const blocks = await client.query(sql, { params: bindings.params, context })
      return blocks.flatMap((block) => block.strings('value'))
    },
  }
}

/** Which streams the matchers select in the range, as a condition on `(service, stream)` of another table. `undefined` for all. */
export function streamCondition(
  matchers: readonly Matcher[],
  range: TimeRange,
  context: QueryContext,
  bindings: Bindings,
): string | undefined {
  if (matchers.length === 0) return undefined
  const request: IndexRequest = { matcherSets: [matchers], range, limit: 0 }
  return `(service, stream) IN (SELECT service, stream FROM streams WHERE ${indexCondition(request, context, bindings)})`
}

/** A condition on rows of `streams`. */
export function indexCondition({ matcherSets, range }: IndexRequest, { tenants }: QueryContext, bindings: Bindings): string {
  const sets = matcherSets.map((matchers) => allOf(matchers.map((matcher) => labelCondition(matcher, bindings))))
  const conditions = [
    tenantCondition(tenants, bindings),
    `day >= ${bindings.bind(dayOf(range.startMs), 'Date32')}`,
    `day <= ${bindings.bind(dayOf(range.endMs), 'Date32')}`,
  ]
  if (sets.length > 0) conditions.push(anyOf(sets))
  return allOf(conditions)
}

function labelCondition(matcher: Matcher, bindings: Bindings): string {
  return matcherCondition(`labels[${bindings.text(matcher.name)}]`, matcher, bindings)
}

// Date32 ends in 2299; a range may well be open towards the end of time.
const LAST_DAY = 120_529

function dayOf(tMs: number): string {
  const day = Math.min(LAST_DAY, Math.max(0, Math.floor(tMs / MS_PER_DAY)))
  return new Date(day * MS_PER_DAY).toISOString().slice(0, 'yyyy-mm-dd'.length)
}

/** One more than allowed where the query's own limit decides, so that reaching it shows. */
function limitOf(request: IndexRequest, { limits }: QueryContext): number {
  return request.limit > 0 ? request.limit : limits.maxSeries + 1
}

function tooMany({ limits }: QueryContext): StoreError {
  return new StoreError(
    'STORE_LIMIT',
    `cannot list streams: more than ${limits.maxSeries}, limit maxSeries is ${limits.maxSeries}`,
  )
}

async function readLabels(client: EngineClient, ids: readonly string[], context: QueryContext): Promise<Map<string, Labels>> {
  const bindings = new Bindings()
  const wanted = bindings.bind(ids.map(BigInt), 'Array(UInt128)')
  const sql = `SELECT toString(stream) AS id, any(labels) AS labels FROM streams
WHERE ${tenantCondition(context.tenants, bindings)} AND stream IN ${wanted}
GROUP BY stream`
  const found = new Map<string, Labels>()
  for (const block of await client.query(sql, { params: bindings.params, context })) {
    const labels = block.maps('labels')
    for (const [row, id] of block.strings('id').entries()) found.set(id, labelsOf(labels[row] ?? {}))
  }
  return found
}
