import type { Labels } from '@oriel/model'
import { compareLabels, labelsKey, makeLabels, NS_PER_MS } from '@oriel/model'
import type { GridSeries, LogGridRequest, QueryContext } from '@oriel/store'
import { StoreError } from '@oriel/store'
import { Bindings } from './conditions.ts'
import type { EngineClient } from './engine/client.ts'
import { recordCondition } from './logs-filter.ts'
import type { NativeBlock } from './native/index.ts'
import type { StreamIndex } from './streams.ts'
import { indexCondition } from './streams.ts'

/**
 * Counts on a grid, exact for any window and step.
 *
 * A record at x is in the windows (t - range, t] of the steps from `low` to `high`, whole-number arithmetic on x alone. The engine
 * counts records by group, low and high (about two pairs a step); the differences are summed up here.
 */
export async function readLogGrid(
  client: EngineClient,
  streams: StreamIndex,
  request: LogGridRequest,
  context: QueryContext,
): Promise<GridSeries> {
  const steps = Math.floor((request.endMs - request.startMs) / request.stepMs) + 1
  const { sql, params } = gridStatement(request, context)
  const differences = new Map<string, GroupSums>()
  for await (const block of client.stream(sql, { params, context })) addBlock(differences, block, request, steps, context)
  const labels = await groupLabels([...differences.keys()], streams, request, context)
  return sumUp(differences, labels, steps)
}

interface GroupSums {
  readonly amounts: Float64Array
  readonly records: Float64Array
}

/** The statement; exported for the test that pins it. */
export function gridStatement(request: LogGridRequest, context: QueryContext): { sql: string; params: Bindings['params'] } {
  const { startMs, endMs, stepMs, rangeMs, offsetMs, count } = request
  const bindings = new Bindings()
  const lastStep = Math.floor((endMs - startMs) / stepMs)
  const startNs = BigInt(startMs - offsetMs) * NS_PER_MS
  const window = {
    firstNs: startNs - BigInt(rangeMs) * NS_PER_MS + 1n,
    lastNs: startNs + BigInt(lastStep * stepMs) * NS_PER_MS,
  }
  const { columns, join } = groupColumns(request, window, context, bindings)
  const stepNs = bindings.bind(BigInt(stepMs) * NS_PER_MS, 'Int64')
  const rangeNs = bindings.bind(BigInt(rangeMs) * NS_PER_MS, 'Int64')
  const sql = `WITH toUnixTimestamp64Nano(ts) - ${bindings.bind(startNs, 'Int64')} AS x
SELECT ${columns} AS group,
  toUInt32(greatest(0, intDiv(x + ${stepNs} - 1, ${stepNs}))) AS low,
  toUInt32(least(${lastStep}, intDiv(x + ${rangeNs} - 1, ${stepNs}))) AS high,
  count() AS records,
  ${count === 'records' ? 'count()' : 'sum(length(body))'} AS amount
FROM logs${join}
WHERE ${recordCondition(request, window, context, bindings)} AND low <= high
GROUP BY group, low, high`
  return { sql, params: bindings.params }
}

/** Group key columns as one array of texts: the stream's id, or the values of the labels in `by`. */
function groupColumns(
  { by, matchers }: LogGridRequest,
  window: { readonly firstNs: bigint; readonly lastNs: bigint },
  context: QueryContext,
  bindings: Bindings,
): { columns: string; join: string } {
  if (by === undefined) return { columns: '[toString(stream)]', join: '' }
  const fromIndex = by.filter((name) => name !== 'detected_level')
  const hasLevel = by.includes('detected_level')
  if (fromIndex.length === 0 && !hasLevel) return { columns: "CAST([], 'Array(String)')", join: '' }
  const names = by.map((name) => bindings.text(name))
  const range = { startMs: Number(window.firstNs / NS_PER_MS), endMs: Number(window.lastNs / NS_PER_MS) }
  const index = indexCondition({ matcherSets: matchers.length === 0 ? [] : [matchers], range, limit: 0 }, context, bindings)
  const join = `
LEFT JOIN (SELECT stream, any([${names.map((name) => `labels[${name}]`).join(', ')}]) AS labels_by FROM streams
  WHERE ${index} GROUP BY stream) AS stream_index USING stream`
  const columns = by.map((name, i) =>
    name === 'detected_level' ? `if(level != '', toString(level), labels_by[${i + 1}])` : `labels_by[${i + 1}]`,
  )
  return { columns: `[${columns.join(', ')}]`, join }
}

function addBlock(
  differences: Map<string, GroupSums>,
  block: NativeBlock,
  request: LogGridRequest,
  steps: number,
  context: QueryContext,
): void {
  const groups = block.stringLists('group')
  const [lows, highs, records, amounts] = ['low', 'high', 'records', 'amount'].map((name) => block.numbers(name))
  for (const [row, group] of groups.entries()) {
    const key = request.by === undefined ? (group[0] ?? '') : JSON.stringify(group)
    let sums = differences.get(key)
    if (sums === undefined) {
      sums = { amounts: new Float64Array(steps + 1), records: new Float64Array(steps + 1) }
      differences.set(key, sums)
      checkSize(differences.size, steps, context)
    }
    const low = lows![row]!
    const after = highs![row]! + 1
    sums.amounts[low]! += amounts![row]!
    sums.amounts[after]! -= amounts![row]!
    sums.records[low]! += records![row]!
    sums.records[after]! -= records![row]!
  }
}

function checkSize(series: number, steps: number, { limits }: QueryContext): void {
  if (series > limits.maxSeries) {
    throw new StoreError(
      'STORE_LIMIT',
      `cannot count logs: more than ${limits.maxSeries} series, limit maxSeries is ${limits.maxSeries}`,
    )
  }
  if (series * steps > limits.maxSamples) {
    throw new StoreError(
      'STORE_LIMIT',
      `cannot count logs: ${series} series of ${steps} steps, limit maxSamples is ${limits.maxSamples}`,
    )
  }
}

async function groupLabels(
  keys: readonly string[],
  streams: StreamIndex,
  { by }: LogGridRequest,
  context: QueryContext,
): Promise<ReadonlyMap<string, Labels>> {
  if (by === undefined) return await streams.labelsOf(keys, context)
  return new Map(
    keys.map((key) => {
      const values: string[] = JSON.parse(key)
      return [key, makeLabels(by.map((name, i) => [name, values[i] ?? '']))]
    }),
  )
}

function sumUp(differences: ReadonlyMap<string, GroupSums>, labelsOf: ReadonlyMap<string, Labels>, steps: number): GridSeries {
  const groups = mergedByLabels(differences, labelsOf)
  const values = new Float64Array(groups.length * steps).fill(NaN)
  const present = new Uint8Array(groups.length * steps)
  for (const [i, { sums }] of groups.entries()) {
    let amount = 0
    let records = 0
    for (let step = 0; step < steps; step++) {
      amount += sums.amounts[step]!
      records += sums.records[step]!
      if (records === 0) continue
      values[i * steps + step] = amount
      present[i * steps + step] = 1
    }
  }
  return { labels: groups.map(({ labels }) => labels), steps, values, present }
}

/** Groups in order of their labels; those whose labels came out equal are one. */
function mergedByLabels(
  differences: ReadonlyMap<string, GroupSums>,
  labelsOf: ReadonlyMap<string, Labels>,
): { labels: Labels; sums: GroupSums }[] {
  const groups = new Map<string, { labels: Labels; sums: GroupSums }>()
  for (const [key, sums] of differences) {
    const labels = labelsOf.get(key) ?? []
    const group = groups.get(labelsKey(labels))
    if (group === undefined) groups.set(labelsKey(labels), { labels, sums })
    else
      for (const column of ['amounts', 'records'] as const)
        for (let i = 0; i < sums[column].length; i++) group.sums[column][i]! += sums[column][i]!
  }
  return [...groups.values()].sort((a, b) => compareLabels(a.labels, b.labels))
}
