import type { CounterResetHint, NativeHistogram } from '@oriel/model'
import { addToDraft } from './arithmetic.ts'
import type { Draft } from './draft.ts'
import { cloneDraft, compactDraft, draftOf, finishDraft, mapDraft } from './draft.ts'

/** What a sum or mean over histograms met on its way. */
export interface SumNotes {
  /** Histograms with exponential buckets and with custom bounds: there is no sum. */
  isIncompatible: boolean
  /** Custom bounds differed; only those that all have are left. */
  isReconciled: boolean
  /** Some said their counter was reset, some that it was not. */
  hasResetConflict: boolean
}

/**
 * Sum or mean of histograms, compensated, one added after the other; a mean whose sum would overflow goes on as a running mean.
 *
 * Once `notes.isIncompatible` is set, nothing more is added and there is no result.
 * Source: Prometheus 3.14 promql/functions.go funcAvgOverTime, funcSumOverTime; KahanAdd.
 */
export class HistogramSum {
  readonly notes: SumNotes = { isIncompatible: false, isReconciled: false, hasResetConflict: false }
  readonly #isMean: boolean
  readonly #hints = new Set<CounterResetHint>()
  #draft: Draft
  #count = 1
  #isRunningMean = false

  constructor(first: NativeHistogram, isMean: boolean) {
    this.#isMean = isMean
    this.#draft = draftOf(first)
    this.#hints.add(first.resetHint)
  }

  add(histogram: NativeHistogram): void {
    if (this.notes.isIncompatible) return
    this.#count++
    this.#hints.add(histogram.resetHint)
    this.notes.hasResetConflict = this.#hints.has('reset') && this.#hints.has('notReset')
    if (!this.#isRunningMean) {
      const before = this.#isMean ? cloneDraft(this.#draft) : this.#draft
      if (!this.#kahanAdd(draftOf(histogram)) || !this.#isMean || !hasOverflow(this.#draft)) return
      this.#isRunningMean = true
      this.#draft = before
      const count = this.#count - 1
      mapDraft(this.#draft, (value) => value / count)
    }
    const share = (this.#count - 1) / this.#count
    mapDraft(this.#draft, (value) => share * value)
    const added = draftOf(histogram)
    mapDraft(added, (value) => value / this.#count)
    this.#kahanAdd(added)
  }

  /** The result, or `undefined` when the histograms did not go together. `isCompact` leaves out empty buckets. */
  finish({ isCompact }: { readonly isCompact: boolean }): NativeHistogram | undefined {
    if (this.notes.isIncompatible) return undefined
    const draft = this.#draft
    const count = this.#count
    if (this.#isMean && !this.#isRunningMean) mapDraft(draft, (value) => value / count)
    const rest = restOf(draft)
    delete draft.c
    delete draft.positive.c
    delete draft.negative.c
    if (rest !== undefined) addToDraft(draft, rest, 1)
    if (isCompact) compactDraft(draft)
    return finishDraft(draft)
  }

  #kahanAdd(other: Draft): boolean {
    const draft = this.#draft
    const isFirst = draft.c === undefined
    if (isFirst) {
      draft.c = { zeroCount: 0, count: 0, sum: 0, resetHint: draft.resetHint }
      draft.positive.c = draft.positive.counts.map(() => 0)
      draft.negative.c = draft.negative.counts.map(() => 0)
    }
    const notes = addToDraft(draft, other, 1)
    if (notes === undefined) {
      this.notes.isIncompatible = true
      return false
    }
    if (isFirst && draft.c !== undefined) draft.c.resetHint = draft.resetHint
    if (notes.isReconciled) this.notes.isReconciled = true
    return true
  }
}

/** What rounding took, as a histogram of its own. */
function restOf({ c, schema, zeroThreshold, positive, negative, customBounds }: Draft): Draft | undefined {
  if (c === undefined) return undefined
  const [positiveRest, negativeRest] = [positive, negative].map((side) => ({ at: [...side.at], counts: side.c ?? [] }))
  if (positiveRest === undefined || negativeRest === undefined) return undefined
  const { zeroCount, count, sum, resetHint } = c
  return { schema, zeroThreshold, zeroCount, count, sum, customBounds, resetHint, positive: positiveRest, negative: negativeRest }
}

function hasOverflow({ zeroCount, count, sum, positive, negative }: Draft): boolean {
  return [zeroCount, count, sum, ...positive.counts, ...negative.counts].some((value) => Math.abs(value) === Infinity)
}
