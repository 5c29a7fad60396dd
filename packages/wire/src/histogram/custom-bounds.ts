import { CUSTOM_BOUNDS_SCHEMA } from '@oriel/model'
import { compactBuckets } from './buckets.ts'
import type { HistogramDraft } from './draft.ts'

/**
 * Gathers a classic histogram and makes a native one with its bounds. Reused: `clear` first.
 *
 * Buckets are cumulative and may come in any order; the first thing that is wrong with them is kept and told by `fillDraft`.
 * Source: Prometheus 3.14 util/convertnhcb TempHistogram.
 */
export class ClassicHistogram {
  #bounds: number[] = []
  #counts: number[] = []
  #count: number | undefined
  #sumLow = 0
  #sumHigh = 0
  #fault: string | undefined

  clear(): void {
    this.#bounds = []
    this.#counts = []
    this.#count = undefined
    this.#sumLow = 0
    this.#sumHigh = 0
    this.#fault = undefined
  }

  setCount(count: number): void {
    if (count < 0) this.#fault ??= `count must be non-negative: count=${count}`
    this.#count = count
  }

  setSum(low: number, high: number): void {
    this.#sumLow = low
    this.#sumHigh = high
  }

  setBucket(bound: number, count: number): void {
    if (this.#fault !== undefined) return
    if (Number.isNaN(bound)) this.#fault = 'bucket boundary must not be NaN'
    else if (count < 0) this.#fault = `bucket count must be non-negative: le=${bound}, count=${count}`
    else this.#insert(bound, count)
  }

  /** Fills everything of the draft but its times; returns what is wrong with the buckets instead, '' for nothing. */
  fillDraft(draft: HistogramDraft): string {
    if (this.#fault !== undefined) return this.#fault
    const bounds = this.#bounds
    const counts = this.#counts
    const count = this.#count ?? counts.at(-1) ?? 0
    if (bounds.at(-1) !== Infinity) this.#insert(Infinity, count)
    if (this.#fault !== undefined) return this.#fault
    if (counts.at(-1) !== count) return `count mismatch: count=${count} != le=+Inf count=${counts.at(-1)}`
    draft.clear()
    draft.isInteger = Number.isInteger(count) && counts.every(Number.isInteger)
    draft.schema = CUSTOM_BOUNDS_SCHEMA
    draft.count = count
    draft.sumLow = this.#sumLow
    draft.sumHigh = this.#sumHigh
    draft.positiveSpans = [0, counts.length]
    draft.positiveBuckets = counts.map((each, i) => each - (i === 0 ? 0 : counts[i - 1]!))
    draft.customBounds = bounds.slice(0, -1)
    compactBuckets(draft)
    return ''
  }

  #insert(bound: number, count: number): void {
    const bounds = this.#bounds
    const counts = this.#counts
    let at = bounds.length
    while (at > 0 && bounds[at - 1]! >= bound) at--
    // The first of two with one bound counts.
    if (bounds[at] === bound) return
    const [below = 0, above = Infinity] = [counts[at - 1], counts[at]]
    if (count < below) this.#fault = `count is not cumulative: ${count} < ${below}`
    else if (count > above) this.#fault = `count is not cumulative: ${count} > ${above}`
    bounds.splice(at, 0, bound)
    counts.splice(at, 0, count)
  }
}
