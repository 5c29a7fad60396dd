// What Prometheus demands of a native histogram, in its words.
//
// Source: Prometheus 3.14 model/histogram, Histogram.Validate and FloatHistogram.Validate.

import { CUSTOM_BOUNDS_SCHEMA } from '@oriel/model'
import { printGoFloat } from '../prom-text/go-float.ts'
import type { HistogramDraft } from './draft.ts'

/** Why a histogram is refused: a stable phrase, and the same with its numbers. */
export interface HistogramFault {
  readonly reason: string
  readonly detail: string
}

/** Schemas that can be stored, and those that are brought to one of them. */
export const MIN_SCHEMA = -4
export const MAX_SCHEMA = 8
export const MAX_REDUCIBLE_SCHEMA = 52

/** The first thing that is wrong with the histogram, `undefined` for none. */
export function checkHistogram(draft: HistogramDraft): HistogramFault | undefined {
  const { schema, positiveBuckets, negativeBuckets, isInteger } = draft
  if (schema === CUSTOM_BOUNDS_SCHEMA) {
    const fault = checkCustom(draft)
    if (fault !== undefined) return fault
  } else if (schema >= MIN_SCHEMA && schema <= MAX_SCHEMA) {
    const fault = checkExponential(draft)
    if (fault !== undefined) return fault
  } else return { reason: INVALID_SCHEMA, detail: `${INVALID_SCHEMA}, got schema ${schema}` }
  if (!isInteger && draft.count < 0) return fault(`observation count is  ${printGoFloat(draft.count)}`, NEGATIVE_COUNT)
  const bucket = checkCounts(positiveBuckets, 'positive side: ')
  if (bucket !== undefined) return bucket
  return isInteger ? checkTotal(draft, sumOf(negativeBuckets) + sumOf(positiveBuckets) + draft.zeroCount) : undefined
}

const INVALID_SCHEMA =
  'histogram has an invalid schema, which must be between -4 and 8 for exponential buckets, or -53 for custom buckets'
const NEGATIVE_COUNT = "histogram's observation count is negative"
const NEGATIVE_BUCKET = 'histogram has a bucket whose observation count is negative'
const NEGATIVE_OFFSET = 'histogram has a span whose offset is negative'
const SPANS_MISMATCH = 'histogram spans specify different number of buckets than provided'
const COUNT_TOO_SMALL = "histogram's observation count should be at least the number of observations found in the buckets"
const COUNT_MISMATCH =
  "histogram's observation count should equal the number of observations found in the buckets (in absence of NaN)"

function fault(detail: string, reason: string): HistogramFault {
  return { reason, detail: `${detail}: ${reason}` }
}

function plain(reason: string): HistogramFault {
  return { reason, detail: reason }
}

function checkCustom(draft: HistogramDraft): HistogramFault | undefined {
  const bounds = checkBounds(draft.customBounds) ?? checkCustomSpans(draft)
  if (bounds !== undefined) return { ...bounds, detail: `custom buckets: ${bounds.detail}` }
  if (draft.zeroCount !== 0) return plain('custom buckets: must have zero count of 0')
  if (draft.zeroThreshold !== 0) return plain('custom buckets: must have zero threshold of 0')
  if (draft.negativeSpans.length > 0) return plain('custom buckets: must not have negative spans')
  return draft.negativeBuckets.length > 0 ? plain('custom buckets: must not have negative buckets') : undefined
}

function checkBounds(bounds: readonly number[]): HistogramFault | undefined {
  let previous = -Infinity
  for (const [i, bound] of bounds.entries()) {
    if (Number.isNaN(bound)) return plain('histogram custom bounds must not be NaN')
    if (i > 0 && bound <= previous)
      return fault(
        `previous bound is ${printFixed(previous)} and current is ${printFixed(bound)}`,
        'histogram custom bounds must be in strictly increasing order',
      )
    previous = bound
  }
  if (previous !== Infinity) return undefined
  return fault('last +Inf bound must not be explicitly defined', 'histogram custom bounds must be finite')
}

function checkCustomSpans({ positiveSpans, positiveBuckets, customBounds }: HistogramDraft): HistogramFault | undefined {
  let reach = 0
  let buckets = 0
  for (let i = 0; i < positiveSpans.length; i += 2) {
    const offset = positiveSpans[i]!
    if (offset < 0) return fault(`span number ${i / 2 + 1} with offset ${offset}`, NEGATIVE_OFFSET)
    buckets += positiveSpans[i + 1]!
    reach += offset + positiveSpans[i + 1]!
  }
  if (buckets !== positiveBuckets.length) return spansMismatch(buckets, positiveBuckets.length)
  if (customBounds.length + 1 >= reach) return undefined
  return fault(
    `only ${customBounds.length} custom bounds defined which is insufficient to cover total span length of ${reach}`,
    'histogram custom bounds are too few',
  )
}

function checkExponential(draft: HistogramDraft): HistogramFault | undefined {
  const spans =
    checkSpans(draft.positiveSpans, draft.positiveBuckets, 'positive side: ') ??
    checkSpans(draft.negativeSpans, draft.negativeBuckets, 'negative side: ') ??
    checkCounts(draft.negativeBuckets, 'negative side: ')
  if (spans !== undefined) return spans
  if (!draft.isInteger && draft.zeroCount < 0)
    return fault(`zero bucket has observation count of ${printGoFloat(draft.zeroCount)}`, NEGATIVE_BUCKET)
  return draft.customBounds.length > 0 ? plain('histogram with exponential schema must not have custom bounds') : undefined
}

/** Whether spans rise and have as many buckets as are given; `side` is put before the detail. */
export function checkSpans(spans: readonly number[], buckets: readonly number[], side: string): HistogramFault | undefined {
  let total = 0
  for (let i = 0; i < spans.length; i += 2) {
    if (i > 0 && spans[i]! < 0) return fault(`${side}span number ${i / 2 + 1} with offset ${spans[i]!}`, NEGATIVE_OFFSET)
    total += spans[i + 1]!
  }
  return total === buckets.length ? undefined : spansMismatch(total, buckets.length, side)
}

function spansMismatch(wanted: number, given: number, side = ''): HistogramFault {
  return fault(`${side}spans need ${wanted} buckets, have ${given} buckets`, SPANS_MISMATCH)
}

function checkCounts(buckets: readonly number[], side: string): HistogramFault | undefined {
  for (const [i, count] of buckets.entries()) {
    if (count < 0) return fault(`${side}bucket number ${i + 1} has observation count of ${printGoFloat(count)}`, NEGATIVE_BUCKET)
  }
  return undefined
}

function checkTotal({ sum, count }: HistogramDraft, found: number): HistogramFault | undefined {
  // Beyond 2^53 our numbers could not tell.
  if (!Number.isSafeInteger(found) || !Number.isSafeInteger(count)) return undefined
  const isGood = Number.isNaN(sum) ? found <= count : found === count
  const reason = Number.isNaN(sum) ? COUNT_TOO_SMALL : COUNT_MISMATCH
  return isGood ? undefined : fault(`${found} observations found in buckets, but the Count field is ${count}`, reason)
}

function sumOf(counts: readonly number[]): number {
  let sum = 0
  for (const count of counts) sum += count
  return sum
}

/** Go's `%f`. */
function printFixed(value: number): string {
  return Number.isFinite(value) ? value.toFixed(6) : printGoFloat(value)
}
