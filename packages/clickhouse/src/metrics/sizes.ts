// What series are made of, at a page's speed: walls at 1M series on two cores are beside each statement (bench/cardinality.ts).

import type { TimeRange } from '@oriel/model'
import { METRIC_NAME, MS_PER_DAY } from '@oriel/model'
import type { CardinalityStore, DaySize, LabelSizes, QueryContext, SizesRequest } from '@oriel/store'
import { inSlices } from '@oriel/store'
import { allOf, Bindings, tenantCondition } from '../conditions.ts'
import type { EngineClient } from '../engine/client.ts'
import { nativeBlock, numbersField, stringsField } from '../native/index.ts'
import { anatomyOf, sizesOf, topPairs, valuesOf } from './postings/counts.ts'
import type { MemoryIndex } from './postings/memory-index.ts'
import { daysOf, seriesConditions } from './selection.ts'

/** Opens the counts of series: in memory for the last days, over the tables of metrics for others. */
export function openSizes(client: EngineClient, memory: MemoryIndex | undefined): CardinalityStore {
  const held = async (range: TimeRange, context: QueryContext, metric?: string) => {
    const days = memory?.covers({ range }, context)
    if (memory === undefined || days === undefined) return undefined
    const index = memory.of(context)
    return [index.pairs, await inSlices(index.count(days, metric), context.signal)] as const
  }
  return {
    async sizes(request, context) {
      const counted = await held(request.range, context)
      return counted === undefined ? readSizes(client, request, context) : sizesOf(...counted, request.limit)
    },
    async labels(request, context) {
      const counted = await held(request.range, context)
      return counted === undefined ? readLabels(client, request, context) : valuesOf(...counted, request.limit)
    },
    async pairs(request, context) {
      const counted = await held(request.range, context)
      if (counted === undefined) return readPairs(client, request, context)
      return { pairs: topPairs(...counted, request.limit), sampledBy: 1 }
    },
    async metric(metric, request, context) {
      const counted = await held(request.range, context, metric)
      if (counted !== undefined) return { series: counted[1].series, labels: anatomyOf(...counted, request.limit) }
      const [series, labels] = await Promise.all([
        readSeries(client, metric, request.range, context),
        readAnatomy(client, metric, request, context),
      ])
      return { series, labels }
    },
    async days(metric, range, context) {
      const inMemoryMs = Math.max(range.startMs, (memory?.firstDay ?? Infinity) * MS_PER_DAY)
      const days = memory?.covers({ range: { startMs: inMemoryMs, endMs: range.endMs } }, context)
      if (memory === undefined || days === undefined) return readDays(client, metric, range, context)
      const recent = await inSlices(memory.of(context).countDays(metric, days), context.signal)
      if (inMemoryMs === range.startMs) return recent
      return [...(await readDays(client, metric, { startMs: range.startMs, endMs: inMemoryMs - 1 }, context)), ...recent]
    },
    async reduced(metric, which, { range }, context) {
      const days = memory?.covers({ range }, context)
      if (memory === undefined || days === undefined) return readReduced(client, metric, which, { range }, context)
      const isKept = (label: string): boolean => which.labels.includes(label) === (which.mode === 'keep')
      return inSlices(memory.of(context).countReduced(metric, isKept, days), context.signal)
    },
    ...openUses(client),
  }
}

/** Which metrics were queried, and when. */
function openUses(client: EngineClient): Pick<CardinalityStore, 'noteUse' | 'uses'> {
  return {
    async noteUse(uses) {
      if (uses.length === 0) return
      const text = (of: 'tenant' | 'metric') =>
        stringsField(
          of,
          uses.map((use) => use[of]),
        )
      const patterns = numbersField(
        'pattern',
        uses.map(({ isPattern }) => (isPattern ? 1 : 0)),
      )
      const days = numbersField(
        'day',
        uses.map(({ day }) => day),
      )
      await client.insert('metric_uses', nativeBlock(uses.length, [text('tenant'), text('metric'), patterns, days]))
    },
    async uses(tenant, sinceDay) {
      const bindings = new Bindings()
      const sql = `SELECT metric, pattern, max(day) AS last FROM metric_uses WHERE tenant = ${bindings.text(tenant)}
GROUP BY metric, pattern HAVING last >= ${bindings.bind(sinceDay, 'UInt32')} ORDER BY metric, pattern`
      const blocks = await client.query(sql, { params: bindings.params })
      return blocks.flatMap((block) => {
        const [patterns, days] = [block.numbers('pattern'), block.numbers('last')]
        return block.strings('metric').map((metric, i) => ({ tenant, metric, isPattern: patterns[i] === 1, day: days[i]! }))
      })
    },
  }
}

// 64 bits of the id tell series apart: of a million the chance that any two share them is below 1 in 10 million.
const ID = 'toUInt64(id)'

/** 100 ms. */
async function readSizes(client: EngineClient, { range, limit }: SizesRequest, context: QueryContext) {
  const bindings = new Bindings()
  const sql = `SELECT metric, toFloat64(uniqExact(${ID})) AS found, sum(found) OVER () AS total FROM series
WHERE ${inDays(range, context, bindings)} GROUP BY metric ORDER BY found DESC, metric LIMIT ${limit}`
  const blocks = await client.query(sql, { params: bindings.params, context })
  const metrics = blocks.flatMap((block) => {
    const found = block.doubles('found')
    return block.strings('metric').map((name, i) => ({ name, count: found[i]! }))
  })
  return { series: blocks.find(({ rows }) => rows > 0)?.doubles('total')[0] ?? 0, metrics }
}

/** 80 ms. */
async function readLabels(client: EngineClient, { range, limit }: SizesRequest, context: QueryContext) {
  const bindings = new Bindings()
  const sql = `SELECT name, toFloat64(uniqExact(value)) AS found FROM label_values
WHERE ${inDays(range, context, bindings)} GROUP BY name ORDER BY found DESC, name LIMIT ${limit}`
  const blocks = await client.query(sql, { params: bindings.params, context })
  return blocks.flatMap((block) => {
    const found = block.doubles('found')
    return block.strings('name').map((name, i) => ({ name, count: found[i]! }))
  })
}

// 50,000 series are taken apart in 50 ms; of more, one in so many is looked at.
const WHOLE_SERIES = 50_000

/** 200 ms. */
async function readPairs(client: EngineClient, request: SizesRequest, context: QueryContext) {
  const { range, limit } = request
  const rows = await countRows(client, range, context)
  let sampledBy = 1
  while (rows / sampledBy > WHOLE_SERIES) sampledBy *= 2
  const bindings = new Bindings()
  const condition = `${inDays(range, context, bindings)} AND ${ID} % ${sampledBy} = 0`
  const sql = `SELECT name, value, toFloat64(${countOf(range)}) AS found FROM series
ARRAY JOIN arrayPushBack(mapKeys(labels), '${METRIC_NAME}') AS name, arrayPushBack(mapValues(labels), toString(metric)) AS value
WHERE ${condition} AND value != '' GROUP BY name, value ORDER BY found DESC, name, value LIMIT ${limit}`
  const blocks = await client.query(sql, { params: bindings.params, context })
  const pairs = blocks.flatMap((block) => {
    const found = block.doubles('found')
    const values = block.strings('value')
    return block.strings('name').map((name, i) => ({ name, value: values[i]!, count: sampledBy * found[i]! }))
  })
  return { pairs, sampledBy }
}

async function countRows(client: EngineClient, range: TimeRange, context: QueryContext): Promise<number> {
  const bindings = new Bindings()
  const sql = `SELECT toFloat64(count()) AS found FROM series WHERE ${inDays(range, context, bindings)}`
  const [block] = await client.query(sql, { params: bindings.params, context })
  return block?.doubles('found')[0] ?? 0
}

/** 230 ms for a metric of 300,000 series of six labels. */
async function readAnatomy(
  client: EngineClient,
  metric: string,
  { range, limit }: SizesRequest,
  context: QueryContext,
): Promise<LabelSizes[]> {
  const bindings = new Bindings()
  const series = countOf(range)
  const sql = `SELECT name, found, -top.1 AS series, top.2 AS value FROM (
  SELECT name, toFloat64(count()) AS found, groupArraySorted(${limit})((-toFloat64(series), value)) AS tops
  FROM (
    SELECT name, value, ${series} AS series FROM series ARRAY JOIN mapKeys(labels) AS name, mapValues(labels) AS value
    WHERE ${ofMetric(metric, range, context, bindings)} GROUP BY name, value
  )
  GROUP BY name
)
ARRAY JOIN tops AS top
ORDER BY found DESC, name, top`
  const labels: (LabelSizes & { readonly top: { value: string; series: number }[] })[] = []
  for await (const block of client.stream(sql, { params: bindings.params, context })) {
    const [found, counts, values] = [block.doubles('found'), block.doubles('series'), block.strings('value')]
    for (const [row, name] of block.strings('name').entries()) {
      let label = labels.at(-1)
      if (label?.name !== name) labels.push((label = { name, values: found[row]!, top: [] }))
      label.top.push({ value: values[row]!, series: counts[row]! })
    }
  }
  return labels
}

async function readReduced(
  client: EngineClient,
  metric: string,
  { mode, labels }: Parameters<CardinalityStore['reduced']>[1],
  { range }: Pick<SizesRequest, 'range'>,
  context: QueryContext,
): Promise<number> {
  const bindings = new Bindings()
  const named = bindings.bind([...labels], 'Array(String)')
  const rest = `mapFilter((name, value) -> ${mode === 'drop' ? 'NOT ' : ''}has(${named}, name), labels)`
  // 110 ms for a metric of 300,000 series.
  const sql = `SELECT toFloat64(uniqExact(sipHash64(${rest}))) AS found FROM series
WHERE ${ofMetric(metric, range, context, bindings)}`
  const [block] = await client.query(sql, { params: bindings.params, context })
  return block?.doubles('found')[0] ?? 0
}

async function readSeries(client: EngineClient, metric: string, range: TimeRange, context: QueryContext): Promise<number> {
  const bindings = new Bindings()
  const sql = `SELECT toFloat64(${countOf(range)}) AS found FROM series WHERE ${ofMetric(metric, range, context, bindings)}`
  const [block] = await client.query(sql, { params: bindings.params, context })
  return block?.doubles('found')[0] ?? 0
}

async function readDays(client: EngineClient, metric: string, range: TimeRange, context: QueryContext): Promise<DaySize[]> {
  const bindings = new Bindings()
  const sql = `SELECT day, toFloat64(uniqExact(${ID})) AS found
FROM series WHERE ${ofMetric(metric, range, context, bindings)} GROUP BY day ORDER BY day`
  const blocks = await client.query(sql, { params: bindings.params, context })
  return blocks.flatMap((block) => {
    const found = block.doubles('found')
    return [...block.numbers('day')].map((day, i) => ({ day, series: found[i]! }))
  })
}

/** A day has a series once, but for rows not merged yet: only several days need to tell series apart. */
function countOf(range: TimeRange): string {
  const { first, last } = daysOf(range)
  return first === last ? 'count()' : `uniqExact(${ID})`
}

function inDays(range: TimeRange, { tenants }: QueryContext, bindings: Bindings): string {
  return allOf([tenantCondition(tenants, bindings), ...seriesConditions(daysOf(range), [], bindings)])
}

function ofMetric(metric: string, range: TimeRange, context: QueryContext, bindings: Bindings): string {
  return `${inDays(range, context, bindings)} AND metric = ${bindings.text(metric)}`
}
