import { METRIC_NAME } from '@oriel/model'
import type { Cardinality, IndexRequest, PairCount, QueryContext } from '@oriel/store'
import { inSlices, largestCounts, largestPairs } from '@oriel/store'
import { allOf, Bindings, tenantCondition } from '../conditions.ts'
import type { EngineClient } from '../engine/client.ts'
import { cardinalityOf } from './postings/counts.ts'
import type { MemoryIndex } from './postings/memory-index.ts'
import { daysOf, seriesConditions } from './selection.ts'

/** Counts what the series of a look-up are made of. See `MetricSource.cardinality`. */
export async function readCardinality(
  { client, memory }: { readonly client: EngineClient; readonly memory: MemoryIndex | undefined },
  request: IndexRequest,
  context: QueryContext,
): Promise<Cardinality> {
  const limit = Math.max(1, Math.floor(request.limit))
  const days = request.matcherSets.length === 0 ? memory?.covers(request, context) : undefined
  if (memory !== undefined && days !== undefined) {
    const index = memory.of(context)
    return cardinalityOf(index.pairs, await inSlices(index.count(days), context.signal), limit)
  }
  const [series, labels] = await Promise.all([countSeries(client, request, context), readLabels(client, request, limit, context)])
  const counts = (of: (label: LabelCounts) => number) =>
    largestCounts(
      labels.map((label) => ({ name: label.name, count: of(label) })),
      limit,
    )
  const names = labels.find(({ name }) => name === METRIC_NAME)?.top ?? []
  return {
    series,
    pairs: labels.reduce((sum, { values }) => sum + values, 0),
    seriesByMetric: names.map(({ value, count }) => ({ name: value, count })),
    valuesByLabel: counts(({ values }) => values),
    bytesByLabel: counts(({ bytes }) => bytes),
    seriesByPair: largestPairs(
      labels.flatMap(({ top }) => top),
      limit,
    ),
  }
}

/** Different values of a label, their bytes over all series, and the values that most series have. */
interface LabelCounts {
  readonly name: string
  readonly values: number
  readonly bytes: number
  readonly top: PairCount[]
}

async function countSeries(client: EngineClient, request: IndexRequest, context: QueryContext): Promise<number> {
  const bindings = new Bindings()
  const sql = `SELECT toFloat64(uniqExact(id)) AS found FROM series WHERE ${conditions(request, context, bindings)}`
  const [block] = await client.query(sql, { params: bindings.params, context })
  return block?.doubles('found')[0] ?? 0
}

/** One pass over the series: pairs are counted, then gathered by label with only the largest kept. */
async function readLabels(
  client: EngineClient,
  request: IndexRequest,
  limit: number,
  context: QueryContext,
): Promise<LabelCounts[]> {
  const bindings = new Bindings()
  const sql = `SELECT name, values, bytes, -top.1 AS found, top.2 AS value FROM (
  SELECT name, toFloat64(count()) AS values, toFloat64(sum(length(value) * series)) AS bytes,
    groupArraySorted(${limit})((-toFloat64(series), value)) AS tops
  FROM (
    SELECT name, value, count() AS series
    FROM (SELECT any(metric) AS of, any(labels) AS rest FROM series WHERE ${conditions(request, context, bindings)} GROUP BY tenant, id)
    ARRAY JOIN arrayConcat(if(of = '', [], ['${METRIC_NAME}']), mapKeys(rest)) AS name,
      arrayConcat(if(of = '', [], [toString(of)]), mapValues(rest)) AS value
    GROUP BY name, value
  )
  GROUP BY name
)
ARRAY JOIN tops AS top
ORDER BY name, top`
  const labels: LabelCounts[] = []
  for await (const block of client.stream(sql, { params: bindings.params, context })) {
    const values = block.doubles('values')
    const bytes = block.doubles('bytes')
    const found = block.doubles('found')
    const texts = block.strings('value')
    for (const [row, name] of block.strings('name').entries()) {
      let label = labels.at(-1)
      if (label?.name !== name) labels.push((label = { name, values: values[row]!, bytes: bytes[row]!, top: [] }))
      label.top.push({ name, value: texts[row]!, count: found[row]! })
    }
  }
  return labels
}

function conditions(request: IndexRequest, { tenants }: QueryContext, bindings: Bindings): string {
  return allOf([tenantCondition(tenants, bindings), ...seriesConditions(daysOf(request.range), request.matcherSets, bindings)])
}
