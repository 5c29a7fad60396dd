import { CUSTOM_BOUNDS_SCHEMA } from '@oriel/model'
import type { HistogramFault } from './check.ts'
import { checkSpans, MAX_SCHEMA, MIN_SCHEMA } from './check.ts'
import type { HistogramDraft } from './draft.ts'

/**
 * Brings an exponential histogram of a finer schema than `schema` to it; others are left alone.
 *
 * Returns what is wrong with its spans where that cannot be done. Source: Prometheus 3.14 model/histogram reduceResolution.
 */
export function reduceResolution(draft: HistogramDraft, schema: number = MAX_SCHEMA): HistogramFault | undefined {
  const shift = draft.schema - schema
  if (shift <= 0) return undefined
  const wrong =
    checkSpans(draft.positiveSpans, draft.positiveBuckets, '') ?? checkSpans(draft.negativeSpans, draft.negativeBuckets, '')
  if (wrong !== undefined) return wrong
  const positive = new BucketList()
  const negative = new BucketList()
  const merge = (into: BucketList) => (index: number, count: number) => into.add(shiftIndex(index, shift), count)
  forEachBucket(draft.positiveSpans, draft.positiveBuckets, merge(positive))
  forEachBucket(draft.negativeSpans, draft.negativeBuckets, merge(negative))
  draft.schema = schema
  draft.positiveSpans = positive.spans
  draft.positiveBuckets = positive.buckets
  draft.negativeSpans = negative.spans
  draft.negativeBuckets = negative.buckets
  return undefined
}

/** Leaves out empty buckets and joins spans that touch. Spans and buckets must fit. Source: Prometheus 3.14 compactBuckets. */
export function compactBuckets(draft: HistogramDraft): void {
  const positive = new BucketList()
  const negative = new BucketList()
  const keep = (into: BucketList) => (index: number, count: number) => {
    if (count !== 0) into.add(index, count)
  }
  forEachBucket(draft.positiveSpans, draft.positiveBuckets, keep(positive))
  forEachBucket(draft.negativeSpans, draft.negativeBuckets, keep(negative))
  draft.positiveSpans = positive.spans
  draft.positiveBuckets = positive.buckets
  draft.negativeSpans = negative.spans
  draft.negativeBuckets = negative.buckets
}

/** Bounds on a histogram that a target exposes. Source: Prometheus 3.14 docs/configuration, `native_histogram_...`. */
export interface HistogramLimits {
  /** Most buckets; 0 for no limit. */
  readonly bucketLimit: number
  /** Least growth from one bucket to the next; 0 for none. */
  readonly minBucketFactor: number
}

/** Makes the histogram coarser until it is within the limits; false where it can not be. Spans and buckets must fit. */
export function limitBuckets(draft: HistogramDraft, { bucketLimit, minBucketFactor }: HistogramLimits): boolean {
  if (draft.schema !== CUSTOM_BOUNDS_SCHEMA) reduceResolution(draft, schemaOf(minBucketFactor))
  if (bucketLimit === 0) return true
  while (draft.positiveBuckets.length + draft.negativeBuckets.length > bucketLimit) {
    if (draft.schema === CUSTOM_BOUNDS_SCHEMA || draft.schema <= MIN_SCHEMA) return false
    reduceResolution(draft, draft.schema - 1)
  }
  return true
}

/** The finest schema whose buckets grow by at least this factor. Source: Prometheus 3.14 scrape/scrape.go pickSchema. */
function schemaOf(factor: number): number {
  if (factor <= 1) return MAX_SCHEMA
  return Math.min(MAX_SCHEMA, Math.max(MIN_SCHEMA, Math.floor(-Math.log2(Math.log2(factor)))))
}

/** The index of the bucket that holds bucket `index` when the schema is made coarser by `shift`. */
export function shiftIndex(index: number, shift: number): number {
  // Indexes fit 32 bits; a shift of 32 or more would wrap around in JavaScript.
  return ((index - 1) >> Math.min(shift, 31)) + 1
}

/** Spans and buckets made from indexes that rise; counts of one index are added up. */
export class BucketList {
  readonly spans: number[] = []
  readonly buckets: number[] = []
  #last = 0

  add(index: number, count: number): void {
    const { spans, buckets } = this
    if (buckets.length > 0 && index === this.#last) {
      buckets[buckets.length - 1]! += count
      return
    }
    if (buckets.length > 0 && index === this.#last + 1) spans[spans.length - 1]!++
    else spans.push(buckets.length === 0 ? index : index - this.#last - 1, 1)
    buckets.push(count)
    this.#last = index
  }
}

function forEachBucket(
  spans: readonly number[],
  buckets: readonly number[],
  visit: (index: number, count: number) => void,
): void {
  let index = 0
  let place = 0
  for (let i = 0; i < spans.length; i += 2) {
    index += spans[i]!
    for (let left = spans[i + 1]!; left > 0; left--) visit(index++, buckets[place++]!)
  }
}
