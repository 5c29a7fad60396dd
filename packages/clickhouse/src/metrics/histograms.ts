import type { BucketSpan, Matcher, NativeHistogram, TimeRange } from '@oriel/model'
import { resetHintOf } from '@oriel/model'
import type { QueryContext } from '@oriel/store'
import { allOf, Bindings, tenantCondition } from '../conditions.ts'
import type { EngineClient } from '../engine/client.ts'
import type { NativeBlock } from '../native/index.ts'
import { columnNumbers } from '../native/index.ts'
import type { GatheredSamples } from './gather.ts'
import { isHistogram } from './gather.ts'
import { chooseSeries, RANK, tooManySamples } from './series-choice.ts'
import { PositionFinder } from './positions.ts'
import type { KnownSeries } from './series-cache.ts'
import { timeConditions } from './selection.ts'

/** Samples whose histograms are wanted: those of `series`, selected by `matchers`, in `range`. */
interface HistogramRequest {
  readonly series: readonly KnownSeries[]
  readonly matchers: readonly Matcher[]
  readonly range: TimeRange
  readonly samples: GatheredSamples
}

/**
 * The histograms that samples stand for, each at its sample's position; of several written for one, the last.
 *
 * A histogram counts against `maxSamples` with what it holds, as in Prometheus: 16 bytes are a sample.
 */
export async function readHistograms(
  client: EngineClient,
  { series, matchers, range, samples }: HistogramRequest,
  context: QueryContext,
): Promise<(NativeHistogram | undefined)[]> {
  const finder = new PositionFinder(series, samples, isHistogram)
  const bindings = new Bindings()
  const chosen = chooseSeries({ series: finder.series, matchers }, bindings)
  const conditions = [tenantCondition(context.tenants, bindings), ...chosen.conditions, ...timeConditions(range, bindings)]
  const sql = `SELECT toUInt64(series_id) AS s, toUnixTimestamp64Milli(t) AS at, ${RANK}, ${COLUMNS} FROM histograms
WHERE ${allOf(conditions)}`
  const histograms: (NativeHistogram | undefined)[] = Array.from({ length: samples.tMs.length })
  const ranks = new Float64Array(samples.tMs.length).fill(-1)
  const { maxSamples } = context.limits
  let weight = context.stats.samples + samples.tMs.length
  const table = chosen.table !== undefined && { table: chosen.table }
  for await (const block of client.stream(sql, { params: bindings.params, context, ...table })) {
    const ids = block.words('s')
    const times = block.numbers('at')
    const rowRanks = block.doubles('rank')
    const reader = makeReader(block)
    for (let row = 0; row < block.rows; row++) {
      const position = finder.find(ids[2 * row]!, ids[2 * row + 1]!, times[row]!)
      if (position < 0 || ranks[position]! >= rowRanks[row]!) continue
      const histogram = reader(row)
      weight += weightOf(histogram)
      if (weight > maxSamples) throw tooManySamples(weight, maxSamples)
      histograms[position] = histogram
      ranks[position] = rowRanks[row]!
    }
  }
  return histograms
}

const COLUMNS = `schema, reset_hint, zero_threshold, zero_count, count, sum,
  positive_spans, negative_spans, positive_buckets, negative_buckets, custom_bounds`

/** Makes histograms of a block's rows; their arrays are views of the block's. */
function makeReader(block: NativeBlock): (row: number) => NativeHistogram {
  const schemas = block.numbers('schema')
  const hints = block.numbers('reset_hint')
  const zeroThresholds = block.doubles('zero_threshold')
  const zeroCounts = block.doubles('zero_count')
  const counts = block.doubles('count')
  const sums = block.doubles('sum')
  const positiveSpans = spansReader(block, 'positive_spans')
  const negativeSpans = spansReader(block, 'negative_spans')
  const positiveBuckets = doublesReader(block, 'positive_buckets')
  const negativeBuckets = doublesReader(block, 'negative_buckets')
  const customBounds = doublesReader(block, 'custom_bounds')
  return (row) => ({
    schema: schemas[row]!,
    zeroThreshold: zeroThresholds[row]!,
    zeroCount: zeroCounts[row]!,
    count: counts[row]!,
    sum: sums[row]!,
    positiveSpans: positiveSpans(row),
    positiveBuckets: positiveBuckets(row),
    negativeSpans: negativeSpans(row),
    negativeBuckets: negativeBuckets(row),
    customBounds: customBounds(row),
    resetHint: resetHintOf(hints[row]!),
  })
}

function doublesReader(block: NativeBlock, name: string): (row: number) => Float64Array {
  const { ends, items } = block.lists(name)
  const numbers = columnNumbers(items)
  const doubles = numbers instanceof Float64Array ? numbers : Float64Array.from(numbers)
  return (row) => doubles.subarray(row === 0 ? 0 : ends[row - 1], ends[row])
}

function spansReader(block: NativeBlock, name: string): (row: number) => BucketSpan[] {
  const { ends, items } = block.lists(name)
  const numbers = columnNumbers(items)
  return (row) => {
    const spans: BucketSpan[] = []
    for (let i = row === 0 ? 0 : ends[row - 1]!; i < ends[row]!; i += 2)
      spans.push({ offset: numbers[i]!, length: numbers[i + 1]! })
    return spans
  }
}

/** How many samples a histogram counts for, beside the one at its position. Source: Prometheus 3.14 promql totalHPointSize. */
function weightOf({ positiveBuckets, negativeBuckets, positiveSpans, negativeSpans, customBounds }: NativeHistogram): number {
  const doubles = positiveBuckets.length + negativeBuckets.length + customBounds.length
  const spans = positiveSpans.length + negativeSpans.length
  return Math.floor((FIXED_BYTES + 8 * (doubles + spans)) / SAMPLE_BYTES)
}

// What a histogram without buckets takes there, and what a sample does.
const FIXED_BYTES = 168
const SAMPLE_BYTES = 16
