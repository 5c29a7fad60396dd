import { F64Column, F64Lists, U128Column, U32Column, U32Lists, U64Column } from './columns.ts'
import type { BucketSpan, CounterResetHint, NativeHistogram } from './native-histogram.ts'
import { COUNTER_RESET_HINTS } from './native-histogram.ts'

/** The key columns of samples, from which a histogram takes its own. */
interface SampleKeys {
  readonly metricId: U64Column
  readonly seriesId: U128Column
  readonly tMs: U64Column
}

/** Native histograms of one tenant in columns: what the rows of `SampleColumns` that carry the histogram marker hold. */
export class HistogramColumns {
  readonly metricId: U64Column = new U64Column()
  readonly seriesId: U128Column = new U128Column()
  readonly tMs: U64Column = new U64Column()
  /** Signed 32-bit numbers, two's complement. */
  readonly schema: U32Column = new U32Column()
  /** Places in `COUNTER_RESET_HINTS`. */
  readonly resetHint: U32Column = new U32Column()
  readonly zeroThreshold: F64Column = new F64Column()
  readonly zeroCount: F64Column = new F64Column()
  readonly count: F64Column = new F64Column()
  readonly sum: F64Column = new F64Column()
  /** Offset and length of each span in turn, signed 32-bit numbers. */
  readonly positiveSpans: U32Lists = new U32Lists()
  readonly negativeSpans: U32Lists = new U32Lists()
  readonly positiveBuckets: F64Lists = new F64Lists()
  readonly negativeBuckets: F64Lists = new F64Lists()
  readonly customBounds: F64Lists = new F64Lists()

  get rows(): number {
    return this.sum.length
  }

  /** Bytes held, about. */
  get byteLength(): number {
    const doubles = this.positiveBuckets.items.length + this.negativeBuckets.items.length + this.customBounds.items.length
    const spanWords = this.positiveSpans.items.length + this.negativeSpans.items.length
    return this.rows * FIXED_BYTES + 8 * doubles + 4 * spanWords
  }

  /** Appends the histogram that row `row` of `samples` stands for. */
  push(samples: SampleKeys, row: number, histogram: NativeHistogram): void {
    const metric = samples.metricId.words
    this.metricId.push(metric[2 * row]!, metric[2 * row + 1]!)
    this.seriesId.pushFrom(samples.seriesId.words, row)
    const time = samples.tMs.words
    this.tMs.push(time[2 * row]!, time[2 * row + 1]!)
    this.schema.push(histogram.schema)
    this.resetHint.push(COUNTER_RESET_HINTS.indexOf(histogram.resetHint))
    this.zeroThreshold.pushDouble(histogram.zeroThreshold)
    this.zeroCount.pushDouble(histogram.zeroCount)
    this.count.pushDouble(histogram.count)
    this.sum.pushDouble(histogram.sum)
    pushSpans(this.positiveSpans, histogram.positiveSpans)
    pushSpans(this.negativeSpans, histogram.negativeSpans)
    this.positiveBuckets.push(histogram.positiveBuckets)
    this.negativeBuckets.push(histogram.negativeBuckets)
    this.customBounds.push(histogram.customBounds)
  }

  /** The histogram of a row, its arrays copied. */
  at(row: number): NativeHistogram {
    return {
      schema: this.schema.values[row]! | 0,
      zeroThreshold: this.zeroThreshold.doubleAt(row),
      zeroCount: this.zeroCount.doubleAt(row),
      count: this.count.doubleAt(row),
      sum: this.sum.doubleAt(row),
      positiveSpans: spansAt(this.positiveSpans, row),
      positiveBuckets: this.positiveBuckets.at(row),
      negativeSpans: spansAt(this.negativeSpans, row),
      negativeBuckets: this.negativeBuckets.at(row),
      customBounds: this.customBounds.at(row),
      resetHint: resetHintOf(this.resetHint.values[row]!),
    }
  }

  /** Cuts back to `rows`. */
  truncate(rows: number): void {
    for (const column of this.#columns()) column.truncate(rows)
  }

  #columns(): readonly { truncate(rows: number): void }[] {
    const { metricId, seriesId, tMs, schema, resetHint, zeroThreshold, zeroCount, count, sum } = this
    const { positiveSpans, negativeSpans, positiveBuckets, negativeBuckets, customBounds } = this
    const numbers = [metricId, seriesId, tMs, schema, resetHint, zeroThreshold, zeroCount, count, sum]
    return [...numbers, positiveSpans, negativeSpans, positiveBuckets, negativeBuckets, customBounds]
  }
}

/** The hint of a number from the wire or the disk; numbers that are none mean unknown. */
export function resetHintOf(place: number): CounterResetHint {
  return COUNTER_RESET_HINTS[place] ?? 'unknown'
}

// Nine numbers and the ends of five lists.
const FIXED_BYTES = 92

function pushSpans(column: U32Lists, spans: readonly BucketSpan[]): void {
  for (const { offset, length } of spans) {
    column.items.push(offset)
    column.items.push(length)
  }
  column.closeRow()
}

function spansAt({ items, ends }: U32Lists, row: number): BucketSpan[] {
  const spans: BucketSpan[] = []
  const { values } = items
  for (let i = row === 0 ? 0 : ends[row - 1]!; i < ends[row]!; i += 2)
    spans.push({ offset: values[i]! | 0, length: values[i + 1]! })
  return spans
}
